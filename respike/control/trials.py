"""Trials cut from a decoder's predictions: which, from when to when, on the robot's clock."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from respike.control.phases import TICK_S
from respike.core.errors import RespikeError, did_you_mean

TRUE = "target"  # as a predictor: the true hand, the upper bound of any decoder


class Cut(NamedTuple):
    """One trial as it was decoded.

    Attributes:
        item: its number.
        every: ticks of 10 ms between two decoded moments.
        decoded, true: [S, D] at those moments, in the data's unit.
        condition: codes of weight and surface, or None.
    """

    item: int
    every: int
    decoded: np.ndarray
    true: np.ndarray
    condition: tuple[int, int] | None


def predictor(predictions: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """What the robot follows [S, D]: `target`, or one of the decoder's predictions.

    Raises:
        RespikeError: there is none of that name, or it is not finite everywhere.
    """
    key = TRUE if name == TRUE else f"predicted.{name}"
    if key not in predictions:
        known = [TRUE, *(k.removeprefix("predicted.") for k in predictions if "." in k)]
        raise RespikeError(
            f"control.predictor is '{name}'.{did_you_mean(name, known)} "
            f"This decoder's predictions hold {', '.join(sorted(known))}."
        )
    values = np.asarray(predictions[key], dtype=float)
    values = values.reshape(len(values), -1)
    if not np.isfinite(values).all():
        raise RespikeError(f"control.predictor '{name}' has values that are not finite")
    return values


def choose(items: np.ndarray, count: int, generator: np.random.Generator) -> list[int]:
    """`count` different trials, drawn by the generator, in ascending order.

    Raises:
        RespikeError: fewer trials than asked for.
    """
    known = np.unique(items[items >= 0])
    if not 1 <= count <= len(known):
        raise RespikeError(
            f"control.episodes is {count}; there are {len(known)} decoded trials"
        )
    return sorted(int(i) for i in generator.permutation(known)[:count])


def cut(
    predictions: Mapping[str, np.ndarray],
    decoded: np.ndarray,
    item: int,
    data: Mapping[str, np.ndarray],
    before_s: float,
    after_s: float,
) -> Cut:
    """One trial, from `before_s` before its light goes on to `after_s` after it goes off.

    Args:
        predictions: block, item, time_s and target of every decoded moment.
        decoded: [S, D] what the robot follows.
        item: the trial.
        data: arrays of `prepare`; block, time_s, since_on, since_off, condition where the
            data set has cues, else the whole trial is taken.
        before_s, after_s: [s].

    Raises:
        RespikeError: moments at uneven times, or none left.
    """
    rows = np.flatnonzero(predictions["item"] == item)
    rows = rows[np.argsort(predictions["time_s"][rows], kind="stable")]
    condition = None
    if "since_on" in data:
        there = _rows_of(data, int(predictions["block"][rows[0]]), predictions["time_s"][rows])
        inside = (data["since_on"][there] >= -before_s) & (data["since_off"][there] <= after_s)
        rows, there = rows[inside], there[inside]
        if len(there):
            condition = tuple(int(c) for c in data["condition"][there[0]])
    if len(rows) < 2:
        raise RespikeError(f"trial {item} has {len(rows)} decoded moments between its lights")
    return Cut(
        item, every_ticks(predictions["time_s"][rows], f"trial {item}"), decoded[rows],
        np.asarray(predictions["target"], float).reshape(len(decoded), -1)[rows], condition,
    )  # fmt: skip


def _rows_of(data: Mapping[str, np.ndarray], block: int, time_s: np.ndarray) -> np.ndarray:
    """Rows of the prepared arrays at some times of a block."""
    start = int(np.searchsorted(data["block"], block))
    stop = int(np.searchsorted(data["block"], block, side="right"))
    times = np.asarray(data["time_s"][start:stop], float)
    near = np.minimum(np.searchsorted(times, np.asarray(time_s, float) - 1e-4), len(times) - 1)
    if stop == start or np.abs(times[near] - time_s).max() > 1e-3:
        raise RespikeError(f"block {block} of the predictions is not in the prepared data")
    return start + near


def every_ticks(time_s: np.ndarray, what: str) -> int:
    gaps = np.diff(np.asarray(time_s, float)) / TICK_S
    every = round(float(gaps[0]))
    if every < 1 or np.abs(gaps - every).max() > 0.05:
        raise RespikeError(
            f"{what} is decoded every {1000 * TICK_S * gaps.min():.1f} to "
            f"{1000 * TICK_S * gaps.max():.1f} ms; control needs even steps of whole 10 ms"
        )
    return every


def on_ticks(values: np.ndarray, every: int) -> np.ndarray:
    """Values [S, D] at every tick: each is kept until the next one is decoded."""
    return np.repeat(values, every, axis=0)


def between(values: np.ndarray, every: int) -> np.ndarray:
    """Values [S, D] at every tick, on straight lines; for judging, never for control."""
    ticks = np.arange(len(values) * every) / every
    last = np.minimum(ticks.astype(int), len(values) - 1)
    after = np.minimum(last + 1, len(values) - 1)
    share = (ticks - last)[:, None] * (after > last)[:, None]
    return values[last] + share * (values[after] - values[last])
