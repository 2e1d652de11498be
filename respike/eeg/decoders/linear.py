"""Ridge regression on lagged slow amplitudes and on mu and beta power: the classical decoder.

Source: Bradberry et al. 2010 and Antelis et al. 2013 (10.1371/journal.pone.0061976) for
lagged amplitudes below 4 Hz, the baseline `mLR` of the later papers on WAY-EEG-GAL. We add
band powers, and choose the penalty inside the training blocks; bands and lags are ours.
"""

from typing import NamedTuple

import numpy as np

from respike.eeg import filters, ridge
from respike.eeg.decoders import Fitted

MEMORY_S = 1.0  # what the filters remember, the slow high pass apart


class Features(NamedTuple):
    """Features of one block [S, F], and their sums."""

    values: np.ndarray
    sums: ridge.Moments

    def take(self, rows: np.ndarray) -> "Features":
        """Those of some frames."""
        return features_of(self.values[rows])


def features_of(values: np.ndarray) -> Features:
    """Features with their sums."""
    return Features(values, ridge.moments(values))


class Linear:
    """See `build`; the interface is described in respike/eeg/decoders."""

    def __init__(self, slow_hz, power_hz, slow_lags_ms, power_lags_ms, inner_folds):
        self.slow_hz = slow_hz
        self.power_hz = power_hz
        self.slow_lags_ms = slow_lags_ms
        self.power_lags_ms = power_lags_ms
        self.inner_folds = inner_folds
        lags = [*slow_lags_ms, *(power_lags_ms if power_hz else [])]
        self.warm_up_s = max(lags) / 1000 + MEMORY_S
        self.window_s = self.warm_up_s

    def inputs(self, signal: np.ndarray, rate_hz: float, frames: np.ndarray) -> Features:
        """Features of one block at some of its frames."""
        slow = filters.slow(signal, rate_hz, *self.slow_hz)
        columns = [filters.lagged(slow, frames, filters.in_frames(self.slow_lags_ms, rate_hz))]
        for low, high in self.power_hz:
            power = filters.log_power(signal, rate_hz, low, high)
            lags = filters.in_frames(self.power_lags_ms, rate_hz)
            columns.append(filters.lagged(power, frames, lags))
        return features_of(np.concatenate(columns, axis=1))

    def fit(self, inputs: list[Features], outputs: list[np.ndarray]) -> Fitted:
        """Fit to outputs [S, D] of the training blocks."""
        values, sums = [x.values for x in inputs], [x.sums for x in inputs]
        found, unseen = ridge.fit(values, sums, outputs, self.inner_folds)
        state = {"centre": found.centre, "weights": found.weights, "offset": found.offset}
        curve = [{"epoch": 0, "loss": _error(unseen, outputs)}]
        return Fitted(lambda x: found.predict(x.values), unseen, curve, state)


def _error(predicted: list[np.ndarray], outputs: list[np.ndarray]) -> float:
    """Squared error of unseen predictions over the outputs' variance, mean over outputs."""
    p, y = np.concatenate(predicted), np.concatenate(outputs)
    return float((((p - y) ** 2).mean(0) / y.var(0)).mean())


def build(
    generator: np.random.Generator,  # noqa: ARG001  the linear decoder draws nothing
    *,
    slow_hz: list = (0.1, 4.0),
    power_hz: list = ((8.0, 13.0), (16.0, 24.0)),
    slow_lags_ms: list = (0, 200, 400, 600),
    power_lags_ms: list = (0, 400),
    inner_folds: int = 4,
) -> Linear:
    """Make the decoder.

    Args:
        generator: unused.
        slow_hz: band of the slow amplitudes.
        power_hz: bands whose logarithmic power is used.
        slow_lags_ms: how far back slow amplitudes are taken.
        power_lags_ms: how far back powers are taken.
        inner_folds: groups of training blocks left out to choose the penalty.
    """
    return Linear(slow_hz, power_hz, slow_lags_ms, power_lags_ms, inner_folds)
