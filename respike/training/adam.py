"""Adam, without importing torch's compiler.

Source: Kingma and Ba 2014, arXiv:1412.6980, algorithm 1; operation for operation that of
torch.optim.Adam, whose construction costs each process 0.8 s of imports.
"""

import math
from dataclasses import dataclass, field

import torch

Tensors = dict[str, torch.Tensor]
BETA1, BETA2 = 0.9, 0.999
EPSILON = 1e-8


@dataclass
class Adam:
    """First and second moments of some tensors, by name.

    Attributes:
        tensors: what is trained, changed in place.
        first, second: moments, 0 at the start.
        steps: updates done.
    """

    tensors: Tensors
    first: Tensors = field(init=False)
    second: Tensors = field(init=False)
    steps: int = 0

    def __post_init__(self) -> None:
        """Start the moments at 0."""
        self.first = {name: torch.zeros_like(t) for name, t in self.tensors.items()}
        self.second = {name: torch.zeros_like(t) for name, t in self.tensors.items()}

    @torch.no_grad()
    def step(self, gradients: Tensors, learning_rate: float) -> None:
        """Update every tensor once."""
        self.steps += 1
        scale = learning_rate / (1 - BETA1**self.steps)
        root = math.sqrt(1 - BETA2**self.steps)
        for name, tensor in self.tensors.items():
            gradient, first, second = gradients[name], self.first[name], self.second[name]
            first.lerp_(gradient, 1 - BETA1)
            second.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
            tensor.addcdiv_(first, (second.sqrt() / root).add_(EPSILON), value=-scale)

    @torch.no_grad()
    def forget(self, name: str, where: torch.Tensor) -> None:
        """Set both moments of a tensor to 0 where a bool tensor of its shape is True."""
        self.first[name].masked_fill_(where, 0)
        self.second[name].masked_fill_(where, 0)
