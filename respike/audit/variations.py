"""A checkout copied and run under one change of its surroundings, with proof of the change.

Each run writes what its own processes saw (respike/audit/probe.py); a variation counts only
where every process of a stage saw it. The ten are those of reprotest that a workflow can feel.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from respike.audit import probe
from respike.core.errors import RespikeError

ROOT = Path(__file__).resolve().parents[2]
MADE = {
    "data", "results", "logs", "benchmarks", "audits",
    ".snakemake", ".respike", ".venv", ".git", "__pycache__",
}  # fmt: skip
LISTED = ("one", "two", "three", "four", "five")  # files of the folder whose listing is told
OTHER_USER = 4321
OTHER_HOST = "another-host"
# locales whose numbers or sorting differ from C, the most telling first; POSIX is always there
LOCALES = ("de_DE.utf8", "tr_TR.utf8", "fr_FR.utf8", "en_US.utf8", "POSIX")
_SET_HOST = """import os, socket, sys
socket.sethostname(sys.argv[1])
os.execv(sys.argv[2], sys.argv[2:])"""


# ------------------------------------------------------------------ a checkout and its run


def checkout(folder: Path, root: Path = ROOT) -> Path:
    """Copy a checkout's files as they are now, without what runs made; link its .venv.

    Args:
        folder: the copy; does not exist yet.
        root: the checkout. In a git checkout the tracked files are copied, else all.

    Returns:
        `folder`.
    """
    for name in _files(root):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, place)
    if (root / ".venv").exists():
        (folder / ".venv").symlink_to((root / ".venv").resolve())
    return folder


def _files(root: Path) -> list[str]:
    if (root / ".git").exists():
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z"], capture_output=True, check=False
        )
        if listed.returncode:
            why = listed.stderr.decode(errors="replace").strip()
            raise RespikeError(f"git does not say which files {root} tracks: {why}")
        names = listed.stdout.decode().split("\0")
        return [name for name in names if name and (root / name).is_file()]
    found = []
    for place, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in MADE)
        found += [str(Path(place, name).relative_to(root)) for name in sorted(files)]
    return found


class Ran(NamedTuple):
    """How a run in a copy ended: exit code, seconds, and all it said."""

    code: int
    seconds: float
    said: str


def run(
    folder: Path,
    budget: str,
    studies: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    *,
    prefix: Sequence[str] = (),
    umask: int = 0o022,
    timeout_s: float = 7200,
) -> Ran:
    """`respike run` in a copy of a checkout, offline, in a plain environment.

    Args:
        folder: the copy, made by `checkout`.
        budget: smoke, desk or paper.
        studies: only these, without the page; none: those of config.yaml.
        env: variables that are changed or added.
        prefix: a command that starts the run, such as unshare.
        umask: file mode bits that are taken away.
        timeout_s: after so many seconds the run is killed and counts as failed.
    """
    command = [*prefix, *python(folder), "-m", "respike", "run", "--budget", budget, *studies]
    began = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=folder, env={**environment(folder), **(env or {})}, umask=umask,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=timeout_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        said = (late.stdout or b"").decode(errors="replace")
        return Ran(-9, time.monotonic() - began, f"{said}\nkilled after {timeout_s:.0f} s")
    said = done.stdout.decode(errors="replace")
    return Ran(done.returncode, time.monotonic() - began, said)


def python(folder: Path) -> list[str]:
    """The interpreter of a copy: its .venv's, or where it has none the present one."""
    own = folder / ".venv/bin/python"
    return [str(own if own.exists() else sys.executable)]


