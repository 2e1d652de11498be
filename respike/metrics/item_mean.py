"""Mean over test items of any per-item number: an error, a count of operations, a delay."""

from collections.abc import Callable, Mapping

import numpy as np

from respike.core.errors import RespikeError
from respike.metrics._arrays import column

LABEL = "mean over items"
UNIT = "any"
EVIDENCE = "predictions.npz"
SHAPE = "items"


def build(*, field: str) -> Callable[[Mapping[str, np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """Make the function from predictions to (item ids, values of `field`).

    Args:
        field: name of a numeric array, one entry per item.
    """

    def items(predictions):
        values = column(predictions, field)
        if values.ndim != 1:
            raise RespikeError(f"array '{field}' has {values.ndim} axes; item_mean takes one")
        return column(predictions, "item").astype(np.int64), values.astype(float)

    return items
