"""The robot's episodes: how often it lifted, held and replaced, and the film."""

from collections.abc import Sequence
from typing import Any

from respike.report.blocks import block, table
from respike.report.pixels import data_uri
from respike.report.runs import Run, grouped
from respike.report.studies import cell, numbers, seeds
from respike.report.words import size

RATES = ("lift_rate", "hold_rate", "replace_rate")


def blocks(runs: Sequence[Run], film: Any) -> list[dict[str, Any]]:
    """Film and success table; none where no arm moved.

    Args:
        runs: of one study.
        film: what film.make returned, or None where no episode was recorded.
    """
    there = [run for run in runs if run.stage == "control" and run.done]
    if not there:
        return []
    return [b for b in (shown(film), success(there)) if b]


def shown(film: Any) -> dict[str, Any] | None:
    """The film inside the page, or the sentence that says why there is none."""
    if film is None:
        return None
    if not hasattr(film, "mp4"):
        return block("Film", text=film.reason, tone="notice")
    video = {
        "width": film.width,
        "height": film.height,
        "poster": data_uri("image/jpeg", film.poster),
        "source": data_uri("video/mp4", film.mp4),
        "says": film.caption,
        "caption": f"{film.caption} {size(len(film.mp4))}, inside this page.",
    }
    return block("Film", film=video)


def success(runs: Sequence[Run]) -> dict[str, Any]:
    """Rates of episodes, in percent, one row a variant."""
    groups = {variant: numbers(group) for variant, group in grouped(runs).items()}
    rates = [rate for rate in RATES if any(rate in found for found in groups.values())]
    rows = [
        [variant, *(cell([100 * v for v in found.get(rate, [])]) for rate in rates)]
        for variant, found in groups.items()
    ]
    head = ["variant", *(rate.removesuffix("_rate") + ", %" for rate in rates)]
    note = (
        f"Share of episodes, mean over {seeds(runs)}, below it the lowest and the highest seed."
    )
    return block("Task success", tables=[table("task success", head, rows, note=note)])
