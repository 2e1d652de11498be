"""The table of what a job's own word, Slurm's and time make of it."""

import pytest

from respike.cluster import verdict as v
from respike.cluster.exits import Seen
from respike.cluster.verdict import Hint, Situation, Verdict

FREE, ALIVE = Seen(False), Seen(True)
OK, BAD, KILLED = Seen(False, 0), Seen(False, 3), Seen(False, -9)
TOLD = Seen(False, -9, "SIGTERM")
UNKNOWN = Hint()
RUNS, QUEUED = Hint("RUNNING"), Hint("PENDING", "Priority")
BEGIN = Hint("PENDING", "BeginTime")
CANCELLED = Hint("CANCELLED")
RESERVED = "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority "


@pytest.mark.parametrize("hint", [None, UNKNOWN, RUNS, QUEUED, CANCELLED, Hint("TIMEOUT")])
@pytest.mark.parametrize(
    ("seen", "now"),
    [
        (OK, Situation.DONE),
        (Seen(True, 0), Situation.DONE),
        (BAD, Situation.FAILED),
        (KILLED, Situation.FAILED),
        (ALIVE, Situation.ALIVE),
        (Seen(True, -9, "SIGTERM"), Situation.ALIVE),
    ],
)
def test_a_jobs_own_word_and_its_life_are_believed_against_slurm(seen, now, hint):
    assert v.situation(seen, hint) is now


@pytest.mark.parametrize(
    ("hint", "now"),
    [
        (None, Situation.UNHEARD),
        (BEGIN, Situation.QUEUED),
        (QUEUED, Situation.QUEUED),
        (RUNS, Situation.LIFELESS),
        (Hint("COMPLETING"), Situation.LIFELESS),
        (CANCELLED, Situation.FAILED),
        (Hint("TIMEOUT"), Situation.FAILED),
        (UNKNOWN, Situation.FAILED),
    ],
)
def test_a_start_that_was_told_to_end_has_the_last_word_only_if_slurm_lets_it_go(hint, now):
    assert v.situation(TOLD, hint) is now


@pytest.mark.parametrize(
    ("hint", "now"),
    [
        (None, Situation.UNHEARD),
        (UNKNOWN, Situation.GONE),
        (RUNS, Situation.LIFELESS),
        (QUEUED, Situation.QUEUED),
        (BEGIN, Situation.QUEUED),
        (Hint("PENDING", "Resources"), Situation.QUEUED),
        (Hint("CONFIGURING"), Situation.QUEUED),
        (Hint("SUSPENDED"), Situation.QUEUED),
        (Hint("PENDING", RESERVED), Situation.QUEUED),
        (Hint("PENDING", RESERVED, nodes_up=False), Situation.NO_NODE),
        (Hint("PENDING", "ReqNodeNotAvail, UnavailableNodes:n1", False), Situation.NO_NODE),
        (Hint("PENDING", "launch failed requeued held"), Situation.RELAUNCH),
        (Hint("PENDING", "JobHeldUser"), Situation.NEVER),
        (Hint("PENDING", "JobHeldAdmin"), Situation.NEVER),
        (Hint("REQUEUE_HOLD", "job requeued in held state"), Situation.NEVER),
        (Hint("PENDING", "PartitionConfig"), Situation.NEVER),
        (Hint("PENDING", "PartitionTimeLimit"), Situation.NEVER),
        (Hint("PENDING", "QOSMaxWallDurationPerJobLimit"), Situation.NEVER),
        (Hint("PENDING", "DependencyNeverSatisfied"), Situation.NEVER),
        (CANCELLED, Situation.ENDED),
        (Hint("COMPLETED"), Situation.ENDED),
        (Hint("NODE_FAIL"), Situation.ENDED),
        (Hint("OUT_OF_MEMORY"), Situation.ENDED),
    ],
)
def test_without_a_word_and_dead_slurm_is_asked(hint, now):
    assert v.situation(FREE, hint) is now


@pytest.mark.parametrize(
    ("now", "limit_s", "then"),
    [
        (Situation.UNHEARD, 100, Verdict.STOP),
        (Situation.NO_NODE, 100, Verdict.STOP),
        (Situation.NEVER, 100, Verdict.REFUSED),
        (Situation.RELAUNCH, v.RELAUNCH_S, Verdict.FAILED),
        (Situation.LIFELESS, v.LIFELESS_S, Verdict.FAILED),
        (Situation.ENDED, v.ENDED_S, Verdict.FAILED),
        (Situation.GONE, v.GONE_S, Verdict.FAILED),
    ],
)
def test_what_does_not_pass_by_itself_is_waited_for_up_to_a_limit(now, limit_s, then):
    assert v.verdict(now, limit_s - 0.1, patience_s=100) is Verdict.WAIT
    assert v.verdict(now, limit_s, patience_s=100) is then


@pytest.mark.parametrize("now", [Situation.ALIVE, Situation.QUEUED])
def test_what_lives_or_waits_its_turn_is_waited_for(now):
    assert v.verdict(now, 1e9, patience_s=1) is Verdict.WAIT


@pytest.mark.parametrize(
    ("now", "then"), [(Situation.DONE, Verdict.DONE), (Situation.FAILED, Verdict.FAILED)]
)
def test_a_last_word_counts_at_once(now, then):
    assert v.verdict(now, 0.0, patience_s=100) is then


def test_every_situation_ends_or_is_bounded_by_the_job_or_the_queue():
    endless = {s for s in Situation if v.verdict(s, 1e9, 100) is Verdict.WAIT}

    assert endless == {Situation.ALIVE, Situation.QUEUED}
