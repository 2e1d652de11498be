"""Does a backend of lif give what `naive` gives, forward and backward?

Inputs lie on a grid of 1/256 and the membrane keeps half of itself, so that every membrane is
exact in float32 with and without fused multiply-add: spikes must be equal, all of them.
Memory that a backend does not write is NaN, so that a place it forgets shows.

    TRITON_INTERPRET=1 python -m respike.kernels.lif.parity     what `limits` judges, as JSON
"""

import itertools
import json
import sys
from typing import Any

import torch

from respike.kernels.lif import SURROGATES, Neuron, backend

# steps and neurons: one, odd numbers, a whole block and one more, more steps than a stretch
SHAPES = ((1, 1), (3, 7), (4, 512), (5, 513), (8, 64), (9, 33))


def cases() -> list[tuple[tuple[int, int], Neuron]]:
    """Every shape with every surrogate, the reset attached and detached."""
    return [
        (shape, Neuron(surrogate=name, alpha=1.5, detach_reset=detach))
        for shape, name, detach in itertools.product(SHAPES, SURROGATES, (True, False))
    ]


def compare(name: str, device: str = "cpu") -> list[dict[str, Any]]:
    """Run all cases through a backend and through `naive`.

    Args:
        name: the backend.
        device: where its tensors lie; `naive` runs there too.

    Returns:
        A row a case: steps, neurons, surrogate, detach_reset, spikes (how many there were),
        unequal_spikes, gradient_error (greatest absolute difference; NaN counts as infinite).
    """
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)  # fills memory that is not initialised with NaN
    try:
        return [_case(name, device, *case) for case in cases()]
    finally:
        torch.use_deterministic_algorithms(before)


def _case(name, device, shape, neuron):
    g = torch.Generator().manual_seed(shape[0] * 1000 + shape[1])
    x = (torch.randint(-256, 640, shape, generator=g) / 256).to(device)
    grad = torch.randn(shape, generator=g).to(device)
    spikes, gradients = [], []
    for one in ("naive", name):
        inputs = x.clone().requires_grad_()
        out = backend(one)(inputs, neuron)
        spikes.append(out.detach())
        gradients.append(torch.autograd.grad(out, inputs, grad)[0])
    error = (gradients[0] - gradients[1]).abs().nan_to_num(nan=float("inf")).max()
    return {
        "steps": shape[0],
        "neurons": shape[1],
        "surrogate": neuron.surrogate,
        "detach_reset": neuron.detach_reset,
        "spikes": int(spikes[0].sum()),
        "unequal_spikes": int((spikes[0] != spikes[1]).sum()),
        "gradient_error": float(error),
    }


if __name__ == "__main__":
    json.dump(compare("triton"), sys.stdout)
