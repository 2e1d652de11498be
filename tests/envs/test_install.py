"""envs/create.py at work: real environments and the real pip, on tiny wheels made here."""

import contextlib
import fcntl
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.envs.conftest import ENVS
from tests.envs.wheels import entry, wheel

TORCH_NEEDS_CUDA = "Requires-Dist: nvidia-tiny\n"


class Checkout:
    """A folder with envs/create.py, locks of its own and a folder of wheels; no index."""

    def __init__(self, root: Path, wheels: Path):
        self.root, self.wheels, self.venv = root, wheels, root / ".venv"
        (root / "envs").mkdir(parents=True)
        wheels.mkdir()
        shutil.copy(ENVS / "create.py", root / "envs")
        self.lock({})

    def lock(self, base: dict[str, str], cuda: str = "") -> None:
        """Write the locks, and a base.in that asks for all of base.lock."""
        (self.root / "envs" / "base.in").write_text("".join(f"{name}\n" for name in base))
        (self.root / "envs" / "base.lock").write_text("".join(base.values()))
        (self.root / "envs" / "cuda.lock").write_text(cuda)

    def add(self, name: str, version: str = "1.0", metadata: str = "") -> str:
        """Make a wheel; return its lock entry."""
        return entry(name, version, wheel(self.wheels, name, version, metadata))

    def command(self) -> list[str]:
        return [sys.executable, str(self.root / "envs" / "create.py")]

    def environment(self) -> dict[str, str]:
        pip = {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_CONFIG_FILE": "/dev/null",
        }
        kept = {name: os.environ[name] for name in os.environ if not name.startswith("PIP_")}
        return {**kept, **pip}

    def set_up(self) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(), env=self.environment(), capture_output=True, text=True, check=False
        )

    def site(self) -> Path:
        return self.venv / "lib" / "python3.11" / "site-packages"

    def imports(self, name: str) -> str | None:
        """The version that a module of the environment says, or None."""
        command = [
            self.venv / "bin" / "python",
            "-I",
            "-c",
            f"import {name}; print({name}.version)",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip() or None

    def is_ready(self) -> bool:
        return (self.venv / "respike-ready").exists()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """One environment for all tests here; each test writes the locks it wants."""
    root = tmp_path_factory.mktemp("set-up")
    return Checkout(root / "a folder", root / "wheels")


def test_a_set_up_installs_what_the_lock_says_and_nothing_else(checkout):
    checkout.lock({"one": checkout.add("one"), "two": checkout.add("two", "2.0")})
    checkout.add("two", "3.0")

    done = checkout.set_up()

    assert done.returncode == 0, done.stderr
    assert (checkout.imports("one"), checkout.imports("two")) == ("1.0", "2.0")
    assert re.search(r"importing 2 packages\n.*done in \d+ s\n$", done.stdout)
    assert not list(checkout.venv.glob("respike-*.txt"))


def test_a_second_set_up_is_a_no_op_of_less_than_half_a_second(checkout):
    checkout.lock({"one": checkout.add("one")})
    checkout.set_up()
    times_s = []
    for _ in range(5):
        start = time.perf_counter()
        done = checkout.set_up()
        times_s.append(time.perf_counter() - start)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert min(times_s) < 0.5


def test_a_package_that_left_the_lock_leaves_the_environment(checkout):
    checkout.lock({"one": checkout.add("one"), "former": checkout.add("former")})
    checkout.set_up()
    checkout.lock({"one": checkout.add("one")})

    done = checkout.set_up()

    assert "removing what no lock names: former" in done.stdout
    assert checkout.imports("former") is None
    assert checkout.imports("one") == "1.0"


def test_what_an_interruption_left_half_installed_is_installed_again(checkout):
    names = ("torn", "empty", "unsaid", "whole")
    checkout.lock({name: checkout.add(name) for name in names})
    checkout.set_up()
    (checkout.venv / "respike-ready").unlink()
    record = checkout.site() / "torn-1.0.dist-info" / "RECORD"
    lines = record.read_text().splitlines(keepends=True)
    record.write_text("".join(line for line in lines if "INSTALLER" not in line))
    (checkout.site() / "torn" / "__init__.py").unlink()
    (checkout.site() / "empty" / "__init__.py").write_text("")  # as after a power cut
    shutil.rmtree(checkout.site() / "unsaid-1.0.dist-info")
    (checkout.site() / "~hole").mkdir()

    done = checkout.set_up()

    assert done.returncode == 0, done.stderr
    assert re.findall(r"(\w+) is not whole", done.stdout) == ["empty", "torn"]
    assert [checkout.imports(name) for name in names] == ["1.0"] * 4
    assert not (checkout.site() / "~hole").exists()
    assert checkout.is_ready()


def test_a_pip_that_is_killed_leaves_no_marker_and_the_same_command_goes_on(checkout):
    checkout.lock({"late": checkout.add("late")})
    killer = checkout.site() / "sitecustomize.py"
    killer.write_text(
        "import os, sys\nif 'install' in sys.orig_argv:\n    os.kill(os.getpid(), 9)\n"
    )
    broken = checkout.set_up()
    late = checkout.imports("late")
    state = checkout.is_ready()
    killer.unlink()

    mended = checkout.set_up()

    assert broken.returncode == 2
    assert "run the same command; it goes on from here" in broken.stderr
    assert (late, state) == (None, False)
    assert mended.returncode == 0, mended.stderr
    assert checkout.imports("late") == "1.0"


def test_a_wheel_with_another_hash_is_refused(checkout):
    checkout.add("forged")
    checkout.lock({"forged": entry("forged", "1.0", "0" * 64)})

    done = checkout.set_up()

    assert done.returncode == 2
    assert "a file is not the one that envs/base.lock names by its hash" in done.stderr
    assert checkout.imports("forged") is None
    assert not checkout.is_ready()


def test_a_package_that_no_source_offers_is_a_sentence(checkout):
    checkout.lock({"absent": entry("absent", "1.0", "0" * 64)})

    done = checkout.set_up()

    assert done.returncode == 2
    assert "no source offers envs/base.lock as locked" in done.stderr
    assert "absent==1.0" in done.stderr


def test_a_package_that_cannot_be_imported_ends_the_set_up(checkout):
    checkout.lock({"good-name": checkout.add("good_name").replace("good_name", "good-name")})
    checkout.set_up()
    ready = checkout.is_ready()
    checkout.lock({"bad": checkout.add("bad")})
    (checkout.root / "envs" / "base.in").write_text("bad\n")
    script = checkout.root / "envs" / "create.py"
    script.write_text(script.read_text().replace('"pillow": "PIL"', '"bad": "worse"'))

    done = checkout.set_up()
    shutil.copy(ENVS / "create.py", script)

    assert ready
    assert done.returncode == 2
    assert "cannot be imported: worse: ModuleNotFoundError" in done.stderr
    assert not checkout.is_ready()


@pytest.mark.skipif(
    platform.machine() != "x86_64", reason="the CPU wheel in the lock is x86-64"
)
def test_the_cpu_build_of_torch_is_preferred_and_brings_no_cuda(checkout):
    cpu = wheel(checkout.wheels, "torch", "2.13.0+cpu")
    public = wheel(checkout.wheels, "torch", "2.13.0", TORCH_NEEDS_CUDA)
    cuda = checkout.add("nvidia_tiny").replace("nvidia_tiny", "nvidia-tiny")
    checkout.lock({"torch": entry("torch", "2.13.0", cpu, public)}, cuda)

    done = checkout.set_up()

    assert done.returncode == 0, done.stderr
    assert checkout.imports("torch") == "2.13.0+cpu"
    assert checkout.imports("nvidia_tiny") is None
    assert json.loads((checkout.venv / "respike-ready").read_text())["cuda.lock"] is None


def test_the_public_build_of_torch_brings_the_cuda_lock(checkout):
    for old in checkout.wheels.glob("torch-*"):
        old.unlink()
    checkout.lock({})
    checkout.set_up()
    public = wheel(checkout.wheels, "torch", "2.13.0", TORCH_NEEDS_CUDA)
    cuda = checkout.add("nvidia_tiny").replace("nvidia_tiny", "nvidia-tiny")
    checkout.lock({"torch": entry("torch", "2.13.0", "0" * 64, public)}, cuda)

    done = checkout.set_up()

    assert done.returncode == 0, done.stderr
    assert "torch is the public build, which needs envs/cuda.lock as well" in done.stdout
    assert checkout.imports("nvidia_tiny") == "1.0"
    assert json.loads((checkout.venv / "respike-ready").read_text())["cuda.lock"]


def test_a_second_set_up_waits_for_the_first(checkout):
    checkout.lock({"slow": checkout.add("slow")})
    with (checkout.venv / "respike-lock").open("a") as held, contextlib.ExitStack() as stack:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = stack.enter_context(
            subprocess.Popen(
                checkout.command(),
                env=checkout.environment(),
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        first = waiting.stdout.readline()
        early = checkout.imports("slow")
        fcntl.flock(held, fcntl.LOCK_UN)
        waiting.communicate(timeout=120)

    assert first == "respike set-up: another set-up is at work in this folder; waiting for it\n"
    assert early is None
    assert waiting.returncode == 0
    assert checkout.imports("slow") == "1.0"


def test_a_working_environment_that_others_made_keeps_its_packages(checkout):
    checkout.lock({"theirs": checkout.add("theirs")})
    checkout.set_up()
    for name in ("respike-lock", "respike-ready"):  # as if made with python -m venv and pip
        (checkout.venv / name).unlink()
    checkout.lock({"one": checkout.add("one")})

    done = checkout.set_up()
    kept = checkout.imports("theirs")
    (checkout.venv / "respike-lock").touch()

    assert done.returncode == 2
    assert "was not made by this program and is left as it is" in done.stderr
    assert (kept, checkout.is_ready()) == ("1.0", False)


def test_a_checkout_that_was_moved_sets_itself_up_again_and_its_command_works(checkout):
    checkout.lock({"one": checkout.add("one")})
    checkout.set_up()
    moved = Checkout.__new__(Checkout)
    moved.root = checkout.root.with_name("another place ü")
    moved.wheels, moved.venv = checkout.wheels, moved.root / ".venv"
    shutil.move(checkout.root, moved.root)
    (moved.root / "respike").mkdir()
    (moved.root / "respike" / "__main__.py").write_text(
        "import sys, one, respike\nprint(one.version, list(respike.__path__), sys.argv[1:])\n"
    )

    done = moved.set_up()
    said = subprocess.check_output(
        [moved.venv / "bin" / "respike", "list", "a b"], text=True, cwd=moved.root.parent
    )
    shutil.move(moved.root, checkout.root)

    assert done.returncode == 0, done.stderr
    assert "making .venv" in done.stdout
    assert said == f"1.0 {[str(moved.root / 'respike')]} ['list', 'a b']\n"
