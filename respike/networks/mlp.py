"""Spiking multilayer perceptron: linear layers, spiking hidden units, a linear readout.

A still image is coded directly (the same currents at every step); frames of events are read
one a step. The readout does not spike: logits are its currents, step by step.
Source: direct coding and the averaged readout as in Deng et al. 2022, arXiv:2202.11946
(TET); the size is ours. No biases by default, so that every connection is a synapse which
structure learning counts and a chip holds.
"""

from collections.abc import Callable

import numpy as np
import torch

from respike.core.errors import RespikeError
from respike.networks.signals import Signals
from respike.synapses.linear import Linear, linear


class SpikingMlp(torch.nn.Module):
    """See the head of the file; neurons forget their state at the start of each pass."""

    def __init__(self, layers: dict[str, Linear], neurons, time_steps, description):
        super().__init__()
        self.layers = layers
        self.description = description
        self.time_steps = time_steps
        self._layers = torch.nn.ModuleList(layers.values())
        self._neurons = torch.nn.ModuleList(neurons)

    def forward(self, x: torch.Tensor) -> Signals:
        """Run all time steps.

        Args:
            x: [N, F] an image shown at every step, or [T, N, F] a frame for each step.

        Returns:
            Logits [T, N, classes] and the spikes [T, N, C] of each hidden layer.

        Raises:
            RespikeError: the number of frames is not the network's number of steps.
        """
        first, *rest = self._layers
        x = x.to(first.weight.dtype)
        if x.dim() == 2:
            current = first(x).expand(self._steps(None), -1, -1)
        else:
            self._steps(x.shape[0])
            current = first(x)
        hidden = []
        for neuron, layer in zip(self._neurons, rest, strict=True):
            neuron.reset()
            hidden.append(neuron(current))
            current = layer(hidden[-1])
        return Signals(current, tuple(hidden))

    def _steps(self, frames: int | None) -> int:
        if frames is None and self.time_steps < 1:
            message = (
                f"network.mlp.time_steps is {self.time_steps}, which stands for `as many as the"
                " data have frames`, and these data are still images; write time_steps: 4, or"
                " another number >= 1"
            )
            raise RespikeError(message)
        if frames is not None and self.time_steps not in (0, frames):
            message = (
                f"the data have {frames} frames an item and network.mlp.time_steps is"
                f" {self.time_steps}; write time_steps: {frames}, or 0 for as many as the data"
                " have"
            )
            raise RespikeError(message)
        return frames or self.time_steps


def build(
    inputs: int,
    classes: int,
    neuron: Callable[[], torch.nn.Module] | None,
    rng: np.random.Generator,
    *,
    hidden: int = 256,
    depth: int = 1,
    time_steps: int = 4,
    bias: bool = False,
) -> SpikingMlp:
    """Make the network.

    Args:
        inputs: number of inputs F.
        classes: number of classes.
        neuron: makes the units of one hidden layer (a multi-step module).
        rng: stream the weights are drawn from, layer after layer.
        hidden: units of each hidden layer.
        depth: number of hidden layers.
        time_steps: steps a still image is shown; 0 = as many as the data have frames.
        bias: whether layers have biases.

    Returns:
        The network, layers `hidden1`, ..., `readout`.

    Raises:
        RespikeError: no neuron, or a size below 1.
    """
    if neuron is None:
        message = "network mlp needs a neuron; add neuron: lif beside it"
        raise RespikeError(message)
    sizes = check_sizes("mlp", inputs, classes, hidden, depth)
    if time_steps < 0:
        raise RespikeError(f"network.mlp.time_steps is {time_steps}; it must be >= 0")
    layers = {
        name: linear(before, after, rng, bias)
        for name, before, after in zip(layer_names(depth), sizes[:-1], sizes[1:], strict=True)
    }
    settings = {"hidden": hidden, "depth": depth, "time_steps": time_steps, "bias": bias}
    description = {"network": {"mlp": settings}, "neuron": neuron.description, "sizes": sizes}
    return SpikingMlp(layers, [neuron() for _ in range(depth)], time_steps, description)


def layer_names(depth: int) -> list[str]:
    """`hidden1`, ..., `readout`: names of the layers of a perceptron."""
    return [*(f"hidden{k}" for k in range(1, depth + 1)), "readout"]


def check_sizes(name: str, inputs: int, classes: int, hidden: int, depth: int) -> list[int]:
    """Numbers of units from input to output, refused where a layer would be empty."""
    for key, value in {"hidden": hidden, "depth": depth}.items():
        if value < 1:
            raise RespikeError(f"network.{name}.{key} is {value}; it must be >= 1")
    return [inputs, *[hidden] * depth, classes]
