"""Let the n-th open, write, fsync or rename below a folder fail, in this process.

`trouble(folder, kind, n, how)` patches what Python's own code goes through: `open`, `io.open`,
`os.open`, `os.fdopen`, `os.fsync`, `os.replace` and `os.rename`. A write that fails for want of
room has written the first half of its bytes by then, as on a real disk.
"""

import builtins
import contextlib
import errno
import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

KINDS = ("open", "write", "fsync", "rename")
CRASH = "crash"
HOW = ("ENOSPC", "EIO", "EINTR", CRASH)
CRASHED = 99  # exit code of a process that ended at the call


class Count:
    """How many calls of the kind there were; `hit` once the n-th has failed."""

    def __init__(self, folder: Path, kind: str, n: int, how: str):
        self.folder, self.kind, self.n, self.how = str(folder.resolve()), kind, n, how
        self.calls = 0

    @property
    def hit(self) -> bool:
        return self.calls >= self.n

    def below(self, path: Any) -> bool:
        if isinstance(path, int):
            with contextlib.suppress(OSError):
                path = os.readlink(f"/proc/self/fd/{path}")
        return isinstance(path, str | os.PathLike) and str(path).startswith(self.folder)

    def call(self, kind: str, before: Callable[[], Any] = lambda: None) -> None:
        """Count one call; at the n-th do what may happen `before` it fails, then fail."""
        if kind != self.kind:
            return
        self.calls += 1
        if self.calls == self.n:
            before()
            if self.how == CRASH:
                os._exit(CRASHED)
            number = getattr(errno, self.how)
            raise OSError(number, os.strerror(number))


class _File:
    """A file whose writes are counted."""

    def __init__(self, file: Any, count: Count):
        self._file, self._count = file, count

    def write(self, data: Any) -> int:
        self._count.call("write", lambda: self._half(data))
        return self._file.write(data)

    def _half(self, data: Any) -> None:
        self._file.write(data[: len(data) // 2])
        self._file.flush()

    def __enter__(self) -> "_File":
        self._file.__enter__()
        return self

    def __exit__(self, *error: object) -> Any:
        return self._file.__exit__(*error)

    def __iter__(self) -> Any:
        return iter(self._file)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@contextlib.contextmanager
def trouble(folder: Path, kind: str, n: int, how: str) -> Iterator[Count]:
    """Let the n-th call of a kind that touches a path below `folder` fail."""
    count = Count(folder, kind, n, how)
    plain = {
        name: getattr(os, name) for name in ("open", "fdopen", "fsync", "replace", "rename")
    }
    plain_open = builtins.open

    def opened(path, mode="r", *args, **more):
        mine = count.below(path)
        if mine:
            count.call("open")
        file = plain_open(path, mode, *args, **more)
        return _File(file, count) if mine and set(mode) & set("wax+") else file

    def os_open(path, *args, **more):
        if count.below(path):
            count.call("open")
        return plain["open"](path, *args, **more)

    def fdopen(fd, mode="r", *args, **more):
        mine = count.below(fd)
        file = plain["fdopen"](fd, mode, *args, **more)
        return _File(file, count) if mine else file

    def fsync(fd):
        if count.below(fd):
            count.call("fsync")
        return plain["fsync"](fd)

    def renamed(name):
        def rename(source, target, **more):
            if count.below(target):
                count.call("rename")
            return plain[name](source, target, **more)

        return rename

    patches = [
        (builtins, "open", opened), (io, "open", opened), (os, "open", os_open),
        (os, "fdopen", fdopen), (os, "fsync", fsync), (os, "replace", renamed("replace")),
        (os, "rename", renamed("rename")),
    ]  # fmt: skip
    before = [(where, name, getattr(where, name)) for where, name, _ in patches]
    for where, name, value in patches:
        setattr(where, name, value)
    try:
        yield count
    finally:
        for where, name, value in before:
            setattr(where, name, value)


def attempt(work: Callable[[], Any], folder: Path, kind: str, n: int, how: str):
    """Do the work once with its n-th call failing; a crash happens in a forked child.

    Returns:
        (what the work returned, or its exit code if it crashed; whether the call came)
    """
    if how != CRASH:
        with trouble(folder, kind, n, how) as count:
            return work(), count.hit
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException), trouble(folder, kind, n, how):
            work()
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code, code == CRASHED
