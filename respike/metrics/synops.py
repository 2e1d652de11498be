"""Synaptic operations of one test item on an emulated chip.

Adds caused by spikes; with `graded` also the multiply-adds that the input's integers cause.
"""

from collections.abc import Callable, Mapping

import numpy as np

from respike.metrics._arrays import column

LABEL = "synaptic operations an item"
UNIT = "operations"
EVIDENCE = "predictions.npz"
SHAPE = "items"


def build(
    *, graded: bool = False
) -> Callable[[Mapping[str, np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """Make the function from predictions to (item ids, operations).

    Args:
        graded: whether the operations of the input layer count too.
    """

    def items(predictions):
        found = column(predictions, "synops").astype(float)
        if graded:
            found = found + column(predictions, "graded_ops")
        return column(predictions, "item").astype(np.int64), found

    return items
