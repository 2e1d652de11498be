"""What the other tests let slip, as .ci/mutate.py found: one-sided p, seeds, cut texts."""

import math

import numpy as np
import pytest
from scipy.stats import t as student

from respike.claims import grammar
from respike.claims.estimate import Estimate, Region
from respike.claims.evidence import Piece, Series, number
from respike.claims.power import MOST_SEEDS, POWER, seeds_needed
from respike.claims.reading import Arm
from respike.core.errors import RespikeError
from tests.claims.runs import SHA, claim

INF = math.inf


def estimate(value, seed_variance=2.0, se=0.5, n=8):
    return Estimate(value=value, se=se, df=n - 1, n=n, m=100, seed_variance=seed_variance)


def test_p_of_a_region_without_a_lower_edge_is_that_of_its_upper_one():
    found = estimate(1.0)

    below = student.cdf((1.0 - 2.0) / 0.5, 7)
    assert Region(-INF, 2.0).p_holds(found) == pytest.approx(below)
    assert Region(-INF, 2.0).p_differs(found) == pytest.approx(1 - below)


def test_p_of_a_region_without_an_upper_edge_is_that_of_its_lower_one():
    found = estimate(1.0)

    above = student.sf((1.0 - 0.25) / 0.5, 7)
    assert Region(0.25, INF).p_holds(found) == pytest.approx(above)
    assert Region(0.25, INF).p_differs(found) == pytest.approx(1 - above)


@pytest.mark.parametrize("gap", [0.35, 0.5, 0.8, 1.3, 3.0])
def test_the_seeds_that_would_decide_are_the_least_that_do(gap):
    """With variance over seeds alone: gap > (t(.95) + t(power)) sqrt(s^2 / n)."""
    wanted = next(
        n
        for n in range(2, MOST_SEEDS + 1)
        if gap > (student.ppf(0.95, n - 1) + student.ppf(POWER, n - 1)) * math.sqrt(1.0 / n)
    )

    found = estimate(gap, seed_variance=1.0, se=math.sqrt(1 / 8))

    assert seeds_needed(found, Region(0.0, INF)) == wanted


def test_a_long_text_in_place_of_a_number_is_cut():
    piece = Piece({}, "results/a/metrics.json", SHA)
    series = Series(Arm("a", None, "count"), "number", ["x" * 50], [piece])

    with pytest.raises(RespikeError) as error:
        number(series)

    assert str(error.value) == (
        f"results/a/metrics.json: metric count gives '{'x' * 40}'; "
        "an interval needs one number a seed, lists and texts are for kind exact"
    )


@pytest.mark.parametrize(
    ("bound", "allowed"), [(0.5, True), (99.5, True), (0, False), (100, False)]
)
def test_a_bound_of_a_rate_lies_inside_of_0_and_100_percent(bound, allowed):
    study = {
        "variants": {"a": {"train": {}}},
        "seeds": 8,
        "claims": [
            claim(metric="accuracy", of="a", kind="bound", unit="pp", at_least=bound,
                  margin_from="a bound for tests")
        ],
    }  # fmt: skip

    found = grammar.problems(study)

    assert bool([s for s in found if "a rate's bound lies in (0, 100)" in s]) is not allowed


def test_the_papers_number_is_said_as_a_number_is():
    study = {
        "variants": {"a": {"train": {}}, "b": {"train": {}}},
        "seeds": 8,
        "claims": [
            claim(metric="accuracy", of="a", against="b", kind="within", unit="pp", target=2.0,
                  margin=1, margin_from="a margin for tests", needs=["c"],
                  paper={"where": "table 1", "status": "verified", "value": 2.0, "unit": "pp"})
        ],
    }  # fmt: skip

    found = [s for s in grammar.problems(study) if "is the paper's" in s]

    assert found == [
        "claims.c.test.target is the paper's 2; only scope published tests that. An analogue "
        "claim is about a direction, an order, an identity or a bound"
    ]


def test_a_mean_of_numbers_is_a_mean_of_floats():
    piece = Piece({}, "p", SHA)

    found = number(Series(Arm("a", None, "count"), "number", [1, 2.5], [piece, piece]))

    assert found.tolist() == [1.0, 2.5]
    assert found.dtype == np.float64
