"""Metrics of blocks: r2, r2_gain, pcc, against numpy on the samples themselves."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.parts import make
from respike.metrics import pcc, r2, r2_gain

RNG = np.random.default_rng(0)
TARGET = RNG.standard_normal((40, 3)) + np.array([0.0, 5.0, -300.0])
GOOD = TARGET + 0.3 * RNG.standard_normal((40, 3))
POOR = 0 * TARGET + TARGET.mean(axis=0)
PREDICTIONS = {
    "block": np.repeat([3, 1, 7, 2], 10),
    "target": TARGET,
    "predicted.good": GOOD,
    "predicted.poor": POOR,
}


def r2_by_hand(predicted, axes):
    y, p = TARGET[:, axes], predicted[:, axes]
    return 1 - ((y - p) ** 2).sum() / ((y - y.mean(axis=0)) ** 2).sum()


@pytest.mark.parametrize(("axis", "axes"), [(-1, [0, 1, 2]), (0, [0]), (2, [2])])
def test_r2_of_all_blocks(axis, axes):
    ids, sums = make("metric", {"r2": {"predictor": "good", "axis": axis}})(PREDICTIONS)

    assert ids.tolist() == [1, 2, 3, 7]
    assert sums.shape == (4, 4 * len(axes))
    assert r2.combine(sums) == pytest.approx(r2_by_hand(GOOD, axes))


def test_r2_of_fewer_blocks_is_that_of_their_samples():
    _, sums = make("metric", {"r2": {"predictor": "good", "axis": 1}})(PREDICTIONS)
    y, p = TARGET[:20, 1], GOOD[:20, 1]  # blocks 3 and 1, rows 2 and 0

    expected = 1 - ((y - p) ** 2).sum() / ((y - y.mean()) ** 2).sum()
    assert r2.combine(sums[[0, 2]]) == pytest.approx(expected)


def test_the_mean_has_r2_zero():
    _, sums = make("metric", {"r2": {"predictor": "poor"}})(PREDICTIONS)

    assert r2.combine(sums) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("axis", "axes"), [(-1, [0, 1, 2]), (1, [1])])
def test_the_gain_is_the_difference_of_two_r2(axis, axes):
    metric = {"r2-gain": {"predictor": "good", "template": "poor", "axis": axis}}

    _, sums = make("metric", metric)(PREDICTIONS)

    gain = r2_by_hand(GOOD, axes) - r2_by_hand(POOR, axes)
    assert r2_gain.combine(sums) == pytest.approx(gain)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_correlation_of_all_blocks(axis):
    _, sums = make("metric", {"pcc": {"predictor": "good", "axis": axis}})(PREDICTIONS)

    expected = np.corrcoef(TARGET[:, axis], GOOD[:, axis])[0, 1]
    assert pcc.combine(sums) == pytest.approx(expected, abs=1e-7)


def test_the_correlation_takes_the_first_axis_unless_told():
    first = make("metric", {"pcc": {"predictor": "good"}})(PREDICTIONS)[1]

    assert pcc.combine(first) == pytest.approx(np.corrcoef(TARGET[:, 0], GOOD[:, 0])[0, 1])


def test_a_target_of_one_column_may_be_flat():
    flat = {"block": np.array([1, 1, 2]), "target": np.array([0.0, 2, 4]),
            "predicted.x": np.array([0.0, 1, 4])}  # fmt: skip

    _, sums = make("metric", {"r2": {"predictor": "x"}})(flat)

    assert sums.tolist() == [[2, 2, 4, 1], [1, 4, 16, 0]]
    assert r2.combine(sums) == pytest.approx(1 - 1 / 8)


@pytest.mark.parametrize("axis", [3, -2])
def test_an_axis_that_is_not_there_is_named(axis):
    with pytest.raises(
        RespikeError, match=rf"axis is {axis}; 'target' has axes 0 to 2, -1 means"
    ):
        make("metric", {"r2": {"predictor": "good", "axis": axis}})(PREDICTIONS)


def test_a_predictor_that_is_not_there_is_named():
    with pytest.raises(
        RespikeError, match=r"no array 'predicted.god'. Did you mean 'predicted.go"
    ):
        make("metric", {"r2": {"predictor": "god"}})(PREDICTIONS)
