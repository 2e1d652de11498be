"""Networks on an emulated chip: one row a variant, each figure a mean over seeds."""

from collections.abc import Sequence
from typing import Any

from respike.report.blocks import block, table
from respike.report.runs import Run, grouped
from respike.report.studies import cell, mean_of, numbers
from respike.report.words import between, figure, listed


def blocks(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The emulator's table; none where nothing was emulated."""
    there = [run for run in runs if run.stage == "emulate" and run.done]
    if not there:
        return []
    rows = [_row(variant, group) for variant, group in grouped(there).items()]
    head = [
        "variant",
        "accuracy, %",
        "float accuracy, %",
        "spikes that differ, %",
        "overflows",
        "SynOps an item",
        "energy an item, nJ",
        "label",
    ]
    note = (
        f"{mean_of(there)}. Spikes that "
        "differ from float is the honest column: an accuracy can stay while spikes change. "
        "Energy is an interval over published cost models, not a measurement of a chip."
    )
    whole = table("emulated chip", head, rows, note=note, text=(0, 7))
    text = f"What is missing before “emulated hardware” may be said: {listed(_missing(there))}."
    return [block("On an integer core", text=text if _missing(there) else "", tables=[whole])]


def _missing(runs: Sequence[Run]) -> list[str]:
    return runs[0].files["metrics.json"].get("checks_missing", [])


def _row(variant: str, runs: Sequence[Run]) -> list[str]:
    found = numbers(runs)
    labels = sorted({str(run.files["metrics.json"]["label"]) for run in runs})
    low, high = min(found["energy_nj_low"]), max(found["energy_nj_high"])
    return [
        variant,
        cell([100 * v for v in found["accuracy"]]),
        cell([100 * v for v in found["accuracy_float"]]),
        cell([100 * v for v in found["spike_mismatch"]]),
        figure(sum(found["overflow_count"])),
        cell(found["synops_per_item"]),
        between((low, high)),
        listed(labels),
    ]