def environment(folder: Path) -> dict[str, str]:
    """The variables of a run in a copy, before a variation changes them.

    Nothing of respike's, Python's or the numeric libraries' own is inherited but the cache.
    """
    away = ("RESPIKE_", "PYTHON", "LC_", "LANG", "TZ", "OMP_", "MKL_", "OPENBLAS_", "ONEDNN_")
    away += ("ATEN_", "NPY_", "GLIBC_", "DNNL_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(away)}
    if "RESPIKE_CACHE" in os.environ:
        kept["RESPIKE_CACHE"] = os.environ["RESPIKE_CACHE"]
    fixed = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", "RESPIKE_OFFLINE": "1"}
    return {**kept, **fixed, "PYTHONPATH": str(folder), "PYTHONNOUSERSITE": "1"}


# ------------------------------------------------------------------ variations

Row = dict[str, Any]


class Variation(NamedTuple):
    """One change of a run's surroundings.

    Attributes:
        name: a word for tables and --only.
        says: what is changed.
        fact: field of a probe's row that shows it; empty where `busy` shows it.
        shown: the field's value -> whether the change is in it.
        folder: the copy's folder, below the scratch folder.
        env, prefix, umask: as in `run`.
        busy: processes that keep the processors busy beside the run.
        missing: why this machine cannot do it; empty where it can.
    """

    name: str
    says: str
    fact: str = ""
    shown: Callable[[Any], bool] = lambda value: True
    folder: str = "copy"
    env: Mapping[str, str] = {}
    prefix: Sequence[str] = ()
    umask: int = 0o022
    busy: int = 0
    missing: str = ""


def ten() -> list[Variation]:
    """The ten variations, as far as this machine can do them."""
    name = locale()
    deep = "another/place/that/lies/deeper/copy"
    user = ["unshare", "--user", f"--map-user={OTHER_USER}", f"--map-group={OTHER_USER}", "--"]
    called = {"USER": "another", "LOGNAME": "another"}  # Snakemake asks; the uid has no name
    host, no_host = _host()
    seed = "20240229"
    hashed = hash_under(seed)
    return [
        Variation("path", "a folder six levels deeper", "folder", lambda v: deep in v, deep),
        Variation(
            "name", "a folder with a space and an umlaut", "folder",
            lambda v: v.endswith("/other folder ü"), "other folder ü",
        ),
        Variation(
            "zone", "time zone UTC+14 for UTC", "zone", lambda v: v[0] == -14 * 3600,
            env={"TZ": "FAR-14"},
        ),
        Variation(
            "locale", f"LC_ALL={name} for C.UTF-8", "locale", env={"LC_ALL": name},
        ),
        Variation("umask", "umask 077 for 022", "umask", lambda v: v == 0o077, umask=0o077),
        Variation(
            "user", f"another user (uid {OTHER_USER} in a user namespace)", "user",
            lambda v: v == OTHER_USER, env=called, prefix=user, missing=_cannot(user),
        ),
        Variation(
            "host", "another host name", "host", lambda v: v == OTHER_HOST, prefix=host,
            missing=no_host,
        ),
        Variation(
            "hash-seed", f"PYTHONHASHSEED={seed} for 0", "hash",
            lambda v: v == hashed, env={"PYTHONHASHSEED": seed},
        ),
        Variation(
            "file-order", "os.listdir and os.scandir list backwards", "listing",
            env={probe.REVERSED: "1"},
        ),
        Variation("load", "a busy process a core beside it", busy=os.cpu_count() or 1),
    ]  # fmt: skip


def controls() -> list[Variation]:
    """The two changes that must move the weights of a stock training."""
    isa = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}
    isa["MKL_CBWR"] = "COMPATIBLE"
    return [
        Variation("threads", "2 threads for 1", env={"RESPIKE_AUDIT_THREADS": "2"}),
        Variation("instructions", "no vector instructions beyond SSE4.1", env=isa),
    ]


def locale() -> str:
    """The locale of the variation: the first of LOCALES that is installed."""
    try:
        done = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False)
    except OSError:
        return LOCALES[-1]
    return next((name for name in LOCALES if name in done.stdout.split()), LOCALES[-1])


def hash_under(seed: str) -> int:
    """hash("respike") in a Python with that hash seed."""
    done = subprocess.run(
        [sys.executable, "-c", "print(hash('respike'))"], capture_output=True, check=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
    )  # fmt: skip
    return int(done.stdout)


def _host() -> tuple[list[str], str]:
    """A command that starts another under another host name, and why there is none."""
    rename = [sys.executable, "-c", _SET_HOST, OTHER_HOST]
    why = ""
    for words in (["--uts"], ["--user", "--map-root-user", "--uts"]):
        command = ["unshare", *words, "--", *rename]
        why = _cannot(command)
        if not why:
            return command, ""
    return [], why


def _cannot(command: Sequence[str]) -> str:
    """Why a command cannot start another; empty where it can."""
    try:
        done = subprocess.run(
            [*command, sys.executable, "-c", ""], capture_output=True, text=True, check=False
        )
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    said = done.stderr.strip().splitlines()
    return (said or [f"it ended with {done.returncode}"])[-1] if done.returncode else ""


# ------------------------------------------------------------------ proof


@contextlib.contextmanager
def watched(folder: Path, scratch: Path) -> Iterator[dict[str, str]]:
    """Let every Python of a copy's runs write a row; gives the variables that the run needs.

    Args:
        folder: the copy.
        scratch: where the rows go; read them with `rows`.
    """
    shutil.copyfile(Path(probe.__file__), folder / "sitecustomize.py")
    listed = scratch / "listed"
    listed.mkdir(exist_ok=True)
    for name in LISTED:
        (listed / name).touch()
    (scratch / "rows").write_text("")
    yield {probe.ROWS: str(scratch / "rows"), probe.LISTED: str(listed)}
    (folder / "sitecustomize.py").unlink()


def rows(scratch: Path) -> list[Row]:
    """What the processes of stages saw, in the order in which they began."""
    found = map(json.loads, (scratch / "rows").read_text(encoding="utf-8").splitlines())
    return [row for row in found if any("respike.stages." in word for word in row["command"])]


def unproven(variation: Variation, seen: Sequence[Row], reference: Sequence[Row]) -> str:
    """Why it is not proven that a variation was applied; empty where it is.

    Args:
        variation: the change.
        seen: rows of the run under it.
        reference: rows of the run without it.
    """
    if len(seen) < len(reference) or not seen:
        return f"{len(seen)} processes of stages told what they saw, {len(reference)} before"
    if not variation.fact:
        return ""
    before = reference[0][variation.fact]
    for row in seen:
        value = row[variation.fact]
        turned = variation.fact != "listing" or value == before[::-1]
        if value == before or not turned or not variation.shown(value):
            return f"a process of a stage saw {variation.fact} {value!r}, before {before!r}"
    return ""


@contextlib.contextmanager
def busy(count: int) -> Iterator[Callable[[], float]]:
    """Keep processors busy; gives a function that says how many seconds of them it took."""
    code = "from respike.core.lock import die_with_parent\ndie_with_parent()\nwhile True: pass"
    processes = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) for _ in range(count)]
    try:
        yield lambda: sum(map(_cpu_s, (process.pid for process in processes)))
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _cpu_s(pid: int) -> float:
    """Seconds of a processor that a living process has used; 0 for one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
