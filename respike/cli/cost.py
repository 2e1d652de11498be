"""What planned jobs will cost: time and bytes of the same job before, or of its stage's others.

Times are Snakemake's benchmarks, bytes those of the records. Nothing is scaled from one budget
to another: a stage that was never timed at a budget has no estimate there.
"""

import contextlib
import csv
import json
import statistics
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from respike.audit.jobs import place
from respike.core import layout
from respike.core.errors import DamagedFile


class Cost(NamedTuple):
    """Of all planned jobs of one stage.

    Attributes:
        jobs: how many.
        seconds: of all of them together; None where the stage was never timed at the budget.
        written: bytes of all of them; None where none was recorded at the budget.
        elsewhere: budget -> median seconds of a job, where another budget was timed alone.
    """

    jobs: int
    seconds: float | None
    written: float | None
    elsewhere: dict[str, float]


class Earlier:
    """What earlier jobs of a folder took and wrote.

    Args:
        root: folder that holds results/ and benchmarks/.
    """

    def __init__(self, root: Path):
        self._root = root

    @cached_property
    def seconds(self) -> dict[str, dict[str, float]]:
        """Stage -> path of the benchmark -> its time [s]."""
        found: dict[str, dict[str, float]] = {}
        for file in (self._root / "benchmarks").rglob("*.tsv"):
            with contextlib.suppress(OSError, ValueError, KeyError, StopIteration):
                row = next(csv.DictReader(file.read_text().splitlines(), delimiter="\t"))
                path = str(file.relative_to(self._root))
                found.setdefault(file.stem, {})[path] = float(row["s"])
        return found

    @cached_property
    def written(self) -> dict[str, dict[str, int]]:
        """Stage -> path of the record -> bytes that its job wrote."""
        found: dict[str, dict[str, int]] = {}
        for file in (self._root / "results").rglob(layout.RECORD):
            path = file.relative_to(self._root)
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError, DamagedFile):
                outputs = json.loads(file.read_text())["outputs"]
                count = sum(int(row["bytes"]) for row in outputs.values())
                found.setdefault(place(str(path)).stage, {})[str(path)] = count
        return found

    def cost(self, stage: str, records: Iterable[str]) -> Cost:
        """Of planned jobs of one stage, by the paths of their records.

        A job that ran before counts with its own time and bytes, another with the median of
        the stage at its budget.
        """
        records = list(records)
        times = self.seconds.get(stage, {})
        told = [str(layout.told(record)[1]) for record in records]
        budget = PurePosixPath(told[0]).parts[1]
        seconds = _sum(told, times, budget)
        others = {} if seconds is not None else _medians(times)
        written = _sum(records, self.written.get(stage, {}), budget)
        return Cost(len(records), seconds, written, others)


def _medians(found: dict[str, float]) -> dict[str, float]:
    budgets: dict[str, list[float]] = {}
    for path, value in found.items():
        budgets.setdefault(PurePosixPath(path).parts[1], []).append(value)
    return {budget: statistics.median(values) for budget, values in sorted(budgets.items())}


def _sum(paths: list[str], known: dict[str, float], budget: str) -> float | None:
    """Sum of known values, the median of the budget's for those that are not known."""
    middle = _medians(known).get(budget)
    values = [known.get(path, middle) for path in paths]
    return None if None in values else sum(values)
