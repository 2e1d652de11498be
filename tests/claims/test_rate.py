"""Wilson on the effective count."""

import numpy as np
import pytest
from scipy.stats import binomtest
from scipy.stats import t as student

from respike.claims.estimate import Region, decide
from respike.claims.rate import Rate, rate


def fixed(value=0.8, count=50.0, df=7):
    return Rate(value=value, se=0.1, df=df, n=8, m=50, seed_variance=0.0, count=count)


def test_bounds_are_wilsons_for_that_count():
    # with many degrees of freedom t is normal: scipy's Wilson interval for 40 of 50
    low, high = fixed(df=1e9).bounds()
    expected = binomtest(40, 50).proportion_ci(0.90, method="wilson")

    assert low == pytest.approx(expected.low, abs=1e-9)
    assert high == pytest.approx(expected.high, abs=1e-9)


def test_few_seeds_widen_it_by_t():
    low, high = fixed().bounds()
    z = student.ppf(0.95, 7)
    centre = (0.8 + z * z / 100) / (1 + z * z / 50)

    assert (low + high) / 2 == pytest.approx(centre)
    half = z / (1 + z * z / 50) * np.sqrt(0.16 / 50 + z * z / 10000)
    assert (high - low) / 2 == pytest.approx(half)


def test_a_share_of_the_level_widens_it():
    assert fixed().bounds(0.2)[0] < fixed().bounds()[0]
    assert fixed().bounds(0.2)[1] > fixed().bounds()[1]


@pytest.mark.parametrize("bound", [0.55, 0.665, 0.67, 0.7, 0.79, 0.85, 0.88, 0.9, 0.95])
def test_p_and_interval_agree(bound):
    found = decide([fixed()], [Region(bound, np.inf)])
    low, high = fixed().bounds()

    assert found.holds == (bound < low) == (found.p_holds < 0.05)
    assert found.differs == (bound > high) == (found.p_differs < 0.05)


def test_the_error_is_that_of_a_rate_on_the_edge():
    assert fixed().error_at(0.7) == pytest.approx(np.sqrt(0.7 * 0.3 / 50))


def test_p_is_the_score_test():
    score = (0.8 - 0.7) / np.sqrt(0.7 * 0.3 / 50)

    assert fixed().above(0.7) == pytest.approx(student.sf(score, 7))
    assert fixed().below(0.7) == pytest.approx(student.cdf(score, 7))


def test_the_count_is_what_the_variance_says():
    # two seeds, 40 items, rates .5 and .7, items without a pattern: V is s2/n + c
    values = np.zeros((2, 40))
    values[0, :20] = 1
    values[1, 6:34] = 1
    means = np.array([0.5, 0.7])
    residues = (values - means[:, None]) / 40
    c = (residues[0] * residues[1]).sum()

    found = rate(values)

    variance = 0.02 / 2 + max(c, 0)
    assert found.value == 0.6
    assert found.count == pytest.approx(0.24 / variance)
    assert found.se == pytest.approx(np.sqrt(variance))


def test_the_count_is_at_most_the_outcomes():
    # equal rates and opposed items: V = 0 although outcomes vary
    values = np.array([[1.0, 0] * 50, [0, 1] * 50])

    found = rate(values)

    assert found.count == 200
    assert found.se == pytest.approx(np.sqrt(0.25 / 200))


def test_a_standard_error_of_one_item_bounds_the_count():
    # 20 seeds, 20 items, each seed misses another item: no item is hard, rate .95
    values = 1.0 - np.eye(20)

    found = rate(values)

    assert found.value == pytest.approx(0.95)
    assert found.count == pytest.approx(20)  # .0475 * 400 = 19 is less than one per item
    assert rate(np.tile(1.0 - np.eye(20), (1, 5))[:, :100]).count == pytest.approx(475)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_where_all_are_equal_an_item_counts_once(value):
    found = rate(np.full((8, 30), value))

    z = student.ppf(0.95, 7)
    low, high = found.bounds()
    assert found.count == 30
    assert found.se == 0
    assert abs(high - low) == pytest.approx(z * z / (30 + z * z))


def test_the_count_is_at_least_one():
    values = np.zeros((2, 10))
    values[0] = 1

    assert rate(values).count == 1


def test_items_that_a_seed_did_not_test_do_not_count():
    values = np.ones((3, 12))
    tested = np.zeros((3, 12), dtype=bool)
    for seed in range(3):
        tested[seed, 4 * seed : 4 * seed + 4] = True

    assert rate(values, tested).count == 12
    assert rate(values, tested).m == 4


def test_leading_axes_are_claims():
    stacked = np.stack([np.ones((8, 30)), np.zeros((8, 30))])

    found = rate(stacked)

    assert found.value.tolist() == [1, 0]
    assert found.count.tolist() == [30, 30]
    tested = np.ones((2, 8, 30), dtype=bool)
    tested[1, :, 20:] = False
    assert rate(stacked, tested).count.tolist() == [30, 20]
    opposed = np.stack([np.array([[1.0, 0] * 50, [0, 1] * 50])] * 2)
    tested = np.ones((2, 2, 100), dtype=bool)
    tested[1, :, 50:] = False
    assert rate(opposed, tested).count.tolist() == [200, 100]
