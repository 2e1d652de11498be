"""Trials cut from predictions."""

import numpy as np
import pytest

from respike.control import trials
from respike.core.errors import RespikeError

ITEMS = (101, 102)


def recorded(step=4, lifts=2):
    """Arrays of prepare at 100 Hz and predictions every `step` ticks: two lifts of 8 s."""
    ticks = 800 * lifts
    time_s = np.arange(ticks) / 100
    since = time_s % 8 - 2.0
    data = {
        "block": np.full(ticks, 1), "item": 101 + (time_s // 8).astype(int), "time_s": time_s,
        "since_on": since.astype(np.float32), "since_off": (since - 4).astype(np.float32),
        "condition": np.stack([2 + 2 * (time_s >= 8), np.ones(ticks)], axis=1).astype(int),
    }  # fmt: skip
    rows = np.arange(0, ticks, step)
    target = np.stack([time_s, 2 * time_s, 3 * time_s], axis=1)[rows]
    predictions = {
        "block": data["block"][rows], "item": data["item"][rows], "time_s": time_s[rows],
        "target": target.astype(np.float32), "predicted.eeg": (target + 1).astype(np.float32),
    }  # fmt: skip
    return predictions, data


def test_the_predictor_is_the_target_or_a_prediction():
    predictions, _ = recorded()

    assert trials.predictor(predictions, "target") == pytest.approx(predictions["target"])
    assert trials.predictor(predictions, "eeg") == pytest.approx(predictions["predicted.eeg"])


def test_an_unknown_predictor_names_those_there_are():
    predictions, _ = recorded()

    with pytest.raises(RespikeError, match=r"'egg'\. Did you mean 'eeg'\? .* hold eeg, target"):
        trials.predictor(predictions, "egg")


def test_a_prediction_that_is_not_finite_is_refused():
    predictions, _ = recorded()
    predictions["predicted.eeg"][3, 1] = np.nan

    with pytest.raises(RespikeError, match="'eeg' has values that are not finite"):
        trials.predictor(predictions, "eeg")


def test_a_trial_runs_from_before_its_light_to_after_it():
    predictions, data = recorded()

    found = trials.cut(predictions, predictions["predicted.eeg"], 102, data, 0.2, 1.5)

    assert found.every == 4
    assert found.true[0, 0] == pytest.approx(8 + 2 - 0.2, abs=0.02)
    assert found.true[-1, 0] == pytest.approx(8 + 2 + 4 + 1.5, abs=0.04)
    assert found.decoded == pytest.approx(found.true + 1, abs=1e-5)
    assert found.condition == (4, 1)


def test_without_cues_the_whole_trial_is_taken():
    predictions, _ = recorded()

    found = trials.cut(predictions, predictions["target"], 101, {}, 0.2, 1.5)

    assert len(found.true) == 200
    assert found.condition is None


def test_uneven_times_are_refused():
    predictions, _ = recorded()
    predictions["time_s"] = predictions["time_s"] + 0.003 * (np.arange(400) == 90)

    with pytest.raises(RespikeError, match="even steps of whole 10 ms"):
        trials.cut(predictions, predictions["target"], 101, {}, 0.2, 1.5)


def test_predictions_of_another_recording_are_refused():
    predictions, data = recorded()
    predictions["block"] = predictions["block"] + 1

    with pytest.raises(RespikeError, match="block 2 of the predictions is not in the prepared"):
        trials.cut(predictions, predictions["target"], 101, data, 0.2, 1.5)


def test_chosen_trials_differ_between_generators_and_not_between_calls():
    items = np.repeat(np.arange(-1, 40), 3)

    chosen = [trials.choose(items, 6, np.random.default_rng(seed)) for seed in (1, 1, 2)]

    assert chosen[0] == chosen[1] != chosen[2]
    assert chosen[0] == sorted(set(chosen[0]))
    assert -1 not in chosen[0]


@pytest.mark.parametrize("count", [0, 41])
def test_more_trials_than_there_are_is_an_error(count):
    with pytest.raises(RespikeError, match=rf"episodes is {count}; there are 40"):
        trials.choose(np.arange(40), count, np.random.default_rng(0))


def test_between_moments_control_waits_and_judging_draws_lines():
    values = np.array([[0.0], [4.0], [8.0]])

    assert trials.on_ticks(values, 4)[:, 0].tolist() == [0] * 4 + [4] * 4 + [8] * 4
    assert trials.between(values, 4)[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8]
