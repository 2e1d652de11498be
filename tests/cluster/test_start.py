"""The start program of a submitted job: its lock, its word, and what it does not run."""

import json
import os
import shutil
import signal
import subprocess
import sys

import pytest

from respike.cluster import exits, start
from respike.core import lock
from tests.cluster.conftest import begin, until


def state(path):
    """What the area says, as it is."""
    return json.loads(path.read_bytes()[: start.AREA])


@pytest.mark.parametrize(("command", "code"), [("exit 0", 0), ("exit 3", 3)])
def test_the_code_of_the_command_is_its_word_and_its_own_exit_code(command, code, submit):
    path = submit(command)

    done = begin(path)
    done.communicate()

    assert done.returncode == code
    assert exits.look(path) == exits.Seen(False, code, None, state(path)["began"])


def test_it_says_who_began_and_when_it_ended(submit):
    path = submit("true")

    begin(path, env={**os.environ, "SLURM_JOB_ID": "17"}).communicate()

    found = state(path)
    assert (found["job"], found["host"]) == ("17", os.uname().nodename)
    assert found["token"] == exits.told(path)["token"]
    assert found["ended"] >= found["began"]


def test_it_is_alive_as_long_as_its_command_and_not_longer(submit, tmp_path):
    path = submit(f"while [ ! -e '{tmp_path}/go' ]; do sleep 0.02; done")
    job = begin(path)

    until(lambda: exits.look(path).began is not None)
    during = exits.look(path)
    (tmp_path / "go").touch()
    job.communicate()

    assert (during.alive, during.code) == (True, None)
    assert not exits.look(path).alive


@pytest.mark.parametrize("number", sorted(start.CAUGHT))
def test_a_signal_it_can_catch_is_named_and_kills_the_command(number, submit, tmp_path):
    path = submit(f"echo $$ > '{tmp_path}/pid'; exec sleep 60")
    job = begin(path)
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())

    job.send_signal(number)
    job.communicate(timeout=20)

    seen = exits.look(path)
    assert (seen.code, seen.told) == (-9, signal.Signals(number).name)
    assert job.returncode == 137
    assert not os.path.exists(f"/proc/{(tmp_path / 'pid').read_text().strip()}")


def test_killed_itself_it_leaves_no_word_and_no_command(submit, tmp_path):
    path = submit(f"echo $$ > '{tmp_path}/pid'; exec sleep 60")
    job = begin(path)
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())

    job.kill()
    job.communicate()

    until(lambda: not exits.look(path).alive)
    assert exits.look(path).code is None
    pid = (tmp_path / "pid").read_text().strip()
    until(lambda: not os.path.exists(f"/proc/{pid}"))


def test_a_command_that_is_killed_is_a_failure_and_not_an_order_to_end(submit):
    path = submit("kill -KILL $$")

    begin(path).communicate(timeout=20)

    assert (exits.look(path).code, exits.look(path).told) == (-9, None)


def test_a_signal_that_reaches_the_command_first_is_still_an_order_to_end(submit, tmp_path):
    path = submit(f"touch '{tmp_path}/on'; sleep 60; exit 1")
    job = begin(path, start_new_session=True)
    until((tmp_path / "on").exists)

    os.killpg(job.pid, signal.SIGTERM)  # as Slurm does: all of the job at once
    job.communicate(timeout=20)

    assert exits.look(path).told == "SIGTERM"


def test_a_job_that_slurm_forgot_ends_itself_at_its_limit(submit, monkeypatch):
    path = submit("exec sleep 60", limit_s=0.2)

    job = begin(path)
    job.communicate(timeout=30)

    assert (exits.look(path).code, exits.look(path).told) == (-9, "limit")


def test_a_submission_that_was_given_up_runs_nothing(submit, tmp_path):
    path = submit(f"touch '{tmp_path}/ran'")
    assert exits.close(path)

    job = begin(path)
    said = job.communicate()[1]

    assert (job.returncode, said) == (
        0,
        "start: this submission was given up; nothing was run\n",
    )
    assert not (tmp_path / "ran").exists()


def test_a_submission_given_up_while_its_start_waits_runs_nothing(submit, tmp_path):
    path = submit(f"touch '{tmp_path}/ran'")

    with open(path, "r+b") as file:
        lock.fcntl.flock(file, lock.fcntl.LOCK_EX)
        job = begin(path)
        with pytest.raises(subprocess.TimeoutExpired):
            job.wait(0.5)  # it waits for the lock
        path.unlink()
    said = job.communicate()[1]

    assert said == "start: this submission was given up; nothing was run\n"
    assert not (tmp_path / "ran").exists()


def test_a_submission_of_an_older_run_runs_nothing(submit, folder, tmp_path):
    path = submit(f"touch '{tmp_path}/ran'")
    (folder / lock.FOLDER / "owner.json").write_text('{"epoch": "newer"}')

    said = begin(path).communicate()[1]

    assert said == "start: a newer run owns this folder; nothing was run\n"
    assert not (tmp_path / "ran").exists()


def test_a_second_start_of_a_job_that_lives_runs_nothing(submit, tmp_path, monkeypatch, capsys):
    path = submit(f"echo ran >> '{tmp_path}/ran'; exec sleep 60")
    first = begin(path)
    until((tmp_path / "ran").exists)
    monkeypatch.setattr(start, "SECOND_START_S", 0.2)
    monkeypatch.setattr(start.signal, "pthread_sigmask", lambda *_: None)

    code = start.main(str(path))
    first.terminate()
    first.communicate()

    assert code == 75
    assert "another start of this job still lives" in capsys.readouterr().err
    assert (tmp_path / "ran").read_text() == "ran\n"


def test_a_second_start_after_the_first_died_has_the_last_word(submit, tmp_path):
    path = submit(
        f"[ -e '{tmp_path}/again' ] && exit 0; touch '{tmp_path}/again'; exec sleep 60"
    )
    first = begin(path)
    until((tmp_path / "again").exists)
    first.terminate()
    first.communicate()
    before = exits.look(path)

    begin(path).communicate()

    assert (before.code, before.told) == (-9, "SIGTERM")
    assert (exits.look(path).code, exits.look(path).told) == (0, None)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("unshare") is None, reason="needs root")
def test_its_word_is_written_on_a_full_disk(tmp_path):
    code = (
        "import os, subprocess, sys\n"
        "from pathlib import Path\n"
        "from respike.cluster import exits\n"
        "os.environ['RESPIKE_EPOCH'] = ''\n"
        "path = exits.submit(Path(sys.argv[1]), 'run', 'exit 5', None, 'x')\n"
        "fill = open(sys.argv[1] + '/fill', 'wb', 0)\n"
        "try:\n"
        "    while True: fill.write(bytes(4096))\n"
        "except OSError: pass\n"
        "subprocess.run([sys.executable, '-I', '-S', exits.START, path])\n"
        "print(exits.look(path).code)\n"
    )
    (tmp_path / "disk").mkdir()
    mounted = f"mount -t tmpfs -o size=256k none '{tmp_path}/disk' && exec \"$@\""
    root = exits.START.parents[2]
    words = ["unshare", "-m", "sh", "-c", mounted, "sh", sys.executable, "-c", code]

    done = subprocess.run(
        [*words, str(tmp_path / "disk")],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout == "5\n", done.stderr
