"""Jobs of an earlier run are waited for, or given up."""

import threading

import pytest

from respike.cluster import earlier, exits
from tests.cluster.conftest import begin, until


@pytest.fixture(autouse=True)
def cancelled(monkeypatch):
    """Runs whose waiting jobs were cancelled."""
    found = []
    monkeypatch.setattr(earlier.squeue, "cancel_waiting", lambda run: found.append(run) or "")
    monkeypatch.setattr(earlier, "LOOK_S", 0.02)
    return found


def test_a_folder_without_submissions_asks_nobody(folder, cancelled):
    assert earlier.settle(folder, pytest.fail) == 0
    assert cancelled == []


def test_what_has_not_started_is_cancelled_and_given_up(folder, submit, cancelled):
    path = submit("true")

    assert earlier.settle(folder, pytest.fail) == 0
    assert cancelled == ["run"]
    assert not path.exists()


def test_what_lives_is_waited_for_and_named(folder, submit, tmp_path):
    path = submit(f"while [ ! -e '{tmp_path}/go' ]; do sleep 0.02; done")
    job = begin(path)
    until(lambda: exits.look(path).alive)
    said = []

    def say(text):
        said.append(text)
        threading.Timer(0.2, (tmp_path / "go").touch).start()

    waited = earlier.settle(folder, say)

    assert waited == 1
    assert said == ["1 job of an earlier run still runs; waiting for: train toy seed 0"]
    job.communicate()
    assert job.returncode == 0
    assert not path.exists()


def test_what_ended_is_forgotten(folder, submit):
    path = submit("exit 3")
    begin(path).communicate()

    assert earlier.settle(folder, pytest.fail) == 0
    assert not path.exists()
