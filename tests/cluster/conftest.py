"""Submissions in a folder of their own, and the start program that runs them."""

import subprocess
import sys
import time

import pytest

from respike.cluster import exits
from respike.core import lock


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of results in the epoch `now`, with a space in its path."""
    root = tmp_path / "with space ü"
    (root / lock.FOLDER).mkdir(parents=True)
    (root / lock.FOLDER / "owner.json").write_text('{"epoch": "now"}')
    monkeypatch.setenv(lock.EPOCH, "now")
    return root


@pytest.fixture
def submit(folder):
    """Write a submission: submit(command, limit_s=None)."""

    def write(command, limit_s=None):
        return exits.submit(folder, "run", command, limit_s, "train toy seed 0")

    return write


def begin(path, **more):
    """Start a submission as the batch script does, in the background."""
    words = [sys.executable, "-I", "-S", str(exits.START), str(path)]
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def until(what, longest_s=20):
    """Wait until something is the case."""
    end = time.monotonic() + longest_s
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
