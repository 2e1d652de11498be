"""Share of spikes that an emulated chip places otherwise than the float network [pp].

The mean over test items of each item's share, all spiking layers and steps together.
Its unit is pp and not share: an item's value is itself a share of many entries, so one
item is not the least step.
"""

from collections.abc import Callable, Mapping

import numpy as np

from respike.metrics._arrays import column

LABEL = "spikes that differ from float"
UNIT = "pp"
EVIDENCE = "predictions.npz"
SHAPE = "items"


def build() -> Callable[[Mapping[str, np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """Make the function from predictions to (item ids, 100 times the share that differs)."""

    def items(predictions):
        differing = column(predictions, "mismatch")
        return column(predictions, "item").astype(np.int64), 100 * differing.astype(float)

    return items
