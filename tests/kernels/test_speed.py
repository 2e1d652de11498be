"""Times on a GPU: their arithmetic by hand, and the measuring itself where there is one."""

import math

import pytest
import torch

from respike.kernels import bench
from respike.kernels.lif import limits, speed
from tests.kernels.programs import PYTHON, needs_triton


def test_a_pass_beside_a_copy_by_hand():
    found = speed.row("forward", 4, 10**6, 36 * 10**6, [0.02, 0.03, 0.01], [0.018, 0.016, 0.02])

    assert (found["ms"], found["least_ms"], found["copy_ms"]) == (0.02, 0.01, 0.018)
    assert found["gb_per_s"] == pytest.approx(1800)
    assert found["copy_gb_per_s"] == pytest.approx(2000)
    assert found["of_copy"] == pytest.approx(0.9)
    assert found["neuron_steps_per_s"] == pytest.approx(2e11)
    assert found["repeats"] == 3


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_nothing_is_timed():
    assert speed.measure() == {
        "device": None,
        "architecture": None,
        "parity": None,
        "times": [],
    }


def test_a_tensor_of_every_size_is_larger_than_any_cache():
    assert {steps * neurons for steps, neurons in speed.SIZES} == {2**26}
    assert speed.REPEATS >= 20


@pytest.mark.gpu
@needs_triton
def test_on_a_gpu_the_kernels_are_right_and_near_the_speed_of_a_copy(monkeypatch):
    monkeypatch.setattr(bench.sys, "executable", PYTHON)

    found = bench.program("lif", "speed")

    assert limits.parity_failures(found["parity"], found["device"]) == []
    assert len(found["times"]) == 2 * len(speed.SIZES)
    for row in found["times"]:
        assert math.isfinite(row["gb_per_s"])
        assert 0.3 < row["of_copy"] < 1.5, row
