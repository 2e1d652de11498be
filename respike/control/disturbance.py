"""Declared decoding errors, added to a path to ask what task success can bear.

Error of the first order with a correlation time of 150 ms, and bursts: for 50 to 250 ms the
path jumps aside by a fixed length in a random direction. Shapes as in the prototype table of
our notes on the copilot; none of it imitates a particular decoder.
"""

import math
from typing import NamedTuple

import numpy as np

from respike.core.errors import RespikeError

CORRELATION_S = 0.15
BURST_S = (0.05, 0.25)


class Disturbance(NamedTuple):
    """What is added: nothing by default.

    Attributes:
        noise_cm: standard deviation of each coordinate.
        bursts_per_s: rate of bursts.
        burst_cm: length of a burst's jump.
    """

    noise_cm: float = 0.0
    bursts_per_s: float = 0.0
    burst_cm: float = 12.0

    def added(self, path_cm: np.ndarray, step_s: float, generator: np.random.Generator):
        """The path [T, D] with errors drawn from a generator.

        Raises:
            RespikeError: a negative setting.
        """
        if min(self) < 0:
            raise RespikeError(
                f"control: noise_cm, bursts_per_s and burst_cm are {tuple(self)}; each is >= 0"
            )
        count, axes = path_cm.shape
        out = path_cm.astype(float)
        if self.noise_cm:
            keep = math.exp(-step_s / CORRELATION_S)
            fresh = generator.standard_normal((count, axes))
            fresh[1:] *= math.sqrt(1 - keep * keep)
            error = np.zeros(axes)
            for t in range(count):
                error = keep * error + fresh[t]
                out[t] += self.noise_cm * error
        time_s = 0.0
        while self.bursts_per_s:
            time_s += generator.exponential(1 / self.bursts_per_s)
            first = round(time_s / step_s)
            if first >= count:
                break
            time_s += generator.uniform(*BURST_S)
            aside = generator.standard_normal(axes)
            aside *= self.burst_cm / math.sqrt(float((aside * aside).sum()))
            out[first : max(round(time_s / step_s), first + 1)] += aside
        return out
