"""Short jobs of a run that go to Slurm together, sized to the nodes that there are."""

from argparse import Namespace
from pathlib import Path

from respike.audit.jobs import place
from respike.cli import progress, slurm
from respike.cluster import nodes, sizing

SHORT_S = 30  # a job's median time [s] up to which its stage is short
SHORT_AT = ("smoke", "desk")  # there jobs of the profile's groups take at most 14 s
OWN = ("--set-resources", "--groups", "--group-components", "--resources", "--cores")


def arguments(config, given: Namespace) -> list[str]:
    """Arguments for Snakemake; says how many jobs go together, and what was cut.

    Words of the person's own about resources or groups stand instead of all of it.

    Args:
        config: what is asked for.
        given: the command line; `rest` goes to Snakemake.

    Raises:
        ConfigError: a job fits no node.
    """
    profile = slurm.profile()
    stages = {place(target)[0] for target in config.targets(config.budget)}
    name = sizing.resource(given.rest, "slurm_partition")
    queues = nodes.read()
    if own := [word for word in given.rest if word.partition("=")[0] in OWN]:
        progress.say(
            f"{own[0]} is yours: groups are not sized, and nothing is cut to the nodes"
        )
        return []
    timed = short(sorted(stages), config.budget, given.directory)
    found = sizing.arguments(profile, queues, stages, timed, name)
    for text in found.said:
        progress.say(text)
    return found.arguments


def short(stages: list[str], budget: str, root: Path) -> list[str]:
    """Stages whose jobs take seconds: as timed here at a budget, or of a small one."""
    found = []
    for stage in stages:
        seconds = progress.recorded_seconds(stage, root / "benchmarks" / budget)
        if budget in SHORT_AT if seconds is None else seconds <= SHORT_S:
            found.append(stage)
    return found
