"""Check this machine: pinned packages, OpenGL, encoder, cores, disk, browser, git, Slurm."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path, PurePosixPath

from respike.cli import common, slurm
from respike.cluster import health, nodes
from respike.core.errors import FAILED, ConfigError

IMPORT_NAMES = {
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
    "imageio-ffmpeg": "imageio_ffmpeg",
    "pillow": "PIL",
    "import-linter": "importlinter",
    "websocket-client": "websocket",
    "py-rattler": "rattler",
    "spikingjelly": "spikingjelly.activation_based.neuron",
}
_GL = "import mujoco; c = mujoco.GLContext(16, 16); c.make_current(); c.free(); print('ok')"
_LOCK = (
    "import fcntl, os, sys; f = os.open(sys.argv[1], os.O_RDWR); "
    "fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)"
)


def arguments(parser: ArgumentParser) -> None:
    common.results(parser)


def pinned(root: Path) -> list[tuple[str, str]]:
    """Packages of envs/base.in with their pinned versions, from envs/base.lock."""
    wanted = re.findall(r"^([A-Za-z0-9_.-]+)", (root / "envs/base.in").read_text(), re.M)
    lock = (root / "envs/base.lock").read_text()
    versions = dict(re.findall(r"^([a-z0-9_.-]+)==([^\s;\\]+)", lock, re.M))
    return [(name, versions.get(name.lower().replace("_", "-"), "?")) for name in wanted]


def _child(code: str, *words: str, seconds: float = 120, **env: str) -> tuple[bool, str]:
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            env={**os.environ, **env},
        )
    except subprocess.TimeoutExpired:
        return False, f"no answer in {seconds:.0f} s"
    said = (done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()
    return done.returncode == 0, said[-1] if said else ""


def _packages(root: Path) -> list[tuple[str, bool, str]]:
    rows = []
    for name, version in pinned(root):
        module = IMPORT_NAMES.get(name.lower(), name.replace("-", "_"))
        code = (
            f"import importlib.metadata as m, importlib; importlib.import_module({module!r}); "
            f"print(m.version({name!r}))"
        )
        good, said = _child(code)
        if good and said.split("+")[0] != version.split("+")[0]:
            good, said = False, f"is {said}, pinned is {version}; run `make run` to repair"
        rows.append((f"package {name}", good, said if good else said or "does not import"))
    return rows


def opengl() -> tuple[str | None, str]:
    """The first of egl and osmesa that renders here, probed in a child; and why not."""
    why = ""
    for backend in ("egl", "osmesa"):
        good, said = _child(_GL, MUJOCO_GL=backend)
        if good:
            return backend, ""
        why = said
    return None, why


def execute(given: Namespace) -> int:
    rows = _packages(common.ROOT)
    broken = sum(not good for _, good, _ in rows)
    backend, why = opengl()
    film = "the film is left out; install libegl1 and libegl-mesa0"
    rows.append(("OpenGL", backend is not None, backend or f"{film} ({why[:80]})"))
    good, said = _child("import imageio_ffmpeg as f; print(f.get_ffmpeg_exe())")
    rows.append(("video encoder", good, Path(said).name if good else "the film is left out"))
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    rows.append(
        ("browser", bool(browser), browser or "page tests are skipped; install chromium")
    )
    git = shutil.which("git")
    rows.append(("git", bool(git), git or "claims have no registering commit; install git"))
    good, said = _lock(given.directory)
    rows.append(("file locks", good, "work" if good else said))
    broken += not good
    rows.append(("disk", *_disk(given.directory)))
    rows.append(("cores", True, str(len(os.sched_getaffinity(0)))))
    rows += _slurm(given.directory)
    for name, good, text in rows:
        print(f"{'ok  ' if good else 'LOOK'} {name:26s} {text}")
    print(
        "all that a run needs is here"
        if not broken
        else f"{broken} things must be mended first"
    )
    return FAILED if broken else 0


def _slurm(folder: Path) -> list[health.Row]:
    if shutil.which("sbatch") is None:
        return [("Slurm", True, "none here: jobs run on this machine")]
    try:
        queues, settings = nodes.read(), slurm.settings()
    except ConfigError as error:
        return [("Slurm", False, str(error))]
    profile = slurm.profile()
    host = socket.gethostname().split(".")[0]
    mounts = Path("/proc/self/mounts").read_text()
    rows = health.rows(settings, queues, profile, slurm.FIRST_WAIT_S)
    rows.append(health.login(host, queues, inside="SLURM_JOB_ID" in os.environ))
    for name, place in (("results on", folder), ("checkout on", common.ROOT)):
        kind = health.mounted(PurePosixPath(place.resolve()), mounts)
        rows.append(health.shared(name, str(place), kind, host, queues))
    return [*rows, health.fetching((common.ROOT / "Snakefile").read_text())]


def _disk(folder: Path) -> tuple[bool, str]:
    try:
        free = shutil.disk_usage(folder).free / 2**30
    except OSError as error:
        return False, f"{folder}: {error.strerror}"
    return free >= 2, f"{free:.1f} GiB free{'' if free >= 2 else '; 2 are needed'}"


def _lock(folder: Path) -> tuple[bool, str]:
    import fcntl

    try:
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            second, _ = _child(_LOCK, file.name)
    except OSError as error:
        return False, f"{folder} cannot be written: {error.strerror}"
    return not second, "this file system has no working locks; choose another with --directory"
