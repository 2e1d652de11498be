"""What is said of jobs of the cluster: their names, why they failed, why a run stopped."""

import re
from typing import Any

from respike.cluster.exits import Seen
from respike.cluster.verdict import GONE_S, LIFELESS_S, Hint, Situation

TO_DO = {
    Situation.NO_NODE: "Resume a node (`scontrol update nodename=NODE state=resume`)",
    Situation.UNHEARD: "See that slurmctld runs (`scontrol ping`)",
}


def label(job: Any) -> str:
    """A job of Snakemake in words, as the lines of progress name it."""
    if job.is_group():
        first = min((label(one) for one in job.jobs), default=job.name)
        return f"group of {len(job.jobs)} jobs ({first}, ...)"
    w = job.wildcards_dict
    if "variant" in w:
        return f"{job.rule.name} {w['study']}/{w['variant']} seed {w['seed']}"
    return " ".join([job.rule.name, *filter(None, [w.get("study") or w.get("dataset")])])


def refusal(message: str) -> str:
    """What sbatch said, in the plugin's report of a failed submission."""
    found = re.search(r"The error message was '(.*?)'\.?\n", message, re.S)
    lines = (found[1] if found else message).strip().splitlines() or ["no reason given"]
    return lines[-1].removeprefix("sbatch: error: ")


def reason(now: Situation, seen: Seen, hint: Hint | None) -> str:
    """Why a job failed, where its own log cannot know; empty where it does."""
    state = hint.state if hint and hint.state else ""
    if now is Situation.FAILED and seen.told == "limit":
        return "it ran far beyond its time limit and ended itself"
    if now is Situation.FAILED and seen.told:
        return f"it was told to end ({seen.told})" + (f"; Slurm says {state}" if state else "")
    return {
        Situation.RELAUNCH: f"Slurm could not start it and holds it ({_why(hint)})",
        Situation.NEVER: f"Slurm holds it back and it would never start ({_why(hint)}); "
        "`scontrol show job` says more; change what it asks for in profiles/slurm",
        Situation.NO_NODE: f"no node takes jobs ({_why(hint)})",
        Situation.LIFELESS: f"Slurm says {state}, but nothing of it has lived for "
        f"{LIFELESS_S:.0f} s",
        Situation.ENDED: f"it died without a word; Slurm says {state}",
        Situation.GONE: f"it died without a word; Slurm has not known it for {GONE_S:.0f} s",
    }.get(now, "")


def stop(watch: Any | None, silent_s: float, cancelled: int) -> str:
    """Why a run cannot go on, and what to do.

    Args:
        watch: a job that cannot start (respike.cluster.executor.Watch), if it is one.
        silent_s: how long Slurm has not answered [s].
        cancelled: how many waiting jobs were cancelled.
    """
    now = Situation.UNHEARD if silent_s or watch is None else watch.now
    if now is Situation.UNHEARD:
        what = f"Slurm has not answered for {silent_s:.0f} s"
    else:
        why = reason(now, watch.seen, watch.hint) or "it does not start"
        what = f"{watch.label} (Slurm job {watch.number}) cannot start: {why}"
    gone = f"; {cancelled} waiting jobs were cancelled" if cancelled else ""
    return (
        f"{what}{gone}. {TO_DO.get(now, TO_DO[Situation.UNHEARD])}, then give the same command "
        f"again: what was finished stays"
    )


def _why(hint: Hint | None) -> str:
    return hint.reason if hint else "no reason given"
