"""What the tests of data stages share."""

import logging

import pytest

from respike.core import lock


@pytest.fixture
def data_folder(tmp_path, monkeypatch):
    """The current folder, a cache and a run of its own; logging as it was, afterwards."""
    log = logging.getLogger("respike")
    before = log.handlers, log.propagate, log.level
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RESPIKE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(lock.EPOCH, "gone after the test")
    monkeypatch.delenv(lock.EPOCH)
    yield tmp_path
    lock.release(tmp_path)
    log.handlers, log.propagate = before[:2]
    log.setLevel(before[2])
