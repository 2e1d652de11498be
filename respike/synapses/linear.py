"""A full linear projection whose first weights come from a NumPy stream.

Source: the range is that of torch.nn.Linear (He et al. 2015, arXiv:1502.01852, with the
gain of a = sqrt(5)): uniform in +-1 / sqrt(fan in). torch's own draw is not used, because
its bits depend on the instruction set; NumPy's do not.
"""

import math

import numpy as np
import torch


def linear(inputs: int, outputs: int, rng: np.random.Generator, bias: bool) -> torch.nn.Linear:
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
    layer = torch.nn.utils.skip_init(torch.nn.Linear, inputs, outputs, bias=bias)
    with torch.no_grad():
        for values in (layer.weight, layer.bias):
            if values is not None:
                drawn = rng.uniform(-bound, bound, size=tuple(values.shape))
                values.copy_(torch.from_numpy(drawn.astype(np.float32)))
    return layer
