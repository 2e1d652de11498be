"""Arrays of prepare become one recording, or a sentence."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.eeg.recording import moments, position, recording, support
from tests.eeg.toy import toy


def arrays(n=12, **more):
    return {
        "eeg": np.zeros((n, 2), np.float32),
        "rate_hz": np.array([10]),
        "target": np.arange(n, dtype=np.float32),
        "block": np.repeat([1, 2], n // 2),
        **more,
    }


def test_a_block_is_a_recording_and_a_trial_where_nothing_else_is_said():
    found = recording(arrays())

    assert found.target.shape == (12, 1)
    assert found.recording.tolist() == found.item.tolist() == found.block.tolist()
    assert found.time_s[:7].tolist() == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0]
    assert found.cues is None


def test_an_uncut_recording_is_cut_into_equal_blocks_of_one_stretch():
    given = {k: v for k, v in arrays().items() if k != "block"}

    found = recording(given, blocks=3)

    assert found.block.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert found.recording.tolist() == [0] * 12
    assert found.time_s[-1] == pytest.approx(1.1)


@pytest.mark.parametrize(
    ("change", "settings", "sentence"),
    [
        ({"eeg": None}, {}, "the prepared data has no eeg or ecog"),
        ({"rate_hz": None}, {}, "has no 'rate_hz'"),
        ({}, {"target": "grip"}, "has no 'grip'"),
        ({}, {"blocks": 4}, "decode.blocks is 4, and the data has blocks of its own"),
        ({"block": None}, {}, "no blocks of its own; say decode.blocks"),
        ({"item": np.zeros(3, int)}, {}, "item has 3 samples, the signal 12"),
        ({"target": np.full(12, np.nan)}, {}, "target holds values that are no numbers"),
    ],
)
def test_what_is_missing_or_does_not_fit_is_said(change, settings, sentence):
    given = {k: v for k, v in {**arrays(), **change}.items() if v is not None}

    with pytest.raises(RespikeError, match=sentence):
        recording(given, **settings)


def test_position_counts_within_runs_of_equal_labels():
    assert position(np.array([4, 4, 9, 9, 9, 4])).tolist() == [0, 1, 0, 1, 2, 0]


def test_moments_step_through_trials_after_each_warm_up():
    found = toy(blocks=2, lifts=1)
    found.item[:30] = -1

    rows = moments(found, step_ms=200, warm_up_s=0.5)

    assert rows[:3].tolist() == [30, 40, 50]
    assert rows[rows >= 200][:2].tolist() == [
        230,
        240,
    ]  # 25 frames of the second block, then on


@pytest.mark.parametrize(
    ("step_ms", "warm_up_s", "sentence"),
    [
        (30, 0.5, "step_ms is 30; at 50 Hz it must be a multiple of 20 ms"),
        (20, 99, "no sample of a trial lies 99 s after the start of its recording"),
    ],
)
def test_moments_that_cannot_be_had_are_refused(step_ms, warm_up_s, sentence):
    with pytest.raises(RespikeError, match=sentence):
        moments(toy(blocks=2, lifts=1), step_ms, warm_up_s)


def test_support_reaches_back_by_the_window_and_never_before_the_stretch():
    found = toy(blocks=2, lifts=1)

    seen = support(found, np.array([10, 250]), window_s=0.5)

    assert seen.recording.tolist() == [0, 1]
    assert seen.begin.tolist() == [0, 25]
    assert seen.end.tolist() == [10, 50]
