"""Fields behind a verdict."""

import math

import pytest
from scipy.stats import nct
from scipy.stats import t as student

from respike.claims import describe
from respike.claims.comparison import Comparison
from respike.claims.estimate import Estimate, Region
from respike.claims.power import decidable, upper_sd
from respike.claims.reading import Arm, pairs
from respike.claims.scale import LINKS, LOG, linear
from tests.claims.runs import better, claim

INF = math.inf
T7 = student.ppf(0.95, 7)


def part(value=0.02, low=0.0, high=INF, scale=None, level=0.05, se=0.01):
    found = Estimate(
        value=value, se=se, df=7, n=8, m=360, seed_variance=0.0002, item_variance=0.00004,
        paper_variance=0.00001, level=level,
    )  # fmt: skip
    return Comparison(found, Region(low, high), scale or linear(100.0), [81.0], [79.0], 8)


def described(given=None, parts=None, share=1.0, **words):
    given = given or better(**words)
    parts = parts or [part()]
    return describe.fields(given, pairs(given["test"]), parts, parts[0], share)


def test_numbers_are_in_the_claims_unit():
    found = described()

    assert found["measured"] == pytest.approx(2.0)
    assert found["interval"] == pytest.approx([2 - T7, 2 + T7])
    assert found["margin"] == 0
    assert found["power"] is None
    detail = found["detail"]
    assert detail["se"] == pytest.approx(1.0)
    assert detail["se_seed"] == pytest.approx(0.5)
    assert detail["se_item"] == pytest.approx(100 * math.sqrt(0.00004))
    assert detail["se_paper"] == pytest.approx(100 * math.sqrt(0.00001))
    assert detail["region"] == [0, None]
    assert detail["decidable_margin"] == pytest.approx(decidable(7))
    assert (detail["n"], detail["m"], detail["df"], detail["level"]) == (8, 360, 7, 0.05)
    assert (detail["scale"], detail["kind"], detail["metric"]) == (
        "linear",
        "better",
        "accuracy",
    )
    assert (detail["of"], detail["against"], detail["controls"]) == ("a", ["b"], [])
    assert (detail["direction"], detail["target"], detail["looks"]) == (None, None, None)


def test_what_a_claim_says_is_kept():
    found = described(kind="within", target=-1, margin=2, direction="lower", looks=[8, 20])

    assert found["margin"] == 2
    assert found["detail"]["target"] == -1
    assert found["detail"]["direction"] == "lower"
    assert found["detail"]["looks"] == [8, 20]


@pytest.mark.parametrize("key", ["threshold", "at_least", "at_most", "factor"])
def test_the_registered_number_is_the_margin(key):
    assert described(**{key: 3})["margin"] == 3


def test_one_arm_stands_against_nothing():
    given = claim(metric="accuracy", of="a/train", kind="bound", unit="pp", at_least=1)

    found = described(given)

    assert found["detail"]["of"] == "a/train"
    assert found["detail"]["against"] == []
    assert found["detail"]["parts"][0]["against"] is None


def test_each_comparison_is_described():
    given = better(kind="every-control", against=["b", "c"])
    second = part(value=0.05)

    found = described(given, [part(), second])

    assert found["detail"]["controls"] == found["detail"]["against"] == ["b", "c"]
    one, two = found["detail"]["parts"]
    assert one["against"] == "b"
    assert two["measured"] == pytest.approx(5.0)
    assert two["interval"] == pytest.approx([5 - T7, 5 + T7])
    assert two["p_holds"] == pytest.approx(student.sf(5, 7))
    assert two["p_differs"] == pytest.approx(student.cdf(5, 7))
    assert two["se_seed"] == pytest.approx(0.5)
    assert two["per_seed"] == {"of": [81.0], "against": [79.0]}


def test_without_spread_there_is_no_p():
    found = described(parts=[part(se=0.0)])

    assert found["detail"]["parts"][0]["p_holds"] is None
    assert found["detail"]["parts"][0]["p_differs"] is None


def test_a_look_has_its_own_interval():
    found = described(share=0.2)

    wide = student.ppf(0.99, 7)
    assert found["interval"] == pytest.approx([2 - wide, 2 + wide])
    assert found["detail"]["level"] == pytest.approx(0.01)
    assert found["detail"]["parts"][0]["interval"] == pytest.approx([2 - wide, 2 + wide])
    assert found["detail"]["decidable_margin"] == pytest.approx(decidable(7, level=0.01))


