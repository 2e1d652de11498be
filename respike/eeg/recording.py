"""One recording as every decoder sees it, and the moments at which it is decoded."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from respike.core.errors import RespikeError
from respike.eeg.splits import Support


class Cues(NamedTuple):
    """What was known without a brain signal.

    Attributes:
        since_on: seconds since this lift's light went on, [L], negative before.
        since_off: seconds since it went off, [L], negative before.
        condition: codes of weight and surface, int64 [L, 2].
    """

    since_on: np.ndarray
    since_off: np.ndarray
    condition: np.ndarray

    def at(self, rows: np.ndarray) -> "Cues":
        """The cues of some samples."""
        return Cues(*(values[rows] for values in self))


class Recording(NamedTuple):
    """Brain signal and target at one rate.

    Attributes:
        signal: [L, C] [uV].
        rate_hz: samples a second.
        target: [L, D], what is decoded; its unit is the data set's.
        block: int64 [L], the unit of every split.
        recording: int64 [L], stretches without a gap; blocks lie within them.
        item: int64 [L], the trial, -1 outside of trials.
        time_s: float64 [L], seconds since the recording began.
        cues: None where the data set has none.
    """

    signal: np.ndarray
    rate_hz: float
    target: np.ndarray
    block: np.ndarray
    recording: np.ndarray
    item: np.ndarray
    time_s: np.ndarray
    cues: Cues | None


def recording(
    arrays: Mapping[str, np.ndarray], target: str = "target", blocks: int | None = None
) -> Recording:
    """A recording from the arrays of `prepare`.

    Args:
        arrays: eeg or ecog [L, C], rate_hz [1] and the target [L] or [L, D]; block [L] where
            the data set has blocks; item, recording and time_s may be missing (a block, and
            counted from its start), as may the cues, which stand together.
        target: name of the array that is decoded.
        blocks: into how many equal parts a recording without blocks of its own is cut.

    Raises:
        RespikeError: an array is missing, has another length or holds no number, or blocks
            are given where the data has its own, or not where it has none.
    """
    name = next((n for n in ("eeg", "ecog") if n in arrays), None)
    needed = [n for n in ("rate_hz", target) if n not in arrays]
    if name is None or needed:
        lacks = f"'{needed[0]}'" if needed else "eeg or ecog"
        raise RespikeError(
            f"the prepared data has no {lacks}; decode needs a recording (eeg or ecog, rate_hz "
            f"and the target), and finds {', '.join(sorted(arrays)) or 'nothing'}"
        )
    signal = arrays[name]
    if ("block" in arrays) == (blocks is not None):
        raise RespikeError(
            f"decode.blocks is {blocks}, and the data has blocks of its own: leave it out"
            if blocks is not None
            else "the data has no blocks of its own; say decode.blocks: into how many to cut it"
        )
    whole = np.zeros(len(signal), dtype=np.int64)
    block = (
        whole + np.arange(len(signal)) * blocks // len(signal) if blocks else arrays["block"]
    )
    rate = float(np.ravel(arrays["rate_hz"])[0])
    stretch = arrays.get("recording", whole if blocks else block)
    cues = Cues(*(arrays[n] for n in Cues._fields)) if "since_on" in arrays else None
    found = Recording(
        signal,
        rate,
        arrays[target].reshape(len(arrays[target]), -1),
        block.astype(np.int64),
        stretch.astype(np.int64),
        arrays.get("item", block).astype(np.int64),
        arrays["time_s"] if "time_s" in arrays else position(stretch) / rate,
        cues,
    )
    for field, values in (*found._asdict().items(), *(cues._asdict() if cues else {}).items()):
        if not isinstance(values, np.ndarray):
            continue
        if len(values) != len(signal):
            raise RespikeError(f"{field} has {len(values)} samples, the signal {len(signal)}")
        if not np.isfinite(values).all():
            raise RespikeError(
                f"{field} holds values that are no numbers; a reader must drop them"
            )
    return found


def position(label: np.ndarray) -> np.ndarray:
    """Number of each sample within its run of equal labels, counted from 0."""
    begins = np.flatnonzero(np.concatenate([[True], label[1:] != label[:-1]]))
    return np.arange(len(label)) - np.repeat(begins, np.diff([*begins, len(label)]))


def moments(found: Recording, step_ms: float, warm_up_s: float) -> np.ndarray:
    """Rows at which a recording is decoded: every step within trials, after each warm-up.

    Args:
        found: the recording.
        step_ms: distance of two decoded moments.
        warm_up_s: left out at the start of each stretch, where filters and lags have no past.

    Raises:
        RespikeError: a step that is no whole number of samples, or nothing is left.
    """
    step = found.rate_hz * step_ms / 1000
    if step < 1 or abs(step - round(step)) > 1e-9:
        raise RespikeError(
            f"step_ms is {step_ms}; at {found.rate_hz:g} Hz it must be a multiple of "
            f"{1000 / found.rate_hz:g} ms"
        )
    within = position(found.recording)
    rows = np.flatnonzero(
        (within % round(step) == 0) & (within >= warm_up_s * found.rate_hz) & (found.item >= 0)
    )
    if not len(rows):
        raise RespikeError(
            f"no sample of a trial lies {warm_up_s} s after the start of its recording"
        )
    return rows


def support(found: Recording, rows: np.ndarray, window_s: float) -> Support:
    """What each decoded moment saw, within its stretch without a gap.

    Filters begin at rest in each stretch, so that all a moment can know lies in its own;
    `window_s` is the part it is declared to use, lags and filter memory together.
    """
    end = position(found.recording)[rows]
    back = np.minimum(round(window_s * found.rate_hz), end)
    return Support(found.recording[rows], end - back, end)
