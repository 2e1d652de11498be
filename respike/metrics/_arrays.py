"""Columns of a predictions.npz, and sums over its blocks."""

from collections.abc import Mapping

import numpy as np

from respike.core.errors import RespikeError, did_you_mean


def column(predictions: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """One array by name.

    Raises:
        RespikeError: there is none; names the ones there are.
    """
    if name not in predictions:
        known = sorted(predictions)
        raise RespikeError(
            f"predictions.npz holds no array '{name}'.{did_you_mean(name, known)} "
            f"It holds {', '.join(known) or 'nothing'}."
        )
    return predictions[name]


def entry(metrics: Mapping[str, object], name: str) -> object:
    """One number of a metrics.json by name.

    Raises:
        RespikeError: there is none; names the nearest.
    """
    if name not in metrics:
        known = sorted(metrics)
        raise RespikeError(
            f"metrics.json holds no number '{name}'.{did_you_mean(name, known)} "
            f"It holds {', '.join(known) or 'nothing'}."
        )
    return metrics[name]


def block_sums(block: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sum the columns [S, k] over the samples of each block.

    Returns:
        Block ids, ascending, int64 [B], and sums float64 [B, k].
    """
    ids, where = np.unique(block, return_inverse=True)
    sums = np.zeros((len(ids), columns.shape[1]))
    np.add.at(sums, where, columns.astype(float))
    return ids.astype(np.int64), sums


def axes(values: np.ndarray, axis: int, name: str) -> np.ndarray:
    """Columns [S, D] of a target or prediction: all (axis -1) or one of them.

    Raises:
        RespikeError: there is no such axis.
    """
    values = values.reshape(len(values), -1).astype(float)
    if axis == -1:
        return values
    if not 0 <= axis < values.shape[1]:
        raise RespikeError(
            f"metric setting axis is {axis}; '{name}' has axes 0 to {values.shape[1] - 1}, "
            "-1 means all"
        )
    return values[:, [axis]]
