"""One rate against a bound: Wilson's interval on the effective count.

Outcomes of one seed are alike, and so are outcomes of one item over seeds; n_e is the
number of independent outcomes that would vary as much as these do.

Source: Wilson 1927; effective count after Korn & Graubard 1998 (Survey Methodology 24),
with V of `paired` as the variance; pooled Wilson misses 6-21 %.
Where few items fail, the sample may by chance hold no hard item and V comes out far too
small (15 % misses at 50 items and a rate of .97). So the count is at most what a standard
error of one item allows, p (1 - p) items^2, or one per item where that is more (ours).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import t as student

from respike.claims.estimate import Estimate
from respike.claims.paired import paired


@dataclass(frozen=True)
class Rate(Estimate):
    """A share in [0, 1] with Wilson's interval; `count` is the effective count."""

    count: ArrayLike = 1.0

    def bounds(self, share: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
        """Wilson's lower and upper bound, each one-sided at `level * share`."""
        z = student.ppf(1 - self.level * share, self.df)
        p, count = np.asarray(self.value), np.asarray(self.count)
        shrink = 1 + z * z / count
        centre = (p + z * z / (2 * count)) / shrink
        half = z / shrink * np.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
        return centre - half, centre + half

    def above(self, edge: float) -> np.ndarray:
        """p against "the true rate is at most `edge`"; the score test of the interval."""
        return self._stated(student.sf(self._score(edge), self.df))

    def below(self, edge: float) -> np.ndarray:
        """p against "the true rate is at least `edge`"."""
        return self._stated(student.cdf(self._score(edge), self.df))

    def error_at(self, edge: float) -> np.ndarray:
        """Standard error of a rate that lies on the edge."""
        return np.sqrt(edge * (1 - edge) / self.count)

    def _score(self, edge):
        return (self.value - edge) / self.error_at(edge)


def rate(values: np.ndarray, present: np.ndarray | None = None) -> Rate:
    """Estimate a rate from outcomes that are 0 or 1.

    Args:
        values: [..., seed, item], 0 or 1.
        present: bool, same shape; False where a seed did not test the item.
    """
    base = paired(values, present)
    if present is None:
        outcomes, distinct = values.shape[-2] * values.shape[-1], values.shape[-1]
    else:
        outcomes, distinct = present.sum(axis=(-2, -1)), present.any(axis=-2).sum(axis=-1)
    variance = np.square(base.se)
    spread = base.value * (1 - base.value)
    most = np.minimum(outcomes, np.maximum(distinct, spread * distinct**2))
    with np.errstate(divide="ignore", invalid="ignore"):
        count = np.where(variance > 0, spread / variance, most)
    count = np.clip(count, 1, most)
    fields = {**vars(base), "se": np.sqrt(spread / count)}
    return replace(Rate(**fields), count=count)
