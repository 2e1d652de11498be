"""Erdos-Renyi masks: a layer's density is proportional to (in + out) / (in * out).

Source: Mocanu et al. 2018, arXiv:1707.04780 (SET), eq. 3, which ESL-SNNs
(arXiv:2306.03693, figure 1) starts from. Where we differ: each layer has an exact number
of connections at uniformly drawn places, where a random graph draws each one on its own.
"""

from collections.abc import Callable

import numpy as np
import torch

from respike.structure.masks import exact_count, share_out

Shapes = dict[str, tuple[int, ...]]


def build() -> Callable[[Shapes, float, np.random.Generator], dict[str, torch.Tensor]]:
    """Make the rule; it has no settings."""
    return masks


def masks(shapes: Shapes, density: float, rng: np.random.Generator) -> dict[str, torch.Tensor]:
    """Draw masks whose layers share out the connections by the sum of their two sizes.

    Args:
        shapes: layer name -> weight shape [out, in, ...]; axes after the second (a kernel)
            add places but no share.
        density: share of all connections that live, in (0, 1].
        rng: stream the places are drawn from.

    Returns:
        Layer name -> bool tensor; round(density * N) are True over all layers.

    Raises:
        RespikeError: density outside (0, 1].
    """
    return drawn(shapes, density, rng, {name: s[0] + s[1] for name, s in shapes.items()})


def drawn(
    shapes: Shapes, density: float, rng: np.random.Generator, wanted: dict[str, float]
) -> dict[str, torch.Tensor]:
    """Draw masks whose layers share out the connections in proportion to `wanted`."""
    room = {name: int(np.prod(shape)) for name, shape in shapes.items()}
    count = exact_count(density, sum(room.values()), "structure.density")
    numbers = share_out(count, wanted, room)
    found = {}
    for name, shape in shapes.items():
        places = rng.permutation(room[name])[: numbers[name]]
        mask = torch.zeros(room[name], dtype=torch.bool)
        mask[torch.from_numpy(places)] = True
        found[name] = mask.reshape(shape)
    return found
