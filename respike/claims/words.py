"""Verdicts in plain words: numbers with their unit, a region, why, and one sentence a claim."""

from collections.abc import Mapping
from typing import Any

SAID = {"ratio": "times", "r2": "R2", "share": ""}  # units that read better so


def number(value: float, unit: str | None = None) -> str:
    """A number to three or four digits with its unit: 2.31 pp, 0.874 r2, 12000 connections."""
    text = f"{value:.4g}" if abs(value) >= 1 else f"{value:.3g}"
    if "e" in text and 1 <= abs(value) < 1e15:
        text = f"{value:.0f}"
    text = "0" if text == "-0" else text
    unit = SAID.get(unit, unit)
    return f"{text} {unit}" if unit else text


def span(low: float, high: float, unit: str | None = None) -> str:
    """An interval: 1.2 to 3.4 pp."""
    return f"{number(low)} to {number(high, unit)}"


def region(low: float | None, high: float | None, unit: str | None) -> str:
    """A region of true values; None is no edge: more than 0 pp, between -1 and 1 pp."""
    if high is None:
        return f"more than {number(low, unit)}"
    if low is None:
        return f"less than {number(high, unit)}"
    return f"between {number(low)} and {number(high, unit)}"


def confidence(level: float) -> str:
    """The two-sided confidence of an interval whose bounds are each one-sided at `level`."""
    return f"{number(100 * (1 - 2 * level))} %"


def seeds(count: int) -> str:
    """One seed, 8 seeds."""
    return "1 seed" if count == 1 else f"{count} seeds"


def sentence(verdict: Mapping[str, Any]) -> str:
    """The one sentence of a claim, for screen, page and `show`.

    Args:
        verdict: a row of verdicts.json or verdict.json.
    """
    says = verdict["says"].rstrip(". ")
    word = verdict["verdict"].capitalize()
    if verdict["verdict"] == "not run":
        return f"{word}: {says}. Why: {verdict['reason']}."
    if verdict["level"] == "identity":
        return f"{word}: {says}. {verdict['reason'][0].upper()}{verdict['reason'][1:]}."
    measured = f"Measured {number(verdict['measured'], verdict['unit'])}"
    if verdict["interval"][0] != verdict["interval"][1]:
        sure = confidence(verdict["detail"]["level"])
        measured += f", {sure} interval {span(*verdict['interval'], verdict['unit'])}"
    edges = region(*verdict["detail"]["region"], verdict["unit"])
    count = seeds(len(verdict["seeds"]))
    where = f"over {count}, where the claim needs {edges}"
    return f"{word}: {says}. {measured} {where}: {verdict['reason']}."
