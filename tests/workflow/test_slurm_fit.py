"""What jobs get of a real Slurm: short ones go together, memory grows, a GPU is one job's."""

import json
import re
import sys
import time

import pytest

from tests.workflow import toy
from tests.workflow.slurms import PYTHON, within
from tests.workflow.test_run import content

QUICK = [
    "--slurm-init-seconds-before-status-checks",
    "1",
    "--seconds-between-status-checks",
    "1",
]
# Runs the words in its arguments, then says what Slurm knows of each job: a line of JSON a job.
RUN = """\
import json, re, subprocess, sys
done = subprocess.run([sys.executable, "-m", "respike", *sys.argv[1:]])
said = subprocess.run(["scontrol", "-o", "show", "job"], capture_output=True, text=True).stdout
for line in said.splitlines():
    print(json.dumps(dict(re.findall(r"(\\w+)=(\\S*)", line))))
sys.exit(done.returncode)
"""
SHORT = """\
id: short
title: Twelve jobs of a second
paper: {arxiv: "0000.00000", version: 1, title: Short}
seeds: {smoke: 1, desk: 4, paper: 4}
variants:
"""
FIELD = "{coupling: 0.1, bias: 0.5, graphs: 2, population: 2, tau_steps: 10, steps: 200}"
CLAIM = """\
claims:
  - id: short-claim
    says: the toy is as good as the toy
    scope: analogue
    not_run: a toy has no claim to judge
"""


def jobs(done):
    """Slurm's jobs in the order of their numbers."""
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"')]
    return sorted(found, key=lambda job: int(job["JobId"]))


# ------------------------------------------------------------------ what fits nowhere


def test_a_job_that_fits_no_node_is_refused_before_anything_is_submitted(tmp_path):
    folder = toy.make(tmp_path / "toy")
    profile = folder / "profiles/slurm/config.yaml"
    text = profile.read_text()
    profile.write_text(
        text.replace("train:\n    mem_mb: 2000", "train:\n    mem_mb: 999999999")
    )

    done = within(folder, PYTHON, "-c", RUN, "run", "--cluster", "slurm")

    assert done.returncode == 2
    assert "a job of train asks for 1 CPU, 999999999 MB and 60 min, and main has at most" in (
        done.stderr
    )
    assert jobs(done) == []
    assert not (folder / "results").exists()


# ------------------------------------------------------------------ groups


def dozen(folder):
    """A checkout of twelve jobs that take a second, and their judge and page."""
    toy.make(folder)
    row = f"{{simulate: {{experiment: {{random-graphs: {FIELD}}}}}}}\n"
    variants = "".join(f"  {name}: {row}" for name in ("one", "two", "three"))
    (folder / "studies/short.yaml").write_text(SHORT + variants + CLAIM)
    (folder / "config.yaml").write_text("version: 1\nbudget: desk\nstudies: [short]\n")
    return folder


def timed(folder, *words):
    """A run through Slurm, its jobs there, and how long it took [s]."""
    began = time.monotonic()
    done = within(
        folder,
        PYTHON,
        "-c",
        RUN,
        "run",
        "--cluster",
        "slurm",
        "--",
        *QUICK,
        *words,
        timeout_s=400,
    )
    return done, jobs(done), time.monotonic() - began


