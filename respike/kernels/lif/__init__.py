"""Multi-step leaky integrate-and-fire neurons, forward and surrogate backward.

    h[t] = r v[t-1] + x[t]          v[-1] = 0
    s[t] = 1 where h[t] >= v_threshold
    v[t] = h[t] (1 - s[t])

In the backward pass the step's derivative is replaced by a surrogate's at h[t] - v_threshold.
Source: Wu et al. 2018, arXiv:1706.02609; the surrogates are those of respike.neurons.lif.
"""

import importlib
from collections.abc import Callable
from typing import NamedTuple

import torch

from respike.core.errors import RespikeError, did_you_mean

BACKENDS = ("naive", "triton")
SURROGATES = ("atan", "sigmoid", "triangle")


class Neuron(NamedTuple):
    """Constants of a layer.

    Attributes:
        retention: share of the membrane kept from one step to the next, in [0, 1].
        v_threshold: membrane at which a spike is sent; equal counts as reached.
        surrogate: atan, sigmoid or triangle.
        alpha: the surrogate's steepness.
        detach_reset: whether no gradient flows through the reset.
    """

    retention: float = 0.5
    v_threshold: float = 1.0
    surrogate: str = "atan"
    alpha: float = 2.0
    detach_reset: bool = True


Lif = Callable[[torch.Tensor, Neuron], torch.Tensor]


def backend(name: str) -> Lif:
    """The operator of one backend: what was asked for, or an error.

    Args:
        name: naive or triton.

    Returns:
        A function of x [T, ...], float32, and a Neuron -> spikes 0 or 1 of x's shape and type.

    Raises:
        RespikeError: no such backend, or what it needs is not installed.
    """
    if name not in BACKENDS:
        raise RespikeError(
            f"no backend '{name}' of lif.{did_you_mean(name, BACKENDS)} "
            f"Known: {', '.join(BACKENDS)}."
        )
    try:
        return importlib.import_module(f"respike.kernels.lif.{name}").lif
    except ModuleNotFoundError as error:
        raise RespikeError(
            f"backend '{name}' of lif needs {error.name}, which this environment lacks; "
            "run it in the environment `kernels` (envs/kernels.yaml)"
        ) from None


def check(x: torch.Tensor, neuron: Neuron) -> None:
    """Refuse what no backend computes.

    Raises:
        RespikeError: a type other than float32, no step, constants out of range.
    """
    if x.dtype != torch.float32 or x.dim() < 1 or not x.shape[0]:
        raise RespikeError(
            f"lif takes float32 [T, ...] with T >= 1; it got {x.dtype} {list(x.shape)}"
        )
    if not 0 <= neuron.retention <= 1 or not neuron.v_threshold > 0 or not neuron.alpha > 0:
        raise RespikeError(
            f"lif got {neuron}; retention lies in [0, 1], v_threshold and alpha are > 0"
        )
    if neuron.surrogate not in SURROGATES:
        raise RespikeError(
            f"no surrogate '{neuron.surrogate}'.{did_you_mean(neuron.surrogate, SURROGATES)} "
            f"Known: {', '.join(SURROGATES)}."
        )
