"""Kernels through Snakemake: a target of its own, an environment of its own."""

import json
import os
from pathlib import Path

import pytest

from respike.core import shells
from tests.kernels.programs import PYTHON, measure_less, needs_triton
from tests.workflow import toy

RECORD = "results/kernels/lif/bench_kernels/record.json"
LOG = "logs/kernels/lif/bench_kernels.log"


@pytest.fixture
def folder(tmp_path):
    return toy.make(tmp_path / "a toy")


def enter(folder: Path) -> None:
    """Give the toy the environment `kernels` of this machine."""
    python = folder / ".envs/kernels/bin/python"
    python.parent.mkdir(parents=True)
    path = os.environ.get("PYTHONPATH", "")
    python.write_text(
        f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:{path}" exec {PYTHON} "$@"\n', encoding="utf-8"
    )
    python.chmod(0o755)
    (python.parents[1] / shells.READY).touch()


def test_no_budget_has_kernels(folder):
    done = toy.snakemake(folder, "-n", "-c1", "desk")

    assert done.returncode == 0, done.stderr
    assert "rule train:" in done.stdout
    assert "bench_kernels" not in done.stdout


def test_a_kernel_whose_environment_is_not_made_fails_with_what_to_do(folder):
    done = toy.snakemake(folder, "-c1", "kernels")

    sentence = "environment kernels is not made: respike envs create kernels"
    assert done.returncode == 1
    assert (folder / LOG).read_text() == f"respike.bench_kernels: stopped: {sentence}\n"
    assert sentence in done.stdout + done.stderr
    assert not (folder / RECORD).exists()


def test_a_gpu_is_asked_for_on_the_command_line(folder):
    words = ["--workflow-profile", "profiles/slurm", "--set-resources", "bench_kernels:gpu=1"]
    with_one = toy.snakemake(folder, "-n", *words, "--", "kernels")
    without = toy.snakemake(folder, "-n", *words[:2], "--", "kernels")

    assert "gpu=1" in with_one.stdout
    assert "bench_kernels" in without.stdout
    assert "gpu=" not in without.stdout


def test_a_kernel_that_is_not_there_is_answered_with_those_that_are(folder):
    done = toy.snakemake(folder, "-n", "-c1", "results/kernels/lfi/bench_kernels/record.json")

    assert done.returncode == 1
    said = done.stdout + done.stderr
    assert "no kernel named 'lfi'. Did you mean 'lif'? Known: lif." in said


@needs_triton
def test_kernels_are_measured_once_and_again_when_their_code_changes(folder):
    enter(folder)
    measure_less(folder)

    first = toy.snakemake(folder, "-c1", "kernels")
    again = toy.snakemake(folder, "-n", "-c1", "kernels")
    verified = toy.respike(folder, "audit", "verify", "results/kernels")
    kernel = folder / "respike/kernels/lif/triton.py"
    kernel.write_text(kernel.read_text().replace("WARPS = 4\n", "WARPS = 2 * 2\n"))
    changed = toy.snakemake(folder, "-n", "-c1", "kernels")
    explained = toy.respike(folder, "audit", "explain", "lif")

    assert first.returncode == 0, (folder / LOG).read_text()
    assert "Nothing to be done" in again.stdout + again.stderr
    assert "kernels: 3 files as recorded" in verified.stdout
    assert "Params have changed" in changed.stdout + changed.stderr
    assert explained.stdout.splitlines()[0] == (
        "lif at budget desk: 1 of 1 job would run again"
    )
    assert "code" in {line[:12].strip() for line in explained.stdout.splitlines()[1:]}
    assert "numpy" not in explained.stdout  # of another environment than the one that asks


@needs_triton
@pytest.mark.slow
def test_two_measurements_have_the_same_content(folder):
    enter(folder)
    content = []
    for _ in range(2):
        done = toy.snakemake(folder, "-c1", "-F", "kernels", timeout_s=600)
        assert done.returncode == 0, (folder / LOG).read_text()
        content.append((folder / RECORD).with_name("metrics.json").read_bytes())

    assert content[0] == content[1]
    found = json.loads(content[0])
    assert "interpreted and cross-compiled, no GPU here" in (folder / LOG).read_text()
    assert (found["interpreted"]["cases"], found["interpreted"]["unequal_spikes"]) == (36, 0)
    assert found["compiled"]["variants"] == len(found["compiled"]["rows"]) == 56
    for row in found["compiled"]["rows"]:
        assert row["bits"] == row["ptx_bits"] == [128], row
    for moved in found["compiled"]["bytes_a_neuron_and_step"].values():
        assert moved == {"forward": 9, "backward": 13, "both": 22}
