"""What the disk refuses is said in a sentence: what is wrong, where, what to do."""

import errno
import os
from pathlib import Path

import pytest

from respike.core import disk
from respike.core.errors import RespikeError

HERE = Path("/some/folder")


@pytest.mark.parametrize(
    ("number", "size", "sentence"),
    [
        (
            errno.ENOSPC,
            1_250_000,
            "the disk is full: 1.2 MB for /some/folder do not fit; free space and run again",
        ),
        (
            errno.EDQUOT,
            None,
            "the disk is full: a file does not fit into /some/folder; free space and run again",
        ),
        (
            errno.EROFS,
            None,
            "the folder /some/folder cannot be written; make it writable and run again",
        ),
        (
            errno.EIO,
            7,
            "cannot write in /some/folder: Input/output error; nothing was left behind, "
            "run again",
        ),
    ],
)
def test_an_error_of_the_disk_names_the_folder_and_the_next_step(number, size, sentence):
    error = OSError(number, os.strerror(number))

    assert disk.sentence(error, HERE, size) == sentence


def test_an_error_of_the_disk_becomes_one_of_ours():
    def full():
        with disk.guarded(HERE):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(RespikeError, match="a file does not fit into /some/folder"):
        full()


def test_what_is_no_error_of_the_disk_is_let_through():
    def divide():
        with disk.guarded(HERE):
            return 1 / 0

    with pytest.raises(ZeroDivisionError):
        divide()
