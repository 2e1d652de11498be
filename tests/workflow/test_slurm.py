"""The same DAG through a real Slurm of one node, private to the test."""

import contextlib
import json
import re
import sys
from pathlib import Path

import pytest

from respike.audit.content import compare, hashes
from respike.cli import slurm
from respike.core import layout, yaml
from respike.core.errors import ConfigError
from tests.workflow import toy
from tests.workflow.slurms import within
from tests.workflow.test_run import content

QUICK = [
    "--slurm-init-seconds-before-status-checks",
    "1",
    "--seconds-between-status-checks",
    "1",
]
RECORDS = [f"results/desk/toy/dense/seed-{s}/train/record.json" for s in (0, 1)]


def daemons() -> list[str]:
    """Process ids of all daemons of Slurm on this machine."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "comm").read_text().strip() in {"munged", "slurmctld", "slurmd"}:
                found.append(entry.name)
    return sorted(found)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder whose two trainings went through Slurm, what was said, and a local twin."""
    through = toy.make(tmp_path_factory.mktemp("slurm") / "toy")
    local = toy.make(tmp_path_factory.mktemp("local") / "toy")
    words = ["--workflow-profile", "profiles/slurm", "--slurm-status-command", "squeue"]
    snakemake = [sys.executable, "-m", "snakemake", *words, *QUICK]
    gpu = ["--set-resources", "train:gpu=1"]
    done = within(through, *snakemake, *gpu, "--", *RECORDS)
    assert toy.snakemake(local, "-c2", "--", *RECORDS).returncode == 0
    return through, local, done


def test_a_private_slurm_starts_and_leaves_nothing_behind(tmp_path):
    before = sorted(Path("/etc/slurm").glob("*")), daemons()

    done = within(tmp_path, "sinfo", "-h", "-o", "%T %G")

    assert done.returncode == 0, done.stderr
    assert "idle gpu:2" in done.stdout
    assert (sorted(Path("/etc/slurm").glob("*")), daemons()) == before


def test_two_jobs_that_ask_for_a_gpu_never_share_one(tmp_path):
    ask = "srun --gpus=1 bash -c 'echo $CUDA_VISIBLE_DEVICES; sleep 0.5' & "

    done = within(tmp_path, "bash", "-c", f"{ask}{ask}wait")

    assert sorted(done.stdout.split()) == ["0", "1"]


def test_content_made_through_slurm_equals_content_made_here(runs):
    through, local, done = runs

    assert done.returncode == 0, done.stderr[-2000:]
    files = sorted(
        p.relative_to(local) for p in (local / "results/desk").rglob("*") if p.is_file()
    )
    compared = [f for f in files if f.name != "record.json"]
    assert len(compared) == 10
    for file in compared:
        assert (through / file).read_bytes() == (local / file).read_bytes(), file


def test_a_study_of_smoke_comes_out_of_slurm_as_it_does_here(tmp_path):
    through, local = tmp_path / "slurm ü", tmp_path / "local"
    (through / "env").mkdir(parents=True)
    (through / "env/.venv").symlink_to(sys.prefix)  # a Python with a space in its path
    words = ["run", "mrf-mean-field", "--budget", "smoke", "--directory"]
    poll = ["--seconds-between-status-checks", "1"]
    python = through / "env/.venv/bin/python"

    cluster = [through, "--cluster", "slurm", "--", *poll]
    done = within(toy.ROOT, python, "-m", "respike", *words, *cluster)
    here = toy.respike(toy.ROOT, *words, str(local))

    assert done.returncode == here.returncode == 0, done.stderr[-2000:] + here.stderr[-2000:]
    found = compare(hashes(local), hashes(through))
    assert found.same, found
    assert len(list(through.rglob("record.json"))) == 8


