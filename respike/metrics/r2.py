"""Coefficient of determination of a decoded signal: 1 - SSE / SST, all test blocks pooled.

SST is taken around the mean of the pooled test targets, per axis; several axes are pooled by
their sums of squares. A predictor that is worse than that mean has a negative value. A single
R2 is judged on -log(1 - R2).
"""

from collections.abc import Callable, Mapping

import numpy as np

from respike.metrics._arrays import axes, block_sums, column

LABEL = "R2"
UNIT = "r2"
EVIDENCE = "predictions.npz"
SHAPE = "blocks"
LINK = "log-residual"


def build(
    *, predictor: str, axis: int = -1
) -> Callable[[Mapping[str, np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """Make the function from predictions to (block ids, sums per axis: 1, y, y^2, error^2).

    Args:
        predictor: reads the array `predicted.<predictor>`.
        axis: column of the target; -1 pools all.
    """

    def blocks(predictions):
        target = axes(column(predictions, "target"), axis, "target")
        name = f"predicted.{predictor}"
        error = target - axes(column(predictions, name), axis, name)
        parts = np.stack([np.ones_like(target), target, target**2, error**2], axis=-1)
        return block_sums(column(predictions, "block"), parts.reshape(len(target), -1))

    return blocks


def combine(sums: np.ndarray) -> np.ndarray:
    """R2 of the blocks given: [..., B, 4 D] -> [...]."""
    total = sums.sum(axis=-2)
    count, y, squares, error = np.moveaxis(total.reshape(*total.shape[:-1], -1, 4), -1, 0)
    return 1 - error.sum(axis=-1) / (squares - y * y / count).sum(axis=-1)
