"""Spiking perceptron: hand-sized networks, shapes, and what it refuses."""

import numpy as np
import pytest
import torch

from respike.core.errors import RespikeError
from respike.networks.mlp import build
from respike.neurons import lif


def draw():
    return np.random.Generator(np.random.Philox(key=1))


def network(**settings):
    return build(2, 2, lif.build(), draw(), **{"hidden": 1, "time_steps": 4, **settings})


def by_hand(**settings):
    found = network(**settings)
    with torch.no_grad():
        found.layers["hidden1"].weight.copy_(torch.tensor([[1.0, 0.0]]))
        found.layers["readout"].weight.copy_(torch.tensor([[2.0], [-1.0]]))
    return found


def test_a_still_image_gives_the_same_current_at_every_step():
    # membrane 0.75, 1.125 (spike), 0.75, 1.125 (spike)
    signals = by_hand()(torch.tensor([[0.75, 9.0]]))

    assert signals.hidden[0].flatten().tolist() == [0, 1, 0, 1]
    assert signals.logits[:, 0].tolist() == [[0, 0], [2, -1], [0, 0], [2, -1]]
    assert signals.score.tolist() == [[1.0, -0.5]]


def test_frames_are_read_one_a_step():
    frames = torch.tensor([[[1.0, 0.0]], [[0.0, 0.0]], [[1.5, 0.0]]])

    signals = by_hand(time_steps=0)(frames)

    assert signals.hidden[0].flatten().tolist() == [1, 0, 1]


def test_an_image_repeated_as_frames_gives_what_the_image_gives():
    x = torch.rand(5, 2, generator=torch.Generator().manual_seed(0))
    one = network(hidden=7, depth=2)

    still, frames = one(x), one(x.expand(4, 5, 2).contiguous())

    assert torch.equal(still.logits, frames.logits)


def test_a_pass_starts_from_rest():
    one, x = by_hand(), torch.tensor([[0.75, 0.0]])

    first, second = one(x), one(x)

    assert torch.equal(first.logits, second.logits)


def test_shapes_names_and_connections():
    one = build(6, 3, lif.build(), draw(), hidden=5, depth=2, time_steps=2)

    signals = one(torch.ones(4, 6))

    assert signals.logits.shape == (2, 4, 3)
    assert [tuple(h.shape) for h in signals.hidden] == [(2, 4, 5), (2, 4, 5)]
    shapes = {name: tuple(layer.weight.shape) for name, layer in one.layers.items()}
    assert shapes == {"hidden1": (5, 6), "hidden2": (5, 5), "readout": (3, 5)}
    assert all(layer.bias is None for layer in one.layers.values())
    assert one.description["sizes"] == [6, 5, 5, 3]
    assert one.description["neuron"]["retention"] == 0.5


def test_equal_streams_give_equal_weights():
    for one, other in zip(
        network(hidden=9).parameters(), network(hidden=9).parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_the_gradient_reaches_every_weight():
    one = network(hidden=8)

    (one(torch.full((3, 2), 3.0)).logits - 1).square().sum().backward()

    assert all(p.grad.abs().sum() > 0 for p in one.parameters())


@pytest.mark.parametrize(
    ("settings", "x", "sentence"),
    [
        (
            {"time_steps": 4},
            torch.zeros(3, 1, 2),
            "the data have 3 frames an item and network.mlp.time_steps is 4; write"
            " time_steps: 3, or 0 for as many as the data have",
        ),
        (
            {"time_steps": 0},
            torch.zeros(1, 2),
            "network.mlp.time_steps is 0, which stands for `as many as the data have frames`,"
            " and these data are still images; write time_steps: 4, or another number >= 1",
        ),
    ],
)
def test_steps_that_do_not_fit_the_data_are_refused(settings, x, sentence):
    with pytest.raises(RespikeError) as error:
        network(**settings)(x)

    assert str(error.value) == sentence


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"hidden": 0}, "network.mlp.hidden is 0; it must be >= 1"),
        ({"depth": 0}, "network.mlp.depth is 0; it must be >= 1"),
        ({"time_steps": -1}, "network.mlp.time_steps is -1; it must be >= 0"),
    ],
)
def test_sizes_that_make_no_network_are_refused(settings, sentence):
    with pytest.raises(RespikeError) as error:
        network(**settings)

    assert str(error.value) == sentence


def test_a_spiking_network_without_a_neuron_is_refused():
    with pytest.raises(RespikeError, match=r"^network mlp needs a neuron; add neuron: lif"):
        build(2, 2, None, draw())
