"""Erdos-Renyi-kernel masks: the kernel's sizes count as well as the numbers of units.

Source: Evci et al. 2020, arXiv:1911.11134 (RigL), section 3: a layer's density is
proportional to (in + out + width + height) / (in * out * width * height). For linear
layers this is Erdos-Renyi.
"""

from collections.abc import Callable

import numpy as np
import torch

from respike.structure.init.er import Shapes, drawn


def build() -> Callable[[Shapes, float, np.random.Generator], dict[str, torch.Tensor]]:
    """Make the rule; it has no settings."""
    return masks


def masks(shapes: Shapes, density: float, rng: np.random.Generator) -> dict[str, torch.Tensor]:
    """Draw masks whose layers share out the connections by the sum of all their sizes.

    Args:
        shapes: layer name -> weight shape [out, in, ...].
        density: share of all connections that live, in (0, 1].
        rng: stream the places are drawn from.

    Returns:
        Layer name -> bool tensor; round(density * N) are True over all layers.

    Raises:
        RespikeError: density outside (0, 1].
    """
    return drawn(shapes, density, rng, {name: sum(s) for name, s in shapes.items()})
