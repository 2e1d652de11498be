"""Inference in random fields: how far each method is from the truth and from mean field."""

from collections.abc import Sequence
from typing import Any

from respike.report import svg
from respike.report.blocks import block, figure, table
from respike.report.runs import Run, grouped
from respike.report.studies import cell, mean_of, numbers
from respike.report.words import listed

NAMES = {
    "mf": "mean field",
    "bp": "belief propagation",
    "gibbs": "Gibbs sampler",
    "icm": "ICM",
    "half": "always 0.5",
    "noisy": "noisy picture",
    "clean": "clean picture",
    "exact": "exact",
    "own": "its own mean-field solution",
}
AGAINST = {
    "exact": "Mean absolute error of P(x = 1) against exact enumeration",
    "mf": "Mean absolute difference of P(x = 1) from mean field",
    "own": "Mean absolute difference of P(x = 1) from the nearest mean-field solution",
}


def called(method: str) -> str:
    """A method in words: `snn20` is `20 neurons a variable`."""
    if method.startswith("snn") and method[3:].isdigit():
        return "1 neuron a variable" if method == "snn1" else f"{method[3:]} neurons a variable"
    return NAMES.get(method, method)


def blocks(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Tables of errors and of restored pixels, and the pictures of the first run with some."""
    there = [run for run in runs if run.stage == "simulate" and run.done]
    if not there:
        return []
    tables = [_errors(there, against) for against in AGAINST]
    tables.append(_restored(there))
    found = [block("Inference", tables=[t for t in tables if t])]
    drawn = next((p for run in there if (p := _pictures(run))), None)
    return [*found, drawn] if drawn else found


def _errors(runs: Sequence[Run], against: str) -> dict[str, Any] | None:
    title = f"{AGAINST[against]} (smaller is nearer)"
    return _table(runs, f"error_{{}}_{against}", title, 1.0)


def _restored(runs: Sequence[Run]) -> dict[str, Any] | None:
    return _table(runs, "correct_{}", "Pixels restored, % (larger is better)", 1.0)


def _table(
    runs: Sequence[Run], pattern: str, title: str, scale: float
) -> dict[str, Any] | None:
    before, after = pattern.split("{}")
    groups = {variant: numbers(group) for variant, group in grouped(runs).items()}
    keys = [
        key
        for key in dict.fromkeys(k for found in groups.values() for k in found)
        if key.startswith(before) and key.endswith(after) and len(key) > len(before + after)
    ]
    if not keys:
        return None
    methods = [key[len(before) : len(key) - len(after)] for key in keys]
    rows = [
        [variant, *(cell([scale * v for v in found.get(key, [])]) for key in keys)]
        for variant, found in groups.items()
        if any(key in found for key in keys)
    ]
    note = f"{title}. {mean_of(runs)}."
    return table(title, ["variant", *map(called, methods)], rows, note=note)


def _pictures(run: Run) -> dict[str, Any] | None:
    trace = run.files.get("trace.npz", {})
    keys = [key for key in trace if key.startswith("picture.")]
    if not keys:
        return None
    order = ["picture.clean", "picture.noisy"]
    keys = [k for k in order if k in keys] + sorted(k for k in keys if k not in order)
    drawn = []
    for key in keys:
        name = called(key.removeprefix("picture."))
        drawn.append(figure(name, svg.picture(trace[key][0], f"One digit: {name}")))
    names = listed([one["title"] for one in drawn])
    text = f"One test picture of {run.variant}, seed {run.seed}: {names}."
    return block("Denoising, one picture", text=text, pictures=drawn)
