"""R2, correlation and lag of a trajectory, by hand."""

import numpy as np
import pytest

from respike.eeg import scores

TARGET = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 4.0]])


def test_r2_is_one_for_the_truth_and_zero_for_its_mean():
    assert scores.r2(TARGET, TARGET).tolist() == [1, 1]
    assert scores.r2(TARGET, np.tile(TARGET.mean(0), (3, 1))).tolist() == [0, 0]


def test_correlation_does_not_see_scale_and_offset_and_is_zero_for_a_constant():
    scaled = np.stack([5 * TARGET[:, 0] + 100, np.zeros(3)], axis=1)

    assert scores.correlation(TARGET, scaled).tolist() == pytest.approx([1, 0])


def test_a_prediction_that_trails_by_three_steps_has_that_lag():
    truth = np.sin(np.arange(200) / 7)[:, None]
    late = np.concatenate([np.zeros((3, 1)), truth[:-3]])

    assert scores.lag_steps(truth, late, np.zeros(200, int)) == 3
    assert scores.lag_steps(late, truth, np.zeros(200, int)) == -3


def test_pairs_across_blocks_do_not_count_for_the_lag():
    truth = np.tile(np.sin(np.arange(100) / 7)[:, None], (2, 1))
    late = np.concatenate([np.zeros((3, 1)), truth[:97], np.zeros((3, 1)), truth[:97]])

    assert scores.lag_steps(truth, late, np.repeat([0, 1], 100)) == 3


def test_the_table_names_axes_where_there_are_several():
    block = np.zeros(3, int)

    one = scores.table(TARGET[:, :1], {"a": TARGET[:, :1]}, block, 40)
    two = scores.table(TARGET, {"a": TARGET + np.array([0, 1])}, block, 40)

    assert set(one) == {"r2.a", "rmse.a", "lag_ms.a", "pcc.a"}
    assert two["r2.a.x"] == 1
    assert two["r2.a.y"] == pytest.approx(1 - 3 / 6)
    assert two["rmse.a"] == pytest.approx(1)
    assert two["r2.a"] == pytest.approx(1 - 3 / 14)
