"""What a network puts out."""

from typing import NamedTuple

import torch


class Signals(NamedTuple):
    """Output of one forward pass.

    Attributes:
        logits: [T, N, classes]; a network without time has T = 1.
        hidden: one [T, N, C] tensor per hidden layer, spikes (0 or 1) or activations.
    """

    logits: torch.Tensor
    hidden: tuple[torch.Tensor, ...]

    @property
    def score(self) -> torch.Tensor:
        """Logits averaged over time, [N, classes]: what a prediction is the argmax of."""
        return self.logits.mean(0)
