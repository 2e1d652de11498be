"""Drop connections drawn at random: the control of every score.

Source: the random pruning baseline of Evci et al. 2020, arXiv:1911.11134.
"""

from collections.abc import Callable

import numpy as np
import torch

from respike.structure.masks import Tensors, lowest


def build() -> Callable[..., Tensors]:
    """Make the rule; it has no settings."""
    return drop


def drop(
    weights: Tensors, masks: Tensors, counts: dict[str, int], rng: np.random.Generator
) -> Tensors:
    """Draw living connections, each with equal chance.

    Args:
        weights: layer name -> weight; only shapes and order are used.
        masks: layer name -> bool, True where a connection lives.
        counts: layer name -> number to drop.
        rng: stream, one draw for each place of each layer.

    Returns:
        Layer name -> bool, exactly counts[name] True, all of them living.
    """
    return {
        name: lowest(torch.from_numpy(rng.random(tuple(w.shape))), masks[name], counts[name])
        for name, w in weights.items()
    }
