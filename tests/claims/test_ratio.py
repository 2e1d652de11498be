"""Ratios on the logarithm."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from respike.claims.paired import from_residues, paired
from respike.claims.ratio import of_items, of_totals


def test_totals_are_the_t_over_log_ratios():
    of, against = np.array([2.0, 4, 9]), np.array([1.0, 2, 3])
    logs = np.log([2, 2, 3])

    found = of_totals(of, against)

    assert found.value == pytest.approx(logs.mean())
    assert found.above(0.5) == pytest.approx(
        ttest_1samp(logs, 0.5, alternative="greater").pvalue
    )
    assert (found.n, found.df, found.m) == (3, 2, 0)


def test_items_carry_their_noise_through_the_logarithm():
    of = np.array([[2.0, 6], [4, 8]])
    against = np.array([[1.0, 3], [1, 1]])

    found = of_items(of, against)

    # means 4, 6 and 2, 1; relative residues/2 of each seed
    residues = np.array([[-0.25 + 0.25, 0.25 - 0.25], [-1 / 6, 1 / 6]])
    expected = from_residues(np.log([2.0, 6.0]), residues, 2)
    assert found.value == pytest.approx(np.log(12) / 2)
    assert found.se == pytest.approx(expected.se)
    assert found.item_variance == pytest.approx(expected.item_variance)


def test_a_common_factor_in_items_cancels():
    base = np.array([[1.0, 2, 3, 6], [2, 2, 4, 4], [3, 1, 1, 3]])

    found = of_items(3 * base, base)

    assert found.value == pytest.approx(np.log(3))
    assert found.se == pytest.approx(0, abs=1e-12)


def test_small_noise_is_the_relative_difference():
    rng = np.random.default_rng(0)
    against = 100 + rng.standard_normal((5, 20))
    of = 100 + rng.standard_normal((5, 20))

    found, linear = of_items(of, against), paired((of - against) / 100)

    assert found.value == pytest.approx(linear.value, abs=1e-4)
    assert found.se == pytest.approx(linear.se, rel=0.02)


def test_the_floor_is_one_step_of_one_item_of_the_smaller_arm():
    of, against = np.full((3, 10), 0.8), np.full((3, 10), 0.4)

    found = of_items(of, against, step=1.0)

    assert found.se == pytest.approx(1 / 10 / 0.4)
    assert of_items(against, of, step=1.0).se == pytest.approx(1 / 10 / 0.4)


def test_untested_items_are_left_out():
    of, against = np.array([[2.0, 99], [99, 4]]), np.array([[1.0, 7], [7, 1]])
    tested = np.eye(2, dtype=bool)

    found = of_items(of, against, tested)

    assert found.value == pytest.approx(np.log(8) / 2)
    assert found.m == 1
