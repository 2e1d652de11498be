"""`respike envs` on the pip side, at work: real environments and pip, on tiny wheels made here.

A record is then written by a job in such an environment, and audited.
"""

import json
import shutil
import subprocess
from pathlib import Path

import numpy
import pytest

from respike.audit import check
from respike.core import environment, records
from tests.audit import small, tamper
from tests.envs.wheels import wheel
from tests.envs.words import Checkout

# a job in an interpreter that has numpy and what the lock says, and nothing else of ours
JOB = """
import json, os, sys
os.environ["OMP_NUM_THREADS"] = "1"
from respike.core import job
settings = {"stage": "fetch", "dataset": "d", "row": {"data_kind": "real"}}
out = ["data/d/fetch/source.zip", "results/data/d/fetch/record.json"]
words = ["--settings", json.dumps(settings), "--env", "small:" + "e" * 64, "--out", *out]
sys.exit(job.main("fetch", lambda j: j.write("source", {"a.txt": b"hello"}), words))
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """One checkout for all tests here; its environment `small` has two packages."""
    return Checkout(tmp_path_factory.mktemp("envs") / "a checkout")


@pytest.fixture
def small_env(checkout):
    """The environment `small`, as its lock says."""
    checkout.lock("small", {"one": "1.0", "two": "2.0"})
    done = checkout.run("create", "small")
    assert done.returncode == 0, done.stderr
    return checkout.root / ".envs/small"


def imports(env: Path, name: str) -> str:
    command = [env / "bin/python", "-I", "-c", f"import {name}; print({name}.version)"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def test_create_makes_what_the_lock_says_and_check_agrees(checkout, small_env):
    done = checkout.run("check", "small")

    assert done.returncode == 0
    assert done.stdout == "small     pip    .envs/small          as pinned (3 packages)\n"
    assert (imports(small_env, "one"), imports(small_env, "two")) == ("1.0", "2.0")


def test_another_version_is_named_by_check_and_mended_by_create(checkout, small_env):
    wheel(checkout.wheels, "one", "3.0")
    pip(checkout, small_env, "install", "one==3.0")

    checked = checkout.run("check", "small")
    (small_env / "respike-ready").unlink()
    made = checkout.run("create", "small")

    assert checked.returncode == 1
    assert checked.stdout.splitlines() == [
        "small     pip    .envs/small          not as pinned: one is 3.0, pinned is 1.0",
        "  one is 3.0, pinned is 1.0",
    ]
    assert made.returncode == 0, made.stderr
    assert imports(small_env, "one") == "1.0"


def pip(checkout, env, *words):
    command = [env / "bin/python", "-m", "pip", "--quiet", *words]
    subprocess.run(command, env=checkout.environment(), check=True)


KILL = """\
import importlib.util, os, sys
spec = importlib.util.spec_from_file_location("create", sys.argv[1])
create = importlib.util.module_from_spec(spec)
spec.loader.exec_module(create)
owner = create
*path, last = sys.argv[2].split(".")
for one in path:
    owner = getattr(owner, one)
setattr(owner, last, lambda *given, **more: os.kill(os.getpid(), 9))
sys.exit(create.main(["other"]))
"""


@pytest.fixture(scope="module")
def other(checkout):
    """An environment that is killed again and again while it is made."""
    checkout.lock("other", {"one": "1.0"})
    return checkout.root / ".envs/other"


# the first before a Python is found, the last before the marker
@pytest.mark.parametrize("where", ["subprocess.run", "Pip.install", "write"])
def test_a_killed_creation_is_half_made_and_the_same_command_ends_it(checkout, other, where):
    program = checkout.root / "envs/create.py"
    (other / "respike-ready").unlink(missing_ok=True)
    command = [shutil.which("python3"), "-c", KILL, str(program), where]
    killed = subprocess.run(command, env=checkout.environment(), check=False)
    state = checkout.run("list").stdout

    done = checkout.run("create", "other")

    assert killed.returncode == -9
    assert "other     pip    .envs/other          as pinned" not in state
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("as pinned (2 packages)\n")


def test_a_list_says_what_is_absent_and_half_made(checkout, small_env):
    checkout.lock("absent", {"one": "1.0"})
    ready = (small_env / "respike-ready").rename(small_env / "set-aside")

    lines = checkout.run("list").stdout.splitlines()
    ready.rename(small_env / "respike-ready")
    for name in ("absent.in", "absent.lock"):
        (checkout.root / "envs" / name).unlink()

    assert "absent    pip    .envs/absent         absent: respike envs create absent" in lines
    assert (
        "small     pip    .envs/small          half made, respike envs create small goes on"
        in lines
    )


def test_an_unknown_name_is_told_which_there_are(checkout):
    done = checkout.run("create", "smal")

    assert done.returncode == 2
    assert "no environment 'smal'. Did you mean 'small'? envs/ has: base, " in done.stderr


def test_an_index_that_cannot_be_reached_is_a_sentence_and_changes_nothing(checkout):
    before = {p.name: p.read_bytes() for p in (checkout.root / "envs").iterdir() if p.is_file()}

    done = checkout.run("lock", "--side", "pip")

    after = {p.name: p.read_bytes() for p in (checkout.root / "envs").iterdir() if p.is_file()}
    assert done.returncode == 1
    assert "lock: uv==" in done.stderr
    assert "cannot be installed" in done.stderr
    assert after == before


# ---------------------------------------------------------------- the record, and its audit


@pytest.fixture
def copied(checkout, small_env, tmp_path):
    """A copy of the environment with the numpy that jobs need; its lock names that as well."""
    version = numpy.__version__
    lock = checkout.root / "envs/small.lock"
    text = lock.read_text()
    lock.write_text(f"{text}numpy=={version} \\\n    --hash=sha256:{'a' * 64}\n")
    env = Path(shutil.copytree(small_env, tmp_path / "env", symlinks=True))
    (site,) = env.glob("lib/python3*/site-packages")
    package = Path(numpy.__file__).parent
    for path in package.parent.glob("numpy*"):
        (site / path.name).symlink_to(path)
    yield env
    lock.write_text(text)


def record(checkout, env, folder):
    """The record of a job that an environment's interpreter ran."""
    folder.mkdir()
    settings = checkout.environment()
    command = [env / "bin/python", "-c", JOB]
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return records.load(folder / "results/data/d/fetch/record.json"), done.stderr.decode()


