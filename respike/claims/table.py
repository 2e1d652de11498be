"""results.csv: one flat row a claim, for a spreadsheet."""

from collections.abc import Mapping
from typing import Any

from respike.claims.words import sentence
from respike.core.log import visible

COLUMNS = (
    "study", "claim", "verdict", "scope", "level", "primary", "dataset", "data_kind", "budget",
    "measured", "low", "high", "unit", "margin", "margin_from", "paper_value", "paper_unit",
    "paper_status", "kind", "of", "against", "n_seeds", "n_items", "se", "se_seed", "se_item",
    "p_holds", "p_differs", "p_adjusted", "uncorrected", "decidable_margin", "power",
    "seeds_needed", "registered", "sentence",
)  # fmt: skip

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # a text that begins so would be run


def rows(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a verdict.json document, in its order; an absent value is None."""
    return [_row(claim) for claim in document["claims"]]


def _row(claim):
    detail, paper, power = claim["detail"], claim["paper"] or {}, claim["power"] or {}
    low, high = claim["interval"] or (None, None)
    found = {
        **{key: claim.get(key) for key in COLUMNS},
        **{key: detail[key] for key in COLUMNS if key in detail},
        "low": low,
        "high": high,
        "paper_value": paper.get("value"),
        "paper_unit": paper.get("unit"),
        "paper_status": paper.get("status"),
        "against": "; ".join(detail.get("against", ())),
        "n_seeds": len(claim["seeds"]),
        "n_items": detail.get("m"),
        "power": power.get("power"),
        "sentence": sentence(claim),
    }
    return {key: _cell(found[key]) for key in COLUMNS}


def _cell(value):
    """A value as a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if not isinstance(value, str):
        return value
    text = visible(value)
    return f"'{text}" if text.startswith(FORMULA) else text
