"""Ridge regression from sums over blocks, so that leaving a block out costs no new pass.

The penalty is chosen per output by leaving groups of training blocks out; features are
centred and scaled by the training blocks alone. Source: Hoerl and Kennard 1970.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from respike.core.errors import RespikeError

PENALTIES = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 1e6)  # of the mean square of a scaled feature


class Moments(NamedTuple):
    """Sums over the samples of one block: count, features [F], their products [F, F]."""

    count: int
    features: np.ndarray
    products: np.ndarray


class Fit(NamedTuple):
    """A fitted ridge: predict = (x - centre) @ weights + offset.

    Attributes:
        centre: [F], mean of the training features.
        weights: [F, D].
        offset: [D], mean of the training outputs.
        penalty: [D], the penalty of each output.
    """

    centre: np.ndarray
    weights: np.ndarray
    offset: np.ndarray
    penalty: np.ndarray

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Outputs [S, D] of features [S, F]."""
        return (features - self.centre) @ self.weights + self.offset


class _Cross(NamedTuple):
    outputs: np.ndarray  # [D]
    squares: np.ndarray  # [D]
    products: np.ndarray  # [F, D]


def moments(features: np.ndarray) -> Moments:
    """Sums over one block of features [S, F]."""
    x = np.asarray(features, dtype=float)
    return Moments(len(x), x.sum(axis=0), x.T @ x)


def fit(
    features: list[np.ndarray],
    sums: list[Moments],
    outputs: list[np.ndarray],
    inner_folds: int = 4,
    penalties: tuple[float, ...] = PENALTIES,
) -> tuple[Fit, list[Fit]]:
    """Fit a ridge, choosing each output's penalty inside the training blocks.

    Args:
        features: of each training block, [S, F].
        sums: their moments.
        outputs: [S, D] of each training block.
        inner_folds: groups of training blocks left out in turn to choose the penalty.
        penalties: candidates; the largest predicts hardly more than the mean.

    Returns:
        The fit, and for each training block an inner fit that did not see it, at the chosen
        penalty.

    Raises:
        RespikeError: fewer than two training blocks: no penalty can be chosen.
    """
    if len(features) < 2:
        raise RespikeError(
            f"{len(features)} training block; choosing a penalty needs 2 or more"
        )
    crosses = [
        _Cross(y.sum(0), (y * y).sum(0), x.T @ y)
        for x, y in zip(features, outputs, strict=True)
    ]
    groups = min(inner_folds, len(features))
    error = np.zeros((len(penalties), outputs[0].shape[1]))
    inner: dict[int, list[Fit]] = {}
    for k in range(groups):
        held = range(k, len(features), groups)
        kept = [i for i in range(len(features)) if i not in held]
        fits = _solve([sums[i] for i in kept], [crosses[i] for i in kept], penalties)
        for i in held:
            inner[i] = fits
            error += [_square_error(one, sums[i], crosses[i]) for one in fits]
    best = error.argmin(axis=0)
    blind = {id(fits): _chosen(fits, best) for fits in inner.values()}
    unseen = [blind[id(inner[i])] for i in range(len(features))]
    return _chosen(_solve(sums, crosses, penalties), best), unseen


def _chosen(fits: list[Fit], best: np.ndarray) -> Fit:
    weights = np.stack([fits[b].weights[:, d] for d, b in enumerate(best)], axis=1)
    penalty = np.array([fits[b].penalty[d] for d, b in enumerate(best)])
    return Fit(fits[0].centre, weights, fits[0].offset, penalty)


def _solve(
    sums: list[Moments], crosses: list[_Cross], penalties: tuple[float, ...]
) -> list[Fit]:
    n = sum(m.count for m in sums)
    centre = sum(m.features for m in sums) / n
    offset = sum(c.outputs for c in crosses) / n
    covariance = sum(m.products for m in sums) / n - np.outer(centre, centre)
    cross = sum(c.products for c in crosses) / n - np.outer(centre, offset)
    variance = np.diag(covariance)
    # a feature that does not vary gets no weight
    scale = np.sqrt(np.where(variance > 1e-12 * variance.max(), variance, np.inf))
    scaled = covariance / np.outer(scale, scale)
    diagonal = np.diag_indices(len(scaled))
    found = []
    for penalty in penalties:
        matrix = scaled.copy()
        matrix[diagonal] += penalty
        factor = cho_factor(matrix, overwrite_a=True, check_finite=False)
        weights = cho_solve(factor, cross / scale[:, None], check_finite=False) / scale[:, None]
        found.append(Fit(centre, weights, offset, np.full(cross.shape[1], float(penalty))))
    return found


def _square_error(one: Fit, m: Moments, c: _Cross) -> np.ndarray:
    """Sum of squared errors [D] of a fit on a block, from the block's sums alone."""
    w = one.weights
    constant = one.offset - one.centre @ w
    squares = ((m.products @ w) * w).sum(axis=0)
    squares += 2 * constant * (m.features @ w) + m.count * constant * constant
    cross = (c.products * w).sum(axis=0) + c.outputs * constant
    return c.squares - 2 * cross + squares
