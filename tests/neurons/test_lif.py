"""The LIF neuron against a loop in NumPy, the closed form, and its surrogates' formulas."""

import math

import numpy as np
import pytest
import torch

from respike.core import parts
from respike.core.errors import RespikeError
from respike.neurons.lif import build


def naive(current, tau, threshold):
    """v <- (1 - 1/tau) v + x, a spike at the threshold, reset to 0; float32 as torch's."""
    v, spikes = np.zeros_like(current[0]), []
    for x in current:
        v = v - v / np.float32(tau) + x
        fired = v >= np.float32(threshold)
        v = np.where(fired, np.float32(0), v)
        spikes.append(fired)
    return np.stack(spikes)


@pytest.mark.parametrize("tau", [1.5, 2.0, 8.0])
@pytest.mark.parametrize("threshold", [0.5, 1.0])
def test_spikes_are_those_of_the_loop(tau, threshold):
    rng = np.random.Generator(np.random.Philox(key=3))
    current = rng.normal(0.4, 0.6, size=(30, 7, 11)).astype(np.float32)
    layer = build(tau_steps=tau, v_threshold=threshold)()

    spikes = layer(torch.from_numpy(current)).numpy()

    expected = naive(current, tau, threshold)
    assert 0.05 < expected.mean() < 0.9
    assert np.array_equal(spikes, expected.astype(np.float32))


@pytest.mark.parametrize(("current", "first"), [(1.0, 1), (0.7, 2), (0.55, 4), (0.501, 9)])
def test_the_first_spike_comes_when_the_closed_form_says(current, first):
    # 2 x (1 - 0.5^n) >= 1, the sum of a geometric series
    assert first == math.ceil(-math.log2(1 - 1 / (2 * current)))
    layer = build(tau_steps=2.0)()

    spikes = layer(torch.full((12, 1, 1), current)).flatten()

    assert int(spikes.nonzero()[0]) + 1 == first


def test_a_membrane_that_equals_the_threshold_fires():
    assert build()()(torch.tensor([[[1.0]]])).item() == 1.0


SLOPES = {
    ("atan", 2.0): lambda x: 1.0 / (1 + (math.pi * x) ** 2),
    ("atan", 5.0): lambda x: 2.5 / (1 + (math.pi / 2 * 5 * x) ** 2),
    ("sigmoid", 4.0): lambda x: 4 * math.exp(-4 * x) / (1 + math.exp(-4 * x)) ** 2,
    ("triangle", 1.0): lambda x: max(0.0, 1 - abs(x)),
    ("rational", 10.0): lambda x: 1 / (1 + 10 * x * x),
}


@pytest.mark.parametrize(("name", "alpha"), SLOPES)
@pytest.mark.parametrize("distance", [-0.8, -0.25, 0.0, 0.4, 1.5])
def test_the_gradient_of_a_spike_is_the_surrogate_at_the_distance_from_threshold(
    name, alpha, distance
):
    x = torch.tensor([[[1.0 + distance]]], requires_grad=True)

    build(surrogate=name, alpha=alpha)()(x).sum().backward()

    assert x.grad.item() == pytest.approx(SLOPES[name, alpha](distance), abs=1e-6)


@pytest.mark.parametrize(
    ("name", "alpha"),
    [("atan", 2.0), ("sigmoid", 4.0), ("triangle", 1.0), ("rational", 10.0)],
)
def test_a_steepness_left_out_is_the_usual_one_and_is_recorded(name, alpha):
    layer = build(surrogate=name)

    assert layer.description["part"]["lif"]["alpha"] == alpha
    assert layer().surrogate_function.alpha == alpha


@pytest.mark.parametrize("detach", [True, False])
def test_the_gradient_through_the_reset_is_kept_or_cut(detach):
    # one silent step, then one more: v1 = h1 (1 - s1), h2 = v1 / 2 + x2
    x = torch.tensor([[[0.6]], [[0.3]]], requires_grad=True)

    build(detach_reset=detach)()(x)[1].sum().backward()

    slope = SLOPES["atan", 2.0]
    through = 1.0 if detach else 1.0 - 0.6 * slope(0.6 - 1)
    assert x.grad[0].item() == pytest.approx(slope(0.6 - 1) * 0.5 * through)


def test_layers_do_not_share_a_membrane():
    maker = build()
    one, other = maker(), maker()

    one(torch.full((1, 1, 1), 0.9))

    assert other(torch.full((1, 1, 1), 0.2)).item() == 0.0


def test_its_description_says_what_a_chip_needs():
    assert build(tau_steps=4.0).description == {
        "part": {
            "lif": {
                "tau_steps": 4.0,
                "v_threshold": 1.0,
                "surrogate": "atan",
                "alpha": 2.0,
                "detach_reset": True,
            }
        },
        "tau_steps": 4.0,
        "v_threshold": 1.0,
        "retention": 0.75,
        "reset": "zero",
        "decay_input": False,
    }


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"tau_steps": 1.0},
            "neuron.lif.tau_steps is 1.0; it must be > 1 (2.0 keeps half of the membrane each"
            " step)",
        ),
        ({"v_threshold": 0.0}, "neuron.lif.v_threshold is 0.0; it must be > 0"),
        ({"alpha": -1.0}, "neuron.lif.alpha is -1.0; it must be > 0"),
        (
            {"surrogate": "atn"},
            "neuron.lif.surrogate is 'atn'. Did you mean 'atan'?"
            " Known: atan, sigmoid, triangle, rational.",
        ),
    ],
)
def test_settings_that_make_no_neuron_are_refused(settings, sentence):
    with pytest.raises(RespikeError) as error:
        build(**settings)

    assert str(error.value) == sentence


@pytest.mark.parametrize("name", parts.names("neuron"))
def test_every_neuron_keeps_shape_sends_spikes_and_describes_itself(name):
    maker = parts.load("neuron", name)()
    layer = maker()

    spikes = layer(torch.rand(4, 3, 5) * 2)
    layer.reset()

    assert spikes.shape == (4, 3, 5)
    assert set(spikes.unique().tolist()) <= {0.0, 1.0}
    assert set(maker.description["part"][name]) == set(parts.takes("neuron", name))
    assert 0 <= maker.description["retention"] <= 1
