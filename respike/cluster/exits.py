"""A job's own word of its life and its end: one file a submission, under a lock while it lives.

`.respike/exits/TOKEN.job`: an area that respike/cluster/start.py writes on the node, then
what is to be run. The token is random, so that a number that Slurm gives twice confuses nobody.
The lock is the kernel's: it says "alive" without asking Slurm, and is never stale. Taking it
makes a network file system read the file anew, so that the word is not an old one.
"""

import contextlib
import fcntl
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from respike.cluster.start import AREA
from respike.core import disk
from respike.core.lock import EPOCH, FOLDER

START = Path(__file__).with_name("start.py")


@dataclass(frozen=True)
class Seen:
    """What a submission's file says at one moment.

    Attributes:
        alive: whether a process of the job holds the lock.
        code: exit code of the last start, negative for a signal; None: no word of its end.
        told: the signal or limit that the last start was told to end by.
        began: when the last start began, by the node's clock [s]; None before the first.
    """

    alive: bool
    code: int | None = None
    told: str | None = None
    began: float | None = None


NOTHING = Seen(alive=False)  # before the first start


def folder(root: Path) -> Path:
    """Where the submissions of a folder of results lie."""
    return root / FOLDER / "exits"


def submit(root: Path, run: str, command: str, limit_s: float | None, label: str) -> Path:
    """Write what a job is to run; it is then started with `start.py FILE`.

    Args:
        root: folder whose results are written.
        run: name of the run, which its jobs have in Slurm.
        command: for the shell, on the node.
        limit_s: after so long the job ends itself, even if Slurm forgot it [s].
        label: the job, in words.

    Raises:
        RespikeError: the disk refuses.
    """
    token = uuid.uuid4().hex
    told = {
        "token": token,
        "epoch": os.environ.get(EPOCH, ""),
        "run": run,
        "label": label,
        "limit_s": limit_s,
        "command": command,
    }
    path = folder(root.resolve()) / f"{token}.job"
    temporary = path.with_suffix(".new")
    with disk.guarded(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(b" " * (AREA - 1) + b"\n" + json.dumps(told).encode() + b"\n")
        os.replace(temporary, path)
    return path


def look(path: Path) -> Seen:
    """What a submission says of itself; an area that is blank or torn says nothing."""
    try:
        with open(path, "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                alive = False
            except BlockingIOError:
                alive = True
            state = _parsed(file.read(AREA))
    except OSError:  # gone: closed by us, or by somebody's rm
        return NOTHING
    return Seen(
        alive,
        state.get("code") if "ended" in state else None,
        state.get("told"),
        state.get("began"),
    )


def told(path: Path) -> dict[str, Any]:
    """What was submitted: token, epoch, run, label, limit_s, command; empty where torn."""
    try:
        return _parsed(path.read_bytes()[AREA:])
    except OSError:
        return {}


def close(path: Path) -> bool:
    """Give a submission up: a start that comes late runs nothing. False while it lives."""
    try:
        with open(path, "r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)  # under the lock: a start that waits for it sees it
    except BlockingIOError:
        return False
    except FileNotFoundError:
        pass
    return True


def forget(path: Path) -> None:
    """Remove a submission whose job is over, whoever holds it."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def submissions(root: Path) -> Iterator[Path]:
    """Every submission of a folder that was neither closed nor forgotten."""
    yield from sorted(folder(root.resolve()).glob("*.job"))


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
