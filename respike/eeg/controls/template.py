"""The mean trajectory by time since the cue and condition: everything but the brain signal.

Time counts from the light going on, and from its going off once it has. A condition (weight
and surface) is drawn towards the mean of all by `shrink` lifts, so that a rare one does not
predict the noise of its few lifts. Source: the training mean per cue of Antelis et al. 2013,
with both cues; binning and shrinkage are ours.
"""

import numpy as np

from respike.core.errors import RespikeError
from respike.eeg.recording import Cues

_OFF = 10**6  # bins after the light went off are numbered from here


class Template:
    """Mean trajectories; see `build`."""

    name = "template"
    kind = "predictor"
    needs_cues = True

    def __init__(self, bin_ms: int, shrink: float):
        self.bin_s = bin_ms / 1000
        self.shrink = shrink

    def bins(self, cues: Cues) -> np.ndarray:
        """Bin of time of each moment, int64 [S]."""
        before = np.floor(cues.since_on / self.bin_s + 1e-4)
        after = np.floor(cues.since_off / self.bin_s + 1e-4) + _OFF
        return np.where(cues.since_off >= 0, after, before).astype(np.int64)

    def fit(self, cues: Cues, target: np.ndarray) -> "Template":
        """Average a target [S, D] of the training blocks."""
        self.known, at = np.unique(self.bins(cues), return_inverse=True)
        self.conditions, of = np.unique(cues.condition, axis=0, return_inverse=True)
        shape = (len(self.conditions), len(self.known))
        cell = of * shape[1] + at
        count = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
        total = np.stack(
            [
                np.bincount(cell, column, shape[0] * shape[1]).reshape(shape)
                for column in target.T
            ],
            axis=-1,
        )
        self.common = total.sum(axis=0) / count.sum(axis=0)[:, None]
        self.mean = (total + self.shrink * self.common) / (count + self.shrink)[..., None]
        return self

    def predict(self, cues: Cues, count: int) -> np.ndarray:
        """Mean trajectory at each moment [count, D].

        A time that no training lift reached takes the nearest one that was; a condition that
        was never trained takes the mean of all.
        """
        bins = self.bins(cues)
        right = np.minimum(np.searchsorted(self.known, bins), len(self.known) - 1)
        left = np.maximum(right - 1, 0)
        nearer = np.abs(self.known[left] - bins) < np.abs(self.known[right] - bins)
        at = np.where(nearer, left, right)
        found = self.common[at]
        for k, condition in enumerate(self.conditions):
            here = (cues.condition == condition).all(axis=1)
            found[here] = self.mean[k, at[here]]
        return found


def build(*, bin_ms: int = 40, shrink: float = 2.0) -> Template:
    """Make the template.

    Args:
        bin_ms: width of a bin of time.
        shrink: how many lifts the mean of all conditions counts in each condition.

    Raises:
        RespikeError: a bin of no width or a negative weight.
    """
    if bin_ms <= 0 or shrink <= 0:
        raise RespikeError(f"template.bin_ms is {bin_ms}, shrink {shrink}; both must be > 0")
    return Template(bin_ms, shrink)
