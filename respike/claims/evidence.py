"""From the runs' files to arrays that the procedures take; missing or non-finite is an error.

The files come from a loader, so that nothing here opens one: the judge stage gives verified
ones, tests give their own.
"""

import importlib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from respike.claims import reading
from respike.claims.exact import plain
from respike.claims.reading import Arm
from respike.claims.scale import LINKS
from respike.core import parts
from respike.core.errors import RespikeError


class NotRun(Exception):
    """A run that a claim stands on was `not run`; its text is the reason."""


class Piece(NamedTuple):
    """One verified file of one run."""

    content: Mapping[str, Any]
    path: str
    sha256: str


# variant, stage or None for the variant's last that writes the file, seed, file name -> Piece;
# raises NotRun with the run's reason
Load = Callable[[str, str | None, int, str], Piece]


class Series(NamedTuple):
    """One arm's evidence: what its metric gives for each seed, and the files it came from."""

    arm: Arm
    facts: Mapping[str, Any]
    values: list[Any]
    pieces: list[Piece]

    @property
    def shape(self) -> str:
        """items, blocks or value."""
        return self.facts["SHAPE"]

    def first(self, n: int) -> "Series":
        """The first n seeds alone."""
        return self._replace(values=self.values[:n], pieces=self.pieces[:n])


class Table(NamedTuple):
    """Per-item values, [seed, item]; `present` is None where every seed tested every item."""

    items: np.ndarray
    values: np.ndarray
    present: np.ndarray | None

    @property
    def resplit(self) -> bool:
        """Whether seeds test different but overlapping items of one pool."""
        return self.present is not None and bool((self.present.sum(axis=0) > 1).any())


def gather(arm: Arm, seeds: Sequence[int], load: Load) -> Series:
    """Read one arm's metric for each seed.

    Raises:
        RespikeError: a number that is not finite, an item there twice, lengths that differ;
            names the file.
        NotRun: a run has no result, with its reason.
    """
    name, settings = parts.split(arm.metric)
    facts = reading.constants(name)
    measure = parts.load("metric", name)(**settings)
    check = {"items": _items, "blocks": _blocks, "value": _value}[facts["SHAPE"]]
    pieces = [load(arm.variant, arm.stage, seed, facts["EVIDENCE"]) for seed in seeds]
    values = []
    for piece in pieces:
        try:
            values.append(check(measure(piece.content)))
            if (facts["SHAPE"], facts["UNIT"]) == ("items", "share"):
                _shares(*values[-1])
        except RespikeError as error:
            raise RespikeError(f"{piece.path}: metric {name}: {error}") from None
    return Series(arm, facts, values, pieces)


def _items(found):
    ids, values = found
    if ids.shape != values.shape or ids.ndim != 1 or not len(ids):
        raise RespikeError(f"{ids.shape} item ids and {values.shape} values; one value an item")
    unique, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        raise RespikeError(f"item {unique[counts > 1][0]} is there twice; ids are unique")
    bad = ~np.isfinite(values)
    if bad.any():
        raise RespikeError(
            f"item {ids[bad][0]} has the value {values[bad][0]}, which is not finite"
        )
    order = np.argsort(ids)
    return ids[order], values[order]


def _shares(ids, values):
    bad = (values < 0) | (values > 1)
    if bad.any():
        raise RespikeError(f"item {ids[bad][0]} has {values[bad][0]:g}; a share lies in [0, 1]")


def _blocks(found):
    ids, sums = found
    bad = ~np.isfinite(sums).all(axis=-1)
    if bad.any():
        raise RespikeError(f"block {ids[bad][0]} has a sum that is not finite")
    return ids, sums


def _value(found):
    found = plain(found)
    for number in found if isinstance(found, list) else [found]:
        if isinstance(number, float) and not math.isfinite(number):
            raise RespikeError(f"the number {number} is not finite")
    return found


def number(series: Series) -> np.ndarray:
    """One number per seed, [seed].

    Raises:
        RespikeError: a text or a list, which only kind exact takes; names the file.
    """
    for value, piece in zip(series.values, series.pieces, strict=True):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise RespikeError(
                f"{piece.path}: metric {_name(series)} gives {str(value)[:40]!r}; "
                "an interval needs one number a seed, lists and texts are for kind exact"
            )
    return np.array(series.values, dtype=float)


def table(series: Series) -> Table:
    """Per-item values of all seeds side by side, items in ascending order of their ids."""
    union = np.unique(np.concatenate([ids for ids, _ in series.values]))
    values = np.zeros((len(series.values), len(union)))
    present = np.zeros(values.shape, dtype=bool)
    for row, (ids, found) in enumerate(series.values):
        places = np.searchsorted(union, ids)
        values[row, places] = found
        present[row, places] = True
    return Table(union, values, None if present.all() else present)


def statistics(series: Series) -> np.ndarray:
    """Sums over blocks of all seeds, [seed, block, k]; 0 where a seed has no such block."""
    union = np.unique(np.concatenate([ids for ids, _ in series.values]))
    found = np.zeros((len(series.values), len(union), series.values[0][1].shape[1]))
    for row, (ids, sums) in enumerate(series.values):
        found[row, np.searchsorted(union, ids)] = sums
    return found


def combine(series: Series, link: bool = False) -> Callable[[np.ndarray], np.ndarray]:
    """The function that pools the blocks of a metric, [..., block, k] -> [...].

    Args:
        series: names the metric.
        link: on the scale of the metric's LINK, where it has one.

    The function raises RespikeError where a pooled number is not finite.
    """
    bend = LINKS[series.facts["LINK"]].inward if link and "LINK" in series.facts else np.asarray
    pool = importlib.import_module(parts.module("metric", _name(series))).combine

    def pooled(sums):
        with np.errstate(divide="ignore", invalid="ignore"):
            found = bend(pool(sums))
        if not np.isfinite(found).all():
            raise RespikeError(
                f"{series.pieces[0].path}: metric {_name(series)} is not finite when one block "
                "is left out; does the target vary?"
            )
        return found

    return pooled


def same_tests(one: Series, other: Series) -> None:
    """Refuse a pair of arms that was not tested on the same items (or blocks) in each seed.

    Raises:
        RespikeError: names both files and an item that only one of them holds.
    """
    what = one.shape[:-1]
    for (a, _), (b, _), here, there in zip(
        one.values, other.values, one.pieces, other.pieces, strict=True
    ):
        _lacks(there, here, np.setdiff1d(a, b), what)
        _lacks(here, there, np.setdiff1d(b, a), what)


def _lacks(short, long, missing, what):
    if len(missing):
        raise RespikeError(
            f"{short.path} lacks {what} {missing[0]} that {long.path} holds ({len(missing)} in "
            f"all); both arms of a pair are tested on the same {what}s"
        )


def unused_seed(series: Series) -> bool:
    """Whether three or more seeds gave item for item the same values, not all of them equal."""
    if series.shape != "items" or len(series.values) < 3:
        return False
    ids, values = series.values[0]
    if (values == values[0]).all():
        return False
    return all(
        np.array_equal(ids, i) and np.array_equal(values, v) for i, v in series.values[1:]
    )


def files(pieces: Iterable[Piece]) -> list[dict[str, str]]:
    """Path and hash of each file that a verdict stands on, each once, by path."""
    found = sorted({(piece.path, piece.sha256) for piece in pieces})
    return [{"path": path, "sha256": sha} for path, sha in found]


def _name(series):
    return parts.split(series.arm.metric)[0]
