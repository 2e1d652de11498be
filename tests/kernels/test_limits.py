"""What must hold of the kernels of lif: each thing that does not is said with its place."""

import math

import pytest

from respike.kernels.lif import limits
from tests.kernels.programs import compiled_rows, parity_rows

UNROLLED = "the loop over time was unrolled"


def test_a_right_case_and_good_code_have_no_failure():
    assert limits.parity_failures(parity_rows(), "here") == []
    assert limits.compiled_failures(compiled_rows()) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"unequal_spikes": 1},
            "lif at T=5 N=513, sigmoid, reset attached, here: 1 of 2565 spikes are not naive's",
        ),
        (
            {"gradient_error": 1.5e-6, "detach_reset": True},
            "lif at T=5 N=513, sigmoid, reset detached, here: the gradient is 1.5e-06 off "
            "naive's; allowed: 1e-06",
        ),
        (
            {"gradient_error": math.inf},
            "lif at T=5 N=513, sigmoid, reset attached, here: the gradient is inf off naive's; "
            "allowed: 1e-06",
        ),
    ],
)
def test_a_case_that_is_not_naives_is_said_with_its_shape(changes, sentence):
    assert limits.parity_failures(parity_rows(**changes), "here") == [sentence]


def test_a_gradient_that_is_no_number_fails_as_well():
    assert limits.parity_failures(parity_rows(gradient_error=math.nan), "here")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"local": 16}, "16 bytes of local memory a thread: registers spill"),
        ({"stack": 8}, "8 bytes of local memory a thread: registers spill"),
        ({"shared": 512}, "512 bytes of shared memory; its threads have nothing to share"),
        ({"registers": 65}, "65 registers a thread; allowed: 64"),
        ({"bits": [64]}, "machine code accesses memory by [64] bits; wanted: 128 alone"),
        ({"ptx_bits": [32, 128]}, "PTX accesses memory by [32, 128] bits; wanted: 128 alone"),
        ({"bits": []}, "machine code accesses memory by [] bits; wanted: 128 alone"),
        ({"instructions": 321}, f"321 instructions, at T=5 160; {UNROLLED}"),
    ],
)
def test_code_that_would_be_slow_is_said_with_its_architecture(changes, sentence):
    found = limits.compiled_failures(compiled_rows(**changes))

    assert found == [f"lif backward for sm_90, T=64, atan, reset detached: {sentence}"]


def test_a_kernel_that_moves_more_than_its_file_says_fails():
    rows = compiled_rows()
    rows[0] = {**rows[0], "bytes_a_neuron": 40.0}

    assert limits.compiled_failures(rows) == [
        "lif forward for sm_90, T=4: moves 40 bytes a neuron; its file says 36"
    ]


@pytest.mark.parametrize(
    ("kernel", "steps", "moves"),
    [("forward", 4, 36), ("backward", 4, 52), ("forward", 5, 48), ("backward", 1, 16)],
)
def test_the_bytes_that_a_kernel_must_move_by_hand(kernel, steps, moves):
    assert limits.bytes_said(kernel, steps, stretch=4) == moves


def test_bytes_a_neuron_and_step_are_those_of_one_whole_stretch():
    assert limits.moved(compiled_rows()) == {
        "sm_90": {"forward": 9.0, "backward": 13.0, "both": 22.0}
    }


def test_all_in_few_numbers():
    code = limits.compiled_summary(compiled_rows(registers=61))
    parity = limits.parity_summary(parity_rows() + parity_rows(gradient_error=4e-7))

    assert (code["variants"], code["registers"], code["growth"]) == (6, {"sm_90": 61}, 1.25)
    assert code["least_bytes_a_neuron_and_step"] == 20
    assert (parity["cases"], parity["spikes"], parity["gradient_error"]) == (2, 1400, 4e-7)
