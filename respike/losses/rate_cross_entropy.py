"""Cross entropy of the logits averaged over time.

Source: the usual direct training loss that TET is compared with (Deng et al. 2022,
arXiv:2202.11946, L_SDT) and the task loss of KDSNN (Xu et al. 2023, arXiv:2304.05627).
"""

from collections.abc import Callable

import torch
from torch.nn import functional


def build() -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Make the loss; it has no settings."""
    return loss


def loss(logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Cross entropy of mean_t logits[t].

    Args:
        logits: [T, N, classes].
        label: [N], class numbers.

    Returns:
        A scalar, the mean over items.
    """
    return functional.cross_entropy(logits.mean(0), label)
