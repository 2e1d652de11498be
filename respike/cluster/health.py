"""What of a Slurm and of this folder would spoil a run there: one row a thing, for `doctor`.

A row is a name, whether it is well, and a sentence that says what to do where it is not.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from respike.cluster import sizing
from respike.cluster.nodes import Need, Partition, lacks
from respike.core.errors import ConfigError

Row = tuple[str, bool, str]
# File systems that one machine has for itself, and those that many see.
OWN = {"btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "ramfs", "tmpfs", "xfs", "zfs"}
SHARED = {"9p", "afs", "beegfs", "ceph", "cifs", "gpfs", "lustre", "nfs", "nfs4", "panfs"}
SHARED |= {"orangefs", "virtiofs", "wekafs"}
FETCHES = ("fetch",)  # stages that reach the internet


def rows(
    settings: Mapping[str, str],
    queues: Sequence[Partition],
    profile: Mapping[str, Any],
    first_wait_s: int,
) -> list[Row]:
    """What Slurm and the profile have to do with each other.

    Args:
        settings: what `scontrol show config` says.
        queues: the partitions.
        profile: the Slurm profile, parsed.
        first_wait_s: after which Snakemake asks for the first time how its jobs are [s].
    """
    nodes = {node.name for queue in queues for node in queue.nodes}
    names = ", ".join(queue.name for queue in queues)
    version = settings.get("SLURM_VERSION", "of unknown version")
    return [
        ("Slurm", True, f"{version}, nodes: {len(nodes)}, partitions: {names}"),
        accounts(settings),
        memory_of_ended_jobs(settings, first_wait_s),
        jobs(profile, queues),
        gpus(profile, queues),
        groups(profile, queues),
    ]


def accounts(settings: Mapping[str, str]) -> Row:
    """Whether sacct ever says that a job has ended."""
    kept = settings.get("AccountingStorageType", "")
    if "none" not in kept:
        return ("Slurm accounts", True, f"kept ({kept.rpartition('/')[2]})")
    return (
        "Slurm accounts",
        False,
        "not kept: plain snakemake would ask sacct and wait for ever; give it "
        "--slurm-status-command squeue. `respike run` needs none",
    )


def memory_of_ended_jobs(settings: Mapping[str, str], first_wait_s: int) -> Row:
    """Whether squeue still knows an ended job when plain snakemake first asks."""
    said = settings.get("MinJobAge", "an unknown time")
    kept = re.match(r"\d+", said)
    if kept and int(kept[0]) >= 3 * first_wait_s:
        return ("Slurm's ended jobs", True, f"remembered for {said}")
    return (
        "Slurm's ended jobs",
        False,
        f"forgotten after {said}: plain snakemake, which first asks after {first_wait_s} s, "
        f"may miss their end; MinJobAge in slurm.conf should be {3 * first_wait_s} or more",
    )


def jobs(profile: Mapping[str, Any], queues: Sequence[Partition]) -> Row:
    """Whether one job of each stage fits a node."""
    plain = [s for s in profile["set-resources"] if not sizing.need(profile, s, 1).gpus]
    try:
        sizing.check_fits(profile, queues, plain)
    except ConfigError as error:
        return ("Slurm jobs", False, str(error))
    return ("Slurm jobs", True, "one of each stage fits a node")


def gpus(profile: Mapping[str, Any], queues: Sequence[Partition]) -> Row:
    """Whether a partition can serve each stage that asks for a GPU."""
    wanted = [s for s in profile["set-resources"] if sizing.need(profile, s, 1).gpus]
    for stage in wanted:
        asked = sizing.need(profile, stage, 1).gpus
        if all(lacks(Need(gpus=asked), queue) for queue in queues):
            most = max((n.gpus for queue in queues for n in queue.nodes), default=0)
            return (
                "Slurm GPUs",
                False,
                f"{stage} asks for {asked} in {sizing.PROFILE}, and no node of any partition "
                f"has more than {most}",
            )
    try:
        sizing.check_fits(profile, queues, wanted)
    except ConfigError as error:
        return ("Slurm GPUs", False, str(error))
    said = f"for {', '.join(wanted)}" if wanted else "asked for by no stage"
    return ("Slurm GPUs", True, said)


def groups(profile: Mapping[str, Any], queues: Sequence[Partition]) -> Row:
    """Whether groups that the profile sizes by hand fit a node, and hold no GPU idle."""
    try:
        sizing.check_groups(profile)
        for group, count in profile.get("group-components", {}).items():
            for stage in sizing.grouped(profile).get(group, ()):
                one = sizing.need(profile, stage, profile["retries"] + 1)
                wide = Need(one.cpus * count, one.memory_mb * count, one.gpus * count)
                why = lacks(wide, sizing.queue_of(profile, stage, queues, None))
                if why:
                    return (
                        "Slurm groups",
                        False,
                        f"{count} jobs of {stage} at once ask for {wide.cpus} CPUs and "
                        f"{wide.memory_mb} MB in their last attempt, and {why}: they would be "
                        "pending for ever. Leave group-components out of the profile; "
                        "`respike run` sizes groups",
                    )
    except ConfigError as error:
        return ("Slurm groups", False, str(error))
    return ("Slurm groups", True, "sized by `respike run` to the nodes")


def login(host: str, queues: Iterable[Partition], inside: bool) -> Row:
    """Whether a run without --cluster would compute on a login node.

    Args:
        host: this machine's name.
        queues: the partitions.
        inside: whether this is a job of Slurm.
    """
    if inside or host in {node.host for queue in queues for node in queue.nodes}:
        return ("computing here", True, "is on a node of Slurm")
    return (
        "computing here",
        False,
        f"{host} submits to Slurm and is none of its nodes: a login node? "
        "`respike run --cluster slurm` computes elsewhere",
    )


def mounted(folder: PurePosixPath, mounts: str) -> str:
    """Type of the file system that a folder lies on.

    Args:
        folder: absolute, without links.
        mounts: what /proc/mounts says; later lines cover earlier ones.
    """
    found, depth = "unknown", -1
    for line in mounts.splitlines():
        _, at, kind, *_ = line.split(" ")
        place = PurePosixPath(re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), at))
        if folder.is_relative_to(place) and len(place.parts) >= depth:
            found, depth = kind, len(place.parts)
    return found


def shared(name: str, folder: str, kind: str, host: str, queues: Iterable[Partition]) -> Row:
    """Whether the nodes see a folder of this machine.

    Args:
        name: of the row.
        folder: for the sentence.
        kind: type of its file system.
        host: this machine's name.
        queues: the partitions.
    """
    others = sorted({n.name for queue in queues for n in queue.nodes if n.host != host})
    if not others:
        return (name, True, f"{kind}; the only node of Slurm is this machine")
    if kind in OWN:
        more = f" and {len(others) - 1} more nodes" if len(others) > 1 else ""
        return (
            name,
            False,
            f"{folder} is on {kind}, a file system of this machine alone, which {others[0]}"
            f"{more} cannot see; use one that they share",
        )
    if kind in SHARED or kind.startswith("fuse."):
        return (name, True, f"{kind}, which nodes can share")
    return (name, True, f"{kind}; whether the nodes share it cannot be seen from here")


def fetching(snakefile: str) -> Row:
    """Whether all that needs the internet runs where the run is started."""
    local = re.search(r"^localrules:\n((?:    .*\n?)+)", snakefile, re.M)
    here = re.findall(r"\w+", local[1]) if local else []
    for stage in FETCHES:
        if stage not in here:
            return (
                "fetching",
                False,
                f"{stage} would be submitted, and nodes often have no internet; add it to "
                "localrules in the Snakefile",
            )
    return ("fetching", True, "runs where `respike run` is started; nodes need no internet")
