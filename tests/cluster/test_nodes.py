"""Nodes and partitions, from what a real slurmctld said of five nodes in five partitions."""

import subprocess
from pathlib import Path

import pytest

from respike.cluster import nodes
from respike.cluster.nodes import Need, Node, Partition
from respike.core.errors import ConfigError
from tests.workflow.slurms import PYTHON, within

RECORDED = Path(__file__).parent / "slurm-22.05"


@pytest.fixture(scope="module")
def queues():
    found = nodes.nodes((RECORDED / "nodes.txt").read_text())
    said = (RECORDED / "partitions.txt").read_text()
    return {queue.name: queue for queue in nodes.partitions(said, found)}


def test_a_partition_has_its_nodes_and_limits(queues):
    main = queues["main"]

    assert list(queues) == ["main", "urgent", "long", "gpu", "closed"]
    assert (main.default, main.state, main.minutes) == (True, "UP", 60)
    assert (main.preempt, main.cpus, main.memory_mb) == ("REQUEUE", None, None)
    assert main.nodes == (Node("vm", 2, 23593, 2, ("IDLE",), ("main", "urgent"), "vm"),)


def test_a_node_in_two_partitions_counts_in_both(queues):
    assert [n.name for n in queues["long"].nodes] == ["cpu1", "cpu2"]
    assert [n.name for n in queues["closed"].nodes] == ["cpu1", "old1"]
    assert queues["closed"].minutes is None
    assert queues["closed"].state == "DOWN"


def test_a_drained_node_is_there_and_not_usable(queues):
    (gpu,) = queues["gpu"].nodes

    assert (gpu.cpus, gpu.memory_mb, gpu.gpus) == (32, 515000, 4)
    assert gpu.state == ("UNKNOWN", "DRAIN", "NOT_RESPONDING")
    assert queues["gpu"].usable == ()
    assert len(queues["long"].usable) == 2


@pytest.mark.parametrize(
    ("text", "usable"),
    [
        ("IDLE", True),
        ("MIXED+PLANNED", True),
        ("ALLOCATED", True),
        ("IDLE+CLOUD+POWERED_DOWN", True),
        ("idle~", True),
        ("IDLE*", False),
        ("DOWN*+DRAIN", False),
        ("IDLE+DRAIN", False),
        ("FUTURE", False),
    ],
)
def test_a_state_says_whether_a_node_takes_jobs(text, usable):
    assert Node("n", 1, 1, 0, nodes.state(text), ()).usable is usable


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("(null)", 0),
        ("gpu:2", 2),
        ("gpu", 1),
        ("gpu:a100:4(S:0-1)", 4),
        ("gpu:a100:4(S:0-1),gpu:v100:2(S:1),shard:8", 6),
        ("mps:400", 0),
    ],
)
def test_gpus_are_counted_over_all_kinds(text, count):
    assert nodes.gpus(text) == count


@pytest.mark.parametrize(
    ("text", "found"),
    [("01:00:00", 60), ("7-00:00:00", 10080), ("1-02:03:59", 1563), ("30:00", 30),
     ("UNLIMITED", None), ("NONE", None)],
)  # fmt: skip
def test_a_time_limit_is_in_minutes(text, found):
    assert nodes.minutes(text) == found


def test_a_time_limit_of_no_known_form_is_said():
    with pytest.raises(ConfigError, match="a time limit as 'soon', which is none of its forms"):
        nodes.minutes("soon")


def test_memory_kept_for_the_system_and_limits_of_a_partition_are_taken_off():
    line = (
        "NodeName=n CPUEfctv=30 CPUTot=32 RealMemory=1000 MemSpecLimit=200 State=IDLE "
        "Partitions=p Reason=was State=DOWN"
    )
    said = "PartitionName=p MaxTime=60:00 State=UP MaxCPUsPerNode=8 MaxMemPerNode=500"

    (queue,) = nodes.partitions(said, nodes.nodes(line))

    assert queue.nodes[0].memory_mb == 800
    assert queue.nodes[0].usable
    assert nodes.room(queue.nodes[0], queue) == Need(8, 500, 0)


