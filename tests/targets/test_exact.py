"""The emulator's output is the same on every CPU: integers, and floats in a fixed order."""

import hashlib
import os
import platform
import subprocess
import sys

import numpy as np
import pytest

from respike.core.parts import PACKAGE, make
from respike.core.seeds import numpy_stream
from respike.targets import float_lif
from respike.targets.network import Layer, LifNetwork
from tests.contracts.safe_calls import unsafe_calls

OTHER_CPU = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL",
    "OPENBLAS_CORETYPE": "Nehalem",
}


def digests() -> list[str]:
    """Hashes of a program, its spikes and readout, and of the float reference's logits."""
    rng = numpy_stream(0, "committed run")
    layers = []
    for name, (n_in, n_out) in {"one": (64, 40), "two": (40, 30), "out": (30, 10)}.items():
        weight = rng.integers(-100, 130, (n_out, n_in)) / 300
        layers.append(Layer(name, weight, np.zeros(n_out), weight != 0))
    net = LifNetwork(tuple(layers[:-1]), layers[-1], 2.0, 1.0, "zero", 4, 4)
    frames = rng.integers(0, 17, (50, 64))
    core = make("target", "int-core")
    program = core.load(net)
    result = core.run(program, frames)
    spikes, logits = float_lif.run(net, frames)
    arrays = [*result.spikes, result.readout, *spikes, logits]
    data = b"".join(
        np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<")).tobytes() for a in arrays
    )
    return [program.hash, hashlib.sha256(data).hexdigest()[:16]]


def test_the_hash_of_a_run_is_the_committed_one():
    assert digests() == ["aad3a6a8cb2ce73c", "5a9d8da370d404c8"]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="switches off x86 instructions")
def test_the_hash_is_the_same_without_newer_instructions():
    child = "import sys; from tests.targets.test_exact import digests; "
    child += "sys.stdout.write(' '.join(digests()))"

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", child],
        env={**os.environ, **OTHER_CPU, "PYTHONPATH": str(PACKAGE.parent)},
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == digests()


def test_no_call_is_used_that_differs_between_processors():
    modules = ("int_core", "quantise", "counting", "float_lif", "network")

    assert unsafe_calls(PACKAGE / "targets" / f"{name}.py" for name in modules) == []
