"""Temporal efficient training: the cross entropy of every step, averaged over steps.

    L = (1 - lambda) mean_t CE(z[t], y) + lambda mean (z - phi)^2

Source: Deng et al. 2022, arXiv:2202.11946, L_TET, L_MSE and L_TOTAL of its method section;
lambda 0.001 and phi 1 (the threshold) are the defaults of the authors' published code.
"""

from collections.abc import Callable

import torch
from torch.nn import functional

from respike.core.errors import RespikeError


def build(*, mse_share: float = 0.001, mse_target: float = 1.0) -> Callable[..., torch.Tensor]:
    """Make the loss.

    Args:
        mse_share: lambda, the weight of the squared term, in [0, 1).
        mse_target: phi, the value the squared term draws every logit to.

    Returns:
        Loss of logits [T, N, classes] and labels [N].

    Raises:
        RespikeError: mse_share outside [0, 1).
    """
    if not 0 <= mse_share < 1:
        raise RespikeError(f"loss.tet.mse_share is {mse_share}; it must lie in [0, 1)")

    def loss(logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        entropy = functional.cross_entropy(logits.flatten(0, 1), label.repeat(logits.shape[0]))
        if mse_share == 0:
            return entropy
        return (1 - mse_share) * entropy + mse_share * (logits - mse_target).square().mean()

    return loss
