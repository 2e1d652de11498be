"""A trained spiking network as plain arrays: what a target is given, and nothing else of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from respike.core.errors import RespikeError


@dataclass(frozen=True)
class Layer:
    """One dense layer.

    Attributes:
        name: of the layer in the model file.
        weight: float64 [out, in], 0 where there is no connection.
        bias: float64 [out].
        live: bool [out, in], True where a connection is stored, even at weight 0.
    """

    name: str
    weight: np.ndarray
    bias: np.ndarray
    live: np.ndarray


@dataclass(frozen=True)
class LifNetwork:
    """Leaky integrate-and-fire layers and a readout that adds up and never fires.

    v <- v (1 - 1/tau_steps) + W x + b; a neuron fires where v >= threshold. The logits are
    the readout's W x + b averaged over time.

    Attributes:
        layers: spiking layers, input first.
        readout: the last layer.
        tau_steps: membrane time constant.
        threshold: of every spiking neuron.
        reset: `zero` or `subtract`, of neurons that fired.
        time_steps: T.
        input_shift: an input integer i stands for i / 2^input_shift.
    """

    layers: tuple[Layer, ...]
    readout: Layer
    tau_steps: float
    threshold: float
    reset: str
    time_steps: int
    input_shift: int

    def __post_init__(self) -> None:
        """Refuse layers that do not follow one another and numbers that are none."""
        chain = [*self.layers, self.readout]
        for before, after in pairwise(chain):
            if before.weight.shape[0] != after.weight.shape[1]:
                raise RespikeError(
                    f"{before.name} has {before.weight.shape[0]} outputs and {after.name} "
                    f"takes {after.weight.shape[1]} inputs; the layers do not fit together"
                )
        for layer in chain:
            if not (np.isfinite(layer.weight).all() and np.isfinite(layer.bias).all()):
                raise RespikeError(f"{layer.name} holds a weight or bias that is no number")
        if self.time_steps < 1:
            raise RespikeError(
                f"the network runs {self.time_steps} steps; it must be 1 or more"
            )


def dense_layer(tensors: Mapping[str, np.ndarray], name: str) -> Layer:
    """Take one layer out of a model file's tensors.

    Args:
        tensors: `<name>.weight` [out, in]; `<name>.bias` [out] and `<name>.mask` [out, in]
            where there are any. Without a mask every non-zero weight is a connection.
        name: of the layer.

    Raises:
        RespikeError: no such weight, a weight that is no matrix, another shape of the mask,
            or a weight that is not 0 where the mask is.
    """
    if f"{name}.weight" not in tensors:
        raise RespikeError(
            f"the model holds no '{name}.weight'; it holds: {', '.join(sorted(tensors))}"
        )
    weight = np.asarray(tensors[f"{name}.weight"], dtype=np.float64)
    if weight.ndim != 2:
        raise RespikeError(
            f"{name}.weight has {weight.ndim} axes; this target runs dense [out, in] only"
        )
    bias = np.asarray(tensors.get(f"{name}.bias", np.zeros(len(weight))), dtype=np.float64)
    mask = tensors.get(f"{name}.mask")
    live = weight != 0 if mask is None else np.asarray(mask) != 0
    if live.shape != weight.shape:
        raise RespikeError(f"{name}.mask is {live.shape}, {name}.weight is {weight.shape}")
    if np.any(weight[~live] != 0):
        raise RespikeError(
            f"{name}.weight is not 0 everywhere its mask is; apply the mask first"
        )
    return Layer(name, weight, bias, live)
