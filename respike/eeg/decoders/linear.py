"""Ridge regression on lagged slow amplitudes and on mu and beta power: the classical decoder.

Source: Bradberry et al. 2010 and Antelis et al. 2013 (10.1371/journal.pone.0061976) for
lagged amplitudes below 4 Hz, the baseline `mLR` of the later papers on WAY-EEG-GAL. We add
band powers, and choose the penalty inside the training blocks; bands and lags are ours.
"""

from typing import NamedTuple

import numpy as np

from respike.core.errors import RespikeError
from respike.eeg import filters, ridge
from respike.eeg.decoders import Fitted, unseen_error


class Features(NamedTuple):
    """Features of some frames [S, F], and their sums."""

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

    def __init__(
        self, slow_hz, power_hz, slow_lags_ms, power_lags_ms, memory_ms, inner_folds, penalty
    ):
        self.slow_hz = slow_hz
        self.power_hz = power_hz
        self.slow_lags_ms = slow_lags_ms
        self.power_lags_ms = power_lags_ms
        self.inner_folds = inner_folds
        self.penalties = ridge.PENALTIES if penalty is None else (penalty,)
        lags = [*(slow_lags_ms if slow_hz else []), *(power_lags_ms if power_hz else [])]
        if not lags:
            raise RespikeError(
                "linear has neither slow_hz nor power_hz; give one of them a band"
            )
        self.warm_up_s = (max(lags) + memory_ms) / 1000
        self.window_s = self.warm_up_s

    def inputs(self, signal: np.ndarray, rate_hz: float, frames: np.ndarray) -> Features:
        """Features of one stretch at some of its frames."""
        columns = []
        if self.slow_hz:
            slow = filters.slow(signal, rate_hz, *self.slow_hz)
            lags = filters.in_frames(self.slow_lags_ms, rate_hz)
            columns.append(filters.lagged(slow, frames, lags))
        for low, high in self.power_hz:
            power = filters.log_power(signal, rate_hz, low, high)
            lags = filters.in_frames(self.power_lags_ms, rate_hz)
            columns.append(filters.lagged(power, frames, lags))
        return features_of(np.concatenate(columns, axis=1))

    def fit(self, inputs: list[Features], outputs: list[np.ndarray]) -> Fitted:
        """Fit to outputs [S, D] of the training blocks."""
        values, sums = [x.values for x in inputs], [x.sums for x in inputs]
        found, blind = ridge.fit(values, sums, outputs, self.inner_folds, self.penalties)
        unseen = [fit.predict(x) for fit, x in zip(blind, values, strict=True)]
        state = {"centre": found.centre, "weights": found.weights, "offset": found.offset}
        curve = [{"epoch": 0, "loss": unseen_error(unseen, outputs)}]
        return Fitted(lambda x: found.predict(x.values), unseen, curve, state)


def build(
    generator: np.random.Generator,
    *,
    slow_hz: list = (0.1, 4.0),
    power_hz: list = ((8.0, 13.0), (16.0, 24.0)),
    slow_lags_ms: list = (0, 200, 400, 600),
    power_lags_ms: list = (0, 400),
    memory_ms: int = 1000,
    inner_folds: int = 4,
    penalty: float | None = None,
) -> Linear:
    """Make the decoder.

    Args:
        generator: unused.
        slow_hz: band of the slow amplitudes; empty for none.
        power_hz: bands whose logarithmic power is used; empty for none.
        slow_lags_ms: how far back slow amplitudes are taken.
        power_lags_ms: how far back powers are taken.
        memory_ms: what the filters are taken to remember, the slow high pass apart.
        inner_folds: groups of training blocks left out to choose the penalty.
        penalty: a fixed one, for recordings too short to choose; None chooses.
    """
    return Linear(
        slow_hz, power_hz, slow_lags_ms, power_lags_ms, memory_ms, inner_folds, penalty
    )
