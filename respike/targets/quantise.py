"""From a float network to the integers an integer core stores.

A layer's weights share a power-of-two scale, so that a threshold of 1 is exact and no
multiplication by a scale is left for the chip.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from respike.core.errors import RespikeError
from respike.targets.network import Layer, LifNetwork
from respike.targets.spec import HwSpec


@dataclass(frozen=True)
class CoreLayer:
    """Integers of one layer.

    Attributes:
        name: of the layer.
        weight: int64 [out, in].
        bias: int64 [out].
        live: bool [out, in], connections stored; a stored weight may have rounded to 0.
        weight_shift: weights are float times 2^weight_shift.
        shift: membranes, biases and thresholds are float times 2^shift; larger than
            weight_shift in the first layer, whose inputs are scaled too.
        threshold: 0 in the readout, which has none.
    """

    name: str
    weight: np.ndarray
    bias: np.ndarray
    live: np.ndarray
    weight_shift: int
    shift: int
    threshold: int


@dataclass(frozen=True)
class Program:
    """What is loaded into the core: layers, readout and the number of steps."""

    layers: tuple[CoreLayer, ...]
    readout: CoreLayer
    time_steps: int

    @property
    def hash(self) -> str:
        """First 16 hex digits of the sha256 over every integer, shape and shift."""
        digest = hashlib.sha256(f"{self.time_steps}".encode())
        for layer in (*self.layers, self.readout):
            head = (layer.name, layer.weight.shape, layer.shift, layer.threshold)
            digest.update(repr(head).encode())
            for array in (layer.weight, layer.bias, layer.live):
                digest.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
        return digest.hexdigest()[:16]


def rounded(value: np.ndarray, rule: str) -> np.ndarray:
    """Whole numbers by one of the four rules; ties of `nearest-up` go towards +infinity."""
    if rule == "nearest-even":
        whole = np.rint(value)
    elif rule == "nearest-up":
        whole = np.floor(value)
        whole += (value - whole) >= 0.5
    elif rule == "floor":
        whole = np.floor(value)
    else:
        whole = np.sign(value) * np.floor(np.abs(value))
    return whole.astype(np.int64)


def scaled(value: np.ndarray | float, shift: int) -> np.ndarray | float:
    """value * 2^shift, exact."""
    return value * (1 << shift) if shift >= 0 else value / (1 << -shift)


def largest_shift(weight: np.ndarray, spec: HwSpec) -> int:
    """The largest shift at which every weight fits; 0 for a layer of zeros.

    Raises:
        RespikeError: no shift from -16 to 24 fits.
    """
    if not np.any(weight):
        return 0
    for shift in range(24, -17, -1):
        whole = rounded(scaled(weight, shift), spec.rounding)
        if np.abs(whole).max() <= spec.weight_max:
            return shift
    raise RespikeError(
        f"the largest weight is {np.abs(weight).max():g}; no power-of-two scale makes it "
        f"fit {spec.weight_bits} bits"
    )


def quantise(network: LifNetwork, spec: HwSpec) -> Program:
    """Make the integers of a network for one core.

    Args:
        network: float network.
        spec: the core.

    Returns:
        Program whose thresholds a membrane of the core can meet.

    Raises:
        RespikeError: the core's leak or reset is not the network's, a threshold is out
            of reach, or a bias does not fit its register.
    """
    if network.tau_steps != 1 << spec.decay_shift:
        raise RespikeError(
            f"the network's tau is {network.tau_steps:g} steps and the core leaks with tau "
            f"{1 << spec.decay_shift} (decay_shift {spec.decay_shift}); train with "
            "tau 2, 4, 8, ... steps and set decay_shift to its logarithm"
        )
    if network.reset != spec.reset:
        raise RespikeError(
            f"the network resets by '{network.reset}' and the core by '{spec.reset}'; "
            "set the target's reset to the network's"
        )
    chain = (*network.layers, network.readout)
    shifts = [largest_shift(layer.weight, spec) for layer in chain]
    if spec.weight_scale == "network":
        shifts = [min(shifts)] * len(chain)
    made = [
        _core_layer(layer, shift, network.input_shift if i == 0 else 0, network, spec)
        for i, (layer, shift) in enumerate(zip(chain, shifts, strict=True))
    ]
    return Program(tuple(made[:-1]), made[-1], network.time_steps)


def _core_layer(
    layer: Layer, weight_shift: int, input_shift: int, network: LifNetwork, spec: HwSpec
) -> CoreLayer:
    fires = layer is not network.readout
    shift = weight_shift + input_shift
    threshold = 0
    if fires:
        exact = np.asarray(scaled(network.threshold, shift))
        threshold = int(rounded(exact, spec.rounding))
        spec.check_threshold(layer.name, threshold)
    bits = spec.membrane_bits if fires else spec.readout_bits
    bias = rounded(scaled(layer.bias, shift), spec.rounding)
    half = 1 << (bits - 1)
    if np.any(bias >= half) or np.any(bias < -half):
        raise RespikeError(
            f"{layer.name}: a bias of {np.abs(bias).max()} does not fit {bits} bits; "
            f"raise {'membrane_bits' if fires else 'readout_bits'}"
        )
    weight = rounded(scaled(layer.weight, weight_shift), spec.rounding)
    return CoreLayer(layer.name, weight, bias, layer.live, weight_shift, shift, threshold)
