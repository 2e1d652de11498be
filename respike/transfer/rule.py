"""What every transfer part takes and returns."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import torch


class Signals(Protocol):
    """What a network put out; see respike.networks.signals.

    Attributes:
        logits: [T, N, classes].
        hidden: one [T, N, C] tensor per hidden layer.
        score: logits averaged over time, [N, classes].
    """

    logits: torch.Tensor
    hidden: tuple[torch.Tensor, ...]
    score: torch.Tensor


@dataclass(frozen=True)
class Transfer:
    """A loss over two networks.

    Attributes:
        loss: (task loss, student signals, teacher signals, label) -> scalar.
        weights: name -> tensor trained with the student and thrown away with it.
    """

    loss: Callable[[torch.Tensor, Signals, Signals, torch.Tensor], torch.Tensor]
    weights: dict[str, torch.Tensor] = field(default_factory=dict)

    def __call__(
        self, task: torch.Tensor, student: Signals, teacher: Signals, label: torch.Tensor
    ) -> torch.Tensor:
        """The loss to descend on."""
        return self.loss(task, student, teacher, label)
