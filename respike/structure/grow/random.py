"""Grow connections at places drawn at random.

Source: Mocanu et al. 2018, arXiv:1707.04780 (SET), algorithm 1; our reading of the random
growth of ESL-SNNs (arXiv:2306.03693). Where we differ: a new weight starts at 0, so that
the network's function does not jump; SET draws it.
"""

from collections.abc import Callable

import numpy as np
import torch

from respike.structure.masks import Tensors, lowest


def build() -> Callable[..., Tensors]:
    """Make the rule; it has no settings."""
    return grow


def grow(
    masks: Tensors, counts: dict[str, int], gradients: Tensors, rng: np.random.Generator
) -> Tensors:
    """Draw absent connections, each with equal chance.

    Args:
        masks: layer name -> bool, True where a connection lives.
        counts: layer name -> number to grow, at most the number of absent ones.
        gradients: not used.
        rng: stream, one draw for each place of each layer.

    Returns:
        Layer name -> bool, exactly counts[name] True, none of them living.
    """
    return {
        name: lowest(torch.from_numpy(rng.random(tuple(mask.shape))), ~mask, counts[name])
        for name, mask in masks.items()
    }
