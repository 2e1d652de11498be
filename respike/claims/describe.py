"""Fields of a statistical verdict: measured, interval, margin, power, and the detail behind."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from respike.claims import looks, power
from respike.claims.comparison import Comparison
from respike.claims.reading import Arm
from respike.claims.scale import Scale
from respike.core import parts as core_parts

MARGINS = ("margin", "threshold", "at_least", "at_most", "factor")
SAME_POWER = 0.02  # a registered power and the one its pilot numbers give may differ by this


def fields(
    claim: Mapping[str, Any],
    arms: Sequence[tuple[Arm, Arm | None]],
    parts: Sequence[Comparison],
    shown: Comparison,
    share: float,
) -> dict[str, Any]:
    """All fields that follow from the comparisons.

    Args:
        claim: resolved.
        arms: the pairs of arms, in the order of `parts`.
        parts: their comparisons.
        shown: the one whose number and interval stand for the claim: the weakest.
        share: share of the level that the interval spends.
    """
    test, estimate = claim["test"], shown.estimate
    value, interval = _measured(shown, share)
    others = [name(against) for _, against in arms if against is not None]
    return {
        "measured": value,
        "interval": interval,
        "margin": next((test[key] for key in MARGINS if key in test), 0),
        "power": registered_power(claim, shown, len(arms)),
        "detail": {
            "kind": test["kind"],
            "metric": test["metric"],
            "direction": test.get("direction"),
            "target": test.get("target"),
            "of": name(arms[0][0]),
            "against": others,
            "controls": others if test["kind"] == "every-control" else [],
            "region": [_edge(edge, shown.scale) for edge in shown.region],
            "scale": shown.scale.name,
            "level": estimate.level * share,
            "n": estimate.n,
            "m": estimate.m,
            "df": float(estimate.df),
            **spread(shown),
            "decidable_margin": decidable_margin(shown, share),
            "parts": [_part(pair, part, share) for pair, part in zip(arms, parts, strict=True)],
            "looks": claim.get("looks"),
        },
    }


def name(arm: Arm, other: Arm | None = None) -> str:
    """A run in words, with the settings of its metric: cnn/decode (predictor both)."""
    text = f"{arm.variant}/{arm.stage}" if arm.stage else arm.variant
    settings = core_parts.split(arm.metric)[1]
    if settings:
        text += f" ({', '.join(f'{k} {v}' for k, v in settings.items())})"
    return f"{text} against {name(other)}" if other is not None else text


def spread(part: Comparison) -> dict[str, float]:
    """Standard error in its three parts, in the claim's unit (on a log or z scale: on that)."""
    estimate, factor = part.estimate, part.scale.factor
    variances = {
        "se": estimate.se**2,
        "se_seed": estimate.seed_variance / estimate.n,
        "se_item": estimate.item_variance,
        "se_paper": estimate.paper_variance,
    }
    return {key: math.sqrt(float(value)) * factor for key, value in variances.items()}


def decidable_margin(part: Comparison, share: float = 1.0) -> float:
    """Smallest margin that this standard error decides with 80 % power, in the claim's unit.

    A factor above 1 for ratios. The standard error is the interval's own, so that it is
    not 0 for a rate of 0 or 1.
    """
    estimate = part.estimate
    sides = sum(math.isfinite(edge) for edge in part.region)
    factor = power.decidable(float(estimate.df), sides, estimate.level * share)
    margin = power.interval_se(estimate, share) * factor
    return math.exp(margin) if part.scale.name == "log" else margin * part.scale.factor


def registered_power(
    claim: Mapping[str, Any], shown: Comparison, parts: int
) -> dict[str, Any] | None:
    """What the pilot seeds promised: the chance of the right verdict at the registered effect.

    Args:
        claim: resolved; its power block is in the claim's unit (for ratios and single
            correlations: sd and item on the log or z scale, effect in the unit).
        shown: gives region, scale and degrees of freedom.
        parts: comparisons of a conjunction; each must come out.
    """
    block = claim["test"].get("power")
    if block is None:
        return None
    pilots = len(block["pilot_seeds"])
    n = block.get("n", shown.estimate.n)
    factor = shown.scale.factor
    sd = power.upper_sd(block["sd"] / factor, pilots)
    se = math.sqrt(sd**2 / n + (block.get("item", 0.0) / factor) ** 2)
    share = looks.SHARES[1] if "looks" in claim else 1.0
    df = block["blocks"] - 1 if "blocks" in block else n - 1
    effect = shown.scale.enter(block["effect"])
    one = power.power(shown.region, effect, se, df, shown.estimate.level * share)
    found = float(one**parts)
    said = block.get("power")
    return {
        "power": found,
        "registered": said,
        "agrees": said is None or abs(said - found) <= SAME_POWER,
        "effect": block["effect"],
        "n": n,
        "pilot_seeds": block["pilot_seeds"],
    }


def _edge(edge: float, scale: Scale) -> float | None:
    return scale.leave(edge) if math.isfinite(edge) else None


def _measured(part, share):
    leave = part.scale.leave
    low, high = part.estimate.bounds(share)
    return leave(part.estimate.value), [leave(low), leave(high)]


def _part(pair, part, share):
    of, against = pair
    value, interval = _measured(part, share)
    flat = interval[0] == interval[1]
    return {
        "of": name(of),
        "against": name(against) if against is not None else None,
        "measured": value,
        "interval": interval,
        **spread(part),
        "p_holds": None if flat else float(part.region.p_holds(part.estimate)),
        "p_differs": None if flat else float(part.region.p_differs(part.estimate)),
        "per_seed": {"of": part.of, "against": part.against},
    }
