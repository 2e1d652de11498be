"""What a predictor adds to a simpler one: (SSE_without - SSE_with) / SST, blocks pooled.

The difference of the two R2 values on the same samples; the worth of a decoder is what it
adds to a template that saw no brain signal.
"""

from collections.abc import Callable, Mapping

import numpy as np

from respike.metrics._arrays import axes, block_sums, column

LABEL = "gain in R2"
UNIT = "r2"
EVIDENCE = "predictions.npz"
SHAPE = "blocks"


def build(
    *, predictor: str, template: str, axis: int = -1
) -> Callable[[Mapping[str, np.ndarray]], tuple[np.ndarray, np.ndarray]]:
    """Make the function from predictions to (block ids, sums: 1, y, y^2, gain in error^2).

    Args:
        predictor: reads `predicted.<predictor>`, the richer one.
        template: reads `predicted.<template>`, the one it is measured against.
        axis: column of the target; -1 pools all.
    """

    def blocks(predictions):
        target = axes(column(predictions, "target"), axis, "target")
        rich, plain = (
            target - axes(column(predictions, name), axis, name)
            for name in (f"predicted.{predictor}", f"predicted.{template}")
        )
        gain = plain**2 - rich**2
        parts = np.stack([np.ones_like(target), target, target**2, gain], axis=-1)
        return block_sums(column(predictions, "block"), parts.reshape(len(target), -1))

    return blocks


def combine(sums: np.ndarray) -> np.ndarray:
    """Gain of the blocks given: [..., B, 4 D] -> [...]."""
    total = sums.sum(axis=-2)
    count, y, squares, gain = np.moveaxis(total.reshape(*total.shape[:-1], -1, 4), -1, 0)
    return gain.sum(axis=-1) / (squares - y * y / count).sum(axis=-1)
