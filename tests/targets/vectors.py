"""Committed test vectors of the integer core: small networks, inputs and what must come out.

`python -m tests.targets.vectors` writes vectors.json anew from the slow reference; the
difference then shows in the commit.
"""

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from respike.core.seeds import numpy_stream
from respike.targets import naive
from respike.targets.network import Layer, LifNetwork
from respike.targets.quantise import Program, quantise
from respike.targets.spec import HwSpec

FILE = Path(__file__).with_name("vectors.json")

BASE = HwSpec(
    weight_bits=5,
    weight_scale="layer",
    rounding="nearest-even",
    membrane_bits=8,
    overflow="saturate",
    overflow_at="add",
    decay_shift=1,
    decay_rounding="floor",
    order="decay-add-fire-reset",
    compare=">=",
    reset="zero",
    delay_steps=0,
    readout_bits=6,
)
SPECS = {
    "saturate at each add": BASE,
    "saturate at each step": replace(BASE, overflow_at="step", reset="subtract"),
    "wrap": replace(BASE, overflow="wrap", rounding="nearest-up", decay_shift=2),
    "truncate": replace(BASE, rounding="zero", decay_rounding="zero", compare=">"),
    "one step late": replace(BASE, delay_steps=1, rounding="floor", weight_scale="network"),
    "add before decay": replace(
        BASE, order="add-decay-fire-reset", decay_rounding="nearest-up", membrane_bits=9
    ),
}


def network(spec: HwSpec, rng: np.random.Generator) -> LifNetwork:
    """Weights on power-of-two grids: ties of rounding and exact threshold hits occur."""
    layers = []
    sizes = {"one": (6, 5, 64), "two": (5, 4, 128), "out": (4, 3, 256)}
    for name, (n_in, n_out, grid) in sizes.items():
        weight = rng.integers(-100, 121, (n_out, n_in)) / grid
        weight[rng.random(weight.shape) < 0.2] = 0.0
        bias = rng.integers(-20, 41, n_out) / 64 if name == "two" else np.zeros(n_out)
        layers.append(Layer(name, weight, bias, weight != 0))
    return LifNetwork(
        layers=tuple(layers[:-1]),
        readout=layers[-1],
        tau_steps=2.0**spec.decay_shift,
        threshold=1.0,
        reset=spec.reset,
        time_steps=6,
        input_shift=2,
    )


def inputs(rng: np.random.Generator) -> np.ndarray:
    """Frames [4 items, 6 steps, 6]: strong, graded, sparse, and one item of silence."""
    frames = rng.integers(0, 10, (4, 6, 6))
    frames[0] *= 2
    frames[2] *= rng.random((6, 6)) < 0.3
    frames[3] = 0
    return frames


def expected(spec: HwSpec, program: Program, frames: list) -> list[dict]:
    """What the slow reference gives, item by item."""
    return [naive.run_item(spec, program, item) for item in frames]


def read() -> list[dict]:
    """The committed cases: name, spec, network, frames, expected."""
    cases = json.loads(FILE.read_text())
    for case in cases:
        case["spec"] = HwSpec(**case["spec"])
        case["network"] = _network_from(case["network"])
    return cases


def _network_to(given: LifNetwork) -> dict:
    layers = [
        {"name": layer.name, "weight": layer.weight.tolist(), "bias": layer.bias.tolist()}
        for layer in (*given.layers, given.readout)
    ]
    rest = {k: getattr(given, k) for k in ("tau_steps", "threshold", "reset", "time_steps")}
    return {"layers": layers, "input_shift": given.input_shift, **rest}


def _network_from(given: dict) -> LifNetwork:
    layers = [
        Layer(row["name"], w := np.array(row["weight"]), np.array(row["bias"]), w != 0)
        for row in given["layers"]
    ]
    rest = {k: v for k, v in given.items() if k != "layers"}
    return LifNetwork(layers=tuple(layers[:-1]), readout=layers[-1], **rest)


def main() -> None:
    """Write vectors.json."""
    cases = []
    for k, (name, spec) in enumerate(SPECS.items()):
        rng = numpy_stream(k, "vectors of the integer core")
        net, frames = network(spec, rng), inputs(rng).tolist()
        program = quantise(net, spec)
        cases.append(
            {
                "name": name,
                "spec": asdict(spec),
                "network": _network_to(net),
                "frames": frames,
                "program": program.hash,
                "expected": expected(spec, program, frames),
            }
        )
    FILE.write_text("[" + ",\n".join(json.dumps(case) for case in cases) + "]\n")


if __name__ == "__main__":
    main()
