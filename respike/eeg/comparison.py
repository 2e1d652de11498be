"""Decode a recording with a decoder and with every control beside it.

The surrogate goes through exactly the same hands as the signal.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from respike.core.errors import RespikeError
from respike.eeg.evaluation import Decoded, Task, decode, task
from respike.eeg.recording import Recording

KINDS = ("predictor", "surrogate", "pairing")


def surrogate(found: Recording, control: Any, generator: np.random.Generator) -> np.ndarray:
    """The recording's signal with every stretch replaced by a surrogate."""
    signal = np.empty(found.signal.shape)
    for stretch in np.unique(found.recording):
        here = found.recording == stretch
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
        choices: held_out, folds, step_ms and purge_s of `task`.

    Returns:
        The task; predictions [S, D] by name: `eeg`, `template-eeg`, the predictors' and the
        surrogates' names, and `template-` before a surrogate's; numbers of the controls;
        what was decoded from the signal itself.

    Raises:
        RespikeError: a control that is named twice, or needs cues on data without.
    """
    _check(controls, found)
    by_kind = {kind: [c for c in controls if c.kind == kind] for kind in KINDS}
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
    base = predicted[template.name] if template is not None else _guess(job)
    worth = _worth(job, base, own)
    numbers: dict[str, Any] = {"leaking_samples": leaking, "worth": worth}
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
            gains.append(_worth(job, base, other))
        numbers[f"worth.{control.name}"] = gains
        numbers[f"p.{control.name}"] = _p(worth, gains)
    if len(own.null):
        numbers["worth.permuted-lifts"] = own.null.tolist()
        numbers["p.permuted-lifts"] = _p(worth, own.null)
    return job, predicted, numbers, own


def _check(controls: list[Any], found: Recording) -> None:
    names = [control.name for control in controls]
    for name in names:
        if names.count(name) > 1:
            raise RespikeError(f"decode.controls names {name} twice; each control stands once")
    for control in controls:
        if control.needs_cues and found.cues is None:
            raise RespikeError(
                f"the control {control.name} needs cues; this recording has none: leave it out"
            )


def _predictor(control: Any, job: Task) -> np.ndarray:
    found = np.full_like(job.target, np.nan)
    for fold in job.folds:
        train, test = (job.cues.at(r) if job.cues else None for r in (fold.train, fold.test))
        found[fold.test] = control.fit(train, job.target[fold.train]).predict(
            test, len(fold.test)
        )
    return found


def _guess(job: Task) -> np.ndarray:
    return np.broadcast_to(job.target.mean(axis=0), job.target.shape)


def _worth(job: Task, base: np.ndarray, decoded: Decoded) -> float:
    """What a signal is worth: its gain over the template, or its R2 where there is none."""
    if decoded.both is not None:
        return gain(job.target, base, decoded.both)
    return gain(job.target, _guess(job), decoded.eeg)


def _p(reached: float, null: list[float] | np.ndarray) -> float:
    """Share of the null distribution that reaches as far, the value itself counted in."""
    return (1 + int((np.asarray(null) >= reached).sum())) / (1 + len(null))


def gain(target: np.ndarray, template: np.ndarray, both: np.ndarray) -> float:
    """(SSE of the template - SSE of both) / SST, all axes pooled."""
    spared = ((target - template) ** 2).sum() - ((target - both) ** 2).sum()
    return float(spared / ((target - target.mean(axis=0)) ** 2).sum())
