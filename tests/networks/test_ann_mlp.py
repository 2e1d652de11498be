"""The teacher network: rectified units, no time."""

import numpy as np
import pytest
import torch

from respike.core.errors import RespikeError
from respike.networks.ann_mlp import build
from respike.neurons import lif


def draw():
    return np.random.Generator(np.random.Philox(key=1))


def test_activations_are_rectified_and_logits_are_not():
    one = build(1, 1, None, draw(), hidden=2, depth=1)
    with torch.no_grad():
        one.layers["hidden1"].weight.copy_(torch.tensor([[1.0], [-1.0]]))
        one.layers["hidden1"].bias.copy_(torch.tensor([0.5, 0.5]))
        one.layers["readout"].weight.copy_(torch.tensor([[-3.0, 1.0]]))
        one.layers["readout"].bias.zero_()

    signals = one(torch.tensor([[2.0]]))

    assert signals.hidden[0].tolist() == [[[2.5, 0.0]]]
    assert signals.logits.tolist() == [[[-7.5]]]


def test_frames_are_summed():
    one = build(2, 3, None, draw(), hidden=4)
    frames = torch.tensor([[[1.0, 0.0]], [[2.0, 5.0]]])

    assert torch.equal(one(frames).logits, one(torch.tensor([[3.0, 5.0]])).logits)


def test_a_neuron_is_refused():
    with pytest.raises(RespikeError, match=r"^network ann-mlp does not spike; remove the key"):
        build(2, 2, lif.build(), draw())


def test_its_description_names_its_settings():
    one = build(2, 3, None, draw(), hidden=4)

    assert one.description == {
        "network": {"ann-mlp": {"hidden": 4, "depth": 2, "bias": True}},
        "neuron": None,
        "sizes": [2, 4, 4, 3],
    }
