"""What `doctor` says of a Slurm: for each row one case that is well and one that is not."""

from pathlib import Path, PurePosixPath

import pytest

from respike.cluster import health, nodes, sizing
from respike.core import yaml
from tests.workflow import toy
from tests.workflow.slurms import PYTHON, within

RECORDED = Path(__file__).parent / "slurm-22.05"
QUEUES = nodes.partitions(
    (RECORDED / "partitions.txt").read_text(),
    nodes.nodes((RECORDED / "nodes.txt").read_text()),
)
HERE = [queue for queue in QUEUES if queue.name == "main"]  # two CPUs, 23,593 MB, two GPUs
PROFILE = yaml.load(toy.ROOT / sizing.PROFILE, sizing.PROFILE).value


def profile(**stages):
    """A profile of stages as (mem_mb, gpu), none of which is in a group."""
    rows = {s: {"mem_mb": mem, "runtime": 10, "gpu": gpu} for s, (mem, gpu) in stages.items()}
    return {"retries": 2, "groups": {}, "set-resources": rows}


def test_slurm_is_named_with_what_it_has():
    settings = {"SLURM_VERSION": "22.05.8", "MinJobAge": "300 sec"}

    rows = health.rows(settings, QUEUES, PROFILE, 20)

    said = "22.05.8, nodes: 5, partitions: main, urgent, long, gpu, closed"
    assert rows[0] == ("Slurm", True, said)
    assert [name for name, _, _ in rows] == [
        "Slurm", "Slurm accounts", "Slurm's ended jobs", "Slurm jobs", "Slurm GPUs",
        "Slurm groups",
    ]  # fmt: skip


def test_a_slurm_that_keeps_accounts_is_well():
    found = health.accounts({"AccountingStorageType": "accounting_storage/slurmdbd"})

    assert found == ("Slurm accounts", True, "kept (slurmdbd)")


def test_without_accounts_sacct_would_be_asked_for_ever():
    _, good, said = health.accounts({"AccountingStorageType": "accounting_storage/none"})

    assert not good
    assert said.startswith("not kept: plain snakemake would ask sacct and wait for ever; give")


@pytest.mark.parametrize("kept", ["60 sec", "300 sec"])
def test_ended_jobs_that_are_remembered_long_enough_are_well(kept):
    found = health.memory_of_ended_jobs({"MinJobAge": kept}, 20)

    assert found == ("Slurm's ended jobs", True, f"remembered for {kept}")


@pytest.mark.parametrize("settings", [{"MinJobAge": "59 sec"}, {}])
def test_ended_jobs_that_are_forgotten_before_snakemake_asks_are_said(settings):
    _, good, said = health.memory_of_ended_jobs(settings, 20)

    assert not good
    kept = settings.get("MinJobAge", "an unknown time")
    assert said.startswith(
        f"forgotten after {kept}: plain snakemake, which first asks after 20 s"
    )
    assert said.endswith("MinJobAge in slurm.conf should be 60 or more")


def test_the_profile_of_this_checkout_fits_a_small_node():
    assert health.jobs(PROFILE, HERE) == ("Slurm jobs", True, "one of each stage fits a node")
    assert health.groups(PROFILE, HERE)[1]


def test_a_stage_that_fits_no_node_is_said():
    _, good, said = health.jobs(profile(train=(23_594, 0)), HERE)

    assert not good
    assert said.startswith(
        "a job of train asks for 1 CPU, 23594 MB and 10 min, and main has at"
    )


def test_a_gpu_that_a_partition_has_is_well_and_none_is_needed():
    assert health.gpus(profile(train=(1, 2)), HERE) == ("Slurm GPUs", True, "for train")
    assert health.gpus(PROFILE, HERE)[2] == "asked for by no stage"


def test_more_gpus_than_any_node_has_are_said():
    _, good, said = health.gpus(profile(train=(1, 5)), QUEUES)

    assert not good
    assert said == (
        "train asks for 5 in profiles/slurm/config.yaml, and no node of any partition has "
        "more than 4"
    )


def test_gpus_of_another_partition_than_the_default_are_named():
    _, good, said = health.gpus(profile(train=(1, 4)), QUEUES)

    assert not good
    assert "main has at most 2 GPUs a node; it fits gpu: name that as its slurm_part" in said


