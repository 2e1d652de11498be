"""Backpropagation through time: the exact gradient of the loss, surrogate for the spikes.

Source: Wu et al. 2018, arXiv:1706.02609 (STBP). A network without time gets plain
backpropagation.
"""

from collections.abc import Callable

import torch


def build() -> Callable[[torch.Tensor, dict[str, torch.Tensor]], dict[str, torch.Tensor]]:
    """Make the rule; it has no settings."""
    return gradients


def gradients(loss: torch.Tensor, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Differentiate a loss.

    Args:
        loss: scalar that depends on every weight.
        weights: name -> tensor that requires a gradient.

    Returns:
        Name -> gradient of the tensor's shape; the graph is freed.
    """
    found = torch.autograd.grad(loss, list(weights.values()))
    return dict(zip(weights, found, strict=True))
