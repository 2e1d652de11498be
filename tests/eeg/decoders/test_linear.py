"""The ridge decoder: which features it takes, and what it refuses."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.seeds import numpy_stream
from respike.eeg import filters
from respike.eeg.decoders.linear import build

FRAMES = np.arange(150, 300)


def signal():
    return numpy_stream(0, "x").standard_normal((300, 2))


def test_features_are_lagged_amplitudes_then_powers():
    decoder = build(None, slow_lags_ms=[0, 50], power_hz=[[8.0, 13.0]], power_lags_ms=[0, 100])

    values = decoder.inputs(signal(), 100.0, FRAMES).values

    slow = filters.slow(signal(), 100.0, 0.1, 4.0)
    power = filters.log_power(signal(), 100.0, 8.0, 13.0)
    assert values.shape == (150, 8)
    assert (values[:, :2] == slow[FRAMES]).all()
    assert (values[:, 2:4] == slow[FRAMES - 5]).all()
    assert (values[:, 6:] == power[FRAMES - 10]).all()


def test_bands_may_be_left_out_but_not_both():
    only = build(None, slow_hz=[], power_hz=[[8.0, 13.0]], power_lags_ms=[0])

    assert only.inputs(signal(), 100.0, FRAMES).values.shape == (150, 2)
    with pytest.raises(RespikeError, match="linear has neither slow_hz nor power_hz"):
        build(None, slow_hz=[], power_hz=[])


def test_the_warm_up_covers_the_longest_lag_and_the_memory():
    decoder = build(None, slow_lags_ms=[0, 300], power_lags_ms=[0, 500], memory_ms=250)

    assert decoder.warm_up_s == 0.75


def test_a_fixed_penalty_is_used_and_none_is_chosen():
    values = numpy_stream(1, "x").standard_normal((200, 2))
    decoder = build(None, slow_lags_ms=[0], power_hz=[], penalty=3.0)
    inputs = [decoder.inputs(values, 100.0, FRAMES[:40]) for _ in range(3)]
    outputs = [x.values @ [[1.0], [2.0]] for x in inputs]

    small = decoder.fit(inputs, outputs).predict(inputs[0])
    exact = build(None, slow_lags_ms=[0], power_hz=[], penalty=1e-6).fit(inputs, outputs)

    assert np.allclose(exact.predict(inputs[0]), outputs[0], atol=1e-4)
    assert small.std() < 0.5 * outputs[0].std()
