"""What can be proven of a GPU kernel on this machine: with a GPU on it, without one beside it.

A kernel is a folder here with the modules parity, compiled, speed (programs that print rows)
and limits (which judges them). Each program runs in a process of its own: Triton reads
TRITON_INTERPRET when it is imported, and nothing of another run may be in its cache.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from respike.core.errors import RespikeError

ROOT = Path(__file__).resolve().parents[2]
NEEDS = ("numpy", "torch", "triton")
WITHOUT = "interpreted and cross-compiled, no GPU here"
UNSEEN = "interpreted and cross-compiled, torch sees none of this machine's NVIDIA GPUs"
DRIVER = "/proc/driver/nvidia/version"
MOST_SAID = 3
_TURNED = ("TRITON_", "PTXAS_", "DISABLE_PTXAS_")  # variables that change what is compiled


class Measured(NamedTuple):
    """What was found of a kernel; `metrics` is the same whenever it is measured again."""

    metrics: dict[str, Any]
    times: dict[str, Any]


def measure(kernel: str) -> Measured:
    """Run a kernel under the interpreter, compile it, and run it on the GPU if there is one.

    Args:
        kernel: name of a folder here.

    Raises:
        RespikeError: a package is missing, a program of the kernel ended with an error, or
            the kernel is broken: other values than `naive`'s, a spill, a narrow access.
    """
    _refuse_without_packages(kernel)
    limits = importlib.import_module(f"{_package(kernel)}.limits")
    interpreted = program(kernel, "parity", TRITON_INTERPRET="1")
    _refuse(limits.parity_failures(interpreted, "under Triton's interpreter"))
    compiled = program(kernel, "compiled")
    _refuse(limits.compiled_failures(compiled["rows"]))
    gpu = program(kernel, "speed")
    where = _where(gpu["device"])
    _refuse(limits.parity_failures(gpu["parity"] or [], where))
    metrics = {
        "kernel": kernel,
        "where": where,
        "versions": {
            **{name: version(name) for name in NEEDS},
            "ptxas": compiled["ptxas"],
        },
        "interpreted": limits.parity_summary(interpreted),
        "compiled": limits.compiled_summary(compiled["rows"]),
        "gpu": limits.parity_summary(gpu["parity"]) if gpu["parity"] else None,
    }
    times = {"device": gpu["device"], "architecture": gpu["architecture"], "rows": gpu["times"]}
    return Measured(metrics, times)


def _where(device: str | None) -> str:
    if device is not None:
        return f"on {device}"
    return UNSEEN if os.path.exists(DRIVER) else WITHOUT


def sentences(found: Measured) -> list[str]:
    """What was found, in words: where, parity, machine code, and speed where there is a GPU."""
    metrics = found.metrics
    said = [metrics["where"]]
    for name, rows in (("interpreter", metrics["interpreted"]), ("GPU", metrics["gpu"])):
        if rows:
            said.append(
                f"{name} against naive: {rows['cases']} cases, {rows['unequal_spikes']} of "
                f"{rows['spikes']} spikes differ, gradient within {rows['gradient_error']:.2g}"
            )
    code = metrics["compiled"]
    for name, moved in code["bytes_a_neuron_and_step"].items():
        said.append(
            f"{name}: at most {code['registers'][name]} registers, no spill, "
            f"{moved['both']:g} bytes a neuron and step; least is "
            f"{code['least_bytes_a_neuron_and_step']}"
        )
    for row in found.times["rows"]:
        said.append(
            f"{row['kernel']} T={row['steps']} N={row['neurons']}: {row['ms']:.3f} ms, "
            f"{row['gb_per_s']:.0f} GB/s, {row['of_copy']:.2f} of a copy's"
        )
    return said


def program(kernel: str, part: str, **variables: str) -> Any:
    """What a program of a kernel prints, as JSON.

    Args:
        kernel: name of a folder here.
        part: parity, compiled or speed.
        variables: of its environment, beside ours without what others told Triton.

    Raises:
        RespikeError: it ended with an error; the sentence has the last line it said.
    """
    kept = {name: v for name, v in os.environ.items() if not name.startswith(_TURNED)}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", f"{_package(kernel)}.{part}"]
    with tempfile.TemporaryDirectory(prefix="respike-triton-") as cache:
        env = {**kept, "PYTHONPATH": path, "TRITON_CACHE_DIR": cache, **variables}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it did not say why"])[-1]
        raise RespikeError(f"{part} of kernel {kernel} ended with {done.returncode}: {last}")
    return json.loads(done.stdout)


def _package(kernel: str) -> str:
    return f"respike.kernels.{kernel.replace('-', '_')}"


def _refuse_without_packages(kernel: str) -> None:
    for name in NEEDS:
        if find_spec(name) is None:
            raise RespikeError(
                f"kernel {kernel} needs {name}, which {sys.executable} lacks; run it in the "
                "environment kernels: respike envs create kernels"
            )


def _refuse(failures: list[str]) -> None:
    if failures:
        more = len(failures) - MOST_SAID
        tail = f"; and {more} more" if more > 0 else ""
        raise RespikeError("; ".join(failures[:MOST_SAID]) + tail)
