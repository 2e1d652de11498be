"""Operations of an event-driven network, counted from its spikes.

Source: synaptic operations as NeuroBench's effective accumulates count them
(arXiv:2304.04640): each non-zero input times the connections that leave it. A connection
is stored where it is live, even where its weight has rounded to 0, because a core reads it.
"""

from dataclasses import dataclass

import numpy as np

from respike.targets.quantise import CoreLayer, Program


@dataclass(frozen=True)
class Counts:
    """Operations of each item.

    Attributes:
        synops: int64 [N], adds that a spike caused.
        graded: int64 [N], multiply-adds that a non-zero input integer caused.
        updates: neuron updates of one item: neurons times steps, readout included.
        dense_macs: multiply-adds of one pass of the same layers without spikes.
        connections: stored connections.
    """

    synops: np.ndarray
    graded: np.ndarray
    updates: int
    dense_macs: int
    connections: int


def fan_out(layer: CoreLayer, source: np.ndarray) -> np.ndarray:
    """Connections that the non-zero inputs of each item drive.

    Args:
        layer: with live [out, in].
        source: [N, T, in].

    Returns:
        int64 [N].
    """
    active = (source != 0).sum(axis=1, dtype=np.int64)
    return (active * layer.live.sum(axis=0, dtype=np.int64)).sum(axis=1)


def count(
    program: Program, frames: np.ndarray, spikes: tuple[np.ndarray, ...], delay_steps: int = 0
) -> Counts:
    """Count what a program did.

    Args:
        program: that ran.
        frames: its inputs [N, T, C]; steps that the delay cut off are not counted.
        spikes: of each spiking layer [N, T, C].
        delay_steps: of the core.
    """
    chain = (*program.layers, program.readout)
    seen = program.time_steps - min(delay_steps, program.time_steps)
    sources = [source[:, :seen] for source in (frames, *spikes)]
    driven = [fan_out(layer, source) for layer, source in zip(chain, sources, strict=True)]
    neurons = sum(len(layer.weight) for layer in chain)
    return Counts(
        synops=sum(driven[1:], np.zeros(len(frames), dtype=np.int64)),
        graded=driven[0],
        updates=neurons * program.time_steps,
        dense_macs=sum(layer.weight.size for layer in chain),
        connections=int(sum(layer.live.sum() for layer in chain)),
    )


def mismatch(one: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> np.ndarray:
    """Share of spike entries that differ, of each item over all layers and steps: [N]."""
    differing = sum((a != b).sum(axis=(1, 2)) for a, b in zip(one, other, strict=True))
    entries = sum(a[0].size for a in one)
    return differing / entries
