"""Run lock, epoch and fenced commit to the letter: who is named, what is written, removed."""

import fcntl
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from respike.core import lock
from respike.core.errors import Busy, Fenced
from tests.workflow.toy import ROOT


@pytest.fixture(autouse=True)
def _no_epoch(monkeypatch):
    """Each test begins outside any run, and what it sets is forgotten."""
    monkeypatch.setenv(lock.EPOCH, "")
    monkeypatch.delenv(lock.EPOCH)
    held = dict(lock._held)
    yield
    for root in set(lock._held) - set(held):
        lock.release(Path(root))


@pytest.fixture
def folder(tmp_path):
    """A folder whose run lock this process holds, in a new epoch."""
    lock.acquire(tmp_path)
    lock.takeover(tmp_path)
    return tmp_path


def owner(folder, **values):
    (folder / lock.FOLDER).mkdir(exist_ok=True)
    (folder / lock.FOLDER / "owner.json").write_text(json.dumps(values))


def child(folder, code):
    """A process that runs code in a folder, after it has said that it is ready."""
    started = subprocess.Popen(
        [sys.executable, "-c", code], cwd=folder, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert started.stdout.readline() == "ready\n"
    return started


# ------------------------------------------------------------------ who


def test_a_process_is_named_by_host_number_start_and_boot():
    found = lock.who()

    assert set(found) == {"host", "pid", "start_ticks", "boot_id"}
    assert found["pid"] == os.getpid()
    assert found["boot_id"] == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_the_start_of_a_process_is_the_22nd_field_whatever_its_name(monkeypatch):
    fields = " ".join(str(n) for n in range(3, 53))
    text = f"7 (a) b (c) {fields}"
    monkeypatch.setattr(lock, "Path", lambda path: SimpleNamespace(read_text=lambda: text))

    assert lock.start_ticks(7) == 22


def test_a_process_that_does_not_run_has_no_start():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    assert lock.start_ticks(ended.pid) == 0
    assert lock.start_ticks(os.getpid()) > 0


def test_without_a_kernels_id_the_boot_has_none(monkeypatch):
    def fail():
        raise OSError

    monkeypatch.setattr(lock, "Path", lambda path: SimpleNamespace(read_text=fail))

    assert lock.boot_id() == ""


def test_a_folder_without_an_owner_has_no_generation(tmp_path):
    assert lock.generation(tmp_path) == ""
    owner(tmp_path, epoch=7)
    assert lock.generation(tmp_path) == "7"


def test_a_small_file_is_replaced_at_once_from_a_hidden_name_beside_it(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(lock.os, "replace", lambda a, b: seen.append((a, a.read_text(), b)))

    lock._replace(tmp_path / "x.json", "text")

    ((temporary, text, path),) = seen
    assert temporary.parent == tmp_path
    assert re.fullmatch(r"\.x\.json\.[0-9a-f]{8}", temporary.name)
    assert (text, path) == ("text", tmp_path / "x.json")


# ------------------------------------------------------------------ the run lock


def test_a_lock_that_is_held_may_be_taken_again(folder):
    held = lock._held[str(folder)]

    lock.acquire(folder)
    lock.acquire(folder / "." / "..", wait_s=0)

    assert lock._held[str(folder)] == held


def test_another_holder_of_whom_nothing_is_known_is_said_so(tmp_path):
    (tmp_path / lock.FOLDER).mkdir()
    with open(tmp_path / lock.FOLDER / "run.lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        with pytest.raises(Busy) as error:
            lock.acquire(tmp_path)

    assert str(error.value) == (
        "another run owns this folder: host unknown, pid unknown, since unknown; wait for it "
        "to end, or stop it"
    )
    assert str(tmp_path) not in lock._held


def test_a_waiting_run_says_so_once_and_begins_when_the_other_ends(tmp_path):
    owner(tmp_path, host="h", pid=7, since="then", ended="now")
    code = (
        "import fcntl, time\n"
        "f = open('.respike/run.lock', 'w'); fcntl.flock(f, fcntl.LOCK_EX)\n"
        "print('ready', flush=True); time.sleep(0.5)"
    )
    other = child(tmp_path, code)
    said = []

    began = time.monotonic()
    lock.acquire(tmp_path, wait_s=30, say=said.append)
    waited = time.monotonic() - began

    assert said == [
        "another run owns this folder: host h, pid 7, since then; waiting up to 30 s"
    ]
    assert 0.1 < waited < 10
    assert str(tmp_path) in lock._held
    other.wait()
    other.stdout.close()


def test_after_another_hosts_run_the_lock_is_let_go(tmp_path):
    owner(tmp_path, host="elsewhere", pid=7, since="then")

    with pytest.raises(Busy) as error:
        lock.acquire(tmp_path)

    assert str(error.value) == (
        "another run owns this folder: host elsewhere, pid 7, since then and never said that "
        "it ended; this machine cannot see whether it still runs. If it does not, remove "
        ".respike/owner.json there"
    )
    with open(tmp_path / lock.FOLDER / "run.lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_run_that_ends_says_so_and_keeps_its_epoch(folder):
    before = lock.owner(folder)

    lock.release(folder)

    after = lock.owner(folder)
    assert re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}$", after.pop("ended"))
    assert after == before


def test_a_run_does_not_end_anothers(folder):
    owner(folder, pid=os.getpid() + 1, epoch="newer")

    lock.release(folder)
    lock.release(folder)

    assert lock.owner(folder) == {"pid": os.getpid() + 1, "epoch": "newer"}


# ------------------------------------------------------------------ takeover


def test_a_takeover_needs_the_lock(tmp_path):
    with pytest.raises(RuntimeError, match="takeover without the run lock"):
        lock.takeover(tmp_path)


def test_a_takeover_names_its_owner_and_hands_the_epoch_to_its_children(tmp_path):
    lock.acquire(tmp_path)

    first = lock.takeover(tmp_path)
    second = lock.takeover(tmp_path)

    found = lock.owner(tmp_path)
    assert first != second
    assert os.environ[lock.EPOCH] == second == lock.generation(tmp_path)
    assert {k: found[k] for k in lock.who()} == lock.who()
    assert set(found) == {*lock.who(), "since", "epoch"}


def test_a_takeover_removes_the_locks_of_snakemake_and_nothing_else_of_it(tmp_path):
    names = [
        ".snakemake/locks/0.input.lock",
        ".snakemake/locks/note",
        ".snakemake/a.lock",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    lock.acquire(tmp_path)

    lock.takeover(tmp_path)

    assert [(tmp_path / name).exists() for name in names] == [False, True, True]


def test_a_takeover_sweeps_what_earlier_attempts_left(tmp_path):
    attempts = tmp_path / lock.FOLDER / "attempts"
    attempts.mkdir(parents=True)
    for name in ("out/.a.part", "out/b"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (attempts / "job.1.json").write_text(json.dumps({"temporaries": ["out/.a.part", "out/.z"]}))
    (attempts / "job.2.json").write_text("{torn")
    (attempts / "job.latest").write_text("1")
    (attempts / "other").write_text("")
    lock.acquire(tmp_path)

    lock.takeover(tmp_path)

    assert [p.name for p in attempts.iterdir()] == ["other"]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["b"]


@pytest.mark.parametrize(
    ("change", "killed"),
    [
        ({}, [(2, signal.SIGKILL)]),
        ({"host": "elsewhere"}, []),
        ({"boot_id": "other"}, []),
        ({"start_ticks": 41}, []),
        ({"pid": 1}, []),
        ({"pid": 0}, []),
    ],
)
def test_only_the_very_process_of_an_attempt_is_killed(change, killed, monkeypatch):
    seen = []
    monkeypatch.setattr(lock.os, "kill", lambda *args: seen.append(args))
    monkeypatch.setattr(lock, "start_ticks", lambda pid: 42)

    lock._kill({**lock.who(), "pid": 2, "start_ticks": 42, **change})

    assert seen == killed


@pytest.mark.parametrize("error", [ProcessLookupError, PermissionError])
def test_a_process_that_is_gone_or_anothers_is_let_be(error, monkeypatch):
    def fail(*args):
        raise error

    monkeypatch.setattr(lock.os, "kill", fail)

    lock._kill({**lock.who(), "pid": os.getpid()})


def test_an_attempt_without_a_number_kills_nobody(monkeypatch):
    monkeypatch.setattr(lock.os, "kill", lambda *args: pytest.fail(f"it killed {args}"))
    monkeypatch.setattr(lock, "start_ticks", lambda pid: None)

    lock._kill({})
    lock._kill({k: v for k, v in lock.who().items() if k in {"host", "boot_id"}})


# ------------------------------------------------------------------ the guard


def test_the_guard_of_plain_snakemake_begins_an_epoch(tmp_path):
    lock.guard(tmp_path, "")

    assert str(tmp_path) in lock._held
    assert os.environ[lock.EPOCH] == lock.generation(tmp_path) != ""


def test_the_guard_leaves_a_run_alone_that_holds_the_lock(folder):
    before = lock.generation(folder)

    lock.guard(folder, "another")

    assert lock.generation(folder) == before


def test_the_guard_lets_the_lock_go_when_its_plan_is_old(tmp_path):
    owner(tmp_path, epoch="newer", ended="then")

    with pytest.raises(
        Busy, match=r"^another run finished while this one was being planned; st"
    ):
        lock.guard(tmp_path, "older")
    assert str(tmp_path) not in lock._held


# ------------------------------------------------------------------ dying with the parent


@pytest.mark.parametrize(("parents", "exits"), [([5, 5], []), ([5, 1], [1])])
def test_a_stage_asks_to_die_with_its_parent_and_looks_whether_it_is_too_late(
    parents, exits, monkeypatch
):
    asked, ended = [], []
    libc = SimpleNamespace(prctl=lambda *args: asked.append(args))
    monkeypatch.setattr(lock.ctypes, "CDLL", lambda *args, **more: libc)
    monkeypatch.setattr(lock.os, "getppid", lambda: parents.pop(0))
    monkeypatch.setattr(lock.os, "_exit", ended.append)

    lock.die_with_parent()

    assert asked == [(1, signal.SIGKILL, 0, 0, 0)]
    assert ended == exits


# ------------------------------------------------------------------ attempts


def test_an_attempt_is_listed_with_its_process_and_its_files(folder):
    key = "results/desk/s/v/record.json"
    digest = hashlib.sha256(key.encode()).hexdigest()[:12]
    with lock.Attempt(folder, key) as attempt:
        attempt.temporary(Path("out/a"))
        attempt.temporary(folder / "out/deep/b")

        names = sorted(p.name for p in (folder / lock.FOLDER / "attempts").iterdir())
        listed = json.loads((folder / lock.FOLDER / "attempts" / names[0]).read_text())
        latest = (folder / lock.FOLDER / "attempts" / names[1]).read_text()

    number = attempt.id[:12]
    assert names == [
        f"results-desk-s-v-record-json.{digest}.{number}.json",
        f"results-desk-s-v-record-json.{digest}.latest",
    ]
    assert latest == attempt.id
    assert listed == {
        **lock.who(),
        "epoch": lock.generation(folder),
        "temporaries": [f"out/.a.{number}.part", f"out/deep/.b.{number}.part"],
    }


def test_the_name_of_a_long_key_is_cut_and_stays_its_own(folder):
    names = []
    for key in ("x" * 300, "y" + "x" * 299):
        with lock.Attempt(folder, key) as attempt:
            names.append(attempt._latest.name)

    assert names[0] != names[1]
    assert [len(name) for name in names] == [150 + 1 + 12 + len(".latest")] * 2


def test_two_jobs_whose_keys_read_alike_do_not_fence_each_other(folder):
    with lock.Attempt(folder, "a/b-c") as one:
        one.temporary(Path("one")).write_text("one")
        with lock.Attempt(folder, "a-b/c") as other:
            other.temporary(Path("other")).write_text("other")
            one.commit()
            other.commit()

    assert (folder / "one").read_text() + (folder / "other").read_text() == "oneother"


def test_a_file_has_one_temporary_name_in_an_attempt(folder):
    with lock.Attempt(folder, "job") as attempt:
        assert attempt.temporary(Path("out/a")) == attempt.temporary(folder / "out" / "a")
        assert (folder / "out").is_dir()


def test_a_stage_started_by_hand_is_the_run(tmp_path):
    with lock.Attempt(tmp_path, "job") as attempt:
        assert str(tmp_path) in lock._held
        assert attempt.epoch == os.environ[lock.EPOCH] == lock.generation(tmp_path)
        attempt.temporary(Path("a")).write_text("x")
        attempt.commit()

    assert (tmp_path / "a").read_text() == "x"


def test_a_stage_of_an_older_run_does_not_begin(folder, monkeypatch):
    monkeypatch.setenv(lock.EPOCH, "older")

    with pytest.raises(Fenced, match=r"^a newer run owns this folder; this job wrote nothing$"):
        lock.Attempt(folder, "job").__enter__()
    assert list((folder / lock.FOLDER / "attempts").iterdir()) == []


def test_a_stage_of_a_dead_run_does_not_begin(folder, monkeypatch):
    epoch = lock.generation(folder)
    lock.release(folder)
    monkeypatch.setenv(lock.EPOCH, epoch)

    with pytest.raises(Fenced, match="the run that started this job is dead; this job wrote"):
        lock.Attempt(folder, "job").__enter__()
    assert list((folder / lock.FOLDER / "attempts").iterdir()) == []


def test_a_job_of_a_living_run_commits_from_its_own_process(folder):
    code = (
        "from pathlib import Path; from respike.core import lock\n"
        "with lock.Attempt(Path('.'), 'job') as attempt:\n"
        "    attempt.temporary(Path('out/a')).write_text('x')\n"
        "    attempt.commit()\n"
        "print('ready', flush=True)"
    )
    job = child(folder, code)

    assert job.wait() == 0
    job.stdout.close()
    assert (folder / "out/a").read_text() == "x"


def test_files_and_their_folders_are_synced_and_nothing_stays_open(folder, monkeypatch):
    synced = []
    monkeypatch.setattr(
        lock.os, "fsync", lambda fd: synced.append(os.readlink(f"/proc/self/fd/{fd}"))
    )
    before = len(os.listdir("/proc/self/fd"))
    with lock.Attempt(folder, "job") as attempt:
        for name in ("out/record", "out/a"):
            attempt.temporary(Path(name)).write_text("x")
        attempt.commit(last=Path("out/record"))

    number = attempt.id[:12]
    assert synced == [
        str(folder / f"out/.a.{number}.part"),
        str(folder / f"out/.record.{number}.part"),
        str(folder / "out"),
    ]
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_attempt_that_was_never_marked_is_not_the_latest(folder):
    with lock.Attempt(folder, "job") as attempt:
        attempt.temporary(Path("a")).write_text("x")
        attempt._latest.unlink()

        with pytest.raises(
            Fenced, match=r"^a newer attempt at this job has begun; this one wro"
        ):
            attempt.commit()
