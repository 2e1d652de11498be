"""Whether a job of the cluster is over: its own word first, then Slurm's, then time.

Two pure functions. `situation` says what is the case now; `verdict` what follows when it has
been the case for so long. Nothing here asks or waits.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from respike.cluster.exits import Seen

GONE_S = 30.0  # unknown to Slurm and dead: longer than any answer takes to come round
ENDED_S = 10.0  # Slurm says it ended and its own word is missing: a slow file system's time
RELAUNCH_S = 10.0  # held after a failed launch: never released by itself
# Slurm says it runs and nothing of it lives: longer than SlurmdTimeout (300 s), after which
# Slurm itself gives a lost node up, and than the slowest prolog
LIFELESS_S = 600.0
OVER = {
    "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY",
    "REVOKED", "TIMEOUT",
}  # fmt: skip
WAITS = {"PENDING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT", "CONFIGURING", "SUSPENDED"}
RELAUNCH = re.compile(r"launch.failed.requeued.held", re.I)
NO_NODE = re.compile(r"Nodes required|ReqNodeNotAvail|PartitionDown|PartitionInactive", re.I)
NEVER = re.compile(
    r"JobHeld|PartitionConfig|PartitionTimeLimit|PartitionNodeLimit|BadConstraints"
    r"|NeverSatisfied|Invalid(Account|QOS)|NotAllowed|PerJob|requeued.held|held.state",
    re.I,
)


@dataclass(frozen=True)
class Hint:
    """What Slurm said of a job.

    Attributes:
        state: as squeue names it, such as PENDING; empty where Slurm does not know the job.
        reason: why it waits, as squeue gives it.
        nodes_up: whether its partition has a node that takes jobs.
    """

    state: str = ""
    reason: str = ""
    nodes_up: bool = True


class Situation(Enum):
    """What is the case with a job that was submitted."""

    DONE = auto()  # its own word: code 0
    FAILED = auto()  # its own word: another code
    ALIVE = auto()  # a process of it lives, whatever Slurm says
    UNHEARD = auto()  # Slurm has not answered since the job's file changed
    QUEUED = auto()  # waits as jobs do
    RELAUNCH = auto()  # held after a failed launch
    NEVER = auto()  # waits for what does not come by itself, for this job alone
    NO_NODE = auto()  # waits, and no node takes jobs
    LIFELESS = auto()  # runs as Slurm says, and nothing of it lives
    ENDED = auto()  # ended as Slurm says, without a word of its own
    GONE = auto()  # unknown to Slurm, and nothing of it lives


class Verdict(Enum):
    """What is to be done with a job."""

    WAIT = auto()
    DONE = auto()  # Snakemake looks at its outputs
    FAILED = auto()  # the profile's retries submit it again
    REFUSED = auto()  # failed, and submitting it again would not help
    STOP = auto()  # nothing can go on, unless another job lives


def situation(seen: Seen, hint: Hint | None) -> Situation:
    """What is the case with a job.

    A start that was told to end (preempted, cancelled, out of time) has not said the last
    word while Slurm still knows the job: it may be requeued.

    Args:
        seen: what its own file says.
        hint: what Slurm said after that file last changed; None: no answer since.
    """
    if seen.code == 0:
        return Situation.DONE
    if seen.code is not None and seen.told is None:
        return Situation.FAILED
    if seen.alive:
        return Situation.ALIVE
    if hint is None:
        return Situation.UNHEARD
    if seen.told is not None and (not hint.state or hint.state in OVER):
        return Situation.FAILED
    if not hint.state:
        return Situation.GONE
    if hint.state in OVER:
        return Situation.ENDED
    if hint.state not in WAITS:
        return Situation.LIFELESS
    if RELAUNCH.search(hint.reason):
        return Situation.RELAUNCH
    if NEVER.search(hint.reason) or hint.state in {"REQUEUE_HOLD", "SPECIAL_EXIT"}:
        return Situation.NEVER
    if NO_NODE.search(hint.reason) and not hint.nodes_up:
        return Situation.NO_NODE
    return Situation.QUEUED


def verdict(now: Situation, lasted_s: float, patience_s: float) -> Verdict:
    """What follows.

    Args:
        now: the situation.
        lasted_s: for how long it has been the case [s].
        patience_s: how long Slurm may not answer, or hold back a job for a reason that does
            not pass by itself [s].
    """
    at_once = {Situation.DONE: Verdict.DONE, Situation.FAILED: Verdict.FAILED}
    limits = {
        Situation.UNHEARD: (patience_s, Verdict.STOP),
        Situation.RELAUNCH: (RELAUNCH_S, Verdict.FAILED),
        Situation.NEVER: (patience_s, Verdict.REFUSED),
        Situation.NO_NODE: (patience_s, Verdict.STOP),
        Situation.LIFELESS: (LIFELESS_S, Verdict.FAILED),
        Situation.ENDED: (ENDED_S, Verdict.FAILED),
        Situation.GONE: (GONE_S, Verdict.FAILED),
    }
    if now in at_once:
        return at_once[now]
    limit_s, then = limits.get(now, (float("inf"), Verdict.WAIT))
    return then if lasted_s >= limit_s else Verdict.WAIT
