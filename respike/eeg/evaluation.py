"""Decode a recording fold by fold, and never a moment that was trained.

One template per fold, fitted on that fold's training blocks; one decoder per fold and signal.
"""

import logging
from typing import Any, NamedTuple

import numpy as np

from respike.core.errors import RespikeError
from respike.eeg import innovation, splits
from respike.eeg.recording import Cues, Recording, moments, position, support
from respike.eeg.splits import Fold

log = logging.getLogger("respike.decode")


class Task(NamedTuple):
    """The moments of a recording that are decoded, and what is to be said of each.

    Attributes:
        rows: of the recording, int64 [S].
        block, item: of each moment.
        target: what is predicted, float64 [S, D].
        state: target and its velocity [1/s], float64 [S, 2 D]: what decoders are fitted to.
        cues: of each moment, or None.
        folds: train and test moments.
        template: for each fold the template's prediction of every moment, or None.
        step_ms: distance of two moments.
    """

    rows: np.ndarray
    block: np.ndarray
    item: np.ndarray
    target: np.ndarray
    state: np.ndarray
    cues: Cues | None
    folds: list[Fold]
    template: list[np.ndarray] | None
    step_ms: float


class Decoded(NamedTuple):
    """Held-out predictions of one signal.

    Attributes:
        eeg: from the signal alone, [S, D].
        both: template and signal, [S, D], or None without cues.
        null: R2 gains of permuted pairings, [draws], empty where there were none.
        curve: rows of the folds' learning curves.
        state: arrays of the first fold's fitted decoder.
    """

    eeg: np.ndarray
    both: np.ndarray | None
    null: np.ndarray
    curve: list[dict[str, float]]
    state: dict[str, np.ndarray]


def velocity(found: Recording, rows: np.ndarray, half_s: float = 0.04) -> np.ndarray:
    """Central difference of the target at some rows, within blocks [1/s]; never an input."""
    half = max(1, round(half_s * found.rate_hz))
    within = position(found.block)
    length = np.bincount(np.searchsorted(np.unique(found.block), found.block))
    last = length[np.searchsorted(np.unique(found.block), found.block[rows])] - 1 - within[rows]
    back, ahead = np.minimum(half, within[rows]), np.minimum(half, last)
    span = np.maximum(back + ahead, 1)[:, None] / found.rate_hz
    return (found.target[rows + ahead].astype(float) - found.target[rows - back]) / span


def task(
    found: Recording,
    decoder: Any,
    template: Any,
    *,
    held_out: str,
    folds: int | None,
    step_ms: float,
    purge_s: float,
    generator: np.random.Generator,
) -> tuple[Task, int]:
    """Choose moments and folds, audit the split, and fit the templates.

    Args:
        found: the recording.
        decoder: whose warm-up and window decide what can be decoded and what overlaps.
        template: the predictor that sees cues only, or None.
        held_out: block, or window: shuffled windows, which alone may fail the audit.
        folds: groups of blocks; None leaves out one block at a time.
        step_ms: distance of two decoded moments.
        purge_s: training moments whose window comes so near to a tested one are dropped.
        generator: for shuffled windows.

    Returns:
        The task, and how many test moments leak (0 unless windows are held out).

    Raises:
        RespikeError: an unknown word, or a split that leaks.
    """
    rows = moments(found, step_ms, decoder.warm_up_s)
    block = found.block[rows]
    seen = support(found, rows, decoder.window_s)
    if held_out == "block":
        parts = splits.by_block(block, folds)
        gap = round(purge_s * found.rate_hz)
        parts = [splits.purged(fold, seen, gap) for fold in parts]
        splits.require_clean(parts, seen)
        leaking = 0
    elif held_out == "window":
        parts = splits.shuffled(len(rows), folds or 5, generator)
        leaking = splits.audit(parts, seen)
    else:
        raise RespikeError(
            f"decode.held_out is '{held_out}'; allowed: {', '.join(splits.HELD_OUT)}"
        )
    target = found.target[rows].astype(float)
    cues = found.cues.at(rows) if found.cues is not None else None
    templates = None
    if template is not None and cues is not None:
        templates = [
            template.fit(cues.at(fold.train), target[fold.train]).predict(cues, len(rows))
            for fold in parts
        ]
    state = np.concatenate([target, velocity(found, rows)], axis=1)
    made = Task(rows, block, found.item[rows], target, state, cues, parts, templates, step_ms)
    return made, leaking


