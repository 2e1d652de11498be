"""Share of episodes in which something was reached; an item is an episode."""

from collections.abc import Callable, Mapping

import numpy as np

from respike.core.errors import RespikeError
from respike.metrics._arrays import column

LABEL = "success rate"
UNIT = "share"
EVIDENCE = "predictions.npz"
SHAPE = "items"


def build(*, field: str) -> Callable[[Mapping[str, np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """Make the function from predictions to (item ids, 1.0 where `field` is true).

    Args:
        field: name of a bool array, one entry per episode.
    """

    def items(predictions):
        reached = column(predictions, field)
        if reached.dtype != bool:
            raise RespikeError(f"array '{field}' is {reached.dtype}; success_rate takes bool")
        return column(predictions, "item").astype(np.int64), reached.astype(float)

    return items
