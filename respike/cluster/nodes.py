"""What nodes and partitions a Slurm has, and which of them a job fits.

Read from `scontrol --oneliner show node` and `show partition`: Slurm 22.05 gives JSON only
where it was built with it.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from respike.core.errors import ConfigError

# A node in one of these states gets no job until somebody does something about it.
OUT = {"DOWN", "DRAIN", "DRAINED", "DRAINING", "ERROR", "FAIL", "FAILING", "FUTURE", "INVAL"}
OUT |= {"INVALID_REG", "MAINT", "NOT_RESPONDING", "UNKNOWN"}
ANSWER_S = 60
_FIELD = re.compile(r"(?:^| )(\w+)=(\S*)")
_TIME = re.compile(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)")


class Node(NamedTuple):
    """One machine: what its jobs can have together."""

    name: str
    cpus: int
    memory_mb: int
    gpus: int
    state: tuple[str, ...]
    partitions: tuple[str, ...]
    host: str = ""

    @property
    def usable(self) -> bool:
        """Whether it takes jobs now or once others have ended."""
        return not OUT.intersection(self.state)


class Partition(NamedTuple):
    """A queue: its nodes and the limits of a job in it.

    Attributes:
        minutes: longest a job may ask for [min]; None where there is no limit.
        preempt: what happens to its jobs when others are more urgent: OFF, REQUEUE, ...
        cpus: most CPUs of one node that its jobs may have together; None: all.
        memory_mb: most memory of one node that a job may ask for [MB]; None: all.
    """

    name: str
    default: bool
    state: str
    minutes: int | None
    preempt: str
    cpus: int | None
    memory_mb: int | None
    nodes: tuple[Node, ...]

    @property
    def usable(self) -> tuple[Node, ...]:
        """Nodes that take jobs."""
        return tuple(node for node in self.nodes if node.usable)


class Need(NamedTuple):
    """What one job asks for on one node; minutes 0 asks for no time in particular."""

    cpus: int = 1
    memory_mb: int = 0
    gpus: int = 0
    minutes: int = 0


def minutes(text: str) -> int | None:
    """A time limit of Slurm, such as `7-00:00:00` or `01:00:00`, in whole minutes [min].

    Raises:
        ConfigError: none of Slurm's forms.
    """
    if text in {"UNLIMITED", "INFINITE", "NONE"}:
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise ConfigError(f"Slurm gives a time limit as '{text}', which is none of its forms")
    days, hours, mins, _ = (int(part or 0) for part in match.groups())
    return (days * 24 + hours) * 60 + mins


def gpus(gres: str) -> int:
    """GPUs in a list of generic resources such as `gpu:a100:4(S:0-1),shard:8`."""
    found = 0
    for item in re.sub(r"\([^)]*\)", "", gres).split(","):
        kind, *rest = item.split(":")
        if kind == "gpu":
            found += int(rest[-1]) if rest and rest[-1].isdigit() else 1
    return found


def fields(line: str) -> dict[str, str]:
    """KEY=VALUE of one line of scontrol; of a key that stands twice the first.

    A value that holds spaces (a reason, a kernel's name) is cut at the first.
    """
    found: dict[str, str] = {}
    for key, value in _FIELD.findall(line):
        found.setdefault(key, value)
    return found


def nodes(text: str) -> list[Node]:
    """Nodes in what `scontrol --oneliner show node` says, in its order."""
    found = []
    for line in text.splitlines():
        row = fields(line)
        if "NodeName" in row:
            kept = int(row.get("MemSpecLimit", 0))
            found.append(
                Node(
                    row["NodeName"],
                    int(row.get("CPUEfctv", row["CPUTot"])),
                    int(row["RealMemory"]) - kept,
                    gpus(row.get("Gres", "")),
                    state(row["State"]),
                    tuple(row.get("Partitions", "").split(",")),
                    row.get("NodeHostName", row["NodeName"]),
                )
            )
    return found


def state(text: str) -> tuple[str, ...]:
    """Words of a state such as `IDLE+DRAIN` or `down*`, whose star is a node that is silent."""
    words = text.upper().replace("*", "+NOT_RESPONDING")
    return tuple(re.sub(r"[~#!%$@^+-]", " ", words).split())


def partitions(text: str, found: Iterable[Node]) -> list[Partition]:
    """Partitions in what `scontrol --oneliner show partition` says, in its order."""
    found = list(found)
    queues = []
    for line in text.splitlines():
        row = fields(line)
        if "PartitionName" in row:
            name = row["PartitionName"]
            queues.append(
                Partition(
                    name,
                    row.get("Default") == "YES",
                    row.get("State", "UP"),
                    minutes(row.get("MaxTime", "UNLIMITED")),
                    row.get("PreemptMode", "OFF"),
                    _limit(row.get("MaxCPUsPerNode")),
                    _limit(row.get("MaxMemPerNode")),
                    tuple(node for node in found if name in node.partitions),
                )
            )
    return queues


def _limit(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() and int(text) else None


def read() -> list[Partition]:
    """The partitions of this Slurm.

    Raises:
        ConfigError: there is no Slurm here, or its controller does not answer.
    """
    return partitions(ask("show", "partition"), nodes(ask("show", "node")))


def ask(*words: str) -> str:
    """What scontrol answers, one line a thing.

    Raises:
        ConfigError: it is not here, or does not answer.
    """
    if shutil.which("scontrol") is None:
        raise ConfigError("there is no Slurm here: scontrol is not installed")
    try:
        done = subprocess.run(
            ["scontrol", "--oneliner", *words],
            capture_output=True,
            text=True,
            timeout=ANSWER_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ConfigError(f"Slurm's controller gave no answer in {ANSWER_S} s") from None
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        raise ConfigError(f"Slurm's controller does not answer ({why})")
    return done.stdout


def used(queues: Sequence[Partition], name: str | None) -> Partition:
    """The partition of that name; without one the default.

    Raises:
        ConfigError: there is none, or it takes no jobs.
    """
    known = ", ".join(queue.name for queue in queues) or "none"
    found = [q for q in queues if (q.default if name is None else q.name == name)]
    if not found:
        missing = "no default partition" if name is None else f"no partition '{name}'"
        raise ConfigError(
            f"this Slurm has {missing}; it has: {known}. Name one as slurm_partition "
            "in profiles/slurm/config.yaml"
        )
    if found[0].state != "UP":
        raise ConfigError(
            f"the partition {found[0].name} is {found[0].state} and runs no job; "
            f"this Slurm has: {known}"
        )
    return found[0]


def lacks(need: Need, queue: Partition) -> str | None:
    """Why no node of a partition can ever run a job, in words; None where one can.

    Nodes that are down count: they may come back.
    """
    if queue.minutes is not None and need.minutes > queue.minutes:
        return f"{queue.name} allows {queue.minutes} min"
    rooms = [room(node, queue) for node in queue.nodes]
    if any(_holds(have, need) for have in rooms):
        return None
    if not rooms:
        return f"{queue.name} has no node"
    most = Need(*(max(values) for values in zip(*rooms, strict=True)))
    for want, have, words in (
        (need.gpus, most.gpus, f"at most {most.gpus} GPUs a node"),
        (need.cpus, most.cpus, f"at most {most.cpus} CPUs a node"),
        (need.memory_mb, most.memory_mb, f"at most {most.memory_mb} MB a node"),
    ):
        if want > have:
            return f"{queue.name} has {words}"
    return f"{queue.name} has no one node with all of it"


def room(node: Node, queue: Partition) -> Need:
    """What jobs of a partition can have of one node together."""
    cpus = node.cpus if queue.cpus is None else min(node.cpus, queue.cpus)
    memory = node.memory_mb if queue.memory_mb is None else min(node.memory_mb, queue.memory_mb)
    return Need(cpus, memory, node.gpus)


def _holds(have: Need, need: Need) -> bool:
    return (
        have.cpus >= need.cpus and have.memory_mb >= need.memory_mb and have.gpus >= need.gpus
    )
