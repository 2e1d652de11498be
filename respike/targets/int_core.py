"""`int-core`: a time-multiplexed integer core for dense leaky integrate-and-fire layers.

Source: the fields of respike.targets.spec; discrete step with a shift leak and hard or
soft reset, as on small digital cores (Frenkel et al. 2018, ODIN, arXiv:1804.07858). It is
no copy of one chip: every choice it makes stands in its HwSpec. Integers only, so its
output is the same on every machine; `naive` is the same core one neuron at a time.
"""

from dataclasses import dataclass

import numpy as np

from respike.core.errors import RespikeError
from respike.targets.network import LifNetwork
from respike.targets.quantise import CoreLayer, Program, quantise
from respike.targets.spec import HwSpec


def build(
    *,
    weight_bits: int = 8,
    weight_scale: str = "layer",
    rounding: str = "nearest-even",
    membrane_bits: int = 16,
    overflow: str = "saturate",
    overflow_at: str = "add",
    decay_shift: int = 1,
    decay_rounding: str = "floor",
    order: str = "decay-add-fire-reset",
    compare: str = ">=",
    reset: str = "zero",
    delay_steps: int = 0,
    readout_bits: int = 32,
) -> "IntCore":
    """Make the core that `respike.stages.emulate` loads networks into."""
    return IntCore(HwSpec(**locals()))


@dataclass(frozen=True)
class Result:
    """What one run of a program gave.

    Attributes:
        spikes: one uint8 [N, T, C] for each spiking layer.
        membranes: one int64 [N, T, C] for each, at the end of the step; empty unless
            they were asked for.
        readout: int64 [N, K], the accumulators after the last step.
        overflow: int64 [N], how often a register left its range (and was saturated or
            wrapped), membranes and readout together.
    """

    spikes: tuple[np.ndarray, ...]
    membranes: tuple[np.ndarray, ...]
    readout: np.ndarray
    overflow: np.ndarray


@dataclass(frozen=True)
class IntCore:
    """A core of one specification; all N items at once."""

    spec: HwSpec

    def load(self, network: LifNetwork) -> Program:
        """Turn a float network into this core's integers; see respike.targets.quantise."""
        return quantise(network, self.spec)

    def run(self, program: Program, inputs: np.ndarray, record: bool = False) -> Result:
        """Run a program.

        Args:
            program: what `load` made.
            inputs: integers >= 0, [N, T, C] frames or [N, C] applied at every step.
            record: keep the membranes of every step.

        Raises:
            RespikeError: inputs of another type, sign or shape.
        """
        frames = input_frames(program, inputs)
        run = _Run(self.spec, len(frames))
        source = frames.astype(np.int64)
        spikes, membranes = [], []
        for layer in program.layers:
            fired, states = run.layer(layer, source, record)
            spikes.append(fired)
            membranes.extend([states] if record else [])
            source = fired.astype(np.int64)
        readout = run.readout(program.readout, source)
        return Result(tuple(spikes), tuple(membranes), readout, run.overflow)


def input_frames(program: Program, inputs: np.ndarray) -> np.ndarray:
    """Check inputs and lay them out as [N, T, C]; a still [N, C] is repeated, not copied.

    Raises:
        RespikeError: inputs of another type, sign or shape.
    """
    first = (*program.layers, program.readout)[0]
    steps, n_in = program.time_steps, first.weight.shape[1]
    inputs = np.asarray(inputs)
    if inputs.dtype.kind not in "ui" or (inputs.size and inputs.min() < 0):
        raise RespikeError(f"inputs of the core are {inputs.dtype}; give integers >= 0")
    if inputs.ndim == 2:
        inputs = np.broadcast_to(inputs[:, None], (len(inputs), steps, inputs.shape[1]))
    if inputs.ndim != 3 or inputs.shape[1:] != (steps, n_in):
        raise RespikeError(
            f"inputs of the core have shape {inputs.shape}; the program takes "
            f"[items, {steps}, {n_in}] or [items, {n_in}]"
        )
    return inputs


