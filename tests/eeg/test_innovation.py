"""What a decoded state says beyond the cue, and what that is worth."""

import numpy as np

from respike.core.seeds import numpy_stream
from respike.eeg import innovation
from respike.eeg.recording import Cues


def cues(times, conditions=None):
    times = np.asarray(times, float)
    codes = np.zeros((len(times), 2), int) if conditions is None else np.asarray(conditions)
    return Cues(times, times - 100, codes)


def test_what_every_lift_says_at_one_time_is_no_innovation():
    seen = cues([0.0, 0.04, 0.08] * 3)
    state = np.tile([[1.0], [2.0], [3.0]], (3, 1))
    state[7] += 9  # in the third lift, which is not trained

    beyond = innovation.innovations(state, seen, np.arange(9) < 6)

    assert np.allclose(beyond[:, 0], [0, 0, 0, 0, 0, 0, 0, 9, 0])


def test_the_mean_is_taken_over_all_conditions():
    seen = cues([0.0, 0.0], [[1, 1], [2, 1]])

    beyond = innovation.innovations(np.array([[1.0], [3.0]]), seen, np.array([True, True]))

    assert np.allclose(beyond[:, 0], [-1, 1])


def test_a_history_ends_at_the_edge_of_its_block():
    values = np.array([[1.0], [2.0], [3.0], [4.0]])

    found = innovation.history(values, np.array([0, 0, 1, 1]), [0, 1])

    assert found.tolist() == [[1, 0], [2, 1], [3, 0], [4, 3]]


def test_lags_span_a_second_at_any_step_and_stand_once():
    assert innovation.lags(40) == list(range(0, 25, 2))
    assert innovation.lags(80) == list(range(13))
    assert innovation.lags(160) == list(range(7))


def test_a_residual_that_innovations_know_is_found_and_noise_is_left_alone():
    draw = numpy_stream(0, "x")
    features = draw.standard_normal((300, 2))
    residual = np.stack([features[:, 0], draw.standard_normal(300)], axis=1)
    block = np.repeat(np.arange(6), 50)

    fit = innovation.residual_fit(features, residual, block)

    predicted = fit.predict(features)
    assert np.corrcoef(predicted[:, 0], residual[:, 0])[0, 1] > 0.99
    assert predicted[:, 1].std() < 0.2