def decode(
    found: Recording,
    signal: np.ndarray,
    job: Task,
    decoder: Any,
    pairings: list[np.ndarray] = (),
) -> Decoded:
    """Held-out predictions from one signal.

    Args:
        found: the recording, for its blocks and rate.
        signal: [L, C], the recording's own or a surrogate.
        job: what is decoded.
        decoder: a fresh one.
        pairings: moments whose truth each moment gets, for the null distribution.
    """
    at = {b: np.flatnonzero(job.block == b) for b in np.unique(job.block)}
    inputs = _inputs(found, signal, job, decoder, at)
    size = job.target.shape[1]
    eeg = np.full_like(job.target, np.nan)
    both = np.full_like(job.target, np.nan) if job.template is not None else None
    gained = np.zeros(len(pairings))
    curve, first = [], {}
    for k, fold in enumerate(job.folds):
        train = _by_block(fold.train, at)
        fitted = decoder.fit(
            [_some(inputs[b], at[b], rows) for b, rows in train.items()],
            [job.state[rows] for rows in train.values()],
        )
        state = np.full_like(job.state, np.nan)
        for b, rows in _by_block(fold.test, at).items():
            state[rows] = fitted.predict(_some(inputs[b], at[b], rows))
        eeg[fold.test] = state[fold.test, :size]
        if both is not None and any(part is not None for part in fitted.unseen):
            added, spared = _added(job, k, state, train, fitted.unseen, pairings)
            both[fold.test] = job.template[k][fold.test] + added
            gained += spared
        curve += [{"fold": k, "member": 0, **row} for row in fitted.curve]
        first = first or fitted.state
        log.info("fold %d of %d: loss %.3f", k + 1, len(job.folds), fitted.curve[-1]["loss"])
    total = ((job.target - job.target.mean(axis=0)) ** 2).sum()
    whole = (
        both is not None
        and np.isfinite(both[np.concatenate([f.test for f in job.folds])]).all()
    )
    return Decoded(eeg, both if whole else None, gained / total, curve, first)


def _inputs(
    found: Recording, signal: np.ndarray, job: Task, decoder: Any, at: dict[int, np.ndarray]
) -> dict[int, Any]:
    """Inputs by block; filters run through each stretch without a gap, and no further."""
    within, stretch = position(found.recording), found.recording[job.rows]
    inputs = {}
    for one in np.unique(stretch):
        rows = np.flatnonzero(stretch == one)
        whole = decoder.inputs(
            signal[found.recording == one], found.rate_hz, within[job.rows[rows]]
        )
        for b in np.unique(job.block[rows]):
            inputs[b] = _some(whole, rows, at[b])
    return inputs


def _by_block(rows: np.ndarray, at: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    chosen = {b: np.intersect1d(where, rows, assume_unique=True) for b, where in at.items()}
    return {b: found for b, found in chosen.items() if len(found)}


def _some(inputs: Any, where: np.ndarray, rows: np.ndarray) -> Any:
    return inputs if len(rows) == len(where) else inputs.take(np.searchsorted(where, rows))


def _added(
    job: Task,
    k: int,
    state: np.ndarray,
    train: dict[int, np.ndarray],
    unseen: list[np.ndarray | None],
    pairings: list[np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """What the signal adds to fold k's template, and the null gains on its test moments."""
    fold, size = job.folds[k], job.target.shape[1]
    state = state.copy()
    learnt = np.zeros(len(state), dtype=bool)
    for rows, values in zip(train.values(), unseen, strict=True):
        if values is not None:
            state[rows], learnt[rows] = values, True
    known = learnt.copy()
    known[fold.test] = True
    state[~known] = 0
    beyond = innovation.innovations(state, job.cues, learnt)
    block = np.where(known, job.block, -1 - job.block)
    features = innovation.history(beyond, block, innovation.lags(job.step_ms))
    residual = job.target - job.template[k]

    def outputs(rows: np.ndarray) -> np.ndarray:
        return np.concatenate(
            [residual[rows], *(residual[pairs[rows]] for pairs in pairings)], 1
        )

    learnt = np.flatnonzero(learnt)
    fit = innovation.residual_fit(features[learnt], outputs(learnt), job.block[learnt])
    truth, added = outputs(fold.test), fit.predict(features[fold.test])
    spared = (truth**2 - (truth - added) ** 2).sum(axis=0)
    return added[:, :size], spared.reshape(-1, size).sum(axis=1)[1:]
