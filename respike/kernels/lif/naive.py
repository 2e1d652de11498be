"""Multi-step LIF as a loop of torch operators: the reference that every other backend meets."""

import math

import torch

from respike.kernels.lif import Neuron, check


class _Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, u, neuron):
        ctx.save_for_backward(u)
        ctx.neuron = neuron
        return (u >= 0).to(u.dtype)

    @staticmethod
    def backward(ctx, grad):
        (u,) = ctx.saved_tensors
        return grad * derivative(u, ctx.neuron), None


def derivative(u: torch.Tensor, neuron: Neuron) -> torch.Tensor:
    """The surrogate's derivative.

    Args:
        u: membrane minus threshold, any shape.
        neuron: its surrogate and alpha are used.

    Returns:
        Tensor of u's shape.
    """
    alpha = neuron.alpha
    if neuron.surrogate == "atan":
        return alpha / 2 / (1 + (math.pi / 2 * alpha * u).square())
    if neuron.surrogate == "sigmoid":
        s = torch.sigmoid(alpha * u)
        return alpha * s * (1 - s)
    return (alpha - alpha * alpha * u.abs()).clamp(min=0)


def lif(x: torch.Tensor, neuron: Neuron) -> torch.Tensor:
    """Spikes of a layer over all its steps; see `respike.kernels.lif`.

    Args:
        x: input current [T, ...], float32.
        neuron: the layer's constants.

    Raises:
        RespikeError: see `respike.kernels.lif.check`.
    """
    check(x, neuron)
    spikes, v = [], torch.zeros_like(x[0])
    for current in x.unbind(0):  # not x[t]: its backward grows with the square of T
        h = neuron.retention * v + current
        s = _Spike.apply(h - neuron.v_threshold, neuron)
        v = h * (1 - (s.detach() if neuron.detach_reset else s))
        spikes.append(s)
    return torch.stack(spikes)