# ------------------------------------------------------------------ what fits


@pytest.mark.parametrize(
    ("need", "why"),
    [
        (Need(1, 4000, 0, 60), None),
        (Need(2, 23593, 2, 60), None),
        (Need(1, 4000, 0, 61), "main allows 60 min"),
        (Need(3), "main has at most 2 CPUs a node"),
        (Need(1, 23594), "main has at most 23593 MB a node"),
        (Need(1, 1, 3), "main has at most 2 GPUs a node"),
    ],
)
def test_a_job_fits_a_partition_or_it_is_said_what_it_lacks(need, why, queues):
    assert nodes.lacks(need, queues["main"]) == why


def test_a_node_that_is_down_may_come_back_and_counts(queues):
    assert nodes.lacks(Need(1, 400_000, 4), queues["gpu"]) is None


def test_cpus_on_one_node_and_gpus_on_another_do_not_add_up():
    thin = Node("a", 64, 1000, 0, ("IDLE",), ("p",))
    fast = Node("b", 2, 1000, 4, ("IDLE",), ("p",))
    queue = Partition("p", True, "UP", None, "OFF", None, None, (thin, fast))

    assert nodes.lacks(Need(8, 10, 1), queue) == "p has no one node with all of it"
    assert nodes.lacks(Need(8), queue._replace(nodes=())) == "p has no node"


def test_the_default_partition_is_used_unless_one_is_named(queues):
    there = list(queues.values())

    assert nodes.used(there, None).name == "main"
    assert nodes.used(there, "long").name == "long"


def test_a_partition_that_is_not_there_is_named_with_those_that_are(queues):
    with pytest.raises(
        ConfigError, match=r"no partition 'fast'; it has: main, urgent, long, gpu, closed\."
    ):
        nodes.used(list(queues.values()), "fast")
    with pytest.raises(ConfigError, match="no default partition; it has: long"):
        nodes.used([queues["long"]], None)


def test_a_partition_that_is_down_runs_no_job(queues):
    with pytest.raises(ConfigError, match="the partition closed is DOWN and runs no job"):
        nodes.used(list(queues.values()), "closed")


# ------------------------------------------------------------------ asking


def test_without_scontrol_there_is_no_slurm(monkeypatch):
    monkeypatch.setattr(nodes.shutil, "which", lambda name: None)

    with pytest.raises(ConfigError, match="no Slurm here: scontrol is not installed"):
        nodes.ask("show", "node")


def test_a_controller_that_refuses_or_is_silent_is_a_sentence(monkeypatch):
    monkeypatch.setattr(nodes.shutil, "which", lambda name: name)
    refused = subprocess.CompletedProcess([], 1, "", "line\nUnable to contact slurm controller")
    monkeypatch.setattr(nodes.subprocess, "run", lambda *a, **k: refused)
    with pytest.raises(ConfigError, match=r"does not answer \(Unable to contact slurm"):
        nodes.ask("show", "node")

    def silent(*args, **more):
        raise subprocess.TimeoutExpired("scontrol", 60)

    monkeypatch.setattr(nodes.subprocess, "run", silent)
    with pytest.raises(ConfigError, match="gave no answer in 60 s"):
        nodes.ask("show", "node")


def test_a_real_slurm_is_read(tmp_path):
    code = (
        "from respike.cluster import nodes\n"
        "for q in nodes.read(): print(q.name, q.minutes, q.preempt, len(q.usable), q.nodes)"
    )

    done = within(tmp_path, PYTHON, "-c", code)

    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("main 1440 REQUEUE 1 (Node(name=")
    assert "gpus=2, state=('IDLE',), partitions=('main', 'urgent')" in first
    assert second.startswith("urgent 1440 REQUEUE 1 ")
