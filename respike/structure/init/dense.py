"""Masks that keep every connection: where pruning starts from."""

from collections.abc import Callable

import numpy as np
import torch

from respike.core.errors import RespikeError
from respike.structure.init.er import Shapes


def build() -> Callable[[Shapes, float, np.random.Generator], dict[str, torch.Tensor]]:
    """Make the rule; it has no settings."""
    return masks


def masks(shapes: Shapes, density: float, rng: np.random.Generator) -> dict[str, torch.Tensor]:
    """Keep all connections.

    Args:
        shapes: layer name -> weight shape.
        density: must be 1; a lower one is the schedule's matter, not the first mask's.
        rng: not drawn from.

    Returns:
        Layer name -> bool tensor, all True.

    Raises:
        RespikeError: density below 1.
    """
    if density != 1:
        raise RespikeError(
            f"structure.init dense has density 1 and structure.density is {density};"
            " use init: er, or the stage prune"
        )
    return {name: torch.ones(shape, dtype=torch.bool) for name, shape in shapes.items()}
