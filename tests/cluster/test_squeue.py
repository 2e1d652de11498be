"""What is read of Slurm's answers, with commands that stand in for Slurm's."""

import pytest

from respike.cluster import squeue
from respike.cluster.verdict import Hint


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Give a command of Slurm an answer: slurm(name, text, code=0); `words` is its words."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def put(name, text, code=0):
        file = tmp_path / name
        where = ">&2" if code else ""
        file.write_text(
            f"#!/bin/sh\necho \"$@\" >> '{tmp_path}/words'\n"
            f"cat {where} <<'END'\n{text}\nEND\nexit {code}\n"
        )
        file.chmod(0o755)

    put.words = tmp_path / "words"
    return put


def test_each_job_has_state_and_reason_and_whether_a_node_takes_jobs(slurm):
    slurm(
        "squeue", "7|PENDING|main|Nodes required for job are DOWN, DRAINED\n8|RUNNING|big|None"
    )
    slurm("sinfo", "drained\ndown*")

    found = squeue.hints("run")

    assert found["7"] == Hint("PENDING", "Nodes required for job are DOWN, DRAINED", False)
    assert found["8"] == Hint("RUNNING", "None", True)
    assert "-n run" in slurm.words.read_text()


@pytest.mark.parametrize(
    ("states", "up"),
    [
        ("idle", True),
        ("drained\nallocated", True),
        ("mixed-", True),
        ("draining", False),
        ("down~\nmaint", False),
        ("", True),
    ],
)
def test_a_partition_is_up_if_one_of_its_nodes_takes_jobs(states, up, slurm):
    slurm("sinfo", states)

    assert squeue.nodes_up("main", []) is up


def test_a_command_that_fails_is_silence_with_its_last_line(slurm):
    slurm("squeue", "warning\nUnable to contact slurm controller", 1)

    with pytest.raises(squeue.Silent, match=r"^Unable to contact slurm controller$"):
        squeue.hints("run")


def test_a_command_that_is_not_there_is_silence(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(squeue.Silent, match="squeue cannot be run: No such file"):
        squeue.hints("run")


def test_a_command_that_gives_no_answer_is_silence(slurm, monkeypatch):
    slurm("squeue", "")
    monkeypatch.setattr(squeue, "ANSWER_S", 0.0)

    with pytest.raises(squeue.Silent, match="squeue gave no answer in 0 s"):
        squeue.hints("run")


def test_jobs_are_cancelled_by_number_and_what_speaks_against_it_is_said(slurm):
    slurm("scancel", "Access denied", 1)

    assert squeue.cancel([]) == ""
    assert squeue.cancel(["7", "8"], "east") == "Access denied"
    assert slurm.words.read_text() == "--quiet --clusters east 7 8\n"
