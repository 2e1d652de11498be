"""What the runs of one study show: learning, connections, spikes, and one table a stage."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from respike.report import svg
from respike.report.blocks import block, figure, table
from respike.report.runs import ORDER, Run, grouped, over_seeds
from respike.report.words import count, listed, name
from respike.report.words import figure as written

SHARES = ("accuracy", "rate", "share")  # columns of such a name are shown in percent
FIRST = ("validation_accuracy", "train_accuracy", "loss")
CONNECTIONS = ("density", "live_connections")
MOST_RASTERS = 12  # drawings; a study of more variants shows the first ones
MOST_NEURONS = 60  # rows of a raster
LONG_STEPS = 40  # steps from which one item fills a raster


def blocks(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """All blocks of one study, in the order in which its stages run; empty ones left out."""
    stages = grouped(runs, lambda run: run.stage)
    places = {variant: place for place, variant in enumerate(grouped(runs))}
    found = []
    for stage in ORDER:
        there = [run for run in stages.get(stage, []) if run.done]
        if there:
            found += [learning(stage, there, places), connections(stage, there, places)]
    done = [run for run in runs if run.done]
    found += [rasters(done), every_number(done)]
    return [b for b in found if b]


def seeds(runs: Iterable[Run]) -> str:
    """How many seeds stand behind a drawing: `8 seeds`, or `1 to 8 seeds`."""
    numbers = sorted({len(group) for group in grouped(runs).values()})
    if len(numbers) > 1:
        return f"{numbers[0]} to {numbers[-1]} seeds"
    return count(numbers[0], "seed")


def mean_of(runs: Iterable[Run]) -> str:
    """What a number of a table is: the mean over how many seeds, or one seed's alone."""
    number = seeds(runs)
    if number == "1 seed":
        return "One seed"
    return f"Mean over {number}, below it the lowest and the highest seed"


def column(run: Run, key: str) -> list[float]:
    """One column of a run's curve as numbers; an empty cell is NaN."""
    return [_number(row.get(key, "")) for row in run.files.get("curve.csv", [])]


def _number(text: str) -> float:
    try:
        return float(text)
    except (TypeError, ValueError):
        return math.nan


def over_epochs(run: Run, key: str) -> dict[float, float]:
    """Epoch -> value of one column, averaged over folds and members of an ensemble.

    A member of one row has no curve: it is a number that stands beside the curves.
    """
    rows = run.files.get("curve.csv", [])
    member = [(row.get("fold"), row.get("member")) for row in rows]
    found: dict[float, list[float]] = {}
    for one, epoch, value in zip(member, column(run, "epoch"), column(run, key), strict=True):
        if math.isfinite(value) and math.isfinite(epoch) and member.count(one) > 1:
            found.setdefault(epoch, []).append(value)
    return {epoch: sum(values) / len(values) for epoch, values in sorted(found.items())}


def lines(
    runs: Sequence[Run], key: str, places: Mapping[str, int], scale: float = 1.0
) -> list[svg.Series]:
    """Mean over seeds of one column for each variant, with the band from lowest to highest.

    Args:
        runs: of one stage.
        key: of the column.
        places: variant -> its colour, the same in every drawing of a study.
        scale: factor of the values.
    """
    found = []
    for variant, group in grouped(runs).items():
        seeds_ = [curve for run in group if (curve := over_epochs(run, key))]
        if seeds_:
            epochs = sorted(set().union(*seeds_))
            values = [[one.get(e, math.nan) for e in epochs] for one in seeds_]
            mean, low, high = (scale * v for v in over_seeds(values))
            band = (low, high) if len(seeds_) > 1 else ((), ())
            found.append(svg.Series(variant, epochs, mean, *band, colour=places[variant]))
    return found


def curve(
    stage: str, runs: Sequence[Run], key: str, places: Mapping[str, int]
) -> dict[str, Any] | None:
    """One drawing of one column over epochs; None where no run has numbers."""
    shared = any(word in key for word in SHARES)
    drawn = lines(runs, key, places, 100.0 if shared else 1.0)
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
    for key in ("epoch", "fold", "member"):
        keys.pop(key, None)
    return [k for k in FIRST if k in keys] + [k for k in keys if k not in FIRST]


