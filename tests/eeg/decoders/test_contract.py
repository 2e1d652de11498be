"""What every decoder owes: it sees the past of its own stretch, and fits in `fit` alone."""

import inspect

import numpy as np
import pytest

from respike.core import parts
from respike.core.seeds import numpy_stream

SMALL = {
    "linear": {"power_hz": [[8.0, 13.0]], "memory_ms": 100, "penalty": 1.0},
    "nearest": {"neighbours": 3},
    "cnn-attention": {"width": 8, "heads": 2, "epochs": 1, "members": 2},
}
RATE = 100.0
FRAMES = np.arange(200, 600, 4)


def make(name, seed=0):
    return parts.make("decoder", {name: SMALL[name]}, numpy_stream(seed, "decoder"))


def signal(k=0):
    return numpy_stream(k, "signal").standard_normal((700, 4)).cumsum(axis=0)


def trained(decoder, signals):
    inputs = [decoder.inputs(x, RATE, FRAMES) for x in signals]
    outputs = [np.stack([x[FRAMES, 0], x[FRAMES - 10, 1]], axis=1) for x in signals]
    return decoder.fit(inputs, outputs), inputs, outputs


def test_every_decoder_stands_here():
    assert set(SMALL) == set(parts.names("decoder"))


@pytest.mark.parametrize("name", SMALL)
def test_it_takes_a_generator_and_settings_by_name(name):
    build = parts.load("decoder", name)
    kinds = [p.kind for p in inspect.signature(build).parameters.values()]

    assert kinds[0] == inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert set(kinds[1:]) <= {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize("name", SMALL)
def test_a_frame_s_outputs_do_not_hang_on_its_future(name):
    decoder = make(name)
    fitted, _, _ = trained(decoder, [signal(1), signal(2), signal(3)])
    changed = signal(4).copy()
    changed[401:] += 100

    one, other = (fitted.predict(decoder.inputs(x, RATE, FRAMES)) for x in (signal(4), changed))

    before = FRAMES <= 400
    assert (one[before] == other[before]).all()
    assert (one[~before] != other[~before]).any()


@pytest.mark.parametrize("name", SMALL)
def test_frames_further_back_than_window_and_filters_may_be_decoded(name):
    decoder = make(name)

    frames = np.array([int(decoder.warm_up_s * RATE)])

    assert decoder.window_s <= decoder.warm_up_s
    decoder.inputs(signal(), RATE, frames)


@pytest.mark.parametrize("name", SMALL)
def test_taking_frames_is_asking_for_them(name):
    decoder = make(name)
    fitted, _, _ = trained(decoder, [signal(1), signal(2), signal(3)])
    rows = np.array([3, 50, 99])

    taken = fitted.predict(decoder.inputs(signal(4), RATE, FRAMES).take(rows))
    asked = fitted.predict(decoder.inputs(signal(4), RATE, FRAMES[rows]))

    assert np.allclose(taken, asked, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", SMALL)
def test_unseen_predictions_do_not_hang_on_the_truth_of_their_block(name):
    signals = [signal(k) for k in (1, 2, 3, 4)]
    one = trained(make(name), signals)
    inputs, outputs = one[1], one[2]
    decoder = make(name)
    other = decoder.fit(
        [decoder.inputs(x, RATE, FRAMES) for x in signals],
        [*outputs[:2], outputs[2] + 99, outputs[3]],
    )

    assert len(one[0].unseen) == len(inputs)
    if one[0].unseen[2] is not None:
        assert np.abs(one[0].unseen[2] - other.unseen[2]).max() < 1e-6
        assert np.abs(one[0].unseen[1] - other.unseen[1]).max() > 1


@pytest.mark.parametrize("name", SMALL)
def test_the_same_generator_gives_the_same_decoder(name):
    signals = [signal(1), signal(2), signal(3)]

    one, same = (
        trained(make(name), signals)[0].predict(make(name).inputs(signal(4), RATE, FRAMES))
        for _ in range(2)
    )

    assert (one == same).all()


@pytest.mark.parametrize("name", SMALL)
def test_outputs_keep_their_unit_and_number(name):
    decoder = make(name)
    signals = [signal(1), signal(2), signal(3)]
    inputs = [decoder.inputs(x, RATE, FRAMES) for x in signals]
    noise = [numpy_stream(k, "y").standard_normal((len(FRAMES), 3)) for k in range(3)]
    outputs = [np.array([1000, -5, 3]) + z * [50, 0.1, 0.01] for z in noise]

    found = decoder.fit(inputs, outputs).predict(inputs[0])

    assert found.shape == (len(FRAMES), 3)
    assert np.allclose(found.mean(axis=0), [1000, -5, 3], rtol=0.1)