def test_a_record_says_which_job_of_slurm_made_it(runs):
    through, local, _ = runs

    ids = [json.loads((through / r).read_text())["evidence"]["slurm_job_id"] for r in RECORDS]
    here = [json.loads((local / r).read_text())["evidence"]["slurm_job_id"] for r in RECORDS]

    assert all(re.fullmatch(r"\d+", number) for number in ids)
    assert len(set(ids)) == 2
    assert here == [None, None]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder whose run went through Slurm with a GPU for each training, and its words."""
    through = toy.make(tmp_path_factory.mktemp("whole") / "slurm ü")
    gpu = ["--set-resources", "train:gpu=1"]
    words = ["run", "--cluster", "slurm", "--", *gpu]
    env = {"RESPIKE_TOY_SLEEP_S": "2"}
    return through, within(through, sys.executable, "-m", "respike", *words, **env)


def test_a_whole_run_goes_through_slurm_and_says_a_line_a_job(whole, tmp_path):
    through, done = whole
    local = toy.make(tmp_path / "local")

    assert done.returncode == 0, done.stderr[-2000:]
    assert "[8/8] report" in done.stderr
    assert toy.respike(local, "run").returncode == 0
    assert content(through) == content(local)
    assert list((through / ".respike/exits").glob("*")) == []


def test_each_training_of_a_run_sees_a_gpu_of_its_own(whole):
    through, _ = whole

    logs = [(through / f"logs/desk/toy/dense/seed-{s}/train.log").read_text() for s in (0, 1)]

    seen = [re.search(r"the GPU seen is (\S+)", log)[1] for log in logs]
    assert sorted(seen) == ["0", "1"]


@pytest.mark.slow
def test_jobs_of_a_group_share_one_allocation(tmp_path):
    through, local = toy.make(tmp_path / "slurm"), toy.make(tmp_path / "local")
    group = ["--groups", "train=many", "--group-components", "many=2"]
    words = ["run", "--cluster", "slurm", "--", *group]

    done = within(through, sys.executable, "-m", "respike", *words, timeout_s=400)

    assert done.returncode == 0, done.stderr[-2000:]
    ids = [json.loads((through / r).read_text())["evidence"]["slurm_job_id"] for r in RECORDS]
    assert ids[0] == ids[1]
    assert toy.respike(local, "run").returncode == 0
    assert content(through) == content(local)


def test_without_slurm_the_cluster_is_refused_with_a_sentence(monkeypatch):
    monkeypatch.setattr(slurm.shutil, "which", lambda name: None)

    with pytest.raises(
        ConfigError, match="--cluster slurm: sbatch is not installed here; run "
    ):
        slurm.arguments(toy.ROOT)


def test_a_slurm_without_accounts_that_forgets_at_once_is_taken(monkeypatch):
    found = {"AccountingStorageType": "accounting_storage/none", "MinJobAge": "2 sec"}
    monkeypatch.setattr(slurm, "settings", lambda: found)

    assert slurm.arguments(toy.ROOT)[::2] == ["--workflow-profile", "--local-cores"]


def test_the_profile_is_the_default_one_with_an_executor():
    default = (toy.ROOT / "profiles/default/config.yaml").read_text()
    cluster = (toy.ROOT / "profiles/slurm/config.yaml").read_text()

    lines = [line for line in default.splitlines() if ":" in line and line[0] != "#"]
    for line in lines:
        if not line.startswith("latency-wait"):  # a shared file system is slower
            assert line in cluster.splitlines()
    wait = f"slurm-init-seconds-before-status-checks: {slurm.FIRST_WAIT_S}"
    assert wait in cluster.splitlines()


def test_every_job_that_is_submitted_asks_for_more_with_each_attempt():
    profile = yaml.load(toy.ROOT / "profiles/slurm/config.yaml", "the profile").value

    asked = profile["set-resources"]
    assert asked.keys() == layout.STAGES.keys() - {"fetch"}  # fetched where it is submitted
    for stage, resources in asked.items():
        assert resources.keys() == {"mem_mb", "runtime"}, stage
        assert all(text.endswith(" * attempt") for text in resources.values()), stage


def test_no_rule_repeats_inside_its_allocation():
    for file in (toy.ROOT / "workflow/rules").glob("*.smk"):
        assert "retries:" not in file.read_text(), f"{file.name}: retries stand in the profile"