def learning(
    stage: str, runs: Sequence[Run], places: Mapping[str, int]
) -> dict[str, Any] | None:
    """Learning curves of one stage: all columns of curve.csv but those about connections."""
    keys = [k for k in _columns(runs) if k not in CONNECTIONS]
    drawn = [f for key in keys if (f := curve(stage, runs, key, places))]
    if not drawn:
        return None
    text = f"Line: mean over {seeds(runs)}. Band: from the lowest seed to the highest."
    text = "One seed, so the lines have no band." if seeds(runs) == "1 seed" else text
    rest = {
        "title": f"{count(len(drawn) - 3, 'more curve')}",
        "figures": drawn[3:],
        "tables": (),
    }
    folded = rest if len(drawn) > 3 else None
    return block(f"Learning curves: {stage}", text=text, figures=drawn[:3], folded=folded)


def connections(
    stage: str, runs: Sequence[Run], places: Mapping[str, int]
) -> dict[str, Any] | None:
    """Density and live connections over training; None where every network is dense."""
    densities = [v for run in runs for v in column(run, "density") if math.isfinite(v)]
    if not densities or min(densities) >= 1:
        return None
    drawn = [f for key in CONNECTIONS if (f := curve(stage, runs, key, places))]
    text = f"Share and number of connections that are live; {seeds(runs)}."
    return block(f"Connections over training: {stage}", text=text, figures=drawn)


def numbers(runs: Sequence[Run]) -> dict[str, list[float]]:
    """Metric name -> one number per run that has it."""
    found: dict[str, list[float]] = {}
    for run in runs:
        for key, value in run.files.get("metrics.json", {}).items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                found.setdefault(key, []).append(float(value))
    return found


def cell(values: Sequence[float], digits: int = 3) -> str | Markup:
    """Mean, and below it the range over seeds where they differ."""
    if not values:
        return "–"
    mean = written(sum(values) / len(values), digits)
    if min(values) == max(values):
        return mean
    low, high = written(min(values), digits), written(max(values), digits)
    ends = svg.tag("span", f"{low} to {high}", class_="range")
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
    note = f"{stage}: {mean_of(runs)}."
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
    """Spikes layer by layer, of the lowest seed of each variant."""
    ranked = []
    for group in grouped(runs).values():
        own = [(run, key) for run in group for key in layers(run)]
        ranked += [(rank, *one) for rank, one in enumerate(own)]
    ranked.sort(key=lambda one: one[0])  # one of each variant before a second of any
    drawn = []
    for _, run, key in ranked:
        trace = run.files["trace.npz"]
        items = 1 if run.stage == "simulate" else len(trace.get("item", (0,)))
        drawn.append(raster(run, key.removeprefix("spikes."), trace[key], items))
    if not drawn:
        return None
    text = "A stroke is a spike; test items stand one after another."
    if len(drawn) > MOST_RASTERS:
        text += f" {MOST_RASTERS} of {len(drawn)} are drawn; the rest is in trace.npz."
    return block("Spikes", text=text, figures=drawn[:3], folded=_rest(drawn))


def layers(run: Run) -> list[str]:
    """Arrays of a run's trace that hold spikes."""
    trace = run.files.get("trace.npz", {})
    return sorted(key for key in trace if key.startswith("spikes.") and trace[key].size)


def raster(run: Run, layer: str, spikes: np.ndarray, items: int) -> dict[str, Any]:
    """One layer's spikes [items T, C]: the first item, or all where an item is short."""
    steps = len(spikes) // max(items, 1)
    if steps >= LONG_STEPS:
        spikes, items = spikes[:steps], 1
    spikes = spikes[:, :MOST_NEURONS]
    stage = "" if run.stage == "simulate" else f"{run.stage}, "
    title = f"{run.variant}: {stage}{name(layer)}"
    says = f"Spikes of {title}: {spikes.shape[1]} neurons over {len(spikes)} steps"
    x = f"time step ({items} items of {steps})" if items > 1 else "time step"
    rate = written(100 * float((spikes > 0).mean()))
    caption = f"{rate} % of places hold a spike (seed {run.seed})."
    return figure(title, svg.raster(spikes, x, "neuron", says), caption=caption)


def _rest(drawn: list[dict[str, Any]]) -> dict[str, Any] | None:
    more = drawn[3:MOST_RASTERS]
    title = f"{count(len(more), 'more raster')}"
    return {"title": title, "figures": more, "tables": ()} if more else None
