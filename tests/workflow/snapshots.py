"""A toy checkout with git and DVC, its snapshot in a folder, and clones of it."""

import atexit
import contextlib
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from respike.audit.transport import restore
from respike.audit.transport.store import opened
from tests.workflow import toy

PARTS = ["data-digits", "desk-toy", "desk"]
DENSE = "results/desk/toy/dense/seed-0/train"
MODEL = f"{DENSE}/model.safetensors"
RECORD = f"{DENSE}/record.json"
SOURCE = "data/digits/fetch/source.zip"
ARRAYS = "data/digits/prepare/arrays.npz"
QUIET = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "toy",
    "GIT_AUTHOR_EMAIL": "toy@example.org",
    "GIT_COMMITTER_NAME": "toy",
    "GIT_COMMITTER_EMAIL": "toy@example.org",
}


def git(folder: Path, *words: str) -> str:
    """Run git as nobody in particular."""
    done = subprocess.run(
        ["git", *words], cwd=folder, env={**os.environ, **QUIET}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    return done.stdout


@cache
def _ran() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="respike-toy-")) / "toy"
    atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    return _checkout(folder, lambda folder: None)


def checkout(folder: Path, edit: Callable[[Path], None] | None = None) -> Path:
    """A toy checkout that git and DVC know, edited, after a run; one run serves all tests."""
    if edit:
        return _checkout(folder, edit)
    shutil.copytree(_ran(), folder, symlinks=True)
    return folder


def _checkout(folder: Path, edit: Callable[[Path], None]) -> Path:
    toy.make(folder)
    for name in (".dvc/config", ".dvc/.gitignore", ".dvcignore", ".gitignore"):
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(toy.ROOT / name, folder / name)
    edit(folder)
    git(folder, "init", "-q")
    commit(folder)
    done = toy.respike(folder, "run", "--cores", "2")
    assert done.returncode == 0, done.stderr
    return folder


def commit(folder: Path) -> None:
    """Commit all that git does not ignore."""
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "toy")


def clone(folder: Path, to: Path) -> Path:
    """A clone of a checkout, as another person gets it: no results, no cache."""
    git(folder, "clone", "-q", str(folder), str(to))
    return to


def bring(folder: Path, source: Path | str | None, names=PARTS, when: str = "now"):
    """Restore by the library, without the dry run of the command."""
    with opened(folder, print, None if source is None else str(source)) as store:
        asked = restore.wanted(folder, store, names)
        return asked, restore.bring(folder, store, asked, when)


@contextlib.contextmanager
def edited(path: Path, data: bytes | None):
    """A file with other bytes, or absent, its mode and times kept, for the time of a test."""
    before, status = path.read_bytes(), path.stat()
    path.chmod(0o644)
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
        path.chmod(status.st_mode)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        path.write_bytes(before)
        path.chmod(status.st_mode)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def flipped(data: bytes) -> bytes:
    """The same bytes with one bit another."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def md5_of(data: bytes) -> str:
    """DVC's name of bytes."""
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def held(remote: Path, md5: str) -> Path:
    """Where a folder remote or a cache keeps an object."""
    return remote / "files/md5" / md5[:2] / md5[2:]


def jobs(folder: Path, *words: str, **env: str) -> list[str]:
    """What a dry run of plain snakemake would do: `rule wildcards`, sorted."""
    done = toy.snakemake(folder, "-n", "-q", "host", *words, **env)
    assert done.returncode == 0, done.stdout + done.stderr
    found, rule = set(), ""
    for line in (done.stdout + done.stderr).splitlines():
        if line.startswith(("rule ", "localrule ")):
            rule = line.split()[1].rstrip(":")
        elif line.strip().startswith("wildcards:"):
            w = dict(pair.split("=") for pair in line.split(":", 1)[1].strip().split(", "))
            name = w.get("variant") or w.get("study") or w.get("dataset") or w.get("budget")
            found.add(f"{rule} {name}" + (f" {w['seed']}" if "seed" in w else ""))
    return sorted(found)
