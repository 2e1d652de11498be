"""A kernel measured: what is asked of its programs, what is written, what fails it."""

import json
import os
import re
import shutil
import subprocess

import pytest

from respike.core.errors import RespikeError
from respike.kernels import bench
from respike.kernels.lif import limits
from tests.conftest import ROOT
from tests.kernels.programs import (
    PYTHON,
    change,
    compiled_rows,
    measure_less,
    needs_triton,
    parity_rows,
    programs,
    speed_found,
)


@pytest.fixture
def found(monkeypatch):
    """Measure lif with programs that print what is given."""

    def measure(driver="/nowhere", **said):
        monkeypatch.setattr(bench, "find_spec", lambda name: name)
        monkeypatch.setattr(bench, "version", lambda name: f"{name} 1")
        monkeypatch.setattr(bench, "program", programs(**said))
        monkeypatch.setattr(bench, "DRIVER", driver)
        return bench.measure("lif")

    return measure


def test_without_a_gpu_it_says_what_it_did_instead(found):
    measured = found()

    assert measured.metrics["where"] == "interpreted and cross-compiled, no GPU here"
    assert measured.metrics["gpu"] is None
    assert measured.times == {"device": None, "architecture": None, "rows": []}
    assert bench.sentences(measured) == [
        "interpreted and cross-compiled, no GPU here",
        "interpreter against naive: 1 cases, 0 of 700 spikes differ, gradient within 3e-07",
        "sm_90: at most 40 registers, no spill, 22 bytes a neuron and step; least is 20",
    ]


def test_a_gpu_that_torch_does_not_see_is_not_passed_over(found, tmp_path):
    measured = found(driver=str(tmp_path))

    assert measured.metrics["where"] == (
        "interpreted and cross-compiled, torch sees none of this machine's NVIDIA GPUs"
    )


def test_on_a_gpu_its_name_and_its_times_are_said(found):
    measured = found(speed=speed_found())

    said = bench.sentences(measured)
    assert said[0] == "on NVIDIA H100 80GB HBM3"
    assert (
        said[2] == "GPU against naive: 1 cases, 0 of 700 spikes differ, gradient within 3e-07"
    )
    assert said[-1] == "forward T=4 N=16: 0.500 ms, 2000 GB/s, 0.91 of a copy's"
    assert measured.times["device"] == "NVIDIA H100 80GB HBM3"


def test_no_time_stands_among_what_is_compared(found):
    text = json.dumps(found(speed=speed_found()).metrics)

    assert "gb_per_s" not in text
    assert '"ms"' not in text


def test_the_versions_that_decide_registers_are_written(found):
    assert found().metrics["versions"] == {
        "numpy": "numpy 1",
        "torch": "torch 1",
        "triton": "triton 1",
        "ptxas": "12.8",
    }


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            {"parity": parity_rows(unequal_spikes=1)},
            "reset attached, under Triton's interpreter: 1 of 2565 spikes are not naive's",
        ),
        (
            {"compiled": {"ptxas": "1", "rows": compiled_rows(local=4)}},
            "sm_90, T=64, atan, reset detached: 4 bytes of local memory a thread: registers",
        ),
        (
            {"speed": {**speed_found("A100"), "parity": parity_rows(unequal_spikes=2)}},
            "reset attached, on A100: 2 of 2565 spikes are not naive's",
        ),
    ],
)
def test_a_broken_kernel_is_an_error_that_says_where(found, said, sentence):
    with pytest.raises(RespikeError, match=re.escape(sentence)):
        found(**said)


def test_of_many_failures_three_are_said(found):
    with pytest.raises(RespikeError, match=r"(naive's; .*){3}and 2 more$"):
        found(parity=parity_rows(unequal_spikes=1) * 5)


@pytest.mark.parametrize("missing", bench.NEEDS)
def test_without_a_package_it_says_which_environment_to_make(monkeypatch, missing):
    monkeypatch.setattr(bench, "find_spec", lambda name: None if name == missing else name)

    with pytest.raises(
        RespikeError, match=rf"lif needs {missing}, .*: respike envs create kernels$"
    ):
        bench.measure("lif")


def test_a_program_is_told_nothing_that_changes_what_is_compiled(monkeypatch):
    seen = {}

    def run(command, env, **options):
        seen.update(env)
        return subprocess.CompletedProcess(command, 0, "[]", "")

    monkeypatch.setenv("TRITON_INTERPRET", "1")
    monkeypatch.setenv("DISABLE_PTXAS_OPT", "1")
    monkeypatch.setattr(bench.subprocess, "run", run)

    assert bench.program("lif", "compiled", TRITON_MINE="2") == []
    mine = {name: value for name, value in seen.items() if "TRITON" in name or "PTXAS" in name}
    assert mine.keys() == {"TRITON_CACHE_DIR", "TRITON_MINE"}
    assert "respike-triton-" in mine["TRITON_CACHE_DIR"]


def test_a_program_that_ends_with_an_error_is_said_with_its_last_line():
    with pytest.raises(RespikeError, match=r"^nothing of kernel lif ended with 1: .*No module"):
        bench.program("lif", "nothing")


# ---------------------------------------------------------------- broken for real

KERNEL = "respike/kernels/lif/triton.py"


def rows_of_a_broken_kernel(tmp_path, part, old, new, **env):
    """What a program of lif prints after one piece of its kernel was changed."""
    shutil.copytree(ROOT / "respike", tmp_path / "respike")
    measure_less(tmp_path)
    change(tmp_path / KERNEL, {re.escape(old): new})
    done = subprocess.run(
        [PYTHON, "-m", f"respike.kernels.lif.{part}"],
        cwd=tmp_path,
        env={**os.environ, "TRITON_CACHE_DIR": str(tmp_path / "cache"), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@needs_triton
@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "fires = h >= v_threshold\n",
            "fires = h >= v_threshold - 0.00390625\n",
            r"lif at T=5 N=513, atan, reset detached, here: \d+ of 2565 spikes are not naive's",
        ),
        (
            "    tl.store(grad_x + t * neurons + place, grad_h, live)\n",
            "",
            r"lif at T=5 N=513, atan, reset detached, here: the gradient is inf off naive's",
        ),
    ],
    ids=["one-spike-too-many", "a-gradient-never-written"],
)
def test_a_kernel_that_computes_something_else_is_caught(tmp_path, old, new, sentence):
    rows = rows_of_a_broken_kernel(tmp_path, "parity", old, new, TRITON_INTERPRET="1")

    assert re.match(sentence, limits.parity_failures(rows, "here")[0])


@needs_triton
@pytest.mark.parametrize(
    ("block", "sentence"),
    [
        (
            4096,
            r"sm_90, T=5, atan, reset detached: \d+ bytes of local memory .* spill",
        ),
        (256, r"forward for sm_90, T=5: machine code accesses memory by \[64\] bits"),
    ],
    ids=["a-spill", "narrow-accesses"],
)
def test_a_kernel_that_compiles_badly_is_caught(tmp_path, block, sentence):
    found = rows_of_a_broken_kernel(tmp_path, "compiled", "BLOCK = 512 ", f"BLOCK = {block} ")

    assert re.search(sentence, "\n".join(limits.compiled_failures(found["rows"])))
