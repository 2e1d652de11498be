"""The runs behind a page: their records, those files of them that are drawn, and groups."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from respike.core import layout

ORDER = (
    "simulate",
    "train",
    "prune",
    "distill",
    "connect",
    "emulate",
    "decode",
    "control",
)


@dataclass(frozen=True)
class Run:
    """One job of scope run.

    Attributes:
        path: of its record.
        record: as record.json says.
        files: output file name -> parsed value, for the files the page draws.
    """

    path: str
    record: dict[str, Any]
    files: dict[str, Any] = field(default_factory=dict)

    @property
    def stage(self) -> str:
        return self.record["stage"]

    @property
    def study(self) -> str:
        return self.record["settings"]["study"]

    @property
    def variant(self) -> str:
        return self.record["settings"]["variant"]

    @property
    def seed(self) -> int:
        return self.record["seed"]

    @property
    def done(self) -> bool:
        return self.record["status"] == "done"


def drawn(record: dict[str, Any], *, first: bool) -> list[str]:
    """Which output files of a run the page draws.

    Args:
        record: of the run.
        first: the run is the lowest seed of its variant; only that one shows its traces.
    """
    if record["status"] != "done":
        return []
    files = ["metrics.json", "curve.csv"]
    if first:
        files += ["trace.npz", "trajectory.npz"]
        if record["stage"] == "decode":
            files.append("predictions.npz")
    return [file for file in files if file in record["outputs"]]


def firsts(records: Iterable[dict[str, Any]]) -> set[tuple[str, str, str, int]]:
    """(study, variant, stage, seed) of the lowest done seed of each variant's stage."""
    lowest: dict[tuple[str, str, str], int] = {}
    for record in records:
        if record["status"] == "done":
            study, variant, stage, seed = identity(record)
            place = (study, variant, stage)
            lowest[place] = min(seed, lowest.get(place, seed))
    return {(*place, seed) for place, seed in lowest.items()}


def identity(record: dict[str, Any]) -> tuple[str, str, str, int]:
    """(study, variant, stage, seed) of a run's record."""
    settings = record["settings"]
    return settings["study"], settings["variant"], record["stage"], record["seed"]


def filmed(records: Mapping[PurePosixPath, dict[str, Any]]) -> dict[str, PurePosixPath]:
    """Study -> record of the run whose robot is shown: with copilot first, then by seed."""
    found: dict[str, list[tuple]] = {}
    for place, (path, record) in enumerate(records.items()):
        if record["stage"] == "control" and record["status"] == "done":
            told = record["settings"]["control"]
            alone = told.get("copilot", "none") == "none"
            rank = (told.get("task", "lift") != "lift", alone, record["seed"], place)
            found.setdefault(record["settings"]["study"], []).append((rank, path))
    return {study: min(ranked)[1] for study, ranked in found.items()}


def data_records(record: dict[str, Any]) -> list[PurePosixPath]:
    """Where the records of the data stand that a job read."""
    files = [row["path"] for rows in record["inputs"].values() for row in rows]
    return [layout.record_of(file) for file in files if file.startswith("data/")]


def grouped(
    runs: Iterable[Run], by: Callable[[Run], Any] = lambda run: run.variant
) -> dict[Any, list[Run]]:
    """Runs by variant (or another key), in the order in which the keys first come."""
    found: dict[Any, list[Run]] = {}
    for run in runs:
        found.setdefault(by(run), []).append(run)
    return found


def over_seeds(columns: Iterable[list[float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, lowest and highest over seeds at each place.

    Args:
        columns: one list per seed; shorter ones end early, NaN is left out.

    Returns:
        Three arrays as long as the longest list; NaN where no seed has a number.
    """
    columns = [np.asarray(c, float) for c in columns]
    longest = max(map(len, columns), default=0)
    whole = np.full((len(columns), longest), np.nan)
    for row, column in zip(whole, columns, strict=True):
        row[: len(column)] = column
    known = ~np.isnan(whole).all(axis=0)
    mean, low, high = (np.full(longest, np.nan) for _ in range(3))
    mean[known] = np.nanmean(whole[:, known], axis=0)
    low[known], high[known] = (
        np.nanmin(whole[:, known], axis=0),
        np.nanmax(whole[:, known], axis=0),
    )
    return mean, low, high
