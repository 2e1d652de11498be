"""The child process: one foreign file on standard input, npz on standard output.

Run as `python -m respike.core.parsers.child SUFFIX SECONDS`; only respike.core.foreign does so.
Before it looks at the first byte it gives up what a hijacked parser could use: it can open no
file and no socket, start nothing, and has memory, seconds and output within limits.
"""

import codecs
import contextlib
import ctypes
import math
import os
import resource
import sys
from typing import Any

import numpy as np

from respike.core.io import dump
from respike.core.lock import die_with_parent
from respike.core.log import line
from respike.core.parsers import edf, hdf5, mat, state

READERS = {
    ".mat": mat, ".h5": hdf5, ".hdf5": hdf5, ".edf": edf, ".bdf": edf, ".pt": state,
    ".pth": state,
}  # fmt: skip
RATIO = 200  # bytes unpacked per byte of the file
SMALL_BYTES = 2**20  # always allowed
MAX_OUTPUT_BYTES = 4 * 2**30
MAX_MEMORY_BYTES = 8 * 2**30
# imported when they are first used, which is too late in a process that can open nothing
_ENCODINGS = (
    "ascii",
    "latin-1",
    *(f"utf-{n}" for n in ("8", "16-le", "16-be", "32-le", "32-be")),
)
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000
_NEEDLESS = ("subprocess.", "socket.", "pickle.", "ctypes.", "urllib.", "shutil.", "os.")
_ALLOWED = {"os.listdir", "os.scandir"}  # harmless: nothing can be opened


def room(size: int) -> int:
    """Bytes that a file of `size` bytes may unpack to."""
    return min(MAX_OUTPUT_BYTES, max(RATIO * size, SMALL_BYTES))


def lock_down(size: int, seconds: float) -> None:
    """Give up files, sockets, processes, and all but a little memory and time.

    Args:
        size: bytes of the foreign file.
        seconds: CPU time that parsing may take [s].
    """
    for encoding in _ENCODINGS:
        codecs.lookup(encoding)
    libc = ctypes.CDLL(None)
    if libc.unshare(_NEW_NETWORK):
        libc.unshare(_NEW_USER | _NEW_NETWORK)  # where that is not allowed: no descriptors
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    sys.addaudithook(_refuse)
    spent = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = math.ceil(spent.ru_utime + spent.ru_stime + seconds)
    for what, limit, grace in (
        (resource.RLIMIT_AS, used + min(MAX_MEMORY_BYTES, 2**30 + 8 * size), 0),
        (resource.RLIMIT_CPU, cpu_s, 1),  # SIGXCPU, and a second later SIGKILL
        (resource.RLIMIT_FSIZE, room(size) + SMALL_BYTES, 0),
        (resource.RLIMIT_NOFILE, 0, 0),
        (resource.RLIMIT_NPROC, 0, 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # a lower one is in force already
            resource.setrlimit(what, (limit, limit + grace))


def _refuse(event: str, arguments: Any) -> None:
    if event in ("open", "exec", "compile") or (
        event.startswith(_NEEDLESS) and event not in _ALLOWED
    ):
        raise PermissionError(f"it made its parser ask for '{event}'")


def convert(suffix: str, data: bytes) -> bytes:
    """Parse one file and give npz back.

    Raises:
        Exception: the file is damaged, refused, or not of its format.
    """
    allowed = room(len(data))
    found: dict[str, np.ndarray] = READERS[suffix].parse(data, allowed)
    if not found:
        raise ValueError("there is no array in it")
    odd = next((name for name in found if not name.isprintable()), None)
    if odd is not None:
        raise ValueError(f"the name {odd!r} has characters that cannot be shown")
    if sum(array.nbytes for array in found.values()) > allowed:
        raise ValueError(f"it unpacks to more than {allowed:,} bytes; refused as a bomb")
    return dump("foreign.npz", found)


def sentence(error: Exception) -> str:
    """One line of ASCII that says what a parser met."""
    said = line(error)
    kind = "" if type(error) is ValueError and said else f"{type(error).__name__}: "
    return f"{kind}{said}".encode("ascii", "backslashreplace").decode()[:500]


def main() -> int:
    """Run the child; 1: the file is refused, with a sentence on standard error."""
    die_with_parent()
    suffix, seconds = sys.argv[1], float(sys.argv[2])
    data = sys.stdin.buffer.read()
    try:
        READERS[suffix].prepare(data)
        lock_down(len(data), seconds)
        out = convert(suffix, data)
    except Exception as error:  # any failure of a foreign parser is a damaged file to us
        sys.stderr.write(sentence(error) + "\n")
        sys.stderr.flush()
        os._exit(1)
    sys.stdout.buffer.write(out)
    sys.stdout.buffer.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
