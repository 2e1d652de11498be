"""Decoded against true: what each predictor makes of held-out trials, and paths in space."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from respike.report import svg
from respike.report.blocks import block, figure, table
from respike.report.runs import Run, grouped
from respike.report.studies import cell, mean_of, numbers
from respike.report.words import count, listed, name

AXES = ("x", "y", "z")
TRIALS = 3  # drawn one after another
TRUE = "true"
KNOWS_NOTHING = ("mean", "randomised", "permuted")  # in the table, not in the drawings
DIGITS = 5  # of an R2: a template leaves little to add


def blocks(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """All predictors in one table, then held-out trials of each variant's lowest seed."""
    there = [run for run in runs if run.stage == "decode" and run.done]
    shown = []
    for group in grouped(there).values():
        run = next((run for run in group if "predictions.npz" in run.files), None)
        if run and "target" in run.files["predictions.npz"]:
            shown.append(run)
    found = predictors(there)
    if shown:
        found.append(traces(shown[0]))
    if shown[1:]:
        drawn = [figure_ for run in shown[1:] for figure_ in drawings(run)]
        title = f"{count(len(shown) - 1, 'more variant')}, {count(len(drawn), 'drawing')}"
        folded = {"title": title, "figures": drawn, "tables": ()}
        found.append(block("Decoded against true: the others", folded=folded))
    return found


def predictors(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """R2 of every predictor and control, one row each, one column a variant."""
    groups = {variant: numbers(group) for variant, group in grouped(runs).items()}
    names = dict.fromkeys(
        key.removeprefix("r2.")
        for found in groups.values()
        for key in found
        if key.startswith("r2.") and key.count(".") == 1
    )
    if not names:
        return []
    rows = [
        [name(one), *(cell(found.get(f"r2.{one}", []), DIGITS) for found in groups.values())]
        for one in names
    ]
    note = (
        f"R² on held-out blocks. {mean_of(runs)}. A decoder is worth what it adds to the "
        "template, which sees no signal."
    )
    whole = table("predictors and controls", ["predictor", *groups], rows, note=note)
    return [block("Predictors and controls", tables=[whole])]


def traces(run: Run) -> dict[str, Any]:
    """Target and predictions over time, axis by axis, and three views of a hand in space."""
    arrays = run.files["predictions.npz"]
    trials = len(np.unique(arrays["item"][first_trials(arrays, TRIALS)]))
    drawn = drawings(run)
    wide = arrays["target"].shape[1]
    text = (
        f"{count(trials, 'held-out trial')} of the first block, seed {run.seed}, one after "
        "another. Controls that know nothing of the trial stand in the table alone."
    )
    title = f"Decoded against true: {run.variant}"
    return block(title, text=text, figures=drawn[:wide], folded=_views(drawn[wide:]))


def drawings(run: Run) -> list[dict[str, Any]]:
    """One drawing an axis, and for a hand in space three views of its first trial."""
    arrays = run.files["predictions.npz"]
    chosen = first_trials(arrays, TRIALS)
    items = arrays["item"][chosen]
    lines = {TRUE: apart(arrays["target"][chosen], items)}
    for key in arrays:
        if key.startswith("predicted.") and not any(word in key for word in KNOWS_NOTHING):
            text = name(key.removeprefix("predicted."))
            lines[text] = apart(arrays[key][chosen], items)
    seconds = running(arrays["time_s"][chosen])
    wide = lines[TRUE].shape[1]
    drawn = [over_time(run, seconds, lines, axis) for axis in range(wide)]
    if wide == 3:
        one = {k: v[items == items[0]] for k, v in lines.items()}
        drawn += [view(run, one, a, b) for a, b in ((0, 1), (0, 2), (1, 2))]
    return drawn


def _views(drawn: list[dict[str, Any]]) -> dict[str, Any] | None:
    title = "The path of the first trial in space, three views"
    return {"title": title, "figures": drawn, "tables": ()} if drawn else None


def first_trials(arrays: Mapping[str, np.ndarray], trials: int) -> np.ndarray:
    """Places of the first `trials` trials of the first block, in their order."""
    block_ = arrays["block"] == arrays["block"][0]
    items = arrays["item"]
    wanted = list(dict.fromkeys(items[block_].tolist()))[:trials]
    return np.flatnonzero(block_ & np.isin(items, wanted))


def apart(values: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Values [S, D] with the first moment of each later trial missing: no line joins them."""
    values = values.astype(float)
    values[1:][items[1:] != items[:-1]] = np.nan
    return values


def running(time_s: np.ndarray) -> np.ndarray:
    """Time that goes on over trials that each begin anew: a step back is a small one on."""
    steps = np.diff(time_s, prepend=time_s[:1])
    usual = np.median(steps[steps > 0]) if (steps > 0).any() else 1.0
    return np.cumsum(np.where(steps > 0, np.minimum(steps, 5 * usual), usual)) - usual


def over_time(
    run: Run, seconds: np.ndarray, lines: Mapping[str, np.ndarray], axis: int
) -> dict[str, Any]:
    """One axis of the target and of every prediction."""
    series = [
        svg.Series(text, seconds.tolist(), values[:, axis].tolist(), colour=place)
        for place, (text, values) in enumerate(lines.items())
    ]
    wide = lines[TRUE].shape[1]
    told = run.record["settings"]["decode"].get("truth", "target")
    y = AXES[axis] if wide == 3 else name(told if wide == 1 else f"{told} {axis + 1}")
    says = f"{y} over time: true, and decoded by {listed(list(lines)[1:])}"
    drawing = svg.curves(series, "time, s", y, says)
    return figure(f"{run.variant}: {y}", drawing, lines=series)


def view(run: Run, lines: Mapping[str, np.ndarray], across: int, up: int) -> dict[str, Any]:
    """The path seen along one axis."""
    series = [
        svg.Series(text, values[:, across].tolist(), values[:, up].tolist(), colour=place)
        for place, (text, values) in enumerate(lines.items())
    ]
    title = f"{AXES[across]} and {AXES[up]}"
    says = f"Path of the hand, {title}: true, and decoded by {listed(list(lines)[1:])}"
    drawing = svg.paths(series, AXES[across], AXES[up], says)
    return figure(f"{run.variant}: {title}", drawing, lines=series)
