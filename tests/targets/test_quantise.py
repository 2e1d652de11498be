"""Float weights become integers by a power-of-two scale."""

from dataclasses import replace

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.targets.network import Layer, LifNetwork
from respike.targets.quantise import largest_shift, quantise, rounded
from tests.targets.vectors import BASE

SPEC = replace(BASE, weight_bits=8, membrane_bits=16, readout_bits=16)


def net(weight, bias=0.0, input_shift=0, **changed):
    weight = np.array([[weight]])
    one = Layer("one", weight, np.array([bias]), weight != 0)
    out = Layer("out", np.array([[1.0]]), np.zeros(1), np.ones((1, 1), bool))
    rest = {"tau_steps": 2.0, "threshold": 1.0, "reset": "zero", "time_steps": 4} | changed
    return LifNetwork(layers=(one,), readout=out, input_shift=input_shift, **rest)


@pytest.mark.parametrize(
    ("rule", "whole"),
    [
        ("nearest-even", [2, 4, -2, -4]),
        ("nearest-up", [3, 4, -2, -3]),
        ("floor", [2, 3, -3, -4]),
        ("zero", [2, 3, -2, -3]),
    ],
)
def test_ties_round_as_the_rule_says(rule, whole):
    assert rounded(np.array([2.5, 3.5, -2.5, -3.5]), rule).tolist() == whole


@pytest.mark.parametrize(("weight", "shift"), [(0.5, 7), (0.99, 7), (1.0, 6), (-3.0, 5)])
def test_the_shift_is_the_largest_that_fits_eight_bits(weight, shift):
    # 0.5 * 2^7 = 64 fits 127, 128 does not; 1.0 * 2^7 = 128 does not fit
    assert largest_shift(np.array([weight]), SPEC) == shift


def test_the_first_layer_carries_the_scale_of_the_input():
    program = quantise(net(0.5, bias=0.25, input_shift=4), SPEC)

    (layer,) = program.layers
    assert layer.weight.tolist() == [[64]]
    assert (layer.weight_shift, layer.shift) == (7, 11)
    assert layer.threshold == 2**11
    assert layer.bias.tolist() == [2**9]
    assert program.readout.threshold == 0


def test_one_scale_for_the_network_is_that_of_its_largest_weight():
    program = quantise(net(0.25), replace(SPEC, weight_scale="network"))

    assert program.layers[0].weight.tolist() == [[16]]
    assert program.readout.weight.tolist() == [[64]]


def test_the_hash_changes_with_one_weight():
    assert quantise(net(0.5), SPEC).hash != quantise(net(0.51), SPEC).hash


def test_a_threshold_out_of_reach_is_refused():
    with pytest.raises(RespikeError, match=r"one: the integer threshold is 2048; a 12-bit"):
        quantise(net(0.5, input_shift=4), replace(SPEC, membrane_bits=12))


@pytest.mark.parametrize("tau", [3.0, 4.0])
def test_a_leak_the_core_does_not_have_is_refused(tau):
    with pytest.raises(RespikeError, match=r"network's tau is . steps and the core leaks"):
        quantise(net(0.5, tau_steps=tau), SPEC)


def test_a_reset_the_core_does_not_have_is_refused():
    with pytest.raises(RespikeError, match=r"resets by 'subtract' and the core by 'zero'"):
        quantise(net(0.5, reset="subtract"), SPEC)


def test_a_bias_that_does_not_fit_is_refused():
    with pytest.raises(RespikeError, match=r"one: a bias of 51200 does not fit 16 bits"):
        quantise(net(0.5, bias=400.0), SPEC)


def test_weights_no_scale_can_hold_are_refused():
    with pytest.raises(RespikeError, match=r"largest weight is 1e\+09; no power-of-two"):
        quantise(net(1e9), SPEC)
