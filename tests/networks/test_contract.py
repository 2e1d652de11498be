"""What every network keeps: shapes of its signals, a description that builds it again."""

import numpy as np
import pytest
import torch

from respike.core import parts
from respike.training import model

SPIKING = {"mlp"}


def make(name, settings=None):
    neuron = "lif" if name in SPIKING else None
    rng = np.random.Generator(np.random.Philox(key=2))
    return model.build({name: settings or {}}, neuron, 6, 3, rng)


@pytest.mark.parametrize("name", parts.names("network"))
def test_signals_have_the_shapes_that_losses_and_transfer_read(name):
    network = make(name)

    signals = network(torch.rand(5, 6))

    steps = network.time_steps
    assert signals.logits.shape == (steps, 5, 3)
    assert signals.score.shape == (5, 3)
    assert [h.shape[:2] for h in signals.hidden] == [(steps, 5)] * (len(network.layers) - 1)


@pytest.mark.parametrize("name", parts.names("network"))
def test_a_description_names_every_setting_and_builds_the_same_network(name):
    network = make(name)

    (settings,) = network.description["network"].values()
    assert set(settings) == set(parts.takes("network", name))
    masks = {n: torch.ones_like(w, dtype=torch.bool) for n, w in model.weights(network).items()}
    again, kept = model.unpack(model.pack(network, masks), network.description)
    x = torch.rand(4, 6)
    assert torch.equal(again(x).logits, network(x).logits)
    assert all(bool(mask.all()) for mask in kept.values())
