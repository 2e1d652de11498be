"""What a brain signal adds to a cue template: residual decoding from innovations.

The decoder gives a state of the hand (position and velocity). Its *innovation* is what it
says beyond its own mean at that time since the cue: the rest is the template over again.
A small ridge on the innovations of the last second predicts what the template leaves over.
Where innovations know nothing the ridge's penalty wins and the sum is the template.

Taking the cue out of both sides is the partial regression of Frisch and Waugh 1933. The
weights are fitted on decoder outputs for blocks that the decoder had not seen.
"""

import numpy as np

from respike.eeg import ridge
from respike.eeg.controls.template import Template
from respike.eeg.recording import Cues

LAGS_MS = tuple(range(0, 1000, 80))


def innovations(
    state: np.ndarray, cues: Cues, train: np.ndarray, bin_ms: int = 40
) -> np.ndarray:
    """A decoded state [S, D] minus its mean over training moments at equal time since the cue.

    Args:
        state: decoded state of every moment.
        cues: of every moment.
        train: which moments the means are taken over, bool [S].
        bin_ms: width of a bin of time.
    """
    together = 1e12  # so strong a shrinkage leaves one mean for all conditions
    mean = Template(bin_ms, shrink=together).fit(cues.at(train), state[train])
    return state - mean.predict(cues, len(state))


def lags(step_ms: float) -> list[int]:
    """Lags of the last second in decoded moments, each once."""
    return sorted({round(lag / step_ms) for lag in LAGS_MS})


def history(values: np.ndarray, block: np.ndarray, lags: list[int]) -> np.ndarray:
    """Each row with its past rows [S, lags * D]; zero before a block begins.

    Args:
        values: [S, D], rows in order of time within each block, blocks one after another.
        block: of each row.
        lags: how many rows back.
    """
    found = np.zeros((len(values), len(lags), values.shape[1]))
    for k, lag in enumerate(lags):
        same = block[lag:] == block[: len(block) - lag]
        found[lag:, k][same] = values[: len(values) - lag][same]
    return found.reshape(len(values), -1)


def residual_fit(
    features: np.ndarray, residual: np.ndarray, block: np.ndarray, inner_folds: int = 4
) -> ridge.Fit:
    """Fit what a template leaves over [S, D] to histories of innovations [S, F], by block."""
    parts = [block == b for b in np.unique(block)]
    x = [features[part] for part in parts]
    found, _ = ridge.fit(
        x, [ridge.moments(f) for f in x], [residual[p] for p in parts], inner_folds
    )
    return found
