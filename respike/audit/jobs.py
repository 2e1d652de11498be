"""Jobs by their names: from the path of a record to its stage and wildcards, and to words.

What a bundle says is a stranger's: a path that names no job of ours is refused before anything
is opened, and text is printed with everything unprintable written out.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import PurePosixPath
from typing import NamedTuple

from respike.core import layout
from respike.core.errors import DamagedFile


class Place(NamedTuple):
    """Which job a record is of.

    Attributes:
        stage: its stage.
        wildcards: budget, study, variant, seed, dataset or kernel: those of the scope.
    """

    stage: str
    wildcards: dict[str, str]


@cache
def _shapes() -> dict[str, re.Pattern[str]]:
    words = {"budget": "|".join(layout.BUDGETS), "seed": r"0|[1-9]\d*"}
    found = {}
    for stage in layout.STAGES:
        shape = re.escape(layout.record(stage)).replace(r"\{", "{").replace(r"\}", "}")
        found[stage] = re.compile(
            re.sub(r"\{(\w+)\}", lambda m: f"(?P<{m[1]}>{words.get(m[1], layout.ID)})", shape)
        )
    return found


def place(record: str | PurePosixPath) -> Place:
    """Which job a record is of, by its path alone.

    Raises:
        DamagedFile: no job of respike has its record there.
    """
    for stage, shape in _shapes().items():
        match = shape.fullmatch(str(record))
        if match:
            return Place(stage, match.groupdict())
    raise DamagedFile(f"{plain(str(record))} is not where the record of a job stands")


def called(record: str | PurePosixPath) -> str:
    """A job in words, by the path of its record: `train of toy/dense seed 0`."""
    stage, w = place(record)
    if "variant" in w:
        return f"{stage} of {w['study']}/{w['variant']} seed {w['seed']}"
    named = (w.get(word) for word in ("dataset", "study", "kernel"))
    return f"{stage} of {next(filter(None, named), 'the page')}"


def listed(records: Iterable[str]) -> list[str]:
    """Jobs in words, seeds of one run together: `train of toy/dense seeds 0, 1`."""
    seeds: dict[str, list[str]] = {}
    for record in records:
        name, _, seed = called(record).partition(" seed ")
        seeds.setdefault(name, []).append(seed)
    return [name + _seeds(found) for name, found in seeds.items()]


def _seeds(found: list[str]) -> str:
    if not found[0]:
        return ""
    numbers = sorted(map(int, found))
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f" seeds {numbers[0]} to {numbers[-1]}"
    return f" seed{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Names whose value is not the same on both sides, or that only one side has."""
    return sorted(n for n in before.keys() | now.keys() if before.get(n) != now.get(n))


def plain(text: str) -> str:
    """Text that can be printed: what is not printable is escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
