"""Run lock, epoch and fenced commit, each layer on its own."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from respike.core import lock
from respike.core.errors import Busy, Fenced
from tests.workflow.toy import ROOT


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder whose run lock this process holds, in a new epoch."""
    monkeypatch.setenv(lock.EPOCH, "")
    monkeypatch.delenv(lock.EPOCH)
    lock.acquire(tmp_path)
    lock.takeover(tmp_path)
    yield tmp_path
    lock.release(tmp_path)


def child(folder, code, **env):
    """Run code in another process, in a folder."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        timeout=60,
    )


TRY = """
from pathlib import Path
from respike.core import lock
from respike.core.errors import RespikeError
try:
    lock.acquire(Path('.'))
    print('mine')
except RespikeError as error:
    print(type(error).__name__, error)
"""


def test_a_second_process_is_told_who_holds_the_folder_and_gets_it_after(folder):
    before = child(folder, TRY).stdout
    lock.release(folder)
    after = child(folder, TRY).stdout

    assert before.startswith("Busy another run owns this folder: host ")
    assert f"pid {os.getpid()}, since 20" in before
    assert after == "mine\n"
    lock.acquire(folder)


def test_a_lock_of_a_killed_process_is_free_at_once(tmp_path):
    code = TRY + "\nimport os, signal; os.kill(os.getpid(), signal.SIGKILL)"

    assert child(tmp_path, code).returncode == -9
    assert child(tmp_path, TRY).stdout == "mine\n"


def test_an_owner_on_another_host_is_explained_and_never_cleared(tmp_path):
    (tmp_path / lock.FOLDER).mkdir()
    there = {"host": "elsewhere", "pid": 7, "since": "2026-01-01", "epoch": "x"}
    owner = tmp_path / lock.FOLDER / "owner.json"
    owner.write_text(json.dumps(there))

    with pytest.raises(Busy, match="host elsewhere, pid 7, since 2026-01-01 and never said"):
        lock.acquire(tmp_path)
    assert json.loads(owner.read_text()) == there

    owner.write_text(json.dumps({**there, "ended": "2026-01-02"}))
    lock.acquire(tmp_path)
    lock.release(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_torn_owner_file_is_no_obstacle(text, tmp_path):
    (tmp_path / lock.FOLDER).mkdir()
    (tmp_path / lock.FOLDER / "owner.json").write_text(text)

    lock.acquire(tmp_path)
    lock.takeover(tmp_path)
    lock.release(tmp_path)


def test_each_takeover_is_a_new_epoch_and_is_exported(folder):
    first = os.environ[lock.EPOCH]

    second = lock.takeover(folder)

    assert first != second
    assert os.environ[lock.EPOCH] == second == lock.generation(folder)


def test_a_takeover_without_the_lock_is_a_bug(tmp_path):
    with pytest.raises(RuntimeError, match="takeover without the run lock"):
        lock.takeover(tmp_path)


def test_outputs_appear_together_and_the_record_last(folder, monkeypatch):
    seen = []
    replace = os.replace

    def watch(a, b):
        if str(b).endswith((".npz", "record.json")):
            seen.append(os.path.basename(b))
        replace(a, b)

    monkeypatch.setattr(lock.os, "replace", watch)
    with lock.Attempt(folder, "job") as attempt:
        for name in ("record.json", "a.npz", "b.npz"):
            attempt.temporary(folder / "out" / name).write_text(name)
        assert [p.name[0] for p in (folder / "out").iterdir()] == ["."] * 3
        attempt.commit(last=folder / "out/record.json")

    assert seen == ["a.npz", "b.npz", "record.json"]
    assert sorted(p.name for p in (folder / "out").iterdir()) == sorted(seen)
    assert list((folder / lock.FOLDER / "attempts").glob("*.json")) == []


def test_an_attempt_that_ends_early_leaves_nothing(folder):
    def half():
        with lock.Attempt(folder, "job") as attempt:
            attempt.temporary(folder / "out/a").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()

    assert list((folder / "out").iterdir()) == []


def test_after_a_takeover_an_older_attempt_cannot_commit(folder):
    with lock.Attempt(folder, "job") as attempt:
        attempt.temporary(folder / "a").write_text("late")
        epoch = json.loads((folder / lock.FOLDER / "owner.json").read_text())
        (folder / lock.FOLDER / "owner.json").write_text(
            json.dumps({**epoch, "epoch": "newer"})
        )

        with pytest.raises(
            Fenced, match="a newer run owns this folder; this job wrote nothing"
        ):
            attempt.commit()

    assert not (folder / "a").exists()


def test_of_two_attempts_at_one_job_the_newer_wins(folder):
    with lock.Attempt(folder, "job") as older:
        older.temporary(folder / "a").write_text("older")
        with lock.Attempt(folder, "job") as newer:
            newer.temporary(folder / "a").write_text("newer")
            newer.commit()

        with pytest.raises(Fenced, match="a newer attempt at this job has begun"):
            older.commit()

    assert (folder / "a").read_text() == "newer"


DIES = """
import os, signal
from pathlib import Path
from respike.core import lock
attempt = lock.Attempt(Path('.'), 'job').__enter__()
attempt.temporary(Path('out')).write_text('half')
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_attempt_sweeps_what_the_one_before_left_where_it_was_killed(folder):
    child(folder, DIES)
    left = list(folder.glob(".out.*.part"))

    with lock.Attempt(folder, "job") as attempt:
        during = list(folder.glob(".out.*.part"))
        attempt.temporary(Path("out")).write_text("whole")
        attempt.commit()

    assert len(left) == 1
    assert during == []
    assert (folder / "out").read_text() == "whole"
    assert list((folder / lock.FOLDER / "attempts").glob("*.json")) == []


