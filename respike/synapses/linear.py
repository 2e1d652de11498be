"""A full linear projection whose first weights come from a NumPy stream.

Source: the range is that of torch.nn.Linear (He et al. 2015, arXiv:1502.01852, with the
gain of a = sqrt(5)): uniform in +-1 / sqrt(fan in). torch's own draw is not used, because
its bits depend on the instruction set; NumPy's do not.
"""

import math

import numpy as np
import torch
from torch.nn import functional


class Linear(torch.nn.Module):
    """x -> x weight^T + bias over the last axis, as torch.nn.Linear without its own draw."""

    def __init__(self, weight: np.ndarray, bias: np.ndarray | None):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.from_numpy(weight))
        self.bias = None if bias is None else torch.nn.Parameter(torch.from_numpy(bias))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Currents [..., outputs] of inputs [..., inputs]."""
        return functional.linear(x, self.weight, self.bias)


def linear(inputs: int, outputs: int, rng: np.random.Generator, bias: bool) -> Linear:
    """Make a linear layer.

    Args:
        inputs: number of inputs, the fan in.
        outputs: number of outputs.
        rng: stream the weights and then, if any, the biases are drawn from.
        bias: whether the layer has a bias.

    Returns:
        A float32 layer; weight [outputs, inputs] and bias [outputs] uniform in
        +-1 / sqrt(inputs).
    """
    bound = 1 / math.sqrt(inputs)
    weight = rng.uniform(-bound, bound, size=(outputs, inputs)).astype(np.float32)
    offset = rng.uniform(-bound, bound, size=outputs).astype(np.float32) if bias else None
    return Linear(weight, offset)
