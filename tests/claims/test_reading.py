"""A claim as written."""

import pytest

from respike.claims import reading
from respike.claims.reading import Arm
from respike.core.errors import UnknownPart
from tests.claims.runs import better, claim


def test_numbers_are_picked_by_budget():
    written = better(
        seeds={"desk": 8, "paper": 5}, kind="within", target=-0.28,
        margin={"desk": 1.5, "paper": 1.0},
    )  # fmt: skip

    found = reading.resolve(written, "paper")

    assert found["seeds"] == 5
    assert found["test"]["margin"] == 1.0
    assert found["test"]["target"] == -0.28
    assert written["test"]["margin"] == {"desk": 1.5, "paper": 1.0}


def test_a_number_without_an_entry_is_none():
    assert (
        reading.resolve(better(threshold={"paper": 1.0}), "desk")["test"]["threshold"] is None
    )


def test_other_mappings_are_left_alone():
    metric = {"number": {"name": "smoke"}}

    assert reading.resolve(better(metric=metric), "smoke")["test"]["metric"] == metric
    assert reading.resolve(claim(not_run="no such chip here"), "desk") == claim(
        not_run="no such chip here"
    )


def test_statistics_are_not_for_smoke_and_identities_are():
    assert reading.budgets(better()) == ("desk", "paper")
    assert reading.budgets(better(kind="exact")) == ("smoke", "desk", "paper")
    assert reading.budgets(better(budgets=["paper", "smoke"])) == ("paper",)
    assert reading.budgets(better(kind="exact", budgets=["smoke"])) == ("smoke",)
    assert reading.is_statistical(better())
    assert not reading.is_statistical(better(kind="exact"))
    assert reading.is_statistical(claim(not_run="no such chip here"))


def test_a_pair_is_two_arms_of_one_metric():
    assert reading.pairs(better(of="a/prune")["test"]) == [
        (Arm("a", "prune", "accuracy"), Arm("b", None, "accuracy"))
    ]


def test_one_arm_stands_alone():
    test = better(kind="bound")["test"]
    del test["against"]

    assert reading.pairs(test) == [(Arm("a", None, "accuracy"), None)]


def test_an_order_is_its_neighbours():
    test = claim(metric="accuracy", of=["a", "b/train", "c"], kind="order")["test"]

    assert [(x.variant, y.variant) for x, y in reading.pairs(test)] == [("a", "b"), ("b", "c")]
    assert reading.pairs(test)[0][1].stage == "train"


def test_every_control_is_a_pair_each():
    test = better(kind="every-control", against=["b", "c"])["test"]

    assert [(x.variant, y.variant) for x, y in reading.pairs(test)] == [("a", "b"), ("a", "c")]


def test_an_arm_may_have_a_metric_of_its_own_on_the_same_run():
    other = {"r2": {"predictor": "template"}}
    test = better(
        of="cnn/decode", metric={"r2": {"predictor": "both"}}, kind="every-control",
        against=[{"metric": other}, {"variant": "ridge/decode"}],
    )["test"]  # fmt: skip

    found = reading.pairs(test)

    assert found[0][0] == Arm("cnn", "decode", {"r2": {"predictor": "both"}})
    assert found[0][1] == Arm("cnn", "decode", other)
    assert found[1][1] == Arm("ridge", "decode", {"r2": {"predictor": "both"}})


def test_constants_are_those_of_the_module():
    assert reading.constants("accuracy") == {
        "LABEL": "accuracy", "UNIT": "share", "EVIDENCE": "predictions.npz", "SHAPE": "items",
    }  # fmt: skip
    assert reading.constants("r2-gain")["SHAPE"] == "blocks"
    with pytest.raises(UnknownPart, match=r"no metric part named 'acuracy'. Did you mean"):
        reading.constants("acuracy")


@pytest.mark.parametrize(
    ("metric", "unit", "factor"),
    [("accuracy", "pp", 100), ("accuracy", "%", 100), ("accuracy", "share", 1),
     ("accuracy", "r2", None), ("r2", "r2", 1), ("r2", "pp", None), ("number", "seconds", 1),
     ("live-connections", "connections", 1)],
)  # fmt: skip
def test_units(metric, unit, factor):
    assert reading.scale(metric, unit) == factor


def test_three_seeds_are_the_least():
    assert reading.LEAST_SEEDS == 3
