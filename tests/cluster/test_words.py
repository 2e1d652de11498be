"""The sentences about jobs of the cluster."""

from types import SimpleNamespace

import pytest

from respike.cluster import words
from respike.cluster.exits import Seen
from respike.cluster.verdict import Hint, Situation


class Job(SimpleNamespace):
    """A job of Snakemake, as far as it is needed; it can be a key."""

    __hash__ = object.__hash__


def job(rule, **wildcards):
    return Job(
        is_group=lambda: False, rule=SimpleNamespace(name=rule), wildcards_dict=wildcards
    )


def group(*jobs):
    return SimpleNamespace(is_group=lambda: True, jobs=jobs, name="g")


@pytest.mark.parametrize(
    ("what", "label"),
    [
        (job("train", budget="desk", study="s", variant="v", seed="3"), "train s/v seed 3"),
        (job("prepare", dataset="digits"), "prepare digits"),
        (job("judge", budget="desk", study="s"), "judge s"),
        (job("report", budget="desk"), "report"),
        (group(job("prepare", dataset="digits")), "prepare digits"),
        (
            group(job("judge", study="b"), job("judge", study="a")),
            "group of 2 jobs (judge a, ...)",
        ),
    ],
)
def test_a_job_is_named_as_the_lines_of_progress_name_it(what, label):
    assert words.label(what) == label


def test_what_sbatch_said_is_found_in_the_plugins_report():
    report = (
        "SLURM sbatch failed. The error message was 'sbatch: error: Memory\n"
        "sbatch: error: Batch job submission failed: Invalid account'.\n    sbatch call:\n x"
    )

    assert words.refusal(report) == "Batch job submission failed: Invalid account"
    assert words.refusal("Job submission failed with exception: full") == (
        "Job submission failed with exception: full"
    )


def test_a_jobs_own_failure_is_left_to_its_own_log():
    assert words.reason(Situation.FAILED, Seen(False, 1), None) == ""


@pytest.mark.parametrize(
    ("now", "seen", "hint", "why"),
    [
        (
            Situation.FAILED,
            Seen(False, -9, "SIGTERM"),
            Hint("TIMEOUT"),
            "it was told to end (SIGTERM); Slurm says TIMEOUT",
        ),
        (
            Situation.FAILED,
            Seen(False, -9, "limit"),
            None,
            "it ran far beyond its time limit and ended itself",
        ),
        (
            Situation.GONE,
            Seen(False),
            Hint(),
            "it died without a word: killed, or out of memory; Slurm has not known it for 30 s",
        ),
    ],
)
def test_what_a_log_cannot_know_is_said(now, seen, hint, why):
    assert words.reason(now, seen, hint) == why


def test_a_run_that_stops_says_what_slurm_said_and_what_to_do():
    hint = Hint("PENDING", "ReqNodeNotAvail", nodes_up=False)
    watch = SimpleNamespace(
        label="judge a", number="7", now=Situation.NO_NODE, seen=Seen(False), hint=hint
    )

    said = words.stop(watch, silent_s=0, cancelled=2)

    assert said == (
        "judge a (Slurm job 7) cannot start: no node takes jobs (ReqNodeNotAvail); 2 waiting "
        "jobs were cancelled. Resume a node (`scontrol update nodename=NODE state=resume`), "
        "then give the same command again: what was finished stays"
    )


def test_a_run_that_slurm_left_alone_says_so():
    said = words.stop(None, silent_s=600, cancelled=0)

    assert said.startswith("Slurm has not answered for 600 s. See that slurmctld runs (`scont")
