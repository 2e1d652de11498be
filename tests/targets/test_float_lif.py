"""The float64 reference equals SpikingJelly's LIF node, spike by spike."""

import numpy as np
import pytest
import torch
from spikingjelly.activation_based.neuron import LIFNode

from respike.core.seeds import numpy_stream
from respike.targets import float_lif
from respike.targets.network import Layer, LifNetwork


def node(tau, reset):
    v_reset = 0.0 if reset == "zero" else None
    return LIFNode(tau=tau, decay_input=False, v_threshold=1.0, v_reset=v_reset, step_mode="m")


def test_a_neuron_by_hand():
    current = np.array([0.5, 0.5, 0.5, 0.75]).reshape(1, 4, 1)

    # v: .5, .75, .875, 1.1875 -> spike
    assert float_lif.lif(current, 2.0, 1.0, "zero").ravel().tolist() == [0, 0, 0, 1]


def test_a_neuron_that_meets_the_threshold_exactly_fires():
    current = np.array([0.5, 0.75]).reshape(1, 2, 1)

    assert float_lif.lif(current, 2.0, 1.0, "zero").ravel().tolist() == [0, 1]


@pytest.mark.parametrize("reset", ["zero", "subtract"])
@pytest.mark.parametrize("tau", [2.0, 4.0, 8.0])
def test_no_spike_differs_from_spikingjelly_for_equal_currents(tau, reset):
    current = numpy_stream(0, "currents").uniform(-1, 1.5, (64, 16, 100))

    ours = float_lif.lif(current, tau, 1.0, reset)
    theirs = node(tau, reset)(torch.from_numpy(current).transpose(0, 1)).transpose(0, 1)

    assert ours.mean() > 0.05
    assert (ours != theirs.numpy()).sum() == 0


@pytest.mark.parametrize("still", [True, False], ids=["still", "frames"])
def test_no_spike_of_a_network_differs_from_spikingjelly(still):
    rng = numpy_stream(1, "network")
    sizes = {"one": (64, 100), "two": (100, 50), "out": (50, 10)}
    layers = []
    for name, (n_in, n_out) in sizes.items():
        weight = rng.uniform(-2, 2.4, (n_out, n_in)) / np.sqrt(n_in)
        layers.append(Layer(name, weight, rng.uniform(-0.1, 0.1, n_out), weight != 0))
    net = LifNetwork(tuple(layers[:-1]), layers[-1], 2.0, 1.0, "zero", 4, 4)
    frames = rng.integers(0, 17, (200, 64) if still else (200, 4, 64))

    ours, logits = float_lif.run(net, frames)

    signal = torch.from_numpy(frames / 16)
    signal = signal.expand(4, -1, -1) if still else signal.transpose(0, 1)
    for layer, spikes in zip(net.layers, ours, strict=True):
        current = signal @ torch.from_numpy(layer.weight).T + torch.from_numpy(layer.bias)
        signal = node(2.0, "zero")(current)
        assert spikes.mean() > 0.02
        assert (spikes != signal.transpose(0, 1).numpy()).sum() == 0
    out = signal @ torch.from_numpy(layers[-1].weight).T + torch.from_numpy(layers[-1].bias)
    assert np.allclose(logits, out.mean(0).numpy(), rtol=0, atol=1e-12)
