"""The integer core one neuron and one synapse at a time, in plain Python integers.

The slow twin of respike.targets.int_core, written from the words of HwSpec and sharing no
arithmetic with it, so that the two can be held against each other spike by spike and state
by state.
"""

from respike.targets.quantise import CoreLayer, Program
from respike.targets.spec import HwSpec


def run_item(spec: HwSpec, program: Program, frames: list[list[int]]) -> dict:
    """Run one item.

    Args:
        spec: the core.
        program: integers of the network.
        frames: T lists of C input integers.

    Returns:
        `spikes` and `membranes`, [layer][step][neuron]; `readout`, [class]; `overflow`.
    """
    counter = {"overflow": 0}
    source, spikes, membranes = frames, [], []
    for layer in program.layers:
        fired, states = _layer(spec, layer, source, counter)
        spikes.append(fired)
        membranes.append(states)
        source = fired
    readout = [0] * len(program.readout.weight)
    for t in range(len(frames)):
        for o in range(len(readout)):
            inputs = _inputs(spec, source, t)
            readout[o] = _add(
                spec, spec.readout_bits, readout[o], program.readout, o, inputs, counter
            )
    return {"spikes": spikes, "membranes": membranes, "readout": readout, **counter}


def _layer(spec: HwSpec, layer: CoreLayer, source: list, counter: dict) -> tuple[list, list]:
    n_out = len(layer.weight)
    v, fires = [0] * n_out, [0] * n_out
    spikes, states = [], []
    for t in range(len(source)):
        inputs = _inputs(spec, source, t)
        for action in spec.order.split("-"):
            for o in range(n_out):
                if action == "decay":
                    v[o] -= _leak(v[o], spec)
                elif action == "add":
                    v[o] = _add(spec, spec.membrane_bits, v[o], layer, o, inputs, counter)
                elif action == "fire":
                    met = v[o] == layer.threshold and spec.compare == ">="
                    fires[o] = int(v[o] > layer.threshold or met)
                elif fires[o] and spec.reset == "zero":
                    v[o] = 0
                elif fires[o]:
                    v[o] = _fit(v[o] - layer.threshold, spec, spec.membrane_bits, counter)
        spikes.append(list(fires))
        states.append(list(v))
    return spikes, states


def _inputs(spec: HwSpec, source: list, t: int) -> list[int]:
    if t < spec.delay_steps:
        return [0] * len(source[0])
    return source[t - spec.delay_steps]


def _leak(v: int, spec: HwSpec) -> int:
    divisor = 2**spec.decay_shift
    quotient, rest = divmod(v, divisor)
    if spec.decay_rounding == "zero" and v < 0 and rest:
        return quotient + 1
    if spec.decay_rounding == "nearest-up" and 2 * rest >= divisor:
        return quotient + 1
    return quotient


def _add(spec, bits, value, layer, o, inputs, counter) -> int:
    terms = [int(layer.bias[o])]
    terms += [int(w) * int(x) for w, x in zip(layer.weight[o], inputs, strict=True)]
    if spec.overflow_at == "step":
        return _fit(value + sum(terms), spec, bits, counter)
    for term in terms:
        value = _fit(value + term, spec, bits, counter)
    return value


def _fit(value: int, spec: HwSpec, bits: int, counter: dict) -> int:
    span = 2**bits
    if -span // 2 <= value < span // 2:
        return value
    counter["overflow"] += 1
    if spec.overflow == "wrap":
        value %= span
        return value - span if value >= span // 2 else value
    return span // 2 - 1 if value > 0 else -span // 2
