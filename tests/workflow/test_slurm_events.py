"""What a cluster does to a run in its middle: it completes as if nothing had been, or stops
with a sentence. Each event goes through a real Slurm of one node, private to the test."""

import json
import sys

import pytest

from tests.workflow import toy
from tests.workflow.slurms import within
from tests.workflow.test_run import content

DRIVER = toy.ROOT / ".ci/slurm_events.py"
COMPLETES = {  # event -> what the run says of it
    "nothing": "",
    "controller-term": "",
    "controller-away": "Slurm answers again, after ",
    "job-cancelled": "it was told to end (SIGTERM); Slurm says CANCELLED",
    "job-preempted": "",
    "job-requeued": "",
    "job-killed": "it died without a word: killed, or out of memory; Slurm says FAILED",
    "stage-killed": "again: train toy/dense seed",
    "node-drained-resumed": "",
    "node-down": "",
}
STOPS = {  # event -> the sentence
    "controller-gone": (
        "Slurm has not answered for 15 s. See that slurmctld runs (`scontrol ping`), then give "
        "the same command again: what was finished stays"
    ),
    "node-drained": "Resume a node (`scontrol update nodename=NODE state=resume`), then give",
    "job-held": "Slurm holds it back and it would never start (",
}


def checkout(folder, seeds=2):
    """A toy whose trainings are its longest level."""
    made = toy.make(folder)
    study = made / "studies/toy.yaml"
    lines = study.read_text().replace("desk: 2", f"desk: {seeds}").splitlines(keepends=True)
    study.write_text("".join(line for line in lines if "pruned:" not in line))
    return made


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Content of a run here, with no Slurm."""
    local = checkout(tmp_path_factory.mktemp("undisturbed") / "toy")
    done = toy.respike(local, "run")
    assert done.returncode == 0, done.stderr
    return content(local)


def disturbed(folder, event, timeout_s=500, cpus=2, **env):
    """A run with an event in its middle: what the driver tells of it."""
    words = [sys.executable, DRIVER, event, folder]
    done = within(folder, *words, timeout_s=timeout_s, options=("--cpus", str(cpus)), **env)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    print(f"{event}: {told['seconds']} s, {told['after_s']} s of them after the event")  # noqa: T201
    assert told["code"] is not None, f"it hung: {told['said']}"
    assert told["recomputed"] == []
    assert told["commits"] == 1, "a record was committed twice"
    assert told["left"] == []
    return told


def test_a_controller_killed_and_started_again_disturbs_no_run(tmp_path, undisturbed):
    folder = checkout(tmp_path / "toy")

    told = disturbed(folder, "controller-kill", RESPIKE_TOY_SLEEP_S="3")

    assert told["code"] == 0, told["said"]
    assert content(folder) == undisturbed


def test_the_same_command_waits_for_the_jobs_of_a_killed_respike(tmp_path, undisturbed):
    folder = checkout(tmp_path / "toy")

    told = disturbed(folder, "respike-killed", RESPIKE_TOY_SLEEP_S="8")

    assert told["code"] == 0, told["said"]
    assert "of an earlier run still run" in told["said"]
    assert "; waiting for: train toy/dense seed " in told["said"]
    assert "\n2 jobs: 1 judge, 1 report\n" in told["said"]
    assert content(folder) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("event", COMPLETES)
def test_a_run_completes_as_if_nothing_had_been(event, tmp_path, undisturbed):
    folder = checkout(tmp_path / "toy")
    rests = "RESPIKE_TOY_WRITE_S" if event.startswith("job-") else "RESPIKE_TOY_SLEEP_S"

    told = disturbed(folder, event, **{rests: "5"})

    assert told["code"] == 0, told["said"]
    assert COMPLETES[event] in told["said"]
    assert " jobs done in " not in told["said"]  # how the list of failures begins
    assert content(folder) == undisturbed


@pytest.mark.slow
def test_a_controller_that_forgot_every_job_leaves_nothing_computed_twice(tmp_path):
    folder, local = checkout(tmp_path / "toy", 5), checkout(tmp_path / "local", 5)

    told = disturbed(folder, "controller-forgets", RESPIKE_TOY_SLEEP_S="8")

    # it gives numbers twice, and where the node still runs the first it drains itself
    assert told["code"] == 0 or "Resume a node" in told["said"], told["said"]
    assert "killed, or out of memory; Slurm has not known it for 30 s" in told["said"]
    assert toy.respike(folder, "run").returncode == 0
    assert toy.respike(local, "run").returncode == 0
    assert content(folder) == content(local)


@pytest.mark.slow
def test_ctrl_c_cancels_the_jobs_and_the_same_command_goes_on(tmp_path, undisturbed):
    folder = checkout(tmp_path / "toy")

    told = disturbed(folder, "respike-interrupted", RESPIKE_TOY_SLEEP_S="5")

    assert told["code"] == 0, told["said"]
    assert "stopped at your word after 2 jobs; the same command goes on" in told["said"]
    assert content(folder) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("event", STOPS)
def test_a_run_that_cannot_go_on_stops_with_a_sentence_and_can_be_taken_up(
    event, tmp_path, undisturbed
):
    folder = checkout(tmp_path / "toy")

    told = disturbed(folder, event, RESPIKE_TOY_SLEEP_S="4")

    assert told["code"] == 1, told["said"]
    assert STOPS[event] in told["said"]
    assert toy.respike(folder, "run").returncode == 0  # here: the folder is whole
    assert content(folder) == undisturbed


@pytest.mark.slow
def test_a_job_beyond_its_time_limit_is_submitted_again_with_more(tmp_path, undisturbed):
    folder = checkout(tmp_path / "toy")

    told = disturbed(folder, "time-limit", RESPIKE_TOY_SLEEP_S="100")

    assert told["code"] == 0, told["said"]
    assert "it was told to end (SIGTERM); Slurm says TIMEOUT" in told["said"]
    assert content(folder) == undisturbed


@pytest.mark.slow
@pytest.mark.parametrize("event", ["controller-kill", "respike-killed"])
def test_fifty_jobs_in_flight_are_neither_lost_nor_computed_twice(event, tmp_path):
    folder, local = checkout(tmp_path / "toy", 50), checkout(tmp_path / "local", 50)
    env = {"RESPIKE_TOY_SLEEP_S": "30", "EVENT_IN_FLIGHT": "10"}

    told = disturbed(folder, event, timeout_s=900, cpus=64, **env)

    assert told["code"] == 0, told["said"]
    assert toy.respike(local, "run", timeout_s=600).returncode == 0
    assert content(folder) == content(local)
