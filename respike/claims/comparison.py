"""One comparison of a claim: two arms (or one) -> an estimate, its region, the claim's unit.

Chooses the procedure: shares against a bound go to Wilson, other per-item values to
V = s^2/n + c, pooled numbers to the jackknife, single numbers to t over seeds, ratios to
their logarithms, and a paper's number widens whichever it is.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from respike.claims import evidence, jackknife, paired, published, ratio, reading
from respike.claims.estimate import Estimate, Region
from respike.claims.evidence import Series
from respike.claims.rate import rate
from respike.claims.scale import LINKS, LOG, Scale, linear
from respike.core import parts
from respike.core.errors import RespikeError

MOST_RESPLITS = 10  # more resplits of one pool need fresh data: misses grow to 7-9 % at 20


class Comparison(NamedTuple):
    """What one part of a claim is judged on.

    Attributes:
        estimate: on the analysis scale.
        region: on the same scale.
        scale: how to say both in the claim's unit.
        of, against: each seed's number of the two arms, in the metric's unit as claimed.
        seeds: how many of the first seeds were used (fewer than given: resplits).
    """

    estimate: Estimate
    region: Region
    scale: Scale
    of: list[float]
    against: list[float] | None
    seeds: int


def compare(claim: Mapping[str, Any], of: Series, against: Series | None) -> Comparison:
    """Estimate one part of a resolved claim.

    Raises:
        RespikeError: the two arms were not tested on the same items, a ratio of 0.
    """
    test = claim["test"]
    if against is not None and of.shape != "value":
        evidence.same_tests(of, against)
    seeds = len(of.values)
    if of.shape == "items" and seeds > MOST_RESPLITS and evidence.table(of).resplit:
        seeds = MOST_RESPLITS
        of, against = of.first(seeds), against and against.first(seeds)
    scale = _scale(test, of, against)
    procedure = {"items": _items, "blocks": _blocks, "value": _values}[of.shape]
    estimate = procedure(test, of, against)
    region = region_of(test, scale)
    if is_published_number(claim):
        estimate = _published(claim, estimate, scale)
    sides = [None if s is None else _per_seed(s, scale.factor) for s in (of, against)]
    return Comparison(estimate, region, scale, *sides, seeds)


def region_of(test: Mapping[str, Any], scale: Scale) -> Region:
    """The registered region of a resolved test, on the analysis scale."""
    kind, inward = test["kind"], scale.enter
    if kind == "not-worse":
        return Region(inward(-test["margin"]), math.inf)
    if kind == "within":
        target = test.get("target", 0.0)
        return Region(inward(target - test["margin"]), inward(target + test["margin"]))
    if "factor" in test:
        target = test.get("target", 1.0)
        return Region(inward(target / test["factor"]), inward(target * test["factor"]))
    if "at_most" in test:
        return Region(-math.inf, inward(test["at_most"]))
    return Region(inward(test.get("at_least", test.get("threshold", 0.0))), math.inf)


def is_published_number(claim: Mapping[str, Any]) -> bool:
    """Whether a claim's target is the number that the paper printed."""
    return claim["scope"] == "published" and bool(claim["test"].get("target"))


def _scale(test, of, against):
    if test["kind"] == "ratio":
        return LOG
    if "LINK" in of.facts and against is None:
        return LINKS[of.facts["LINK"]]
    return linear(reading.scale(parts.split(of.arm.metric)[0], test["unit"]))


def _sign(test):
    return -1.0 if test.get("direction") == "lower" else 1.0


def _step(of):
    return 1.0 if of.facts["UNIT"] == "share" else 0.0


def _items(test, of, against):
    left = evidence.table(of)
    if against is None:
        if test["kind"] == "bound" and of.facts["UNIT"] == "share":
            return rate(left.values, left.present)
        values = left.values
    else:
        right = evidence.table(against)
        if test["kind"] == "ratio":
            _positive(of, [values.mean() for _, values in of.values])
            _positive(against, [values.mean() for _, values in against.values])
            return ratio.of_items(left.values, right.values, left.present, step=_step(of))
        values = _sign(test) * (left.values - right.values)
    if test.get("deterministic") and left.resplit:
        pool = _pool(test, left, of)
        return paired.resampled(values, left.present, pool, step=_step(of))
    return paired.paired(values, left.present, step=_step(of))


def _pool(test, found, of):
    seen = len(found.items)
    pool = test.get("pool", seen)
    if pool < seen:
        raise RespikeError(
            f"{of.pieces[0].path} and its other seeds test {seen} items; "
            f"the claim's pool is {pool}, which is fewer"
        )
    return pool


def _values(test, of, against):
    left = evidence.number(of)
    if against is None:
        return paired.over_seeds(left)
    right = evidence.number(against)
    if test["kind"] == "ratio":
        _positive(of, left)
        _positive(against, right)
        return ratio.of_totals(left, right)
    return paired.over_seeds(_sign(test) * (left - right))


def _positive(series, numbers):
    for value, piece in zip(numbers, series.pieces, strict=True):
        if value <= 0:
            raise RespikeError(
                f"{piece.path}: a ratio needs numbers above 0, this is {value:g}"
            )


def _blocks(test, of, against):
    if against is None:
        return jackknife.jackknife(evidence.statistics(of), evidence.combine(of, link=True))
    pool, other, sign = evidence.combine(of), evidence.combine(against), _sign(test)
    left, right = evidence.statistics(of), evidence.statistics(against)
    k = left.shape[-1]
    return jackknife.jackknife(
        np.concatenate([left, right], axis=-1),
        lambda sums: sign * (pool(sums[..., :k]) - other(sums[..., k:])),
    )


def _published(claim, estimate, scale):
    paper = claim["paper"]
    same, spread, runs = paper.get("items") == "same", paper.get("spread"), paper.get("n", 1)
    if spread is None or spread["is"] == "unknown" or runs < 2:
        return published.one_run(estimate, same_items=same)
    target, sd = claim["test"]["target"], spread["value"]
    sd = (scale.enter(target + sd) - scale.enter(target - sd)) / 2
    if spread["is"] == "se":
        return published.mean_of_runs(
            estimate, sd=sd * math.sqrt(runs), runs=runs, same_items=same, ddof=1
        )
    return published.mean_of_runs(
        estimate, sd=sd, runs=runs, same_items=same, ddof=spread.get("ddof")
    )


def _per_seed(series, factor):
    if series.shape == "items":
        return [float(values.mean() * factor) for _, values in series.values]
    if series.shape == "value":
        return [float(value * factor) for value in series.values]
    pool = evidence.combine(series)
    return [float(pool(sums) * factor) for _, sums in series.values]
