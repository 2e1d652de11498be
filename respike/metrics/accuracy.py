"""Share of test items whose class was predicted."""

from collections.abc import Callable, Mapping

import numpy as np

from respike.metrics._arrays import column

LABEL = "accuracy"
UNIT = "share"
EVIDENCE = "predictions.npz"
SHAPE = "items"


def build() -> Callable[[Mapping[str, np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """Make the function from predictions to (item ids, 1.0 where right, else 0.0)."""

    def items(predictions):
        hit = column(predictions, "predicted") == column(predictions, "label")
        return column(predictions, "item").astype(np.int64), hit.astype(float)

    return items
