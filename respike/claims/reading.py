"""A claim as its study writes it: its numbers at a budget, its arms, its metric's constants.

Light: no scipy; the metrics it imports for their constants import numpy and no more.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any, NamedTuple

from respike.core import layout, parts

LEAST_SEEDS = 3
BY_BUDGET = ("threshold", "margin", "target", "at_least", "at_most", "factor")


class Arm(NamedTuple):
    """One side of a comparison: a run, and the metric read from it."""

    variant: str
    stage: str | None
    metric: str | dict[str, Any]


def is_statistical(claim: Mapping[str, Any]) -> bool:
    """Whether a claim is judged by an interval (all kinds but `exact`)."""
    return claim.get("test", {}).get("kind") != "exact"


def resolve(claim: Mapping[str, Any], budget: str) -> dict[str, Any]:
    """A claim with each `{smoke:, desk:, paper:}` replaced by the budget's number.

    A number that has no entry for the budget becomes None.
    """
    found = dict(claim)
    if "seeds" in found:
        found["seeds"] = _at(found["seeds"], budget)
    if "test" in found:
        test = found["test"]
        found["test"] = {k: _at(v, budget) if k in BY_BUDGET else v for k, v in test.items()}
    return found


def _at(value, budget):
    return value.get(budget) if isinstance(value, dict) else value


def budgets(claim: Mapping[str, Any]) -> tuple[str, ...]:
    """Budgets at which a claim is judged: all for an identity, never smoke for statistics."""
    allowed = layout.BUDGETS[1:] if is_statistical(claim) else layout.BUDGETS
    return tuple(b for b in allowed if b in claim.get("budgets", allowed))


def pairs(test: Mapping[str, Any]) -> list[tuple[Arm, Arm | None]]:
    """The comparisons that a test is made of.

    Returns:
        One (of, against) for most kinds, `against` None where there is none; each
        neighbouring pair of `order`; each control of `every-control`.
    """
    if test["kind"] == "order":
        chain = [_arm(value, test, None) for value in test["of"]]
        return list(pairwise(chain))
    of = _arm(test["of"], test, None)
    if "against" not in test:
        return [(of, None)]
    others = test["against"] if isinstance(test["against"], list) else [test["against"]]
    return [(of, _arm(value, test, of)) for value in others]


def _arm(value, test, default):
    value = {"variant": value} if isinstance(value, str) else value
    if "variant" in value:
        variant, _, stage = value["variant"].partition("/")
    else:
        variant, stage = (default.variant, default.stage) if default else ("", "")
    return Arm(variant, stage or None, value.get("metric", test["metric"]))


@cache
def constants(metric: str) -> dict[str, Any]:
    """Module constants of a metric part (LABEL, UNIT, EVIDENCE, SHAPE, ...)."""
    module = import_module(parts.module("metric", metric))
    return {name: value for name, value in vars(module).items() if name.isupper()}


def scale(metric: str, unit: str) -> float | None:
    """Factor from a metric's own numbers to a claim's unit; None for a unit not its own."""
    own = constants(metric)["UNIT"]
    if own == "share":
        return {"share": 1.0, "pp": 100.0, "%": 100.0}.get(unit)
    return 1.0 if own in {"any", unit} else None
