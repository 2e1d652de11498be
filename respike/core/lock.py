"""One run at a time in a folder, and no orphan ever commits.

Four layers. A run lock held by the kernel (flock), so that no lock is ever stale. A random
epoch per run: an output is renamed only under a shared lock on the fence, with the epoch
checked, and a new run changes the epoch under the exclusive lock. Stages die with their
parent. Temporary names are private to an attempt and listed before they are made, so that
the next run sweeps them without searching.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import json
import os
import signal
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from respike.core import disk
from respike.core.errors import Busy, Fenced

FOLDER = ".respike"
EPOCH = "RESPIKE_EPOCH"
SLURM_JOB = "SLURM_JOB_ID"
ORPHAN_S = 5.0  # how long a takeover waits for the death of what it killed
NEWER = "a newer run owns this folder; this job wrote nothing"
_held: dict[str, int] = {}


def _folder(root: Path) -> Path:
    folder = root / FOLDER
    (folder / "attempts").mkdir(parents=True, exist_ok=True)
    return folder


def boot_id() -> str:
    """The kernel's id of this boot, or an empty text where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def start_ticks(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 where it is not running."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError, ValueError):
        return 0


def who() -> dict[str, Any]:
    """This process, for messages and for judging whether it still lives."""
    return {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "start_ticks": start_ticks(os.getpid()),
        "boot_id": boot_id(),
    }


def owner(root: Path) -> dict[str, Any]:
    """What owner.json says of the last run that took the lock; empty where it is torn."""
    try:
        return _parsed((root / FOLDER / "owner.json").read_text())
    except (OSError, ValueError):
        return {}


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def generation(root: Path) -> str:
    """The epoch on disk: changes whenever a run takes the folder over."""
    return str(owner(root).get("epoch", ""))


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        temporary.write_text(text)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _fence(root: Path, kind: int) -> Iterator[None]:
    with open(_folder(root) / "fence", "a") as file:
        fcntl.flock(file, kind)
        yield


def acquire(root: Path, wait_s: float = 0, say: Callable[[str], None] | None = None) -> None:
    """Take the run lock for the life of this process.

    Args:
        root: folder whose results are written.
        wait_s: how long to wait for another run to end [s].
        say: called once, with a sentence, when it has to wait.

    Raises:
        Busy: another run holds the folder; the sentence names host, pid and since when.
        RespikeError: the folder cannot be written, or the disk is full.
    """
    root = root.resolve()
    if str(root) in _held:
        return
    with disk.guarded(root / FOLDER):
        fd = os.open(_folder(root) / "run.lock", os.O_RDWR | os.O_CREAT, 0o666)
    end = time.monotonic() + wait_s
    said = False
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= end:
                os.close(fd)
                raise Busy(f"{_who_holds(root)}; wait for it to end, or stop it") from None
            if say and not said:
                said = True
                say(f"{_who_holds(root)}; waiting up to {wait_s:.0f} s")
            time.sleep(0.1)
    _held[str(root)] = fd
    there = owner(root)
    if there.get("host") not in (None, socket.gethostname()) and not there.get("ended"):
        release(root)
        raise Busy(
            f"{_who_holds(root)} and never said that it ended; this machine cannot see whether "
            f"it still runs. If it does not, remove {FOLDER}/owner.json there"
        )


def _who_holds(root: Path) -> str:
    there = owner(root)
    return (
        f"another run owns this folder: host {there.get('host', 'unknown')}, "
        f"pid {there.get('pid', 'unknown')}, since {there.get('since', 'unknown')}"
    )


