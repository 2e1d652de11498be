"""An estimate with its uncertainty, and the one rule that makes a verdict of it.

The interval [L, U] of an estimate stands against one registered region R of the true
value: inside R is `holds`, outside R is `differs`, anything else is inconclusive. Every
function takes claims along any leading axes, so that the calibration runs this very code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

LEVEL = 0.05  # one-sided; the level that every p-value is stated against


@dataclass(frozen=True)
class Estimate:
    """A number with a standard error, Student's t around it.

    Attributes:
        value: the estimate, on the scale the analysis runs on.
        se: its standard error.
        df: degrees of freedom of `se`.
        n: seeds behind it.
        m: items (or blocks) of a seed, the smallest; 0 where a seed gives one number.
        seed_variance: variance over seeds; its share of se**2 falls as 1/n.
        item_variance: variance that more seeds do not remove: shared items or blocks.
        paper_variance: variance of the published number compared with; 0 without one.
        floor: least standard error: one step of one test item.
        level: one-sided error level of the interval that decides one claim alone.
    """

    value: ArrayLike
    se: ArrayLike
    df: ArrayLike
    n: int
    m: int
    seed_variance: ArrayLike
    item_variance: ArrayLike = 0.0
    paper_variance: ArrayLike = 0.0
    floor: ArrayLike = 0.0
    level: float = LEVEL

    def bounds(self, share: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bound, each one-sided at `level * share`."""
        half = student.ppf(1 - self.level * share, self.df) * self.se
        return self.value - half, self.value + half

    def above(self, edge: float) -> np.ndarray:
        """p against "the true value is at most `edge`", stated against LEVEL."""
        return self._stated(student.sf((self.value - edge) / self.se, self.df))

    def below(self, edge: float) -> np.ndarray:
        """p against "the true value is at least `edge`", stated against LEVEL."""
        return self._stated(student.cdf((self.value - edge) / self.se, self.df))

    def error_at(self, edge: float) -> np.ndarray:
        """Standard error that the distance to an edge is measured in."""
        return np.asarray(self.se)

    def _stated(self, tail):
        return np.minimum(1.0, tail * (LEVEL / self.level))


class Region(NamedTuple):
    """Open interval of true values for which a claim is true; a side may be infinite."""

    low: float
    high: float

    def p_holds(self, estimate: Estimate) -> np.ndarray:
        """p against "the true value is not in the region": the larger of its two sides."""
        return np.maximum(self._over(estimate, self.low), self._under(estimate, self.high))

    def p_differs(self, estimate: Estimate) -> np.ndarray:
        """p against "the true value is in the region": the smaller of the outward sides."""
        under = 1.0 if self.low == -np.inf else estimate.below(self.low)
        over = 1.0 if self.high == np.inf else estimate.above(self.high)
        return np.minimum(under, over)

    @staticmethod
    def _over(estimate, edge):
        return 0.0 if edge == -np.inf else estimate.above(edge)

    @staticmethod
    def _under(estimate, edge):
        return 0.0 if edge == np.inf else estimate.below(edge)


class Decision(NamedTuple):
    """What the parts of a claim say together; `holds` and `differs` are never both true."""

    holds: np.ndarray
    differs: np.ndarray
    p_holds: np.ndarray
    p_differs: np.ndarray


def decide(
    estimates: Sequence[Estimate], regions: Sequence[Region], share: float = 1.0
) -> Decision:
    """Judge a claim of one or more parts, each with its own region.

    A conjunction holds if every part lies inside its region at the full level (an
    intersection-union test needs no correction), and differs if any part lies outside
    its region at the level divided by the number of parts.

    Args:
        estimates: one per part, all with the same leading shape.
        regions: one per part.
        share: share of the level that this look may spend.

    Returns:
        The decision; p-values are stated against LEVEL whatever the share.
    """
    k = len(estimates)
    inside, outside, p_inside, p_outside = [], [], [], []
    for estimate, region in zip(estimates, regions, strict=True):
        low, high = estimate.bounds(share)
        inside.append((low > region.low) & (high < region.high))
        low, high = estimate.bounds(share / k)
        outside.append((high < region.low) | (low > region.high))
        p_inside.append(region.p_holds(estimate))
        p_outside.append(region.p_differs(estimate))
    return Decision(
        np.all(inside, axis=0),
        np.any(outside, axis=0),
        np.max(p_inside, axis=0),
        np.minimum(1.0, k * np.min(p_outside, axis=0)),
    )
