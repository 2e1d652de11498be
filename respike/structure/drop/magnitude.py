"""Drop the connections of smallest absolute weight.

Source: Han et al. 2015, arXiv:1506.02626, section 3 (layer by layer); the same score in
SET (arXiv:1707.04780), RigL (arXiv:1911.11134) and ESL-SNNs (arXiv:2306.03693).
`scope: global` ranks all layers together, as Han's successors do.
"""

from collections.abc import Callable

import numpy as np
import torch

from respike.core.errors import RespikeError
from respike.structure.masks import Tensors, lowest


def build(*, scope: str = "layer") -> Callable[..., Tensors]:
    """Make the rule.

    Args:
        scope: `layer` drops the given number in each layer; `global` drops the sum of
            these numbers, the smallest weights of all layers together.

    Returns:
        (weights, masks, counts, rng) -> bool tensors; rng is not drawn from. Among equal
        magnitudes the first go, layers in the order of `weights`.

    Raises:
        RespikeError: an unknown scope.
    """
    if scope not in ("layer", "global"):
        raise RespikeError(f"drop.magnitude.scope is {scope!r}; allowed: layer, global")

    def by_layer(
        weights: Tensors, masks: Tensors, counts: dict[str, int], rng: np.random.Generator
    ) -> Tensors:
        return {
            name: lowest(weight.abs(), masks[name], counts[name])
            for name, weight in weights.items()
        }

    def together(
        weights: Tensors, masks: Tensors, counts: dict[str, int], rng: np.random.Generator
    ) -> Tensors:
        scores = torch.cat([weight.abs().flatten() for weight in weights.values()])
        alive = torch.cat([masks[name].flatten() for name in weights])
        marked = lowest(scores, alive, sum(counts.values()))
        parts = marked.split([weight.numel() for weight in weights.values()])
        return {
            name: part.reshape(weight.shape)
            for (name, weight), part in zip(weights.items(), parts, strict=True)
        }

    return by_layer if scope == "layer" else together
