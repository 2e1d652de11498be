"""Which data sets may be handed on to others, and why not.

Their files lie under data/{dataset}/. What was computed from them may go, unless the licence
allows no derivatives (ND).
"""

from collections.abc import Mapping
from typing import Any

UNSTATED = {"", "none-stated", "none", "unknown"}
SOURCES = "respike/datasets/sources.yaml"


def kept_back(dataset: str, rows: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Why the files of a data set stay here; None where they may be handed on.

    Args:
        dataset: its name.
        rows: the table of sources.yaml, by name.
    """
    if dataset not in rows:
        return f"{dataset} stands in no row of {SOURCES}, so that its licence is not known"
    licence = rows[dataset]["licence"]
    if licence.lower() in UNSTATED:
        return f"nobody has stated a licence for {dataset}"
    if no_derivatives(licence):
        return f"its licence {licence} allows no derivatives, and its arrays are one"
    if "NC" in licence.upper().split("-"):
        return f"its licence {licence} allows no commercial use, which we cannot see to"
    if not rows[dataset]["redistribute"]:
        return f"{SOURCES} says `redistribute: false` of {dataset} (licence {licence})"
    return None


def no_derivatives(licence: str) -> bool:
    """Whether not even what is computed from the data may be handed on."""
    return "ND" in licence.upper().split("-")
