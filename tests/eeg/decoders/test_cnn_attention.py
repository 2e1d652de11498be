"""The network: its size, that it learns, and what it refuses."""

import numpy as np
import pytest
import torch

from respike.core.errors import RespikeError
from respike.core.seeds import numpy_stream
from respike.eeg.decoders.cnn_attention import Network, build

RATE = 100.0
FRAMES = np.arange(250, 1500, 4)


def generator(seed=0):
    return numpy_stream(seed, "decoder")


def signals(count):
    return [
        numpy_stream(k, "s").standard_normal((1500, 3)).cumsum(axis=0) for k in range(count)
    ]


def test_at_its_defaults_it_has_some_tens_of_thousands_of_weights():
    network = Network(channels=96, outputs=6, width=32, heads=4)

    per_member = sum(p.numel() for p in network.parameters())

    assert 10_000 < per_member < 25_000  # three members


def test_the_network_ends_at_the_last_point_of_its_window():
    network = build(generator())._network(channels=3, outputs=2).eval()
    window = torch.zeros(1, 3, 15)
    moved = window.clone()
    moved[:, :, 0] = 5.0

    with torch.no_grad():
        early = network(moved) - network(window)
        moved[:, :, 0], moved[:, :, -1] = 0.0, 5.0
        late = network(moved) - network(window)

    assert early.abs().max() > 0
    assert late.abs().max() > early.abs().max()


def test_it_learns_what_is_in_the_window_and_says_so_of_unseen_blocks():
    decoder = build(generator(), power_hz=[], width=16, heads=2, epochs=4, members=2, stride=1)
    inputs = [decoder.inputs(x, RATE, FRAMES) for x in signals(6)]
    outputs = [x.signals[FRAMES, :1].astype(float) * 10 + 3 for x in inputs]

    fitted = decoder.fit(inputs, outputs)

    unseen, truth = np.concatenate(fitted.unseen), np.concatenate(outputs)
    assert np.corrcoef(unseen[:, 0], truth[:, 0])[0, 1] > 0.9
    assert fitted.curve[-1]["loss"] < 0.3
    assert [row["epoch"] for row in fitted.curve] == [*range(4), *range(4), 4]


def test_a_window_reaches_back_by_its_length_and_ends_now():
    decoder = build(generator(), power_hz=[], window_ms=200, point_ms=50)
    ramp = np.arange(1500.0)[:, None]
    windows = decoder.inputs(ramp, RATE, FRAMES)._replace(signals=ramp)

    assert windows.at(np.array([0]))[0, 0].tolist() == [235, 240, 245, 250]


def test_the_generator_decides_the_weights():
    one, same, other = (build(generator(seed))._network(3, 2) for seed in (0, 0, 1))

    assert torch.equal(one.mix.weight, same.mix.weight)
    assert not torch.equal(one.mix.weight, other.mix.weight)
    assert one.norm.weight.unique().tolist() == [1.0]
    assert not any(
        getattr(one, layer).bias.any() for layer in ("mix", "first", "second", "out")
    )


@pytest.mark.parametrize(
    ("settings", "count", "sentence"),
    [
        ({"members": 3}, 2, "cnn-attention.members is 3, with 2 training blocks"),
        ({"members": 1}, 4, "cnn-attention.members is 1"),
        ({"width": 10, "heads": 4}, 3, "cnn-attention.width 10 is no multiple of heads 4"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(settings, count, sentence):
    decoder = build(generator(), power_hz=[], **settings)
    inputs = [decoder.inputs(x, RATE, FRAMES) for x in signals(count)]

    with pytest.raises(RespikeError, match=sentence):
        decoder.fit(inputs, [np.zeros((len(FRAMES), 1))] * count)
