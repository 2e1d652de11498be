"""Decoders: brain signal -> outputs, one part per file.

A part's `build(generator, *, settings)` returns an object with

- `warm_up_s`, seconds at the start of a stretch that cannot be decoded, and `window_s`, how
  far back from a moment its features look;
- `inputs(signal [L, C], rate_hz, frames [S])`, what it keeps of one stretch without
  a gap: it sees that stretch alone, and of a frame only its past; its `take(rows)` gives
  what belongs to some of the frames, such as those of a block;
- `fit(inputs, outputs)`, lists over the training blocks, which returns a `Fitted`.

Nothing is fitted outside of `fit`: no scaler, no filter, no choice of a setting.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Fitted(NamedTuple):
    """A fitted decoder.

    Attributes:
        predict: inputs of a block -> outputs [S, D].
        unseen: for each training block, outputs [S, D] by a fit that did not see it, or
            None where there is none. What is fitted on top of a decoder uses only these.
        curve: rows of its learning curve: epoch, loss, and member where there are several. The
            last row's loss is the `unseen_error`.
        state: arrays that describe it.
    """

    predict: Callable[[Any], np.ndarray]
    unseen: list[np.ndarray | None]
    curve: list[dict[str, float]]
    state: dict[str, np.ndarray]


def unseen_error(predicted: list[np.ndarray], outputs: list[np.ndarray]) -> float:
    """Squared error of predictions over the outputs' variance, averaged; 1 is a guess."""
    p, y = np.concatenate(predicted), np.concatenate(outputs)
    return float((((p - y) ** 2).mean(axis=0) / y.var(axis=0)).mean())
