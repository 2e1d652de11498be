"""Leaky integrate-and-fire neuron with hard reset, by spikingjelly's multi-step LIFNode.

    h[t] = (1 - 1/tau) v[t-1] + x[t]
    s[t] = 1 where h[t] >= v_threshold
    v[t] = h[t] (1 - s[t])

Source: the iterative LIF of Wu et al. 2018, arXiv:1706.02609, with the constants of the
TET authors' code (arXiv:2202.11946: retention 0.5, threshold 1, reset to 0, triangle
surrogate), which ESL-SNNs (arXiv:2306.03693) builds on. Where we differ: the arc tangent of
spikingjelly is the default surrogate, and the reset is detached from the gradient.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from spikingjelly.activation_based import surrogate as surrogates
from spikingjelly.activation_based.neuron import LIFNode

from respike.core.errors import RespikeError, did_you_mean

# spikingjelly's operators make torch warn in every process that there is no Triton on a CPU
logging.getLogger("torch._library.triton").setLevel(logging.ERROR)


class _Rational(torch.autograd.Function):
    """A step forward, 1 / (1 + alpha x^2) backward."""

    @staticmethod
    def forward(context, x: torch.Tensor, alpha: float) -> torch.Tensor:
        context.save_for_backward(x)
        context.alpha = alpha
        return (x >= 0).to(x)

    @staticmethod
    def backward(context, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        (x,) = context.saved_tensors
        return gradient / (1 + context.alpha * x * x), None


class Rational(surrogates.SurrogateFunctionBase):
    """The arc tangent's slope with a plain number for pi^2, so that + * / alone make it."""

    def __init__(self, alpha: float):
        super().__init__(alpha=alpha)

    @staticmethod
    def spiking_function(x: torch.Tensor, alpha: float) -> torch.Tensor:
        """Spikes of the distance from threshold."""
        return _Rational.apply(x, alpha)


# name -> (class, its alpha in spikingjelly or, for the triangle, in the TET authors' code)
SURROGATES = {
    "atan": (surrogates.ATan, 2.0),
    "sigmoid": (surrogates.Sigmoid, 4.0),
    "triangle": (surrogates.PiecewiseQuadratic, 1.0),
    "rational": (Rational, 10.0),
}


@dataclass(frozen=True)
class Layer:
    """Makes the units of one layer, each time with a state of their own."""

    make: Callable[[], torch.nn.Module]
    description: dict[str, Any]

    def __call__(self) -> torch.nn.Module:
        return self.make()


def build(
    *,
    tau_steps: float = 2.0,
    v_threshold: float = 1.0,
    surrogate: str = "atan",
    alpha: float | None = None,
    detach_reset: bool = True,
) -> Layer:
    """Make the maker of LIF layers.

    Args:
        tau_steps: membrane time constant in steps; the share 1 - 1/tau_steps of the
            membrane is kept from one step to the next. The input is not scaled by it.
        v_threshold: membrane at which a spike is sent; equal counts as reached.
        surrogate: derivative used in place of the step's: atan, sigmoid, triangle or
            rational, which is 1 / (1 + alpha x^2).
        alpha: its steepness; None is 2 for atan, 4 for sigmoid, 1 for triangle, 10 for
            rational.
        detach_reset: whether no gradient flows through the reset.

    Returns:
        A callable that makes a module [T, N, C] -> spikes [T, N, C].

    Raises:
        RespikeError: tau_steps <= 1, a threshold or alpha <= 0, an unknown surrogate.
    """
    if not tau_steps > 1:
        raise RespikeError(
            f"neuron.lif.tau_steps is {tau_steps}; it must be > 1 (2.0 keeps half of the"
            " membrane each step)"
        )
    if not v_threshold > 0:
        raise RespikeError(f"neuron.lif.v_threshold is {v_threshold}; it must be > 0")
    if surrogate not in SURROGATES:
        raise RespikeError(
            f"neuron.lif.surrogate is {surrogate!r}.{did_you_mean(surrogate, SURROGATES)}"
            f" Known: {', '.join(SURROGATES)}."
        )
    family, usual = SURROGATES[surrogate]
    alpha = usual if alpha is None else alpha
    if not alpha > 0:
        raise RespikeError(f"neuron.lif.alpha is {alpha}; it must be > 0")

    def make() -> torch.nn.Module:
        return LIFNode(
            tau=float(tau_steps),
            decay_input=False,
            v_threshold=float(v_threshold),
            v_reset=0.0,
            surrogate_function=family(alpha=float(alpha)),
            detach_reset=detach_reset,
            step_mode="m",
        )

    settings = {
        "tau_steps": tau_steps,
        "v_threshold": v_threshold,
        "surrogate": surrogate,
        "alpha": alpha,
        "detach_reset": detach_reset,
    }
    meaning = {
        "tau_steps": tau_steps,
        "v_threshold": v_threshold,
        "retention": 1 - 1 / tau_steps,
        "reset": "zero",
        "decay_input": False,
    }
    return Layer(make, {"part": {"lif": settings}, **meaning})
