"""Multi-step LIF in two Triton kernels: all steps of a block of neurons in one program.

The membrane stays in registers and is computed again in the backward pass, from its value at
the start of each stretch of STRETCH steps, which is all that the forward pass keeps of it. Per
neuron and step that moves 4 (2 + 1/STRETCH) bytes forward and 4 (3 + 1/STRETCH) bytes backward.
"""

import torch
import triton
import triton.language as tl

from respike.kernels.lif import SURROGATES, Neuron, check

BLOCK = 512  # neurons a program; with WARPS warps 4 a thread: 128-bit loads and stores
WARPS = 4
STRETCH = 4  # steps whose membrane a program holds at once


@triton.jit
def forward_kernel(
    x, spikes, starts, neurons: tl.int64, retention, v_threshold,
    T: tl.constexpr, STRETCH: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """x [T, N] -> spikes [T, N] and starts, the membrane before every STRETCH-th step."""
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    here = place < neurons
    v = tl.zeros([BLOCK], tl.float32)
    for first in range(0, T, STRETCH):
        tl.store(starts + first // STRETCH * neurons + place, v, here)
        for j in tl.static_range(STRETCH):
            t = first + j
            live = here & (t < T)
            h = retention * v + tl.load(x + t * neurons + place, live, 0.0)
            fires = h >= v_threshold
            tl.store(spikes + t * neurons + place, fires.to(tl.float32), live)
            v = tl.where(fires, 0.0, h)


@triton.jit
def _derivative(u, alpha, SURROGATE: tl.constexpr):
    if SURROGATE == 0:  # the place of a name in SURROGATES
        a = 1.5707963267948966 * alpha * u
        found = alpha / 2 / (1 + a * a)
    elif SURROGATE == 1:
        s = 1 / (1 + tl.exp(-alpha * u))
        found = alpha * s * (1 - s)
    else:
        found = tl.maximum(alpha - alpha * alpha * tl.abs(u), 0.0)
    return found


@triton.jit
def _step(h, x, t, neurons, place, here, retention, v_threshold, T: tl.constexpr):
    """The membrane h one step on; past the last step x counts as 0."""
    v = tl.where(h >= v_threshold, 0.0, h)
    return retention * v + tl.load(x + t * neurons + place, here & (t < T), 0.0)


@triton.jit
def _step_back(
    h, grad_v, grad_spikes, grad_x, t, neurons, place, here, retention, v_threshold, alpha,
    T: tl.constexpr, SURROGATE: tl.constexpr, DETACH: tl.constexpr,
):  # fmt: skip
    """Write the gradient of x[t]; give back that of the membrane before step t."""
    live = here & (t < T)
    grad = tl.load(grad_spikes + t * neurons + place, live, 0.0)
    if not DETACH:
        grad -= grad_v * h
    through = tl.where(h >= v_threshold, 0.0, grad_v)
    grad_h = grad * _derivative(h - v_threshold, alpha, SURROGATE) + through
    tl.store(grad_x + t * neurons + place, grad_h, live)
    return tl.where(live, retention * grad_h, 0.0)


@triton.jit
def backward_kernel(
    x, starts, grad_spikes, grad_x, neurons: tl.int64, retention, v_threshold, alpha,
    T: tl.constexpr, STRETCH: tl.constexpr, SURROGATE: tl.constexpr, DETACH: tl.constexpr,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """x [T, N], starts and the gradient of the spikes [T, N] -> the gradient of x [T, N]."""
    tl.static_assert(STRETCH == 4, "four membranes are held by name")
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    here = place < neurons
    grad_v = tl.zeros([BLOCK], tl.float32)
    for back in range(0, T, STRETCH):
        t = (T - 1) // STRETCH * STRETCH - back
        v = tl.load(starts + t // STRETCH * neurons + place, here, 0.0)
        h0 = retention * v + tl.load(x + t * neurons + place, here, 0.0)
        h1 = _step(h0, x, t + 1, neurons, place, here, retention, v_threshold, T)
        h2 = _step(h1, x, t + 2, neurons, place, here, retention, v_threshold, T)
        h3 = _step(h2, x, t + 3, neurons, place, here, retention, v_threshold, T)
        for j in tl.static_range(STRETCH):
            h = h3 if j == 0 else (h2 if j == 1 else (h1 if j == 2 else h0))
            grad_v = _step_back(
                h, grad_v, grad_spikes, grad_x, t + 3 - j, neurons, place, here,
                retention, v_threshold, alpha, T, SURROGATE, DETACH,
            )  # fmt: skip


def _grid(neurons: int) -> tuple[int]:
    return (triton.cdiv(neurons, BLOCK),)


class _Lif(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, neuron):
        steps, neurons = x.shape[0], x[0].numel()
        spikes = torch.empty_like(x)
        starts = x.new_empty(triton.cdiv(steps, STRETCH), neurons)
        if neurons:
            forward_kernel[_grid(neurons)](
                x, spikes, starts, neurons, neuron.retention, neuron.v_threshold,
                T=steps, STRETCH=STRETCH, BLOCK=BLOCK, num_warps=WARPS,
            )  # fmt: skip
        ctx.save_for_backward(x, starts)
        ctx.neuron = neuron
        return spikes

    @staticmethod
    def backward(ctx, grad_spikes):
        x, starts = ctx.saved_tensors
        neuron, neurons = ctx.neuron, starts.shape[1]
        grad_x = torch.empty_like(x)
        if neurons:
            backward_kernel[_grid(neurons)](
                x, starts, grad_spikes.contiguous(), grad_x, neurons,
                neuron.retention, neuron.v_threshold, neuron.alpha,
                T=x.shape[0], STRETCH=STRETCH, SURROGATE=SURROGATES.index(neuron.surrogate),
                DETACH=neuron.detach_reset, BLOCK=BLOCK, num_warps=WARPS,
            )  # fmt: skip
        return grad_x, None


def lif(x: torch.Tensor, neuron: Neuron) -> torch.Tensor:
    """Spikes of a layer over all its steps; see `respike.kernels.lif`.

    Args:
        x: input current [T, ...], float32, on a GPU (on a CPU under TRITON_INTERPRET=1).
        neuron: the layer's constants.

    Raises:
        RespikeError: see `respike.kernels.lif.check`.
    """
    check(x, neuron)
    return _Lif.apply(x.contiguous(), neuron)
