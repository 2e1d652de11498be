"""Grids of a study: one map a measure over two axes, or one curve over one axis."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from respike.report import svg
from respike.report.blocks import block, figure, table
from respike.report.heat import heat
from respike.report.runs import Run
from respike.report.studies import cell as mean_and_range
from respike.report.words import count, listed, name
from respike.report.words import figure as written

# stage, key of metrics.json, title, factor; what a grid's runs lack is left out
MEASURES = (
    ("train", "accuracy", "accuracy, %", 100.0),
    ("prune", "accuracy", "accuracy, %", 100.0),
    ("distill", "accuracy", "accuracy, %", 100.0),
    ("emulate", "accuracy", "accuracy on the core, %", 100.0),
    ("connect", "barrier", "error barrier between two fine-tunings, points", 100.0),
    ("connect", "cka.softmax", "CKA of the answers of two fine-tunings", 1.0),
    ("connect", "cka", "CKA of their layers, mean", 1.0),
)


@dataclass(frozen=True)
class Grid:
    """The runs of one grid.

    Attributes:
        name: of the variant that the grid was written at.
        axes: name -> its values, in the order of the study's axes; numbers ascend.
        runs: (values of the axes) -> runs of that cell.
    """

    name: str
    axes: dict[str, list]
    runs: dict[tuple, list[Run]]

    def values(self, at: tuple, stage: str, key: str, factor: float) -> dict[int, float]:
        """Seed -> a number of one cell."""
        return {
            run.seed: factor * float(run.files["metrics.json"][key])
            for run in self.runs.get(at, [])
            if run.stage == stage and run.done and key in run.files["metrics.json"]
        }


def divide(data: Mapping[str, Any], runs: Sequence[Run]) -> tuple[list[Grid], list[Run]]:
    """The grids of a study, and the runs that stand in none."""
    where = {v: said["cell"] for v, said in data["variants"].items() if "cell" in said}
    found: dict[str, dict[str, set]] = {}
    for cell in where.values():
        axes = found.setdefault(cell["grid"], {})
        for axis, value in zip(cell["axes"], cell["at"], strict=True):
            axes.setdefault(axis, set()).add(value)
    grids = {
        name: Grid(
            name, {axis: sorted(values, key=_place) for axis, values in axes.items()}, {}
        )
        for name, axes in found.items()
    }
    rest = []
    for run in runs:
        if run.variant in where:
            cell = where[run.variant]
            grids[cell["grid"]].runs.setdefault(tuple(cell["at"]), []).append(run)
        else:
            rest.append(run)
    return list(grids.values()), rest


def blocks(grids: Sequence[Grid]) -> list[dict[str, Any]]:
    """One block a grid that has runs."""
    return [b for grid in grids if (b := _block(grid))]


def rows(data: Mapping[str, Any], stages: Sequence[str]) -> list[list[str]]:
    """What each variant is, one row a grid and one for each variant without."""
    found: dict[str, list[str]] = {}
    cells: dict[str, int] = {}
    for variant, said in data["variants"].items():
        chain = listed([s for s in stages if s in said])
        key = said["cell"]["grid"] if "cell" in said else variant
        found.setdefault(key, [key, said.get("says", ""), chain])
        cells[key] = cells.get(key, 0) + ("cell" in said)
        if "cell" in said:
            found[key][0] = f"{key}, {count(cells[key], 'cell')}"
        if cells[key] == 2:
            found[key][1] += ", and so on"
    return list(found.values())


def _block(grid: Grid) -> dict[str, Any] | None:
    there = [m for m in MEASURES if any(grid.values(at, *m[:2], m[3]) for at in grid.runs)]
    if not there:
        return None
    seeds = {len({run.seed for run in runs if run.done}) for runs in grid.runs.values()}
    many = f"{min(seeds)} to {max(seeds)} seeds" if len(seeds) > 1 else count(*seeds, "seed")
    text = (
        f"{count(len(grid.runs), 'cell')} over {' and '.join(grid.axes)}; each number is the"
        f" mean over {many}."
    )
    if len(grid.axes) == 2:
        text += (
            " At the right of a map: first column less last, mean over the seeds that both"
            " have, and of these how many have its sign. It is what was measured; what can be"
            " said of it the claims say."
        )
        drawn = [_map(grid, *measure) for measure in there]
    elif len(grid.axes) == 1:
        drawn = [_curve(grid, *measure) for measure in there]
    else:
        drawn = []
    folded = {"title": "Every cell", "figures": (), "tables": [_table(grid, there)]}
    return block(f"Grid: {grid.name}", text=text, figures=drawn, folded=folded)


def _map(grid: Grid, stage: str, key: str, title: str, factor: float) -> dict[str, Any]:
    (across, columns), (down, lines) = grid.axes.items()
    values = {(x, y): grid.values((x, y), stage, key, factor) for x in columns for y in lines}
    means = [[_mean(values[x, y].values()) for x in columns] for y in lines]
    signs = [sign(values[columns[0], y], values[columns[-1], y]) for y in lines]
    says = (
        f"{title} of {grid.name} over {across} and {down}; first column less last by {down}: "
        + ", ".join(f"{y}: {said}" for y, said in zip(lines, signs, strict=True))
    )
    picture = heat(
        list(map(str, columns)), list(map(str, lines)), means, (name(across), name(down)), says,
        margin=signs, margin_label=f"{columns[0]} less {columns[-1]}",
    )  # fmt: skip
    return figure(f"{stage}: {title}", picture)


def sign(one: Mapping[int, float], other: Mapping[int, float]) -> str:
    """Mean difference over the seeds both have, and how many of them have its sign."""
    both = [one[seed] - other[seed] for seed in one if seed in other]
    if not both:
        return "–"
    mean = _mean(both)
    same = sum(d * mean > 0 for d in both)
    plus = "+" if mean > 0 else ""
    return f"{plus}{written(mean, 2)} ({same}/{len(both)})"


def _curve(grid: Grid, stage: str, key: str, title: str, factor: float) -> dict[str, Any]:
    ((axis, places),) = grid.axes.items()
    found = [list(grid.values((x,), stage, key, factor).values()) for x in places]
    line = svg.Series(
        grid.name,
        [float(x) for x in places],
        [_mean(v) for v in found],
        [min(v, default=math.nan) for v in found],
        [max(v, default=math.nan) for v in found],
    )
    says = f"{title} of {grid.name} over {axis}"
    return figure(f"{stage}: {title}", svg.curves([line], name(axis), title, says))


def _table(grid: Grid, measures: Sequence[tuple]) -> dict[str, Any]:
    lines = []
    for at in grid.runs:
        cells = [
            mean_and_range(list(grid.values(at, stage, key, factor).values()))
            for stage, key, _, factor in measures
        ]
        lines.append([" ".join(map(str, at)), *cells])
    head = [" ".join(grid.axes), *(f"{stage}: {title}" for stage, _, title, _ in measures)]
    return table(f"cells of {grid.name}", head, lines)


def _place(value: Any) -> tuple[bool, float, str]:
    """Numbers before words, each in their own order."""
    number = isinstance(value, int | float)
    return not number, float(value) if number else 0.0, str(value)


def _mean(values) -> float:
    values = list(values)
    return sum(values) / len(values) if values else math.nan
