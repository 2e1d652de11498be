"""Decode a recording fold by fold, with every control, and never a sample that was trained.

One template per fold, fitted on that fold's training blocks; one decoder per fold and
signal. The surrogate goes through exactly the same hands as the signal.
"""

import logging
from collections.abc import Callable
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
    """

    rows: np.ndarray
    block: np.ndarray
    item: np.ndarray
    target: np.ndarray
    state: np.ndarray
    cues: Cues | None
    folds: list[Fold]
    template: list[np.ndarray] | None


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
    """Central difference of the target at some rows, within blocks [1/s]; a label, not an input."""
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
    split: str,
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
        split: by-block, or shuffled: a leak on purpose, which alone may fail the audit.
        folds: groups of blocks; None leaves out one block at a time.
        step_ms: distance of two decoded moments.
        purge_s: training moments whose window comes so near to a tested one are dropped.
        generator: for the shuffled split.

    Returns:
        The task, and how many test moments leak (0 unless the split is `shuffled`).

    Raises:
        RespikeError: an unknown split, or one that leaks.
    """
    rows = moments(found, step_ms, decoder.warm_up_s)
    block = found.block[rows]
    seen = support(found, rows, decoder.window_s)
    if split == "by-block":
        parts = splits.by_block(block, folds)
        gap = round(purge_s * found.rate_hz)
        parts = [splits.purged(fold, seen, gap) for fold in parts]
        splits.require_clean(parts, seen)
        leaking = 0
    elif split == "shuffled":
        parts = splits.shuffled(len(rows), folds or 5, generator)
        leaking = splits.audit(parts, seen)
    else:
        raise RespikeError(f"decode.split is '{split}'; known: {', '.join(splits.NAMES)}")
    target = found.target[rows].astype(float)
    cues = found.cues.at(rows) if found.cues is not None else None
    templates = None
    if template is not None and cues is not None:
        templates = [
            template.fit(cues.at(fold.train), target[fold.train]).predict(cues, len(rows))
            for fold in parts
        ]
    state = np.concatenate([target, velocity(found, rows)], axis=1)
    made = Task(rows, block, found.item[rows], target, state, cues, parts, templates)
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
    within = position(found.block)
    blocks = np.unique(job.block)
    inputs = {
        b: decoder.inputs(signal[found.block == b], found.rate_hz, within[job.rows[job.block == b]])
        for b in blocks
    }
    at = {b: np.flatnonzero(job.block == b) for b in blocks}
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
        for b in _by_block(fold.test, at):
            state[at[b]] = fitted.predict(inputs[b])
        eeg[fold.test] = state[fold.test, :size]
        if both is not None and any(part is not None for part in fitted.unseen):
            added, null = _added(job, k, state, train, fitted.unseen, pairings)
            both[fold.test] = job.template[k][fold.test] + added[fold.test]
            gained += null
        curve += [{"fold": k, **row} for row in fitted.curve]
        first = first or fitted.state
        log.info("fold %d of %d: loss %.3f", k + 1, len(job.folds), fitted.curve[-1]["loss"])
    total = ((job.target - job.target.mean(axis=0)) ** 2).sum()
    return Decoded(eeg, both, gained / total, curve, first)


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
    features = innovation.history(beyond, np.where(known, job.block, -1 - job.block))
    residual = job.target - job.template[k]
    outputs = np.concatenate([residual, *(residual[pairs] for pairs in pairings)], axis=1)
    fit = innovation.residual_fit(features[learnt], outputs[learnt], job.block[learnt])
    added = np.zeros_like(outputs)
    added[fold.test] = fit.predict(features[fold.test])
    left = (outputs[fold.test] ** 2 - (outputs[fold.test] - added[fold.test]) ** 2).sum(axis=0)
    return added[:, :size], left.reshape(-1, size).sum(axis=1)[1:]


def surrogate(found: Recording, control: Any, generator: np.random.Generator) -> np.ndarray:
    """The recording's signal with every block replaced by a surrogate."""
    signal = np.empty(found.signal.shape)
    for b in np.unique(found.block):
        here = found.block == b
        signal[here] = control.signal(found.signal[here], generator)
    return signal



def run(
    found: Recording,
    make_decoder: Callable[[np.random.Generator], Any],
    controls: list[Any],
    stream: Callable[[str], np.random.Generator],
    **choices: Any,
) -> tuple[Task, dict[str, np.ndarray], dict[str, Any], Decoded]:
    """Decode a recording with a decoder and every control.

    Args:
        found: the recording.
        make_decoder: a fresh decoder from a generator of its random numbers.
        controls: built parts of respike/eeg/controls.
        stream: a generator by use; one use, one stream.
        choices: split, folds, step_ms and purge_s of `task`.

    Returns:
        The task; predictions [S, D] by name: `eeg`, `template-eeg`, the predictors' and the
        surrogates' names, and `template-` before a surrogate's; numbers of the controls;
        what was decoded from the signal itself.

    Raises:
        RespikeError: a control that needs cues on data without.
    """
    by_kind = {kind: [c for c in controls if c.kind == kind] for kind in KINDS}
    if found.cues is None:
        needing = [c.name for c in controls if c.kind == "pairing" or getattr(c, "needs_cues", False)]
        if needing:
            raise RespikeError(f"the control {needing[0]} needs cues; this recording has none: leave it out")
    template = next((c for c in by_kind["predictor"] if c.needs_cues), None)
    decoder = make_decoder(stream("decoder"))
    job, leaking = task(found, decoder, template, generator=stream("split"), **choices)
    draw = stream("pairing")
    pairings = [
        c.pairs(job.item, job.block, job.cues, draw)
        for c in by_kind["pairing"]
        for _ in range(c.draws)
    ]
    own = decode(found, found.signal, job, decoder, pairings)
    predicted = {"eeg": own.eeg}
    if own.both is not None:
        predicted["template-eeg"] = own.both
    for control in by_kind["predictor"]:
        predicted[control.name] = _predictor(control, job)
    numbers: dict[str, Any] = {"leaking_samples": leaking}
    for control in by_kind["surrogate"]:
        draw = stream(control.name)
        gains = []
        for n in range(control.draws):
            fake = surrogate(found, control, draw)
            other = decode(found, fake, job, make_decoder(stream("decoder")))
            if n == 0:
                predicted[control.name] = other.eeg
                if other.both is not None:
                    predicted[f"template-{control.name}"] = other.both
            if other.both is not None:
                gains.append(gain(job.target, predicted["template"], other.both))
        if gains:
            numbers[f"gains.{control.name}"] = gains
    if len(own.null) and own.both is not None:
        reached = gain(job.target, predicted["template"], own.both)
        numbers["gains.permuted-lifts"] = own.null.tolist()
        numbers["permutation_p"] = (1 + int((own.null >= reached).sum())) / (1 + len(own.null))
    return job, predicted, numbers, own


KINDS = ("predictor", "surrogate", "pairing")


def _predictor(control: Any, job: Task) -> np.ndarray:
    found = np.full_like(job.target, np.nan)
    for fold in job.folds:
        train, test = (job.cues.at(r) if job.cues else None for r in (fold.train, fold.test))
        found[fold.test] = control.fit(train, job.target[fold.train]).predict(test, len(fold.test))
    return found


def gain(target: np.ndarray, template: np.ndarray, both: np.ndarray) -> float:
    """(SSE of the template - SSE of both) / SST, all axes pooled."""
    spared = ((target - template) ** 2).sum() - ((target - both) ** 2).sum()
    return float(spared / ((target - target.mean(axis=0)) ** 2).sum())
