"""What a compiler makes of the Triton kernels of lif, without a GPU.

Registers, spills and the width of memory accesses decide most of the speed of a kernel that
is bound by memory, and all of them can be read from the PTX and the machine code.

    python -m respike.kernels.lif.compiled     what `limits` judges, as JSON
"""

import itertools
import json
import re
import subprocess
import sys
import tempfile
from typing import Any

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from respike.core.errors import RespikeError
from respike.kernels.lif import SURROGATES
from respike.kernels.lif import triton as kernels

ARCHITECTURES = (80, 90)  # A100, H100
STEPS = (1, 4, 5, 64)
_SCALARS = {"neurons": "i64", "retention": "fp32", "v_threshold": "fp32", "alpha": "fp32"}
_THREADS = 32 * kernels.WARPS


def measure() -> list[dict[str, Any]]:
    """Compile both kernels for every architecture and number of steps.

    Returns:
        A row each: kernel, architecture (sm_80 ...), steps, surrogate, detach_reset, registers,
        and in bytes stack, local and shared; bits, the widths of global accesses in the machine
        code; ptx_bits, the same in PTX; loads and stores, how many there are; bytes_a_neuron,
        what these move if each runs once; stretch, the steps that they cover where T is
        larger; instructions, how long the machine code is.
    """
    rows = []
    for architecture in ARCHITECTURES:
        for steps in STEPS:
            rows.append(_row("forward", architecture, steps))
            for surrogate, detach in itertools.product(SURROGATES, (True, False)):
                rows.append(_row("backward", architecture, steps, surrogate, detach))
    return rows


def _row(kernel, architecture, steps, surrogate=None, detach=None):
    constants = {"T": steps, "STRETCH": kernels.STRETCH, "BLOCK": kernels.BLOCK}
    if surrogate:
        constants |= {"SURROGATE": SURROGATES.index(surrogate), "DETACH": detach}
    made = _compile(getattr(kernels, f"{kernel}_kernel"), constants, architecture)
    usage, code = _disassembled(made.asm["cubin"])
    found = re.search(r"REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)", usage)
    if found is None:
        raise RespikeError(f"cuobjdump says nothing of registers: {usage[:200]!r}")
    accesses = re.findall(r"\b(LDG|STG)\.E(?:\.(\d+))?", code)
    vectors = re.findall(r"\b(?:ld|st)\.global(?:\.v(\d))?\.b(\d+)", made.asm["ptx"])
    return {
        "kernel": kernel,
        "architecture": f"sm_{architecture}",
        "steps": steps,
        "surrogate": surrogate,
        "detach_reset": detach,
        **dict(
            zip(
                ("registers", "stack", "shared", "local"), map(int, found.groups()), strict=True
            )
        ),
        "bits": sorted({int(bits or 32) for _, bits in accesses}),
        "ptx_bits": sorted({int(n or 1) * int(bits) for n, bits in vectors}),
        "loads": sum(word == "LDG" for word, _ in accesses),
        "stores": sum(word == "STG" for word, _ in accesses),
        "bytes_a_neuron": sum(int(n or 32) for _, n in accesses) / 8 * _THREADS / kernels.BLOCK,
        "stretch": kernels.STRETCH,
        "instructions": len(re.findall(r"^\s*/\*[0-9a-f]{4,}\*/", code, re.MULTILINE)),
    }


def _compile(kernel, constants, architecture):
    signature, divisible = {}, {}
    for place, name in enumerate(kernel.arg_names):
        scalar = "constexpr" if name in constants else _SCALARS.get(name)
        signature[name] = scalar or "*fp32"
        if name == "neurons" or scalar is None:  # as at a launch with N a multiple of 16
            divisible[(place,)] = [["tt.divisibility", 16]]
    source = ASTSource(kernel, signature=signature, constexprs=constants, attrs=divisible)
    target = GPUTarget("cuda", architecture, 32)
    return triton.compile(source, target=target, options={"num_warps": kernels.WARPS})


def _disassembled(cubin: bytes) -> tuple[str, str]:
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        return _tool("cuobjdump", "-res-usage", file.name), _tool("nvdisasm", "-c", file.name)


def _tool(name, *words):
    tool = getattr(triton.knobs.nvidia, name).path  # Triton's own, or those of a conda package
    done = subprocess.run([tool, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RespikeError(
            f"{name} of triton ended with {done.returncode}: {done.stderr[-300:]}"
        )
    return done.stdout + done.stderr


if __name__ == "__main__":
    json.dump({"ptxas": triton.knobs.nvidia.ptxas.version, "rows": measure()}, sys.stdout)
