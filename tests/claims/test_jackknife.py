"""Delete one block."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from respike.claims.jackknife import LEAST_BLOCKS, LEVEL, jackknife


def mean(sums):
    total = sums.sum(axis=-2)
    return total[..., 1] / total[..., 0]


def blocks(*values):
    """One seed; a block of one sample each."""
    return np.array([[[1.0, value] for value in values]])


def test_the_jackknife_of_a_mean_is_its_t():
    values = [1.0, 2, 3, 7, 9, 2]

    found = jackknife(blocks(*values), mean)

    assert found.value == pytest.approx(4)
    assert found.se == pytest.approx(np.std(values, ddof=1) / np.sqrt(6))
    p = ttest_1samp(values, 3, alternative="greater").pvalue
    assert found.above(3) == pytest.approx(p * 5 / 3)
    assert (found.df, found.m, found.n, found.level) == (5, 6, 1, 0.03)
    assert (LEVEL, LEAST_BLOCKS) == (0.03, 6)
    assert found.seed_variance == 0
    assert found.item_variance == pytest.approx(found.se**2)


def test_blocks_weigh_by_their_samples():
    sums = np.array([[[1.0, 4.0], [3.0, 0.0], [4.0, 4.0]]])

    found = jackknife(sums, mean)

    # theta = 1; without each: 4/7, 8/5, 1; pseudo-values 3 - 2 of these
    pseudo = [3 - 8 / 7, 3 - 16 / 5, 1]
    assert found.value == 1
    assert found.se == pytest.approx(np.std(pseudo, ddof=1) / np.sqrt(3))


def test_seeds_are_averaged_and_their_variance_added():
    one = blocks(1.0, 2, 3, 7, 9, 2)
    two = one.copy()
    two[..., 1] += 0.5
    sums = np.concatenate([one, two])

    found = jackknife(sums, mean)

    block = np.var([1.0, 2, 3, 7, 9, 2], ddof=1) / 6
    seed = 0.125 / 2
    assert found.value == pytest.approx(4.25)
    assert found.se**2 == pytest.approx(block + seed)
    assert found.seed_variance == pytest.approx(0.125)
    assert found.item_variance == pytest.approx(block)
    assert found.df == pytest.approx((block + seed) ** 2 / (block**2 / 5 + seed**2))
    assert found.n == 2


def test_equal_seeds_are_one():
    one = blocks(1.0, 2, 3, 7, 9, 2)

    found = jackknife(np.concatenate([one, one]), mean)

    assert found.se == pytest.approx(jackknife(one, mean).se)
    assert found.df == pytest.approx(5)


def test_without_any_spread_there_is_no_error_and_no_warning():
    one = blocks(2.0, 2, 2, 2, 2, 2)

    found = jackknife(np.concatenate([one, one]), mean)

    assert found.se == 0
    assert found.df == 5


def test_blocks_that_a_seed_lacks_are_zero():
    sums = np.array([[[1.0, 2.0], [1, 4], [0, 0], [0, 0]], [[0, 0], [0, 0], [1, 6], [1, 8]]])

    found = jackknife(sums, mean)

    # theta = (3 + 7) / 2; leaving a block out moves its own seed alone
    without = np.array([(4 + 7) / 2, (2 + 7) / 2, (3 + 8) / 2, (3 + 6) / 2])
    pseudo = 4 * 5 - 3 * without
    assert found.value == 5
    assert found.item_variance == pytest.approx(np.var(pseudo, ddof=1) / 4)


def test_leading_axes_are_claims():
    stacked = np.stack([blocks(1.0, 2, 3, 7, 9, 2), blocks(5.0, 2, 3, 7, 9, 5)])

    found = jackknife(stacked, mean)

    assert found.value.tolist() == pytest.approx([4, 31 / 6])
    assert found.se[0] == pytest.approx(jackknife(stacked[0], mean).se)


@given(st.permutations(range(6)))
def test_order_of_blocks_is_nothing(order):
    sums = blocks(1.0, 2, 3, 7, 9, 2)

    assert jackknife(sums[:, order], mean).se == pytest.approx(jackknife(sums, mean).se)
