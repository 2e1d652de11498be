"""How fast the kernels of lif are on an NVIDIA GPU, and whether they are right on it.

Each pass is timed beside a copy that moves as many bytes, in turns, so that the ratio holds
whatever clock and memory the GPU has. Written for a GPU; where there is none it says so.

    python -m respike.kernels.lif.speed     what is judged and written, as JSON
"""

import json
import sys
from statistics import median
from typing import Any

import torch

from respike.kernels.lif import Neuron, backend, parity
from respike.kernels.lif.limits import bytes_said

# steps and neurons: 67 million neuron-steps each, 268 MB a tensor, more than any cache holds
SIZES = ((4, 2**24), (16, 2**22), (64, 2**20))
WARM_UP, REPEATS = 10, 50


def measure() -> dict[str, Any]:
    """Parity and times on the GPU.

    Returns:
        device: its name, or None where torch sees no NVIDIA GPU; architecture; parity, the
        rows of `parity.compare`; times, see `row`.
    """
    if torch.version.cuda is None or not torch.cuda.is_available():
        return {"device": None, "architecture": None, "parity": None, "times": []}
    major, minor = torch.cuda.get_device_capability()
    return {
        "device": torch.cuda.get_device_name(),
        "architecture": f"sm_{major}{minor}",
        "parity": parity.compare("triton", "cuda"),
        "times": [found for size in SIZES for found in _times(*size)],
    }


def row(
    kernel: str, steps: int, neurons: int, moves: int, ms: list[float], copy_ms: list[float]
) -> dict[str, Any]:
    """One pass beside the copy of as many bytes.

    Args:
        kernel: forward or backward.
        steps, neurons: T and N.
        moves: bytes that each of the two reads and writes, taken together.
        ms: time of each repeat of the kernel [ms]; copy_ms: of the copy.

    Returns:
        Medians and least times [ms], bandwidth at the median [GB/s], neuron-steps a second
        and of_copy, the kernel's bandwidth as a share of the copy's.
    """
    found = {"kernel": kernel, "steps": steps, "neurons": neurons, "bytes": moves}
    for name, times in (("", ms), ("copy_", copy_ms)):
        found[f"{name}ms"] = median(times)
        found[f"{name}least_ms"] = min(times)
        found[f"{name}gb_per_s"] = moves / median(times) / 1e6
    found["neuron_steps_per_s"] = steps * neurons / median(ms) * 1e3
    found["of_copy"] = median(copy_ms) / median(ms)
    found["repeats"] = len(ms)
    return found


def _times(steps, neurons):
    from respike.kernels.lif.triton import STRETCH

    lif, neuron = backend("triton"), Neuron()
    x = torch.randn(steps, neurons, device="cuda").requires_grad_()
    grad = torch.randn(steps, neurons, device="cuda")
    spikes = lif(x, neuron)
    passes = {
        "forward": lambda: lif(x.detach(), neuron),
        "backward": lambda: torch.autograd.grad(spikes, x, grad, retain_graph=True),
    }
    for kernel, work in passes.items():
        moves = neurons * bytes_said(kernel, steps, STRETCH)
        source = torch.zeros(moves // 8, device="cuda")  # read once, written once, 4 bytes
        target = torch.empty_like(source)
        ms = _in_turns(work, lambda a=target, b=source: a.copy_(b))
        yield row(kernel, steps, neurons, moves, *ms)


def _in_turns(*works) -> list[list[float]]:
    """Time of each repeat of each piece of work [ms], by the GPU's own clock."""
    for _ in range(WARM_UP):
        for work in works:
            work()
    events = []
    for _ in range(REPEATS):
        for number, work in enumerate(works):
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            work()
            end.record()
            events.append((number, begin, end))
    torch.cuda.synchronize()
    return [
        [begin.elapsed_time(end) for at, begin, end in events if at == number]
        for number in range(len(works))
    ]


if __name__ == "__main__":
    json.dump(measure(), sys.stdout)
