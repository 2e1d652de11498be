"""Between a claim's unit and the scale that its analysis runs on.

Shares and differences are linear. Ratios run on logarithms, a single correlation on
Fisher's z, a single R2 on -log(1 - R2): its error is even there, where on R2's own scale the
jackknife misses 6-7 % on the side of `holds` once blocks differ a lot.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Scale(NamedTuple):
    """Both ways increasing.

    Attributes:
        name: as verdicts say it.
        inward: unit -> analysis.
        outward: analysis -> unit.
        least, most: open range of the unit; what lies beyond is infinite inside.
        factor: what a linear scale multiplies by on the way out, else 1.
    """

    name: str
    inward: Callable[[ArrayLike], np.ndarray]
    outward: Callable[[ArrayLike], np.ndarray]
    least: float = -math.inf
    most: float = math.inf
    factor: float = 1.0

    def enter(self, value: float) -> float:
        """One number of the claim, such as a threshold, on the analysis scale."""
        if value >= self.most:
            return math.inf
        if value <= self.least:
            return -math.inf
        return float(self.inward(value))

    def leave(self, value: float) -> float:
        """One finite number of the analysis in the claim's unit."""
        return float(self.outward(value))


def linear(factor: float) -> Scale:
    """A unit that is `factor` times the metric's own: 100 for pp of a share."""
    return Scale("linear", lambda x: x / factor, lambda x: x * factor, factor=factor)


LOG = Scale("log", np.log, np.exp, least=0.0)
# what a metric may say as LINK
LINKS = {
    "fisher-z": Scale("fisher-z", np.arctanh, np.tanh, least=-1.0, most=1.0),
    "log-residual": Scale(
        "log-residual", lambda x: -np.log1p(-x), lambda y: -np.expm1(-y), most=1.0
    ),
}