def test_two_edges_make_a_larger_decidable_margin():
    both = described(parts=[part(low=-0.01, high=0.01)])

    assert both["detail"]["decidable_margin"] == pytest.approx(decidable(7, 2))
    assert both["detail"]["region"] == pytest.approx([-1, 1])


def test_a_ratio_is_decided_by_a_factor():
    found = described(parts=[part(value=math.log(2), scale=LOG, low=-INF, high=math.log(4))])

    assert found["measured"] == pytest.approx(2)
    assert found["interval"] == pytest.approx(
        [2 * math.exp(-0.01 * T7), 2 * math.exp(0.01 * T7)]
    )
    assert found["detail"]["decidable_margin"] == pytest.approx(math.exp(0.01 * decidable(7)))
    assert found["detail"]["region"] == [None, pytest.approx(4)]
    assert found["detail"]["se"] == pytest.approx(0.01)


def test_names_carry_the_settings_of_a_metric():
    both = Arm("cnn", "decode", {"r2": {"predictor": "both", "axis": 0}})

    assert describe.name(both) == "cnn/decode (predictor both, axis 0)"
    assert describe.name(Arm("a", None, "accuracy")) == "a"
    assert describe.name(both, Arm("a", None, "accuracy")) == (
        "cnn/decode (predictor both, axis 0) against a"
    )
    assert describe.name(Arm("a", None, {"accuracy": {}})) == "a"


PILOT = {"pilot_seeds": [1000, 1001, 1002, 1003, 1004], "sd": 1.0, "item": 0.4, "effect": 2.2}


def test_power_comes_from_the_pilot_seeds():
    found = described(power=PILOT)["power"]

    se = math.sqrt(upper_sd(1.0, 5) ** 2 / 8 + 0.16)
    assert found["power"] == pytest.approx(nct.sf(T7, 7, 2.2 / se))
    assert (found["effect"], found["n"], found["registered"]) == (2.2, 8, None)
    assert found["agrees"] is True
    assert found["pilot_seeds"] == PILOT["pilot_seeds"]


def test_power_is_for_the_registered_number_of_seeds():
    found = described(power={**PILOT, "n": 20})["power"]

    se = math.sqrt(upper_sd(1.0, 5) ** 2 / 20 + 0.16)
    assert found["power"] == pytest.approx(nct.sf(student.ppf(0.95, 19), 19, 2.2 / se))
    assert found["n"] == 20


def test_a_registered_power_that_does_not_follow_is_marked():
    true = described(power=PILOT)["power"]["power"]

    assert described(power={**PILOT, "power": true + 0.019})["power"]["agrees"] is True
    marked = described(power={**PILOT, "power": true + 0.021})["power"]
    assert marked["agrees"] is False
    assert marked["registered"] == true + 0.021


def test_every_part_of_a_conjunction_must_come_out():
    one = described(power=PILOT)["power"]["power"]
    given = better(kind="every-control", against=["b", "c"], power=PILOT)

    assert described(given, [part(), part()])["power"]["power"] == pytest.approx(one**2)


def test_two_looks_have_the_power_of_the_second():
    found = described(power={**PILOT, "n": 20}, looks=[8, 20])["power"]

    se = math.sqrt(upper_sd(1.0, 5) ** 2 / 20 + 0.16)
    assert found["power"] == pytest.approx(nct.sf(student.ppf(0.96, 19), 19, 2.2 / se))


def test_blocks_are_the_freedom_of_a_pooled_metric():
    block = {**PILOT, "sd": 0.0, "item": 0.01, "effect": 0.05, "blocks": 9, "n": 1}
    given = claim(metric="accuracy", of="a", kind="bound", unit="r2", at_least=0, power=block)

    found = described(given, [part(scale=linear(1.0), level=0.03)])["power"]

    assert found["power"] == pytest.approx(nct.sf(student.ppf(0.97, 8), 8, 5.0))


def test_an_effect_is_taken_to_the_scale_of_analysis():
    block = {**PILOT, "sd": 0.1, "item": 0.0, "effect": 0.5}
    shown = part(scale=LINKS["log-residual"], low=math.log(1.25))

    found = described(parts=[shown], power=block)["power"]

    gap = math.log(2) - math.log(1.25)
    se = upper_sd(0.1, 5) / math.sqrt(8)
    assert found["power"] == pytest.approx(nct.sf(T7, 7, gap / se))