class _Run:
    """Registers of one run; counts overflows by item."""

    def __init__(self, spec: HwSpec, n_items: int):
        self.spec = spec
        self.overflow = np.zeros(n_items, dtype=np.int64)

    def layer(self, layer: CoreLayer, source: np.ndarray, record: bool):
        """Run one spiking layer over all steps: spikes and, if asked, membranes."""
        n_items, n_steps, _ = source.shape
        spec, low, high = self.spec, -self.spec.membrane_max - 1, self.spec.membrane_max
        v = np.zeros((n_items, len(layer.weight)), dtype=np.int64)
        fires = np.zeros(v.shape, dtype=bool)
        spikes = np.zeros((n_items, n_steps, v.shape[1]), dtype=np.uint8)
        states = np.zeros(spikes.shape if record else (0,), dtype=np.int64)
        adder = _Adder(layer, spec, low, high)
        for t in range(n_steps):
            for action in spec.steps:
                if action == "decay":
                    v = v - leak(v, spec)
                elif action == "add":
                    v, over = adder.add(v, _at(source, t - spec.delay_steps))
                    self.overflow += over
                elif action == "fire":
                    fires = (
                        v >= layer.threshold if spec.compare == ">=" else v > layer.threshold
                    )
                elif spec.reset == "zero":
                    v = np.where(fires, 0, v)
                else:
                    v, over = limit(v - layer.threshold * fires, spec.overflow, low, high)
                    self.overflow += over.sum(axis=1)
            spikes[:, t] = fires
            if record:
                states[:, t] = v
        return spikes, states

    def readout(self, layer: CoreLayer, source: np.ndarray) -> np.ndarray:
        """Add up the readout's input over all steps: int64 [N, K]."""
        high = (1 << (self.spec.readout_bits - 1)) - 1
        total = np.zeros((len(source), len(layer.weight)), dtype=np.int64)
        adder = _Adder(layer, self.spec, -high - 1, high)
        for t in range(source.shape[1]):
            total, over = adder.add(total, _at(source, t - self.spec.delay_steps))
            self.overflow += over
        return total


def leak(v: np.ndarray, spec: HwSpec) -> np.ndarray:
    """What a membrane loses in one step: v / 2^decay_shift by the rounding of the core."""
    if spec.decay_rounding == "zero":
        return np.sign(v) * (np.abs(v) >> spec.decay_shift)
    half = 1 << (spec.decay_shift - 1) if spec.decay_rounding == "nearest-up" else 0
    return (v + half) >> spec.decay_shift


def limit(v: np.ndarray, rule: str, low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    """Bring values back into [low, high] by saturating or wrapping; also say which left it."""
    over = (v < low) | (v > high)
    if rule == "saturate":
        return np.clip(v, low, high), over
    return ((v - low) & (high - low)) + low, over


def exact_product(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """x [N, in] times weight [in, out], in whole numbers."""
    if x.dtype.kind != "i" or weight.dtype.kind != "i":
        message = f"a product of {x.dtype} and {weight.dtype} is not exact"
        raise TypeError(message)
    return x @ weight


def _at(source: np.ndarray, t: int) -> np.ndarray:
    return source[:, t] if t >= 0 else np.zeros_like(source[:, 0])


class _Adder:
    """Adds a layer's synaptic input to registers, overflow applied as the core says."""

    def __init__(self, layer: CoreLayer, spec: HwSpec, low: int, high: int):
        self.weight, self.bias, self.spec = layer.weight, layer.bias, spec
        self.low, self.high = low, high
        self.up = np.ascontiguousarray(np.maximum(layer.weight, 0).T)
        self.down = np.ascontiguousarray(np.minimum(layer.weight, 0).T)
        self.all = np.ascontiguousarray(layer.weight.T)
        self._seen = None

    def add(self, v: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Registers [N, out] after one step's input [N, in]; overflows of each item.

        Where overflow is applied after each add, only the registers that could leave
        their range in some prefix of the sum are added up one synapse at a time.
        """
        if self.spec.overflow_at == "step":
            total, over = limit(
                v + exact_product(x, self.all) + self.bias, self.spec.overflow, *self._range
            )
            return total, over.sum(axis=1)
        rise, fall = self._drive(x)
        total = v + rise + fall
        risky = (v + rise > self.high) | (v + fall < self.low)
        over = np.zeros(len(v), dtype=np.int64)
        if risky.any():
            item, neuron = np.nonzero(risky)
            total[item, neuron], times = self._one_by_one(v[item, neuron], x, item, neuron)
            np.add.at(over, item, times)
        return total, over

    @property
    def _range(self) -> tuple[int, int]:
        return self.low, self.high

    def _drive(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sums of the positive and of the negative adds; a still input is summed once."""
        if self._seen is None or not np.array_equal(self._seen[0], x):
            rise = exact_product(x, self.up) + np.maximum(self.bias, 0)
            self._seen = x, rise, exact_product(x, self.down) + np.minimum(self.bias, 0)
        return self._seen[1:]

    def _one_by_one(self, v, x, item, neuron):
        v, times = limit(v + self.bias[neuron], self.spec.overflow, *self._range)
        times = times.astype(np.int64)
        for j in np.flatnonzero(x.any(axis=0)):
            product = x[item, j] * self.weight[neuron, j]
            v, over = limit(v + product, self.spec.overflow, *self._range)
            times += over
        return v, times
