"""What the runs of one study show: learning, connections, spikes, and one table a stage."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from respike.report import svg
from respike.report.blocks import block, figure, table
from respike.report.runs import ORDER, Run, grouped, over_seeds
from respike.report.words import between, count, listed, name
from respike.report.words import figure as written

SHARES = ("accuracy", "rate", "share")  # columns of such a name are shown in percent
FIRST = ("validation_accuracy", "train_accuracy", "loss")
CONNECTIONS = ("density", "live_connections")
MOST_RASTERS = 12  # drawings; a study of more variants shows the first ones
MOST_NEURONS = 60  # rows of a raster


def blocks(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """All blocks of one study, in the order in which its stages run; empty ones left out."""
    stages = grouped(runs, lambda run: run.stage)
    found = []
    for stage in ORDER:
        there = [run for run in stages.get(stage, []) if run.done]
        if there:
            found += [learning(stage, there), connections(stage, there)]
    done = [run for run in runs if run.done]
    found += [rasters(done), every_number(done)]
    return [b for b in found if b]


def seeds(runs: Iterable[Run]) -> str:
    """How many seeds stand behind a drawing: `8 seeds`, or `1 to 8 seeds`."""
    numbers = sorted({len(group) for group in grouped(runs).values()})
    if len(numbers) > 1:
        return f"{numbers[0]} to {numbers[-1]} seeds"
    return count(numbers[0], "seed")


def column(run: Run, key: str) -> list[float]:
    """One column of a run's curve as numbers; an empty cell is NaN."""
    return [_number(row.get(key, "")) for row in run.files.get("curve.csv", [])]


def _number(text: str) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return math.nan


def lines(runs: Sequence[Run], key: str, scale: float = 1.0) -> list[svg.Series]:
    """Mean over seeds of one column for each variant, with the band from lowest to highest."""
    found = []
    for place, (variant, group) in enumerate(grouped(runs).items()):
        mean, low, high = (scale * v for v in over_seeds(column(run, key) for run in group))
        if np.isfinite(mean).any():
            epochs = column(group[0], "epoch")
            x = epochs if len(epochs) == len(mean) else list(range(1, len(mean) + 1))
            band = (low, high) if len(group) > 1 else ((), ())
            found.append(svg.Series(variant, x, mean, *band, colour=place))
    return found


def curve(stage: str, runs: Sequence[Run], key: str) -> dict[str, Any] | None:
    """One drawing of one column over epochs; None where no run has numbers."""
    shared = any(word in key for word in SHARES)
    drawn = lines(runs, key, 100.0 if shared else 1.0)
    if not drawn:
        return None
    y = name(key) + (", %" if shared else "")
    says = f"{name(key)} over epochs of {stage}, for {listed([s.name for s in drawn])}"
    least = 0.0 if min(np.nanmin(s.y) for s in drawn) >= 0 else None
    return figure(name(key), svg.curves(drawn, "epoch", y, says, floor=least), lines=drawn)


def _columns(runs: Sequence[Run]) -> list[str]:
    keys: dict[str, None] = {}
    for run in runs:
        for row in run.files.get("curve.csv", [])[:1]:
            keys.update(dict.fromkeys(row))
    keys.pop("epoch", None)
    return [k for k in FIRST if k in keys] + [k for k in keys if k not in FIRST]


def learning(stage: str, runs: Sequence[Run]) -> dict[str, Any] | None:
    """Learning curves of one stage: all columns of curve.csv but those about connections."""
    keys = [k for k in _columns(runs) if k not in CONNECTIONS]
    drawn = [f for key in keys if (f := curve(stage, runs, key))]
    if not drawn:
        return None
    text = f"Line: mean over {seeds(runs)}. Band: from the lowest seed to the highest."
    rest = {
        "title": f"{count(len(drawn) - 3, 'more curve')}",
        "figures": drawn[3:],
        "tables": (),
    }
    folded = rest if len(drawn) > 3 else None
    return block(f"Learning curves: {stage}", text=text, figures=drawn[:3], folded=folded)


