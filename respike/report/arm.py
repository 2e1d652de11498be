"""The robot's episodes: how often it lifted, held and replaced, and the film."""

from collections.abc import Mapping, Sequence
from typing import Any

from respike.report import svg
from respike.report.blocks import block, figure, table
from respike.report.pixels import data_uri
from respike.report.runs import Run, grouped
from respike.report.studies import cell, mean_of, numbers
from respike.report.words import count, size

RATES = ("lift_rate", "hold_rate", "replace_rate", "quiet_rate", "release_rate")
PATHS = {"true_m": "true", "decoded_m": "decoded", "used_m": "used by the arm"}


def blocks(runs: Sequence[Run], film: Any) -> list[dict[str, Any]]:
    """Film and success table; none where no arm moved.

    Args:
        runs: of one study.
        film: what film.make returned, or None where no episode was recorded.
    """
    there = [run for run in runs if run.stage == "control" and run.done]
    if not there:
        return []
    return [b for b in (shown(film), success(there), *paths(there)) if b]


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
    note = f"Share of episodes. {mean_of(runs)}."
    return block("Task success", tables=[table("task success", head, rows, note=note)])


def paths(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The hand of each variant's first recorded episode: true, decoded, and as used."""
    found = []
    for variant, group in grouped(runs).items():
        frames = next((f for run in group if (f := run.files.get("trajectory.npz"))), None)
        if frames and len(frames.get("item", ())):
            found += [_path(variant, frames, up, axis) for up, axis in ((2, "z"), (1, "y"))]
    if not found:
        return []
    text = "First recorded episode, in the robot's world; x leads from rest to the object."
    return [block("Paths of the hand", text=text, figures=found[:2], folded=_more(found[2:]))]


def _path(variant: str, frames: Mapping[str, Any], up: int, axis: str) -> dict[str, Any]:
    first = frames["item"] == frames["item"][0]
    lines = [
        svg.Series(said, *(100 * frames[key][first][:, n] for n in (0, up)))
        for key, said in PATHS.items()
    ]
    says = f"Path of the hand of {variant} in x and {axis}: true, decoded, and used"
    title = f"{variant}: x and {axis}"
    return figure(title, svg.paths(lines, "x, cm", f"{axis}, cm", says), lines=lines)


def _more(drawn: list[dict[str, Any]]) -> dict[str, Any] | None:
    title = f"{count(len(drawn), 'more path')}"
    return {"title": title, "figures": drawn, "tables": ()} if drawn else None
