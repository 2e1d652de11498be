"""V = s^2/n + c: against numbers done by hand, and against scipy where nothing is shared."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ttest_1samp

from respike.claims.paired import covariance, over_seeds, paired, resampled

SAME = np.array([[1.0, 0, 0, 0], [1, 0, 0, 0]])  # two seeds, one test set, equal outcomes
MIXED = np.array([[1.0, 0], [0, 0]])
# items 0..3, the first seed tests the first three, the second the last three
RESPLIT = np.array([[1.0, 0, -1, 9], [9, 1, 1, 0]])
TESTED = np.array([[True, True, True, False], [False, True, True, True]])


def test_equal_seeds_have_the_item_variance_alone():
    found = paired(SAME)

    assert found.value == 0.25
    assert found.seed_variance == 0
    assert found.item_variance == pytest.approx(0.25 * 0.75 / 4)
    assert found.se**2 == pytest.approx(0.046875)
    assert (found.n, found.m, found.df) == (2, 4, 1)


def test_seed_and_item_part_add():
    values = np.array([[1.0, 1, 0, 0], [1, 0, 0, 0]])

    found = paired(values)

    # means .5, .25: s2 = 1/32; residues/4: .125 .125 -.125 -.125 and .1875, three times -.0625
    assert found.seed_variance == pytest.approx(0.03125)
    c = (0.3125**2 + 0.0625**2 + 2 * 0.1875**2 - 4 * 0.125**2 - 0.1875**2 - 3 * 0.0625**2) / 2
    assert c == pytest.approx(0.03125)
    assert found.item_variance == pytest.approx(c)
    assert found.se == pytest.approx(np.sqrt(0.03125 / 2 + c))


def test_a_negative_covariance_counts_as_none():
    opposed = np.array([[1.0, 0], [0, 1]])

    assert covariance((opposed - 0.5) / 2) == pytest.approx(-0.125)
    assert paired(opposed).item_variance == 0
    assert paired(opposed).se == 0


def test_the_standard_error_is_at_least_one_item():
    assert paired(MIXED).se == pytest.approx(0.25)
    assert paired(MIXED, step=1.0).se == 0.5
    assert paired(MIXED, step=1.0).floor == 0.5
    assert paired(np.ones((3, 10)), step=1.0).se == pytest.approx(0.1)


def test_a_larger_variance_than_the_floor_is_kept():
    values = np.array([[3.0, 3, 3, 3], [0, 0, 0, 0]])

    assert paired(values, step=1.0).se == 1.5


def test_resplits_share_only_the_items_that_both_tested():
    found = paired(RESPLIT, TESTED)

    # means 0 and 2/3; residues/3: (1/3 0 -1/3 .), (. 1/9 1/9 -2/9); shared items 1 and 2
    assert found.value == pytest.approx(1 / 3)
    assert found.seed_variance == pytest.approx(2 / 9)
    shared = (1 / 9) * 0 + (1 / 9) * (-1 / 3)
    assert covariance(np.array([[1 / 3, 0, -1 / 3, 0], [0, 1 / 9, 1 / 9, -2 / 9]])) == (
        pytest.approx(shared)
    )
    assert found.item_variance == 0
    assert found.m == 3


def test_the_seed_with_the_fewest_items_sets_the_floor():
    tested = TESTED.copy()
    tested[1, 1] = False

    found = paired(RESPLIT, tested, step=1.0)

    assert found.m == 2
    assert found.floor == 0.5


def test_what_was_not_tested_does_not_count():
    other = RESPLIT.copy()
    other[~TESTED] = -77.0

    one, two = paired(RESPLIT, TESTED), paired(other, TESTED)

    assert one.value == two.value
    assert one.se == two.se


def test_disjoint_items_are_the_plain_paired_t():
    rng = np.random.default_rng(3)
    values, tested = np.zeros((6, 60)), np.zeros((6, 60), dtype=bool)
    for seed in range(6):
        values[seed, 10 * seed : 10 * seed + 10] = rng.standard_normal(10)
        tested[seed, 10 * seed : 10 * seed + 10] = True
    means = values.sum(axis=1) / 10

    found = paired(values, tested)

    assert found.above(0.1) == pytest.approx(
        ttest_1samp(means, 0.1, alternative="greater").pvalue
    )
    assert found.item_variance == pytest.approx(0, abs=1e-15)


def test_one_number_a_seed_is_the_plain_t():
    values = np.array([1.0, 2, 4, 5])

    found = over_seeds(values)

    assert found.below(3.5) == pytest.approx(
        ttest_1samp(values, 3.5, alternative="less").pvalue
    )
    assert (found.value, found.seed_variance, found.df, found.m) == (
        3.0,
        pytest.approx(10 / 3),
        3,
        0,
    )
    assert found.item_variance == 0


def test_a_deterministic_learner_pays_for_shared_training_data():
    found = resampled(RESPLIT, TESTED, pool=9)

    # s2 = 2/9, n = 2, m = 3: V = s2 (1/2 + 3/6)
    assert found.se**2 == pytest.approx(2 / 9)
    assert found.item_variance == pytest.approx(1 / 9)
    assert found.value == pytest.approx(1 / 3)
    assert (found.n, found.m, found.df) == (2, 3, 1)
    assert found.seed_variance == pytest.approx(2 / 9)


def test_the_floor_holds_for_deterministic_learners_too():
    same = np.tile(RESPLIT[0], (2, 1))
    tested = np.tile(TESTED[0], (2, 1))

    found = resampled(same, tested, pool=9, step=1.0)

    assert found.se == pytest.approx(1 / 3)
    assert found.floor == pytest.approx(1 / 3)


def test_leading_axes_are_claims():
    stacked = np.stack([SAME, MIXED @ np.eye(2, 4)])

    found = paired(stacked, step=1.0)

    assert found.value.tolist() == [0.25, 0.125]
    assert found.se.tolist() == pytest.approx([0.25, 0.25])


@given(arrays(float, (4, 6), elements=st.sampled_from([-1.0, 0.0, 1.0])), st.randoms())
def test_order_of_seeds_and_items_is_nothing(values, random):
    seeds, items = list(range(4)), list(range(6))
    random.shuffle(seeds)
    random.shuffle(items)

    one, two = paired(values, step=1.0), paired(values[seeds][:, items], step=1.0)

    assert one.value == pytest.approx(two.value)
    assert one.se == pytest.approx(two.se)


@given(arrays(float, (3, 5), elements=st.sampled_from([-1.0, 0.0, 1.0])))
def test_a_full_mask_is_no_mask(values):
    one, two = paired(values, step=1.0), paired(values, np.ones((3, 5), dtype=bool), step=1.0)

    assert one.value == pytest.approx(two.value)
    assert one.se == pytest.approx(two.se)
    assert one.item_variance == pytest.approx(two.item_variance)
