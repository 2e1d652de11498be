"""A study of about a thousand jobs, with the real rules: planned, and its commands short."""

import re

import pytest

from tests.workflow import toy

ARGUMENT = 131_072  # MAX_ARG_STRLEN of Linux, and a rule's command is one argument of bash


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    """What a dry run says of a study of 25 variants that train, 25 that prune, and 20 seeds."""
    folder = toy.large(tmp_path_factory.mktemp("scale") / "toy", 1000)
    done = toy.snakemake(folder, "-n", "-p", timeout_s=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_job_of_a_large_study_is_planned(plan):
    counts = dict(re.findall(r"^(\w+) +(\d+)$", plan, re.M))

    assert counts == {
        "fetch": "1", "prepare": "1", "train": "500", "prune": "500", "judge": "1",
        "report": "1", "all": "1", "total": "1005",
    }  # fmt: skip


def test_each_seed_takes_its_own_network(plan):
    own = r"t(\d+)/seed-(\d+)/train/model\.safetensors --out \S*/p\1/seed-\2/prune/"

    assert len(re.findall(rf"--in model results/desk/toy/{own}", plan)) == 500


@pytest.mark.parametrize("stage", ["judge", "report"])
def test_what_reads_a_large_study_has_a_short_command(stage, plan):
    (command,) = re.findall(rf"^.*-m respike\.stages\.{stage} .*$", plan, re.M)

    assert "seed-0" not in command
    assert len(command) < ARGUMENT / 4
