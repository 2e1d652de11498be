"""The linear synapse: its draw and its sum."""

import numpy as np
import torch

from respike.synapses.linear import linear


def draw(key=1):
    return np.random.Generator(np.random.Philox(key=key))


def test_weights_fill_the_range_of_the_fan_in():
    layer = linear(16, 500, draw(), bias=True)

    for values in (layer.weight, layer.bias):
        assert values.abs().max() <= 0.25
        assert values.abs().max() > 0.24
    assert abs(float(layer.weight.detach().std()) - 0.25 / 3**0.5) < 0.005


def test_weights_come_first_from_the_stream_so_that_a_bias_shifts_none():
    with_bias, without = linear(3, 4, draw(), bias=True), linear(3, 4, draw(), bias=False)

    assert torch.equal(with_bias.weight, without.weight)
    assert without.bias is None


def test_its_sum_is_that_of_torch():
    layer = linear(3, 4, draw(), bias=True)
    theirs = torch.nn.Linear(3, 4)
    with torch.no_grad():
        theirs.weight.copy_(layer.weight)
        theirs.bias.copy_(layer.bias)
    x = torch.tensor([[[1.0, -2.0, 0.5]]])

    assert torch.equal(layer(x), theirs(x))
