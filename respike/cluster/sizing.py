"""What one job asks Slurm for, and how many short jobs go there together so that they fit.

Snakemake 9.27 sums CPUs and memory over the jobs of a group that may run side by side, and a
group larger than every node is pending for ever. Told a limit (`--cores`, `--resources
mem_mb`), it stacks what is too wide into layers instead: the group then asks for its widest
layer, and for the times of all layers together.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from math import ceil
from re import fullmatch
from typing import Any, NamedTuple

from respike.cluster.nodes import Need, Partition, lacks, room, used
from respike.core.errors import ConfigError

PROFILE = "profiles/slurm/config.yaml"
MOST = 12  # jobs of a few seconds in one group: half a minute of work for one submission
LEAST_MIN = 5  # a short job's time inside a group; the longest at desk took 14 s


class Words(NamedTuple):
    """Arguments for Snakemake, and what the person at the screen is told of them."""

    arguments: list[str]
    said: list[str]


def need(profile: Mapping[str, Any], stage: str, attempt: int) -> Need:
    """What a job of a stage asks for in one attempt; every stage runs on one thread.

    Args:
        profile: the Slurm profile, parsed.
        stage: one with a row under set-resources.
        attempt: counted from 1.

    Raises:
        ConfigError: an amount that is neither a number nor a number times the attempt.
    """
    asked = profile["set-resources"][stage]

    def amount(name: str) -> int:
        text = str(asked.get(name, 0))
        match = fullmatch(r"(\d+)( \* attempt)?", text)
        if match is None:
            raise ConfigError(
                f"{PROFILE}: {name} of {stage} is '{text}'; write a number or, to grow with "
                "each attempt, `number * attempt`"
            )
        return int(match[1]) * (attempt if match[2] else 1)

    return Need(1, amount("mem_mb"), amount("gpu"), amount("runtime"))


def queue_of(
    profile: Mapping[str, Any], stage: str, queues: Sequence[Partition], name: str | None
) -> Partition:
    """The partition that jobs of a stage go to: its own, the profile's, or the default.

    Args:
        name: asked for on the command line; goes before the profile's.
    """
    general = name or resource(profile.get("default-resources", ()), "slurm_partition")
    return used(queues, profile["set-resources"][stage].get("slurm_partition", general))


def resource(given: Mapping[str, Any] | Collection[str], name: str) -> str | None:
    """One resource of a mapping, or of a list such as `[slurm_partition=long]`."""
    if isinstance(given, Mapping):
        return given.get(name)
    found = [text.partition("=")[2] for text in given if text.startswith(f"{name}=")]
    return found[-1] if found else None


def check_fits(
    profile: Mapping[str, Any],
    queues: Sequence[Partition],
    stages: Collection[str],
    name: str | None = None,
) -> None:
    """Refuse a stage whose jobs would be pending for ever.

    Raises:
        ConfigError: what it asks for, what there is, and where it would fit.
    """
    for stage in stages:
        wanted = need(profile, stage, 1)
        why = lacks(wanted, queue_of(profile, stage, queues, name))
        if why:
            others = [q.name for q in queues if q.state == "UP" and not lacks(wanted, q)]
            hint = f"it fits {', '.join(others)}: name that as its slurm_partition"
            raise ConfigError(
                f"a job of {stage} asks for {said(wanted)}, and {why}; "
                f"{hint if others else 'no other partition has it; lower it'} in {PROFILE}"
            )


def said(wanted: Need) -> str:
    """A need in words: `1 CPU, 2000 MB and 60 min`."""
    gpu = f"{wanted.gpus} GPU, " if wanted.gpus else ""
    return f"{gpu}{wanted.cpus} CPU, {wanted.memory_mb} MB and {wanted.minutes} min"


def check_groups(profile: Mapping[str, Any]) -> None:
    """Refuse a group of stages that need a GPU and stages that would only hold it.

    Raises:
        ConfigError: the two stages.
    """
    for group, stages in grouped(profile).items():
        for one, other in pairwise(stages):
            if bool(need(profile, one, 1).gpus) is not bool(need(profile, other, 1).gpus):
                raise ConfigError(
                    f"{PROFILE}: the group {group} mixes {one} and {other}, and only one of "
                    "them asks for a GPU, which the other would hold idle; take one out"
                )


def grouped(profile: Mapping[str, Any]) -> dict[str, list[str]]:
    """Stages of each group of the profile."""
    found: dict[str, list[str]] = {}
    for stage, group in profile.get("groups", {}).items():
        found.setdefault(group, []).append(stage)
    return found


def arguments(
    profile: Mapping[str, Any],
    queues: Sequence[Partition],
    stages: Collection[str],
    short: Collection[str],
    name: str | None = None,
) -> Words:
    """Arguments that size groups to the nodes and cut growing demands to what there is.

    Args:
        profile: the Slurm profile, parsed.
        queues: the partitions of this Slurm.
        stages: those that the run submits.
        short: those of them whose jobs take seconds.
        name: partition asked for on the command line.

    Raises:
        ConfigError: a job fits nowhere, or a group mixes stages with and without a GPU.
    """
    stages = [stage for stage in profile["set-resources"] if stage in set(stages)]
    check_groups(profile)
    check_fits(profile, queues, stages, name)
    last = profile["retries"] + 1
    where = {stage: queue_of(profile, stage, queues, name) for stage in stages}
    layers, components = {}, {}
    for group, members in grouped(profile).items():
        there = [stage for stage in members if stage in stages]
        layers.update(dict.fromkeys(there, len(there)))  # of a chain each is a layer
        if len(there) == 1 and there[0] in short:
            (stage,) = there
            wanted = need(profile, stage, last)
            width = wide(wanted, where[stage])
            deep = min(ceil(MOST / width), (where[stage].minutes or 10**6) // LEAST_MIN)
            layers[stage] = 1 if wanted.gpus else max(1, deep)  # no limit on GPUs is given
            components[group] = min(MOST, width * layers[stage])
    cut = _limits(profile, where, layers, last)
    words = [f"{group}={n}" for group, n in components.items() if n > 1]
    told = [f"up to {n} jobs of {_plain(group)} go together" for group, n in components.items()]
    found = ["--group-components", *words] if words else []
    return Words([*found, *cut.arguments], [*(told if words else ()), *cut.said])


def _plain(group: str) -> str:
    return group.partition("-{")[0]


def wide(wanted: Need, queue: Partition) -> int:
    """Jobs that fit side by side on the smallest node of a partition that fits one; or 1."""
    rooms = [room(node, queue) for node in queue.usable or queue.nodes]
    fits = [
        min(r.cpus // wanted.cpus, r.memory_mb // max(wanted.memory_mb, 1), _gpus(r, wanted))
        for r in rooms
    ]
    return min((n for n in fits if n), default=1)


def _gpus(have: Need, wanted: Need) -> int:
    return have.gpus // wanted.gpus if wanted.gpus else MOST


def _limits(
    profile: Mapping[str, Any],
    where: Mapping[str, Partition],
    layers: Mapping[str, int],
    last: int,
) -> Words:
    """Growth cut to what the nodes have, and the width that groups are stacked to."""
    if not where:
        return Words([], [])
    rooms = [room(node, queue) for queue in where.values() for node in queue.nodes]
    usable = [room(node, q) for q in where.values() for node in q.usable or q.nodes]
    most = max(r.memory_mb for r in rooms)
    wanted = max(need(profile, stage, last).memory_mb for stage in where)
    memory = max(min(r.memory_mb for r in usable), min(wanted, most))
    cpus = min(r.cpus for r in usable)
    told = []
    if wanted > most:
        told.append(f"the last attempt gets {most} MB instead of {wanted}: no node has more")
    overwrite = []
    for stage, asked in profile["set-resources"].items():
        cut: dict[str, str] = {}
        limit = where[stage].minutes if stage in where else None
        if limit is not None:
            limit = max(1, limit // layers.get(stage, 1))
            if need(profile, stage, last).minutes > limit:
                cut = {"runtime": f"min({asked['runtime']}, {limit})"}
        overwrite += [f"{stage}:{key}={text}" for key, text in {**asked, **cut}.items()]
    if any("min(" in text for text in overwrite):
        times = sorted({q.minutes for q in where.values() if q.minutes})
        told.append(f"no job gets more than the {times[0]} min that its partition allows")
    words = ["--cores", str(cpus), "--resources", f"mem_mb={memory}"]
    return Words([*words, "--set-resources", *overwrite], told)