@pytest.mark.slow
def test_twelve_short_jobs_go_to_slurm_together_and_come_out_as_they_do_here(tmp_path, capsys):
    local = dozen(tmp_path / "local")
    together, alone = dozen(tmp_path / "together"), dozen(tmp_path / "alone")

    grouped, few, group_s = timed(together)
    single, many, single_s = timed(alone, "--group-components", "data=1")

    assert toy.respike(local, "run").returncode == 0
    for done in (grouped, single):
        assert done.returncode == 0, done.stderr[-2000:]
    assert "up to 12 jobs of simulate go together" in grouped.stderr
    assert (len(few), len(many)) == (3, 14)  # judge and report among them
    assert content(together) == content(alone) == content(local)
    said = (
        f"12 short jobs: {len(few)} submissions and {group_s:.0f} s together, {len(many)} and "
        f"{single_s:.0f} s alone: {single_s / group_s:.1f} times"
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{said}\n")


@pytest.mark.slow
def test_a_chain_of_jobs_goes_as_one(tmp_path):
    folder, local = toy.make(tmp_path / "slurm"), toy.make(tmp_path / "local")
    chain = ["prepare=chain", "train=chain", "prune=chain"]

    done, there, _ = timed(folder, "--groups", *chain)

    assert done.returncode == 0, done.stderr[-2000:]
    assert len(there) == 3  # the chain of five jobs, judge, report
    assert toy.respike(local, "run").returncode == 0
    assert content(folder) == content(local)


@pytest.mark.slow
def test_of_a_group_with_one_bad_job_the_others_stay_and_only_that_one_runs_again(tmp_path):
    folder = dozen(tmp_path / "toy")
    stage = folder / "respike/stages/simulate.py"
    begin = "    outcome = simulate("
    bad = (
        "    if job.settings['variant'] == 'two' and job.seed == 1 and os.path.exists('bad'):\n"
        "        raise RespikeError('this seed is not to our liking; take another')\n"
    )
    text = stage.read_text().replace(begin, bad + begin).replace("import sys", "import os, sys")
    head = "from respike.core.job"
    error = "from respike.core.errors import RespikeError\n"
    stage.write_text(text.replace(head, error + head, 1))
    (folder / "bad").touch()
    words = ["run", "--cluster", "slurm", "--", *QUICK]
    twice = (
        "import os, subprocess, sys\n"
        "run = [sys.executable, '-m', 'respike', *sys.argv[1:]]\n"
        "subprocess.run(run); os.remove('bad'); print('mended', file=sys.stderr, flush=True)\n"
        "sys.exit(subprocess.run(run).returncode)\n"
    )

    done = within(folder, PYTHON, "-c", twice, *words, timeout_s=400)

    first, _, second = done.stderr.partition("mended\n")
    assert done.returncode == 0, done.stderr[-2000:]
    assert (
        "  simulate short/two seed 1: respike.simulate: this seed is not to our liking; take "
        "another" in first
    )
    assert "  11 jobs without a fault, as one of their group failed" in first
    assert "3 jobs: 1 simulate, 1 judge, 1 report" in second


# ------------------------------------------------------------------ memory and GPUs


@pytest.fixture(scope="module")
def grown(tmp_path_factory):
    """A run whose two trainings need 700 MB and a GPU, and ask for 600 MB at first."""
    folder = toy.make(tmp_path_factory.mktemp("grown") / "toy")
    stage = folder / "respike/stages/train.py"
    head = "def run(job: Job) -> None:\n"
    hungry = (
        "    held = bytearray(b'1') * (700 * 2**20)\n"
        "    time.sleep(8)\n"
        "    job.log.info('%d MB on device %s', len(held) >> 20, "
        "os.environ.get('CUDA_VISIBLE_DEVICES'))\n"
    )
    stage.write_text(stage.read_text().replace(head, head + hungry, 1))
    asked = ["train:mem_mb=600 * attempt", "train:gpu=1", "train:runtime=5"]
    words = ["run", "--cluster", "slurm", "--", *QUICK, "--set-resources", *asked]
    done = within(
        folder, PYTHON, "-c", RUN, *words, options=("--enforce-memory",), timeout_s=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder, done


@pytest.mark.slow
def test_a_job_that_dies_for_want_of_memory_asks_for_more_and_ends_well(grown):
    folder, done = grown

    trainings = [job for job in jobs(done) if "gres:gpu" in job.get("TresPerJob", "")]
    asked = [re.search(r"mem=(\w+)", job["TRES"])[1] for job in trainings]
    states = [job["JobState"] for job in trainings]

    assert asked == ["600M", "600M", "1200M", "1200M"]
    assert states[2:] == ["COMPLETED", "COMPLETED"]
    assert "COMPLETED" not in states[:2]
    told = folder.glob(".snakemake/slurm_logs/rule_train/**/*.log")
    killed = {log.stem for log in told if "Exceeded job memory limit" in log.read_text()}
    assert killed == {job["JobId"] for job in trainings[:2]}
    for seed in (0, 1):
        record = folder / f"results/desk/toy/dense/seed-{seed}/train/record.json"
        assert json.loads(record.read_text())["evidence"]["slurm_job_id"] in {
            job["JobId"] for job in trainings[2:]
        }


@pytest.mark.slow
def test_a_run_says_which_job_is_tried_again(grown):
    _, done = grown

    again = [line for line in done.stderr.splitlines() if line.startswith("again: ")]

    assert {line.split(":")[1] for line in again} == {
        " train toy/dense seed 0", " train toy/dense seed 1"
    }  # fmt: skip
    said = "it died without a word: killed, or out of memory; Slurm says FAILED"
    assert all(line.endswith(said) for line in again)


@pytest.mark.slow
def test_two_jobs_at_once_that_ask_for_a_gpu_get_one_each(grown):
    folder, _ = grown

    logs = [(folder / f"logs/desk/toy/dense/seed-{s}/train.log").read_text() for s in (0, 1)]
    devices = [re.search(r"700 MB on device (\S+)", log)[1] for log in logs]
    spans = [span(folder, seed) for seed in (0, 1)]

    assert sorted(devices) == ["0", "1"]
    assert max(begin for begin, _ in spans) < min(end for _, end in spans)  # at once


def span(folder, seed):
    """When a training began and ended [s]."""
    record = folder / f"results/desk/toy/dense/seed-{seed}/train/record.json"
    evidence = json.loads(record.read_text())["evidence"]
    began = time.mktime(time.strptime(evidence["started"], "%Y-%m-%dT%H:%M:%SZ"))
    return began, began + evidence["wall_s"]
