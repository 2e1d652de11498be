"""Power, decidable margins, seeds that would decide."""

import math

import numpy as np
import pytest
from scipy.stats import chi2, nct
from scipy.stats import t as student

from respike.claims.estimate import Estimate, Region
from respike.claims.power import (
    MOST_SEEDS,
    decidable,
    interval_se,
    power,
    seeds_needed,
    upper_sd,
)
from respike.claims.rate import rate

INF = math.inf


@pytest.mark.parametrize(("pilots", "factor"), [(3, 2.12), (5, 1.56), (8, 1.35), (10, 1.29)])
def test_the_upper_bound_of_a_pilot_spread(pilots, factor):
    assert upper_sd(1.0, pilots) == pytest.approx(factor, abs=0.01)
    assert upper_sd(2.0, pilots) == pytest.approx(
        2 * math.sqrt((pilots - 1) / chi2.ppf(0.2, pilots - 1))
    )


@pytest.mark.parametrize(
    ("n", "better", "within"),
    [(3, 3.98, 4.81), (5, 3.04, 3.60), (8, 2.77, 3.26), (10, 2.70, 3.18), (12, 2.65, 3.13),
     (16, 2.61, 3.07), (20, 2.58, 3.04)],
)  # fmt: skip
def test_decidable_margins_by_number_of_seeds(n, better, within):
    assert decidable(n - 1) == pytest.approx(better, abs=0.005)
    assert decidable(n - 1, 2) == pytest.approx(within, abs=0.005)


def test_a_decidable_margin_has_the_power_it_says():
    assert power(Region(0.0, INF), decidable(7), 1.0, 7) == pytest.approx(0.8)
    margin = decidable(7, 2)
    assert power(Region(-margin, margin), 0.0, 1.0, 7) == pytest.approx(0.8)
    assert power(Region(0.0, INF), decidable(5, level=0.03), 1.0, 5, 0.03) == pytest.approx(0.8)
    assert power(Region(0.0, INF), decidable(7, wanted=0.9), 1.0, 7) == pytest.approx(0.9)


def test_power_is_the_noncentral_t():
    found = power(Region(1.0, INF), 2.2, 0.5, 7)

    assert found == pytest.approx(nct.sf(student.ppf(0.95, 7), 7, 2.4))
    assert isinstance(found, float)


def test_outside_it_is_the_power_of_differs():
    above = power(Region(1.0, INF), -0.2, 0.5, 7)
    below = power(Region(-INF, 1.0), 2.2, 0.5, 7)

    assert above == below == pytest.approx(nct.sf(student.ppf(0.95, 7), 7, 2.4))
    assert power(Region(-1.0, 1.0), 2.2, 0.5, 7) == pytest.approx(above)
    assert power(Region(-1.0, 1.0), -2.2, 0.5, 7) == pytest.approx(above)


def test_within_pays_for_both_sides():
    crossed = student.ppf(0.95, 7)
    near, far = nct.sf(crossed, 7, 3.0), nct.sf(crossed, 7, 5.0)

    assert power(Region(-1.0, 1.0), 0.25, 0.25, 7) == pytest.approx(near + far - 1)
    assert power(Region(-1.0, 1.0), 0.0, 2.0, 7) == 0.0


@pytest.mark.parametrize("region", [Region(1.0, INF), Region(-INF, 1.0), Region(1.0, 3.0)])
def test_on_the_edge_nothing_is_right(region):
    assert power(region, 1.0, 0.5, 7) == 0.0


def estimate(value, seed=4.0, fixed=0.0, level=0.05):
    return Estimate(
        value=value,
        se=math.sqrt(seed / 8 + fixed),
        df=7,
        n=8,
        m=100,
        seed_variance=seed,
        level=level,
    )


def needs(n, level=0.05):
    return student.ppf(1 - level, n - 1) + student.ppf(0.8, n - 1)


def test_the_fewest_seeds_that_would_decide():
    found = seeds_needed(estimate(1.0), Region(0.0, INF))

    assert needs(found) * math.sqrt(4 / found) < 1.0
    assert needs(found - 1) * math.sqrt(4 / (found - 1)) >= 1.0
    assert found == 27


def test_the_nearest_edge_counts():
    near = seeds_needed(estimate(0.5), Region(-1.0, 1.0))

    assert near == seeds_needed(estimate(0.5), Region(0.0, INF))
    assert near == seeds_needed(estimate(1.5), Region(-1.0, 1.0))
    assert near == seeds_needed(estimate(-0.5), Region(-1.0, 1.0))


def test_a_stricter_level_takes_more():
    assert seeds_needed(estimate(1.0, level=0.01), Region(0.0, INF)) > 27


def test_what_seeds_do_not_remove_may_forbid_any_decision():
    assert seeds_needed(estimate(1.0, fixed=0.2), Region(0.0, INF)) is None
    found = seeds_needed(estimate(1.5, fixed=0.2), Region(0.0, INF))
    assert needs(found) * math.sqrt(4 / found + 0.2) < 1.5
    assert needs(found - 1) * math.sqrt(4 / (found - 1) + 0.2) >= 1.5


def test_the_interval_of_a_perfect_rate_shows_more_than_its_standard_error():
    perfect = rate(np.ones((8, 30)))

    low, high = perfect.bounds()
    assert perfect.se == 0
    assert interval_se(perfect) == pytest.approx((high - low) / 2 / student.ppf(0.95, 7))
    assert seeds_needed(perfect, Region(0.9, INF)) is None
    assert interval_se(estimate(1.0)) == pytest.approx(math.sqrt(0.5))
    assert interval_se(estimate(1.0), share=0.2) == pytest.approx(math.sqrt(0.5))


def test_on_the_edge_no_number_would():
    assert seeds_needed(estimate(0.0), Region(0.0, INF)) is None


def test_there_is_an_end_to_seeds():
    assert MOST_SEEDS == 10_000
    assert seeds_needed(estimate(0.0507), Region(0.0, INF)) == pytest.approx(9624, abs=30)
    assert seeds_needed(estimate(0.049), Region(0.0, INF)) is None


def test_two_is_the_least():
    assert seeds_needed(estimate(1.0, seed=1e-9), Region(0.0, INF)) == 2
