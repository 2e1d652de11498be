"""Features are causal, and what they say they are."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.seeds import numpy_stream
from respike.eeg import filters

RATE = 100


def sine(hz, seconds=20):
    t = np.arange(seconds * RATE) / RATE
    return np.sin(2 * np.pi * hz * t)[:, None]


@pytest.mark.parametrize(
    "feature",
    [
        lambda x: filters.slow(x, RATE, 0.1, 4.0),
        lambda x: filters.log_power(x, RATE, 8.0, 13.0),
    ],
)
def test_the_future_changes_nothing(feature):
    signal = numpy_stream(0, "x").standard_normal((500, 3))
    other = signal.copy()
    other[300:] += 50

    assert (feature(signal)[:300] == feature(other)[:300]).all()
    assert (feature(signal)[300:] != feature(other)[300:]).any()


def test_slow_keeps_one_hertz_and_drops_drift_and_twenty():
    kept, fast = filters.slow(sine(1), RATE, 0.1, 4.0), filters.slow(sine(20), RATE, 0.1, 4.0)
    constant = filters.slow(np.full((2000, 1), 7.0), RATE, 0.1, 4.0)

    assert kept[1000:].std() == pytest.approx(np.sqrt(0.5), rel=0.06)
    assert fast[1000:].std() < 0.05
    assert (constant == 0).all()


def test_power_is_the_logarithm_of_the_mean_square_inside_the_band():
    inside = filters.log_power(2 * sine(10), RATE, 8.0, 13.0)
    outside = filters.log_power(2 * sine(30), RATE, 8.0, 13.0)

    assert inside[1500:].mean() == pytest.approx(np.log(2.0), abs=0.15)
    assert outside[1500:].mean() < np.log(0.02)


def test_power_of_silence_is_finite():
    assert np.isfinite(filters.log_power(np.zeros((300, 2)), RATE, 8.0, 13.0)).all()


def test_lags_stack_the_present_and_the_past():
    signal = np.array([[0.0, 10], [1, 11], [2, 12], [3, 13]])

    found = filters.lagged(signal, np.array([2, 3]), np.array([0, 2]))

    assert found.tolist() == [[2, 12, 0, 10], [3, 13, 1, 11]]


def test_a_look_ahead_or_before_the_recording_is_refused():
    with pytest.raises(RespikeError, match="a negative lag would see the future"):
        filters.lagged(np.zeros((4, 1)), np.array([2]), np.array([-1, 0]))
    with pytest.raises(RespikeError, match="frame 1 has no 2 frames before it"):
        filters.lagged(np.zeros((4, 1)), np.array([1]), np.array([0, 2]))


@pytest.mark.parametrize(("low", "high"), [(0, 4), (8, 8), (20, 50)])
def test_a_band_that_the_rate_cannot_hold_is_refused(low, high):
    with pytest.raises(RespikeError, match=r"it must lie in \(0, 50\) Hz"):
        filters.slow(np.zeros((100, 1)), RATE, low, high)


def test_lags_in_milliseconds_must_be_whole_frames():
    assert filters.in_frames([0, 120], RATE).tolist() == [0, 12]
    with pytest.raises(RespikeError, match="at 100 Hz they must be multiples of 10 ms"):
        filters.in_frames([0, 125], RATE)
