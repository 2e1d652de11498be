"""What the disk refuses, said in a sentence: full, read-only, not ours, broken."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from respike.core.errors import RespikeError

FULL = {errno.ENOSPC, errno.EDQUOT}
_CLOSED = {errno.EACCES, errno.EROFS, errno.EPERM}


def sentence(error: OSError, folder: Path, size: int | None = None) -> str:
    """What went wrong while writing in a folder, and what to do.

    Args:
        error: what the system said.
        folder: where something was to be written.
        size: how much [bytes], where that is known.
    """
    if error.errno in FULL:
        what = f"a file does not fit into {folder}"
        if size is not None and size > 50_000:
            what = f"{size / 1e6:.1f} MB for {folder} do not fit"
        return f"the disk is full: {what}; free space and run again"
    if error.errno in _CLOSED:
        return f"the folder {folder} cannot be written; make it writable and run again"
    why = error.strerror or error
    return f"cannot write in {folder}: {why}; nothing was left behind, run again"


@contextlib.contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """Turn what the disk refuses into a sentence.

    Raises:
        RespikeError: the disk is full, the folder cannot be written, ...
    """
    try:
        yield
    except OSError as error:
        raise RespikeError(sentence(error, folder)) from None


def is_full(folder: Path) -> bool:
    """Whether the disk of a folder takes no byte or no file more; False if it is not there."""
    try:
        found = os.statvfs(folder)
    except OSError:
        return False
    return found.f_bavail == 0 or (found.f_files > 0 and found.f_favail == 0)