def verified(small_run, ran_in, folder):
    """What verify says of a run of which one job ran in such an environment."""
    for top in ("results", "data", "logs", "benchmarks"):
        tamper.copy(small_run / top, folder / top)
    run = tamper.Reference(folder, folder)
    path = "results/smoke/small/dense/seed-0/train/record.json"
    value = json.loads((folder / path).read_bytes())
    run.put(path, records.dump({**value, "environment": ran_in}))
    tamper.rehash(run)
    return check.verify(folder, small.BUDGET)


def test_a_job_in_an_environment_as_its_lock_says_passes(checkout, copied, small_run, tmp_path):
    made, said = record(checkout, copied, tmp_path / "job")

    ran_in = made["environment"]
    assert (ran_in["name"], ran_in["side"], ran_in["differs"]) == ("small", "pip", [])
    assert "not as pinned" not in said
    assert verified(small_run, ran_in, tmp_path / "run").findings == []


def test_a_job_after_another_version_was_installed_fails_the_audit_with_the_package(
    checkout, copied, small_run, tmp_path
):
    wheel(checkout.wheels, "one", "3.0")
    pip(checkout, copied, "install", "--no-deps", "one==3.0")

    made, said = record(checkout, copied, tmp_path / "job")
    report = verified(small_run, made["environment"], tmp_path / "run")

    assert made["environment"]["differs"] == [
        {"package": "one", "found": "3.0", "pinned": "1.0"}
    ]
    assert "environment small is not as pinned: one is 3.0, pinned is 1.0; `respike" in said
    assert not report.passed
    assert [(f.kind, f.says) for f in report.findings] == [
        ("environment", "one was 3.0, pinned 1.0; differing packages: 1")
    ]


def test_a_job_in_a_conda_prefix_with_another_build_fails_the_audit(
    checkout, copied, small_run, tmp_path
):
    """The interpreter of a prefix: conda's notes beside it are what counts."""
    digest = "5" * 64
    pin = checkout.root / "envs/small.linux-64.pin.txt"
    pin.write_text(f"@EXPLICIT\nfile:///c/noarch/one-1.0-h1_0.conda#sha256:{digest}\n")
    notes = copied / "conda-meta"
    notes.mkdir()
    (site,) = copied.glob("lib/python3*/site-packages")
    owned = [f"{p.relative_to(copied)}/METADATA" for p in site.glob("*.dist-info")]

    def job(build, folder):
        row = {"name": "one", "version": "1.0", "build": build, "files": owned}
        (notes / "one-1.0-x.json").write_text(json.dumps(row))
        return record(checkout, copied, folder)[0]["environment"]

    pinned = job("h1_0", tmp_path / "pinned")
    other = job("h2_0", tmp_path / "other")
    pin.unlink()
    passed = verified(small_run, pinned, tmp_path / "run").passed
    report = verified(small_run, other, tmp_path / "another run")

    assert (pinned["side"], pinned["differs"], passed) == (environment.CONDA, [], True)
    assert not report.passed
    assert report.findings[0].says == "one was 1.0 h2_0, pinned 1.0 h1_0; differing packages: 1"