def connections(stage: str, runs: Sequence[Run]) -> dict[str, Any] | None:
    """Density and live connections over training; None where every network is dense."""
    densities = [v for run in runs for v in column(run, "density") if math.isfinite(v)]
    if not densities or min(densities) >= 1:
        return None
    drawn = [f for key in CONNECTIONS if (f := curve(stage, runs, key))]
    text = f"Share and number of connections that are live, mean and band over {seeds(runs)}."
    return block(f"Connections over training: {stage}", text=text, figures=drawn)


def numbers(runs: Sequence[Run]) -> dict[str, list[float]]:
    """Metric name -> one number per run that has it."""
    found: dict[str, list[float]] = {}
    for run in runs:
        for key, value in run.files.get("metrics.json", {}).items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                found.setdefault(key, []).append(float(value))
    return found


def cell(values: Sequence[float]) -> str | Markup:
    """Mean, and below it the range over seeds where they differ."""
    if not values:
        return "–"
    mean = written(sum(values) / len(values))
    if min(values) == max(values):
        return mean
    ends = svg.tag("span", between((min(values), max(values))), class_="range")
    return svg.join([svg.tag("span", mean), ends])


def measures(stage: str, runs: Sequence[Run]) -> dict[str, Any] | None:
    """Every number of metrics.json, one row a metric, one column a variant."""
    groups = {variant: numbers(group) for variant, group in grouped(runs).items()}
    keys = list(dict.fromkeys(key for found in groups.values() for key in found))
    if not keys:
        return None
    rows = [
        [name(key), *(cell(found.get(key, [])) for found in groups.values())] for key in keys
    ]
    note = f"{stage}: mean over {seeds(runs)}, below it the lowest and the highest seed."
    return table(f"measures of {stage}", ["measure", *groups], rows, note=note)


def every_number(runs: Sequence[Run]) -> dict[str, Any] | None:
    """The tables of all stages, folded."""
    stages = grouped(runs, lambda run: run.stage)
    tables = [t for stage in ORDER if stage in stages and (t := measures(stage, stages[stage]))]
    if not tables:
        return None
    total = count(sum(len(t["rows"]) for t in tables), "measure")
    folded = {
        "title": f"{total} of {count(len(tables), 'stage')}",
        "figures": (),
        "tables": tables,
    }
    return block("Every number", folded=folded)


def rasters(runs: Sequence[Run]) -> dict[str, Any] | None:
    """Spikes of one item, layer by layer, of the lowest seed of each variant."""
    drawn = []
    for run in runs:
        trace = run.files.get("trace.npz", {})
        for key in sorted(k for k in trace if k.startswith("spikes.")):
            items = 1 if run.stage == "simulate" else len(trace.get("item", (0,)))
            spikes = first_item(trace[key], items)[:, :MOST_NEURONS]
            if spikes.size:
                layer = name(key.removeprefix("spikes."))
                stage = "" if run.stage == "simulate" else f"{run.stage}, "
                title = f"{run.variant}: {stage}{layer}"
                rate = written(100 * float((spikes > 0).mean()))
                says = f"Spikes of {title}: {spikes.shape[1]} neurons over {len(spikes)} steps"
                picture = svg.raster(spikes, "time step", "neuron", says)
                caption = f"{rate} % of places hold a spike (seed {run.seed})."
                drawn.append(figure(title, picture, caption=caption))
    if not drawn:
        return None
    text = "One test item each; a stroke is a spike."
    if len(drawn) > MOST_RASTERS:
        text += (
            f" {MOST_RASTERS} of {len(drawn)} are drawn; the rest is in trace.npz of each run."
        )
    return block("Spikes", text=text, figures=drawn[:3], folded=_rest(drawn))


def _rest(drawn: list[dict[str, Any]]) -> dict[str, Any] | None:
    more = drawn[3:MOST_RASTERS]
    title = f"{count(len(more), 'more raster')}"
    return {"title": title, "figures": more, "tables": ()} if more else None


def first_item(spikes: np.ndarray, items: int) -> np.ndarray:
    """Rows of the first of `items` items, one after another in spikes [items T, C]."""
    return spikes[: len(spikes) // max(items, 1)]
