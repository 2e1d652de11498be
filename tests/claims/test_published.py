"""A paper's number is uncertain too."""

import numpy as np
import pytest

from respike.claims.estimate import Estimate
from respike.claims.published import KAPPA, mean_of_runs, one_run


def ours(**other):
    fields = {"value": 2.0, "se": 0.6, "df": 7, "n": 8, "m": 100, "seed_variance": 0.32,
              "item_variance": 0.25}  # fmt: skip
    return Estimate(**{**fields, **other})


def test_one_run_of_theirs_spreads_half_again_as_much_as_ours():
    found = one_run(ours(), same_items=True)

    assert KAPPA == 1.5
    assert found.se**2 == pytest.approx(0.32 * (1.5**2 + 1 / 8))
    assert found.paper_variance == pytest.approx(0.72)
    assert found.item_variance == 0
    assert (found.value, found.df, found.n) == (2.0, 7, 8)


def test_other_test_items_cost_twice_the_item_variance():
    found = one_run(ours(), same_items=False)

    assert found.se**2 == pytest.approx(0.32 * (1.5**2 + 1 / 8) + 0.5)
    assert found.item_variance == 0.5


def test_a_mean_of_runs_brings_its_standard_error_and_welchs_freedom():
    found = mean_of_runs(ours(), sd=0.5, runs=5, same_items=True, ddof=1)

    own, theirs = 0.04, 0.05
    assert found.se**2 == pytest.approx(own + theirs)
    assert found.paper_variance == pytest.approx(theirs)
    assert found.df == pytest.approx((own + theirs) ** 2 / (own**2 / 7 + theirs**2 / 4))


@pytest.mark.parametrize("ddof", [0, None])
def test_a_spread_divided_by_runs_is_enlarged(ddof):
    found = mean_of_runs(ours(), sd=0.5, runs=5, same_items=True, ddof=ddof)

    assert found.paper_variance == pytest.approx(0.25 * 5 / 4 / 5)


def test_their_mean_on_other_items_costs_twice_the_item_variance():
    found = mean_of_runs(ours(), sd=0.5, runs=5, same_items=False, ddof=1)

    assert found.se**2 == pytest.approx(0.04 + 0.05 + 0.5)
    assert found.df == pytest.approx(0.09**2 / (0.04**2 / 7 + 0.05**2 / 4))


def test_the_floor_stays():
    found = one_run(ours(seed_variance=0.0, item_variance=0.0, floor=0.1), same_items=True)

    assert found.se == pytest.approx(0.1)


def test_claims_along_an_axis():
    many = ours(value=np.zeros(2), seed_variance=np.array([0.32, 0.64]))

    assert one_run(many, same_items=True).se.tolist() == pytest.approx(
        [np.sqrt(0.76), np.sqrt(1.52)]
    )
