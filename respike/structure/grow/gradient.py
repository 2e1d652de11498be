"""Grow the absent connections whose gradient is largest.

Source: Evci et al. 2020, arXiv:1911.11134 (RigL), section 3 (4): the gradient of the dense
network at one batch, new weights start at 0. Where we differ: that batch updates the
weights too; RigL spends it on the mask alone.
"""

from collections.abc import Callable

import numpy as np

from respike.structure.masks import Tensors, lowest


def build() -> Callable[..., Tensors]:
    """Make the rule; it has no settings."""
    return grow


def grow(
    masks: Tensors, counts: dict[str, int], gradients: Tensors, rng: np.random.Generator
) -> Tensors:
    """Mark the absent connections of largest absolute gradient.

    Args:
        masks: layer name -> bool, True where a connection lives.
        counts: layer name -> number to grow, at most the number of absent ones.
        gradients: layer name -> dense gradient of the loss.
        rng: not drawn from.

    Returns:
        Layer name -> bool, exactly counts[name] True, none of them living; among equal
        gradients the first.
    """
    return {
        name: lowest(-gradients[name].abs(), ~mask, counts[name])
        for name, mask in masks.items()
    }
