"""Multilayer perceptron with rectified linear units: the teacher of a spiking student.

Source: the role is that of the ANN teacher in Xu et al. 2023, arXiv:2304.05627 (KDSNN),
whose teachers are convolutional; the size is ours.
"""

from collections.abc import Callable

import numpy as np
import torch

from respike.core.errors import RespikeError
from respike.networks.mlp import check_sizes, layer_names
from respike.networks.signals import Signals
from respike.synapses.linear import Linear, linear


class Mlp(torch.nn.Module):
    """A network without time: its signals have T = 1."""

    def __init__(self, layers: dict[str, Linear], description: dict):
        super().__init__()
        self.layers = layers
        self.description = description
        self.time_steps = 1
        self._layers = torch.nn.ModuleList(layers.values())

    def forward(self, x: torch.Tensor) -> Signals:
        """Activations of every layer.

        Args:
            x: [N, F], or frames [T, N, F], which are summed over time.

        Returns:
            Logits [1, N, classes] and the activations [1, N, C] of each hidden layer.
        """
        *hidden_layers, readout = self._layers
        x = (x if x.dim() == 2 else x.sum(0)).unsqueeze(0)
        hidden = []
        for layer in hidden_layers:
            x = torch.relu(layer(x))
            hidden.append(x)
        return Signals(readout(x), tuple(hidden))


def build(
    inputs: int,
    classes: int,
    neuron: Callable[[], torch.nn.Module] | None,
    rng: np.random.Generator,
    *,
    hidden: int = 256,
    depth: int = 2,
    bias: bool = True,
) -> Mlp:
    """Make the network.

    Args:
        inputs: number of inputs F.
        classes: number of classes.
        neuron: must be None; this network does not spike.
        rng: stream the weights are drawn from, layer after layer.
        hidden: units of each hidden layer.
        depth: number of hidden layers.
        bias: whether layers have biases.

    Returns:
        The network, layers `hidden1`, ..., `readout`.

    Raises:
        RespikeError: a neuron is given, or a size is below 1.
    """
    if neuron is not None:
        message = "network ann-mlp does not spike; remove the key neuron beside it"
        raise RespikeError(message)
    sizes = check_sizes("ann-mlp", inputs, classes, hidden, depth)
    layers = {
        name: linear(before, after, rng, bias)
        for name, before, after in zip(layer_names(depth), sizes[:-1], sizes[1:], strict=True)
    }
    settings = {"hidden": hidden, "depth": depth, "bias": bias}
    return Mlp(layers, {"network": {"ann-mlp": settings}, "neuron": None, "sizes": sizes})