def release(root: Path) -> None:
    """Mark the run as ended and let go of the lock; a killed run needs no such call."""
    root = root.resolve()
    fd = _held.pop(str(root), None)
    if fd is not None:
        there = owner(root)
        with contextlib.suppress(OSError):  # a full disk: as if killed, which is as good
            if there.get("pid") == os.getpid():
                _replace(root / FOLDER / "owner.json", json.dumps({**there, "ended": _now()}))
        os.close(fd)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def takeover(root: Path) -> str:
    """Begin an epoch: whatever an earlier run left behind can no longer commit.

    The run lock must be held. Kills what is left of earlier attempts where it is provably
    ours, removes their temporary files and Snakemake's lock files.

    Returns:
        The new epoch, which the stages of this run must find in RESPIKE_EPOCH.

    Raises:
        RespikeError: the folder cannot be written, or the disk is full.
    """
    root = root.resolve()
    if str(root) not in _held:
        raise RuntimeError("takeover without the run lock")
    epoch = uuid.uuid4().hex
    with disk.guarded(root / FOLDER), _fence(root, fcntl.LOCK_EX):
        folder = _folder(root)
        _replace(
            folder / "owner.json",
            json.dumps({**who(), "since": _now(), "epoch": epoch}),
        )
        for record in sorted((folder / "attempts").glob("*.json")):
            _sweep(root, record)
        for mark in (folder / "attempts").glob("*.latest"):
            mark.unlink(missing_ok=True)
        locks = root / ".snakemake" / "locks"
        for file in locks.glob("*.lock") if locks.is_dir() else ():
            file.unlink(missing_ok=True)
    os.environ[EPOCH] = epoch
    return epoch


def _sweep(root: Path, record: Path) -> None:
    try:
        attempt = json.loads(record.read_text())
    except (OSError, ValueError):
        attempt = {}
    with contextlib.suppress(FileNotFoundError), open(record) as file:
        end = time.monotonic() + ORPHAN_S
        while time.monotonic() < end:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                _kill(attempt)
                time.sleep(0.02)
    _remove(root, record, attempt)


def _remove(root: Path, record: Path, attempt: dict[str, Any]) -> None:
    for temporary in attempt.get("temporaries", _unlisted(root, record)):
        (root / temporary).unlink(missing_ok=True)
    record.unlink(missing_ok=True)


def _unlisted(root: Path, record: Path) -> Iterator[Path]:
    """Temporaries of an attempt whose list is torn: found by its number, the tree is walked."""
    number = record.name.split(".")[-2]
    for top in ("data", "results"):
        yield from (root / top).rglob(f".*.{number}.part")