def test_an_attempt_that_lives_is_fenced_and_not_swept(folder):
    with lock.Attempt(folder, "job") as first:
        temporary = first.temporary(Path("out"))
        temporary.write_text("first")
        with lock.Attempt(folder, "job"):
            pass

        assert temporary.exists()


def test_an_attempt_whose_run_is_dead_cannot_commit(folder):
    with lock.Attempt(folder, "job") as attempt:
        attempt.temporary(folder / "a").write_text("late")
        fd = lock._held.pop(str(folder))
        os.close(fd)

        with pytest.raises(Fenced, match="the run that started this job is dead"):
            attempt.commit()
    lock.acquire(folder)


def test_a_job_of_slurm_may_commit_after_its_controller_died(folder, monkeypatch):
    monkeypatch.setenv(lock.SLURM_JOB, "7")
    with lock.Attempt(folder, "job") as attempt:
        attempt.temporary(folder / "a").write_text("adopted")
        os.close(lock._held.pop(str(folder)))

        attempt.commit()

    assert (folder / "a").read_text() == "adopted"
    lock.acquire(folder)


def test_an_attempt_whose_parent_is_dead_cannot_commit(folder, monkeypatch):
    with lock.Attempt(folder, "job") as attempt:
        attempt.temporary(folder / "a").write_text("late")
        monkeypatch.setattr(lock.os, "getppid", lambda: 1)

        with pytest.raises(Fenced, match="the process that started this job is dead"):
            attempt.commit()

    assert not (folder / "a").exists()


LIVE = """
import os, sys, time
from pathlib import Path
from respike.core import lock
with lock.Attempt(Path('.'), 'job') as attempt:
    attempt.temporary(Path('out/a')).write_text('half')
    print('ready', flush=True)
    time.sleep(60)
"""


def test_a_takeover_kills_a_live_orphan_and_removes_its_scraps(folder):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    orphan = subprocess.Popen(
        [sys.executable, "-c", LIVE], cwd=folder, env=env, stdout=subprocess.PIPE, text=True
    )
    assert orphan.stdout.readline() == "ready\n"
    assert len(list((folder / "out").iterdir())) == 1

    began = time.monotonic()
    lock.takeover(folder)

    assert orphan.wait(timeout=10) == -9
    assert time.monotonic() - began < 5
    assert list((folder / "out").iterdir()) == []
    orphan.stdout.close()


def test_a_reused_process_id_is_never_killed(folder):
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        lock._kill({**lock.who(), "pid": bystander.pid, "start_ticks": 1})
        time.sleep(0.1)
        assert bystander.poll() is None

        lock._kill({**lock.who(), "pid": bystander.pid, "host": "elsewhere"})
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_the_guard_refuses_a_plan_that_another_run_made_old(tmp_path, monkeypatch):
    monkeypatch.delenv(lock.EPOCH, raising=False)
    seen = lock.generation(tmp_path)
    lock.acquire(tmp_path)
    lock.takeover(tmp_path)
    lock.release(tmp_path)

    with pytest.raises(Busy, match="another run finished while this one was being planned"):
        lock.guard(tmp_path, seen)
    lock.guard(tmp_path, lock.generation(tmp_path))
    lock.release(tmp_path)
    monkeypatch.delenv(lock.EPOCH, raising=False)


def test_a_child_dies_with_its_parent():
    code = """
import os, subprocess, sys, time
inner = "from respike.core import lock; lock.die_with_parent(); print('up', flush=True); import time; time.sleep(60)"
p = subprocess.Popen([sys.executable, '-c', inner], stdout=subprocess.PIPE, text=True)
p.stdout.readline()
print(p.pid, flush=True)
os._exit(0)
"""  # noqa: E501
    pid = int(child(ROOT, code).stdout)
    end = time.monotonic() + 5
    while _alive(pid):
        assert time.monotonic() < end, "the child outlived its parent"
        time.sleep(0.02)


def _alive(pid):
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
