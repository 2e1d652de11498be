"""Pearson's correlation of a decoded signal with the true one, all test blocks pooled.

A single correlation is judged on Fisher's z = atanh(r). Pooled, not averaged over blocks:
the mean of the blocks' correlations is another quantity.
"""

from collections.abc import Callable, Mapping

import numpy as np

from respike.metrics._arrays import axes, block_sums, column

LABEL = "correlation"
UNIT = "r"
EVIDENCE = "predictions.npz"
SHAPE = "blocks"
LINK = "fisher-z"


def build(
    *, predictor: str, axis: int = 0
) -> Callable[[Mapping[str, np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """Make the function from predictions to (block ids, sums: 1, y, p, y^2, p^2, y p).

    Args:
        predictor: reads the array `predicted.<predictor>`.
        axis: column of the target; one, since correlations of axes do not pool.
    """

    def blocks(predictions):
        name = f"predicted.{predictor}"
        y = axes(column(predictions, "target"), axis, "target")[:, 0]
        p = axes(column(predictions, name), axis, name)[:, 0]
        sums = np.stack([np.ones_like(y), y, p, y * y, p * p, y * p], axis=-1)
        return block_sums(column(predictions, "block"), sums)

    return blocks


def combine(sums: np.ndarray) -> np.ndarray:
    """Correlation of the blocks given: [..., B, 6] -> [...]."""
    count, y, p, yy, pp, yp = np.moveaxis(sums.sum(axis=-2), -1, 0)
    covariance = yp - y * p / count
    return covariance / np.sqrt((yy - y * y / count) * (pp - p * p / count))
