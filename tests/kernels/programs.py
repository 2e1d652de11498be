"""Which interpreter has Triton here, and rows of a kernel as its programs would print them."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from respike.core import shells
from tests.conftest import ROOT

_OWN = shells.interpreter(ROOT, "kernels")
_HERE = importlib.util.find_spec("triton") is not None
PYTHON = _OWN or sys.executable  # of `kernels`, or of this environment

needs_triton = pytest.mark.skipif(
    not (_HERE or _OWN),
    reason="Triton is not here; make its environment: respike envs create kernels",
)

_LESS = {
    "parity": {r"SHAPES = .*": "SHAPES = ((5, 513),)"},
    "compiled": {
        r"ARCHITECTURES = .*\nSTEPS = .*": "ARCHITECTURES = (90,)\nSTEPS = (4, 5, 64)",
        r"product\(SURROGATES, \(True, False\)\)": "product(SURROGATES[:1], (True,))",
    },
}


def change(file: Path, lines: dict[str, str]) -> None:
    """Replace each pattern in a file, which must stand there once."""
    for pattern, text in lines.items():
        changed, count = re.subn(pattern, text, file.read_text())
        assert count == 1, pattern
        file.write_text(changed)


def measure_less(folder: Path) -> None:
    """Leave most cases out of the lif of a checkout, so that they take seconds."""
    for name, lines in _LESS.items():
        change(folder / f"respike/kernels/lif/{name}.py", lines)


def parity_rows(**changes):
    """One case that is right, or changed."""
    row = {
        "steps": 5,
        "neurons": 513,
        "surrogate": "sigmoid",
        "detach_reset": False,
        "spikes": 700,
        "unequal_spikes": 0,
        "gradient_error": 3e-7,
    }
    return [{**row, **changes}]


def compiled_rows(**changes):
    """Both kernels for one architecture and 4, 5 and 64 steps; `changes` are of the last."""
    shapes = {"forward": (4, 5, 36.0, None), "backward": (9, 4, 52.0, "atan")}
    rows = []
    for steps, instructions in ((4, 100), (5, 160), (64, 200)):
        for kernel, (loads, stores, moves, surrogate) in shapes.items():
            rows.append({
                "kernel": kernel, "architecture": "sm_90", "steps": steps,
                "surrogate": surrogate, "detach_reset": surrogate and True, "registers": 40,
                "stack": 0, "shared": 0, "local": 0, "bits": [128], "ptx_bits": [128],
                "loads": loads, "stores": stores, "bytes_a_neuron": moves, "stretch": 4,
                "instructions": instructions,
            })  # fmt: skip
    return [*rows[:-1], {**rows[-1], **changes}]


def speed_found(device="NVIDIA H100 80GB HBM3"):
    """What the program `speed` prints, on a GPU or without one."""
    if device is None:
        return {"device": None, "architecture": None, "parity": None, "times": []}
    row = {"kernel": "forward", "steps": 4, "neurons": 16, "ms": 0.5, "gb_per_s": 2000.0}
    return {
        "device": device,
        "architecture": "sm_90",
        "parity": parity_rows(),
        "times": [{**row, "of_copy": 0.91}],
    }


def programs(**found):
    """A stand-in for `bench.program` that gives what each program would print."""
    said = {
        "parity": parity_rows(),
        "compiled": {"ptxas": "12.8", "rows": compiled_rows()},
        "speed": speed_found(None),
        **found,
    }
    return lambda kernel, part, **variables: said[part]
