"""A whole array of predictions.npz, for identities between two stages or seeds."""

from collections.abc import Callable, Mapping

import numpy as np

from respike.metrics._arrays import column

LABEL = "array"
UNIT = "any"
EVIDENCE = "predictions.npz"
SHAPE = "value"


def build(*, field: str) -> Callable[[Mapping[str, np.ndarray]], list]:
    """Make the function from predictions to the entries, in the order of the file.

    Args:
        field: name of the array.
    """

    def value(predictions):
        return column(predictions, field).ravel().tolist()

    return value