def test_a_group_that_is_larger_than_a_node_would_be_pending_for_ever():
    given = profile(emulate=("2000 * attempt", 0))
    given["groups"] = {"emulate": "emulate-{study}"}
    given["group-components"] = {"emulate-{study}": 2}
    assert health.groups(given, HERE)[1]

    given["group-components"] = {"emulate-{study}": 3}
    _, good, said = health.groups(given, HERE)

    assert not good
    assert said.startswith(
        "3 jobs of emulate at once ask for 3 CPUs and 18000 MB in their last attempt, and main "
        "has at most 2 CPUs a node: they would be pending for ever. Leave group-components out"
    )


def test_a_group_that_holds_a_gpu_idle_is_said():
    given = profile(prepare=(1, 1), synthesize=(1, 0))
    given["groups"] = {"prepare": "data", "synthesize": "data"}

    _, good, said = health.groups(given, HERE)

    assert not good
    assert "the group data mixes prepare and synthesize" in said


# ------------------------------------------------------------------ this machine


def test_a_node_of_slurm_may_compute():
    assert health.login("vm", HERE, inside=False) == (
        "computing here", True, "is on a node of Slurm",
    )  # fmt: skip
    assert health.login("inner", HERE, inside=True)[1]


def test_a_machine_that_submits_and_is_no_node_may_be_a_login_node():
    _, good, said = health.login("front", HERE, inside=False)

    assert not good
    assert said.startswith(
        "front submits to Slurm and is none of its nodes: a login node? `resp"
    )


MOUNTS = """\
/dev/vda / ext4 rw 0 0
nas:/shared /shared nfs4 rw 0 0
tmpfs /shared/me/ram\\040disk tmpfs rw 0 0
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/", "ext4"),
        ("/shareds/x", "ext4"),
        ("/shared/me/results", "nfs4"),
        ("/shared/me/ram disk/x", "tmpfs"),
    ],
)
def test_a_folder_lies_on_the_nearest_mount(folder, kind):
    assert health.mounted(PurePosixPath(folder), MOUNTS) == kind


def test_a_later_mount_covers_an_earlier_one():
    more = MOUNTS + "scratch /shared beegfs rw 0 0\n"

    assert health.mounted(PurePosixPath("/shared/x"), more) == "beegfs"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("nfs4", "nfs4, which nodes can share"),
        ("fuse.glusterfs", "fuse.glusterfs, which nodes can share"),
        ("newfs", "newfs; whether the nodes share it cannot be seen from here"),
    ],
)
def test_a_file_system_that_nodes_can_share_is_well(kind, said):
    assert health.shared("results on", "/r", kind, "vm", QUEUES) == ("results on", True, said)


@pytest.mark.parametrize("kind", ["ext4", "overlay", "tmpfs", "xfs"])
def test_results_on_a_disk_that_other_nodes_cannot_see_are_said(kind):
    row = health.shared("results on", "/r", kind, "vm", QUEUES)

    assert row == (
        "results on",
        False,
        f"/r is on {kind}, a file system of this machine alone, which cpu1 and 3 more nodes "
        "cannot see; use one that they share",
    )


def test_a_slurm_of_this_machine_alone_needs_no_shared_file_system():
    assert health.shared("results on", "/r", "ext4", "vm", HERE) == (
        "results on", True, "ext4; the only node of Slurm is this machine",
    )  # fmt: skip


def test_fetching_here_is_well():
    said = (toy.ROOT / "Snakefile").read_text()

    assert health.fetching(said) == (
        "fetching", True, "runs where `respike run` is started; nodes need no internet",
    )  # fmt: skip


@pytest.mark.parametrize("text", ["localrules:\n    all,\n    smoke,\n\n\nrule fetch:\n", ""])
def test_a_fetch_that_would_be_submitted_is_named(text):
    _, good, said = health.fetching(text)

    assert not good
    assert said.startswith("fetch would be submitted, and nodes often have no internet; add it")


def test_in_a_real_slurm_doctor_has_a_row_for_each(tmp_path):
    code = (
        "from pathlib import Path; from respike.cli import doctor\n"
        "for row in doctor._slurm(Path('.')): print(*row)"
    )

    done = within(tmp_path, PYTHON, "-c", code)

    rows = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert len(rows) == 10
    assert rows[1].startswith("Slurm accounts False not kept: plain snakemake would ask sacct")
    assert rows[2] == "Slurm's ended jobs True remembered for 300 sec"
    assert rows[6] == "computing here True is on a node of Slurm"
    assert all(" True " in row for row in rows[2:])
