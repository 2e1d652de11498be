"""The one rule: an interval against a region; conjunctions; p-values that agree with it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from respike.claims.estimate import Estimate, Region, decide

INF = np.inf
T7 = 1.894578605  # t(.95, 7)


def estimate(value=1.0, se=0.5, df=7, **other):
    return Estimate(value=value, se=se, df=df, n=8, m=100, seed_variance=2.0, **other)


def one(value, region, se=0.5, share=1.0, **other):
    found = decide([estimate(value, se, **other)], [region], share)
    return bool(found.holds), bool(found.differs)


def test_bounds_are_t_quantiles_at_five_percent_a_side():
    low, high = estimate().bounds()

    assert low == pytest.approx(1 - T7 * 0.5)
    assert high == pytest.approx(1 + T7 * 0.5)


def test_the_error_is_the_same_at_every_edge():
    assert estimate().error_at(0.0) == estimate().error_at(9.0) == 0.5


def test_a_share_of_the_level_widens_the_interval():
    low, high = estimate().bounds(share=0.2)

    assert high - low == pytest.approx(2 * 0.5 * student.ppf(0.99, 7))


def test_another_level_widens_the_interval():
    assert estimate(level=0.03).bounds()[1] == pytest.approx(1 + 0.5 * student.ppf(0.97, 7))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, (True, False)),
        (0.94, (False, False)),
        (-0.94, (False, False)),
        (-1.0, (False, True)),
    ],
)
def test_better_holds_above_and_differs_below(value, expected):
    assert one(value, Region(0.0, INF)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.0, (True, False)), (0.1, (False, False)), (1.9, (False, False)), (2.0, (False, True)),
     (-0.1, (False, False)), (-2.0, (False, True))],
)  # fmt: skip
def test_within_holds_inside_and_differs_outside_on_either_side(value, expected):
    assert one(value, Region(-1.0, 1.0)) == expected


@pytest.mark.parametrize(("value", "expected"), [(-1.0, (True, False)), (1.0, (False, True))])
def test_an_upper_bound_holds_below(value, expected):
    assert one(value, Region(-INF, 0.0)) == expected


def test_an_interval_that_touches_the_edge_decides_nothing():
    edge = float(estimate(1.0).bounds()[0])
    upper = float(estimate(1.0).bounds()[1])

    assert one(1.0, Region(edge, INF)) == (False, False)
    assert one(1.0, Region(upper, INF)) == (False, False)
    assert one(1.0, Region(-INF, edge)) == (False, False)
    assert one(1.0, Region(-INF, upper)) == (False, False)


def test_p_values_of_better_are_the_two_tails():
    found = decide([estimate(1.0)], [Region(0.25, INF)])

    assert found.p_holds == pytest.approx(student.sf(1.5, 7))
    assert found.p_differs == pytest.approx(1 - student.sf(1.5, 7))


def test_p_values_of_within_take_the_weaker_inward_and_the_stronger_outward_side():
    found = decide([estimate(0.5)], [Region(-1.0, 1.0)])

    assert found.p_holds == pytest.approx(student.sf(1.0, 7))
    assert found.p_differs == pytest.approx(1 - student.sf(1.0, 7))


def test_p_values_are_stated_against_five_percent_whatever_the_level():
    found = decide([estimate(1.0, level=0.03)], [Region(0.25, INF)])

    assert found.p_holds == pytest.approx(student.sf(1.5, 7) * 5 / 3)
    assert found.p_differs == 1.0


def test_a_conjunction_holds_if_each_part_does():
    region = Region(0.0, INF)

    both = decide([estimate(1.0), estimate(1.5)], [region, region])
    one_short = decide([estimate(1.0), estimate(0.9)], [region, region])

    assert (bool(both.holds), bool(both.differs)) == (True, False)
    assert (bool(one_short.holds), bool(one_short.differs)) == (False, False)
    assert one_short.p_holds == pytest.approx(student.sf(1.8, 7))


def test_a_conjunction_differs_only_at_the_level_divided_by_its_parts():
    region = Region(0.0, INF)
    crossed = student.ppf(0.975, 7) * 0.5

    just_short = decide([estimate(9.0), estimate(-crossed + 1e-9)], [region, region])
    just_past = decide([estimate(9.0), estimate(-crossed - 1e-9)], [region, region])

    assert not just_short.differs
    assert just_past.differs
    assert just_past.p_differs == pytest.approx(0.05)


def test_the_p_of_a_conjunction_is_at_most_one():
    region = Region(0.0, INF)

    assert decide([estimate(1.0)] * 3, [region] * 3).p_differs == 1.0


def test_claims_along_an_axis_are_judged_one_by_one():
    found = decide([estimate(np.array([1.0, 0.0, -1.0]))], [Region(0.0, INF)])

    assert found.holds.tolist() == [True, False, False]
    assert found.differs.tolist() == [False, False, True]


def test_parts_and_regions_come_in_equal_number():
    with pytest.raises(ValueError, match=r"zip\(\)"):
        decide([estimate()], [Region(0.0, INF), Region(0.0, INF)])


finite = st.floats(-50, 50)
spread = st.floats(1e-3, 20)


@given(finite, spread, finite, st.floats(0, 30), st.integers(1, 40), st.floats(0.1, 1))
def test_no_claim_ever_holds_and_differs(value, se, low, width, df, share):
    for region in (Region(low, low + width), Region(low, INF), Region(-INF, low)):
        found = decide([estimate(value, se, df)], [region], share)

        assert not (found.holds and found.differs)


@given(finite, spread, st.floats(0.01, 20), st.floats(0, 20), st.integers(1, 40))
def test_a_wider_margin_only_helps(value, se, margin, more, df):
    narrow = decide([estimate(value, se, df)], [Region(-margin, margin)])
    wide = decide([estimate(value, se, df)], [Region(-margin - more, margin + more)])

    assert wide.holds >= narrow.holds
    assert wide.differs <= narrow.differs


@given(finite, spread, finite, st.integers(1, 40))
def test_verdict_and_p_never_disagree(value, se, edge, df):
    found = decide([estimate(value, se, df)], [Region(edge, INF)])

    if abs(found.p_holds - 0.05) > 1e-9:
        assert found.holds == (found.p_holds < 0.05)
    if abs(found.p_differs - 0.05) > 1e-9:
        assert found.differs == (found.p_differs < 0.05)
