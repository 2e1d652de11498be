"""What must hold of the kernels of lif wherever they run or are compiled, and what follows.

Takes the rows of `parity`, `compiled` and `speed`; standard library only.
"""

from collections.abc import Mapping, Sequence
from typing import Any

GRADIENT_ERROR = 1e-6  # float32 rounds at 6e-8; the surrogates take a few roundings
# A multiprocessor of sm_80 and sm_90 has 65,536 registers: with 64 a thread it still holds 32
# warps, half of what it can, which is enough for a kernel that waits for memory.
REGISTERS = 64
WIDTH_BITS = 128  # of one access of a thread: the widest there is on both
FLOAT = 4  # bytes
# Code may not grow with the steps as if the loop over stretches were unrolled: 64 steps take at
# most twice the instructions of 5, which is two stretches.
GROWTH, SHORT, LONG = 2.0, 5, 64
# Bytes a neuron and step of float32, both passes: what must be moved where the backward pass
# computes the membrane again (x, spikes; x, two gradients), and where the forward pass keeps it
# (x, spikes, membrane; membrane, two gradients).
LEAST_BYTES = 5 * FLOAT
KEPT_MEMBRANE_BYTES = 6 * FLOAT

Row = Mapping[str, Any]


def bytes_said(kernel: str, steps: int, stretch: int) -> int:
    """Bytes a neuron that a kernel must move over some steps, by what its file says.

    Args:
        kernel: forward (x, spikes, starts) or backward (x, starts, two gradients).
        steps: T.
        stretch: steps between two kept membranes.
    """
    arrays = 2 if kernel == "forward" else 3
    return FLOAT * (arrays * steps + -(-steps // stretch))


def parity_failures(rows: Sequence[Row], where: str) -> list[str]:
    """Sentences: cases in which a backend did not give what `naive` gives."""
    found = []
    for row in rows:
        of = f"T={row['steps']} N={row['neurons']}, {row['surrogate']}, {_reset(row)}"
        case = f"{of}, {where}"
        if row["unequal_spikes"]:
            total = row["steps"] * row["neurons"]
            found.append(
                f"lif at {case}: {row['unequal_spikes']} of {total} spikes are not naive's"
            )
        if not row["gradient_error"] <= GRADIENT_ERROR:
            found.append(
                f"lif at {case}: the gradient is {row['gradient_error']:.3g} off naive's; "
                f"allowed: {GRADIENT_ERROR:g}"
            )
    return found


def compiled_failures(rows: Sequence[Row]) -> list[str]:
    """Sentences: kernels that a compiler made slow."""
    return [
        f"lif {row['kernel']} for {_variant(row)}: {says}"
        for row in rows
        for says in _wrong(row)
    ] + [
        f"lif {kernel} for {_variant(long)}: {long['instructions']} instructions, at T={SHORT} "
        f"{short['instructions']}; the loop over time was unrolled"
        for kernel, short, long in _pairs(rows)
        if long["instructions"] > GROWTH * short["instructions"]
    ]


def _variant(row: Row) -> str:
    says = f"{row['architecture']}, T={row['steps']}"
    return f"{says}, {row['surrogate']}, {_reset(row)}" if row["surrogate"] else says


def _reset(row: Row) -> str:
    return f"reset {'detached' if row['detach_reset'] else 'attached'}"


def _wrong(row: Row):
    if row["local"] or row["stack"]:
        yield f"{row['local'] + row['stack']} bytes of local memory a thread: registers spill"
    if row["shared"]:
        yield f"{row['shared']} bytes of shared memory; its threads have nothing to share"
    if row["registers"] > REGISTERS:
        yield f"{row['registers']} registers a thread; allowed: {REGISTERS}"
    for key, code in (("bits", "machine code"), ("ptx_bits", "PTX")):
        if row[key] != [WIDTH_BITS]:
            yield f"{code} accesses memory by {row[key]} bits; wanted: {WIDTH_BITS} alone"
    if row["steps"] == row["stretch"]:
        said = bytes_said(row["kernel"], row["steps"], row["stretch"])
        if row["bytes_a_neuron"] != said:
            yield f"moves {row['bytes_a_neuron']:g} bytes a neuron; its file says {said}"


def _pairs(rows: Sequence[Row]):
    """The same kernel of few and of many steps."""
    same = ("kernel", "architecture", "surrogate", "detach_reset")
    long = {tuple(r[k] for k in same): r for r in rows if r["steps"] == LONG}
    for row in rows:
        key = tuple(row[k] for k in same)
        if row["steps"] == SHORT and key in long:
            yield row["kernel"], row, long[key]


def moved(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Bytes a neuron and step by architecture, of the machine code of one whole stretch.

    Returns:
        sm_80 ... -> forward, backward, both.
    """
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["steps"] == row["stretch"]:
            of = found.setdefault(row["architecture"], {})
            each = row["bytes_a_neuron"] / row["steps"]
            of[row["kernel"]] = max(each, of.get(row["kernel"], 0.0))
    return {name: {**of, "both": of["forward"] + of["backward"]} for name, of in found.items()}


def parity_summary(rows: Sequence[Row]) -> dict[str, Any]:
    """All cases in few numbers, and the cases themselves."""
    return {
        "cases": len(rows),
        "spikes": sum(row["spikes"] for row in rows),
        "unequal_spikes": sum(row["unequal_spikes"] for row in rows),
        "gradient_error": max(row["gradient_error"] for row in rows),
        "gradient_error_allowed": GRADIENT_ERROR,
        "rows": list(rows),
    }


def compiled_summary(rows: Sequence[Row]) -> dict[str, Any]:
    """All variants in few numbers, and the variants themselves."""
    return {
        "variants": len(rows),
        "registers": {
            name: max(row["registers"] for row in rows if row["architecture"] == name)
            for name in sorted({row["architecture"] for row in rows})
        },
        "registers_allowed": REGISTERS,
        "bytes_a_neuron_and_step": moved(rows),
        "least_bytes_a_neuron_and_step": LEAST_BYTES,
        "kept_membrane_bytes_a_neuron_and_step": KEPT_MEMBRANE_BYTES,
        "growth": max(
            long["instructions"] / short["instructions"] for _, short, long in _pairs(rows)
        ),
        "growth_allowed": GROWTH,
        "rows": list(rows),
    }
