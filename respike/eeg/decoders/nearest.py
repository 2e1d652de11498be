"""Mean of the nearest training windows: what a leak feeds on. A negative control, no decoder.

Where windows overlap and are dealt at random, the nearest window is the same moment a step
away, and its truth is the answer. Source: the k-nearest-neighbour audit of our notes on
shuffled windows; k = 5.
"""

from typing import NamedTuple

import numpy as np

from respike.core.errors import RespikeError
from respike.eeg import filters
from respike.eeg.decoders import Fitted


class Windows(NamedTuple):
    """Slow amplitudes of some windows, [S, F]."""

    values: np.ndarray

    def take(self, rows: np.ndarray) -> "Windows":
        """Those of some frames."""
        return Windows(self.values[rows])


class Nearest:
    """See `build`; the interface is described in respike/eeg/decoders."""

    def __init__(self, neighbours: int, slow_hz: list, lags_ms: list):
        self.neighbours = neighbours
        self.slow_hz = slow_hz
        self.lags_ms = lags_ms
        self.warm_up_s = self.window_s = max(lags_ms) / 1000 + 1.0

    def inputs(self, signal: np.ndarray, rate_hz: float, frames: np.ndarray) -> Windows:
        """Windows of one stretch at some of its frames."""
        slow = filters.slow(signal, rate_hz, *self.slow_hz)
        return Windows(filters.lagged(slow, frames, filters.in_frames(self.lags_ms, rate_hz)))

    def fit(self, inputs: list[Windows], outputs: list[np.ndarray]) -> Fitted:
        """Keep the training windows, scaled by their own spread."""
        x, y = np.concatenate([w.values for w in inputs]), np.concatenate(outputs)
        if len(x) < self.neighbours:
            raise RespikeError(
                f"{len(x)} training windows; nearest.neighbours is {self.neighbours}"
            )
        centre, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
        stored = ((x - centre) / scale).astype(np.float32)
        length = (stored * stored).sum(axis=1)

        def predict(windows: Windows) -> np.ndarray:
            asked = ((windows.values - centre) / scale).astype(np.float32)
            distance = (
                length - 2 * asked @ stored.T
            )  # the asked window's own length is no matter
            near = np.argpartition(distance, self.neighbours, axis=1)[:, : self.neighbours]
            return y[near].mean(axis=1)

        return Fitted(predict, [None] * len(inputs), [{"epoch": 0, "loss": 0.0}], {})


def build(
    generator: np.random.Generator,
    *,
    neighbours: int = 5,
    slow_hz: list = (0.1, 2.0),
    lags_ms: list = (0, 200, 400, 600),
) -> Nearest:
    """Make the decoder.

    Args:
        generator: unused.
        neighbours: how many training windows are averaged.
        slow_hz: band of the amplitudes.
        lags_ms: a window's points.
    """
    return Nearest(neighbours, slow_hz, lags_ms)