def _kill(attempt: dict[str, Any]) -> None:
    pid = attempt.get("pid", 0)
    same = attempt.get("host") == socket.gethostname() and attempt.get("boot_id") == boot_id()
    if same and pid > 1 and start_ticks(pid) == attempt.get("start_ticks"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def guard(root: Path, seen: str) -> None:
    """Snakefile's `onstart`: under plain snakemake, take the lock and begin an epoch.

    Under `respike run` the lock is held by this very process and nothing is left to do.

    Args:
        root: folder whose results are written.
        seen: `generation` at parse time.

    Raises:
        Busy: another run owns the folder, or finished since this one was planned.
    """
    if str(root.resolve()) in _held:
        return
    acquire(root)
    if generation(root) != seen:
        release(root)
        raise Busy("another run finished while this one was being planned; start it again")
    takeover(root)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies (Linux, prctl)."""
    parent = os.getppid()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)


class Attempt:
    """The right of one job's process to write its outputs, once, under their final names.

    Args:
        root: folder whose results are written; temporary and final paths lie below it.
        key: text that is the same for every attempt at the same job.

    Use as a context. Each output is written to `temporary(path)`; `commit` renames all,
    or none. Leaving the context without a commit removes the temporaries.
    """

    def __init__(self, root: Path, key: str):
        self.root = root.resolve()
        self.id = uuid.uuid4().hex
        # a name to read, and a hash, since two keys may read alike: a/b-c and a-b/c
        readable = "".join(c if c.isalnum() else "-" for c in key)[-150:]
        name = f"{readable}.{hashlib.sha256(key.encode()).hexdigest()[:12]}"
        folder = _folder(self.root) / "attempts"
        self._record = folder / f"{name}.{self.id[:12]}.json"
        self._latest = folder / f"{name}.latest"
        self._temporaries: dict[Path, Path] = {}
        self._file = None
        self._parent = os.getppid()

    def __enter__(self) -> "Attempt":
        if EPOCH not in os.environ:
            acquire(self.root)  # started by hand: the stage is the run
            takeover(self.root)
        self.epoch = os.environ[EPOCH]
        try:
            with disk.guarded(self.root / FOLDER), _fence(self.root, fcntl.LOCK_SH):
                self._check_epoch()
                self._check_owner()  # it may have died before this process asked to die with it
                self._put()
                self._file = open(self._record)
                fcntl.flock(self._file, fcntl.LOCK_EX)
                self._sweep_before()
                _replace(self._latest, self.id)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _sweep_before(self) -> None:
        """Remove what the attempt before left where it was killed: on a cluster, in one run."""
        with contextlib.suppress(OSError):
            before = self._latest.read_text()[:12]
            record = self._record.with_name(
                self._record.name.replace(f".{self.id[:12]}.", f".{before}.")
            )
            with open(record) as file:  # locked while it lives; then it is fenced, not swept
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(self.root, record, _parsed(file.read()))

    def _put(self) -> None:
        listed = [str(t.relative_to(self.root)) for t in self._temporaries.values()]
        text = json.dumps({**who(), "epoch": self.epoch, "temporaries": listed})
        if self._file is None:
            self._record.write_text(text)
            return
        try:
            with open(self._record, "r+") as file:  # in place: the lock belongs to this file
                file.write(text)
                file.truncate()
        except FileNotFoundError:  # only a takeover removes it
            raise Fenced(NEWER) from None

    def temporary(self, path: Path) -> Path:
        """The private name to write an output under, listed before it is made."""
        path = (self.root / path).resolve()
        if path not in self._temporaries:
            self._temporaries[path] = path.with_name(f".{path.name}.{self.id[:12]}.part")
            with disk.guarded(path.parent):
                self._put()
                path.parent.mkdir(parents=True, exist_ok=True)
        return self._temporaries[path]

    def _check_epoch(self) -> None:
        try:  # a file that the disk does not give is another matter than a newer epoch
            there = _parsed((self.root / FOLDER / "owner.json").read_text())
        except FileNotFoundError:
            there = {}
        if there.get("epoch") != self.epoch:
            raise Fenced(NEWER)

    def _check_owner(self) -> None:
        if os.getppid() != self._parent:
            raise Fenced("the process that started this job is dead; this job wrote nothing")
        if str(self.root) in _held:
            return
        if SLURM_JOB in os.environ:
            return  # it outlives its controller on purpose: until the next run it may commit
        with open(self.root / FOLDER / "run.lock") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return
        raise Fenced("the run that started this job is dead; this job wrote nothing")

    def commit(self, last: Path | None = None) -> None:
        """Put every output under its final name, `last` (the record) after all others.

        Raises:
            Fenced: a newer run, a newer attempt, or a dead owner: nothing was renamed.
            RespikeError: the disk refuses; what was renamed is removed again.
        """
        final = None if last is None else (self.root / last).resolve()
        order = sorted(self._temporaries, key=lambda path: path == final)
        with disk.guarded(self.root):
            for path in order:
                with open(self._temporaries[path], "rb") as file:
                    os.fsync(file.fileno())
            with _fence(self.root, fcntl.LOCK_SH):
                self._check_epoch()
                self._check_latest()
                self._check_owner()
                if final is not None:  # no record of other bytes while they are renamed
                    final.unlink(missing_ok=True)
                self._rename(order)
            for folder in {path.parent for path in order}:
                fd = os.open(folder, os.O_RDONLY)
                try:
                    os.fsync(fd)
                finally:
                    os.close(fd)
        self._temporaries.clear()

    def _check_latest(self) -> None:
        try:
            latest = self._latest.read_text()
        except FileNotFoundError:
            latest = ""
        if latest != self.id:
            raise Fenced("a newer attempt at this job has begun; this one wrote nothing")

    def _rename(self, order: list[Path]) -> None:
        done: list[Path] = []
        try:
            for path in order:
                os.replace(self._temporaries[path], path)
                done.append(path)
        except OSError:
            for path in done:
                path.unlink(missing_ok=True)
            raise

    def __exit__(self, *error: object) -> None:
        for path in (*self._temporaries.values(), self._record):
            with contextlib.suppress(OSError):  # the next run sweeps what the disk keeps
                path.unlink(missing_ok=True)
        if self._file is not None:
            self._file.close()
