"""A trained network on an emulated chip: predictions, mismatch with float, operations, energy.

What it calls "emulated" follows a gate: a target whose checks are not all green is labelled
"quantised model" in metrics.json and on the page (CHECKS says which are).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from respike.core.errors import RespikeError
from respike.targets import energy, float_lif
from respike.targets.counting import Counts, count, mismatch
from respike.targets.int_core import IntCore, Result, input_frames
from respike.targets.network import LifNetwork, dense_layer
from respike.targets.quantise import Program

Arrays = Mapping[str, np.ndarray]
TRACED_ITEMS = 3

# what stands behind the word "emulated"; the tests named are the evidence
CHECKS = {
    "float parity with SpikingJelly": "tests/targets/test_float_lif.py",
    "a second implementation, in Python": "tests/targets/test_int_core.py",
    "negative control for each field": "tests/targets/test_vectors.py",
    "counting identities": "tests/targets/test_counting.py",
    "equal bits on other processors": "tests/targets/test_exact.py",
}
MISSING = (
    "interchange parity (NIR)",
    "an independent implementation in hardware description (RTL)",
    "recorded traces of a chip",
    "counts against NeuroBench and RTL cycles",
)
LABEL = "quantised model" if MISSING else "emulated hardware"


@dataclass(frozen=True)
class Outcome:
    """The outputs of one job, by name; see the layout of stages."""

    predictions: dict[str, np.ndarray]
    metrics: dict[str, Any]
    trace: dict[str, np.ndarray]


def lif_network(tensors: Arrays, description: Mapping[str, Any]) -> LifNetwork:
    """Read a model file as a network of LIF layers.

    Args:
        tensors: `<layer>.weight`, `.mask` and, where there is one, `.bias`.
        description: the file's metadata: layers, neuron, time_steps, input_levels.

    Raises:
        RespikeError: the network does not spike, its neuron is no plain LIF, or its inputs
            are scaled by no power of two.
    """
    neuron = description["neuron"]
    if neuron is None or "lif" not in neuron["part"]:
        kind = (
            "does not spike" if neuron is None else f"has neurons {', '.join(neuron['part'])}"
        )
        raise RespikeError(
            f"the model {kind}; an integer core runs lif neurons. Emulate another"
        )
    if neuron["decay_input"]:
        message = (
            "the model's neurons damp their input (decay_input); the core adds it whole. "
            "Train with decay_input off"
        )
        raise RespikeError(message)
    levels = description["input_levels"]
    if levels < 1 or levels & (levels - 1):
        raise RespikeError(
            f"the model was trained with input_levels {levels}; an integer core needs a power "
            "of two, so that its integer inputs stand for the same numbers"
        )
    *hidden, readout = description["layers"]
    return LifNetwork(
        layers=tuple(dense_layer(tensors, name) for name in hidden),
        readout=dense_layer(tensors, readout),
        tau_steps=float(neuron["tau_steps"]),
        threshold=float(neuron["v_threshold"]),
        reset=neuron["reset"],
        time_steps=description["time_steps"],
        input_shift=levels.bit_length() - 1,
    )


def held_out(arrays: Arrays, sizes: Mapping[str, int], rng: np.random.Generator) -> Arrays:
    """The items that training kept for the test, as integers.

    Args:
        arrays: prepared data: image [N, H, W] or frames [N, T, P, H, W]; label; item.
        sizes: the model's split into train, validation and test.
        rng: the stream `split` of the run's seed, from which training drew the same.

    Returns:
        `input` [M, C] or [M, T, C], `label` and `item` [M].

    Raises:
        RespikeError: fewer items than the model's split needs.
    """
    kind, lead = ("image", 1) if "image" in arrays else ("frames", 2)
    values, needed = arrays[kind], sum(sizes.values())
    if needed > len(values):
        raise RespikeError(
            f"the model's split has {needed} items and the data {len(values)}; "
            "emulate on the data set that the model was trained on"
        )
    first = sizes["train"] + sizes["validation"]
    places = rng.permutation(len(values))[first : first + sizes["test"]]
    flat = values.reshape(*values.shape[:lead], -1)
    return {
        "input": flat[places],
        "label": arrays["label"][places].astype(np.int64),
        "item": arrays["item"][places].astype(np.int64),
    }


def evaluate(core: IntCore, network: LifNetwork, items: Arrays) -> Outcome:
    """Run a network on a core and in float64, and compare.

    Args:
        core: the emulated chip.
        network: float network.
        items: what held_out gave.

    Returns:
        Predictions with `mismatch` (share of spike entries that differ from float),
        `synops`, `graded_ops` and `overflow` of each item; metrics; rasters of a few items.
    """
    program = core.load(network)
    result = core.run(program, items["input"])
    spikes, logits = float_lif.run(network, items["input"])
    frames = input_frames(program, items["input"])
    counts = count(program, frames, result.spikes, core.spec.delay_steps)
    predicted = result.readout.argmax(axis=1)
    differing = mismatch(result.spikes, spikes)
    predictions = {
        "item": items["item"],
        "label": items["label"],
        "predicted": predicted,
        "logits": result.readout.astype(np.int32),
        "predicted_float": logits.argmax(axis=1),
        "mismatch": differing,
        "synops": counts.synops,
        "graded_ops": counts.graded,
        "overflow": result.overflow,
    }
    metrics = {
        **_accuracy(predictions),
        **_activity(network, result, spikes),
        **_identity(core, program),
        **_costs(core, counts),
        "overflow_count": int(result.overflow.sum()),
        "overflow_items": int((result.overflow > 0).sum()),
    }
    return Outcome(predictions, metrics, _trace(network, items, result, spikes))


def _accuracy(predictions: Arrays) -> dict[str, Any]:
    label = predictions["label"]
    return {
        "accuracy": float((predictions["predicted"] == label).mean()),
        "accuracy_float": float((predictions["predicted_float"] == label).mean()),
        "prediction_changes": int(
            (predictions["predicted"] != predictions["predicted_float"]).sum()
        ),
        "spike_mismatch": float(predictions["mismatch"].mean()),
        "items": len(label),
    }


def _activity(network: LifNetwork, result: Result, spikes: tuple) -> dict[str, Any]:
    found = {}
    for layer, ours, theirs in zip(network.layers, result.spikes, spikes, strict=True):
        found[f"firing_rate.{layer.name}"] = float(ours.mean())
        found[f"spike_mismatch.{layer.name}"] = float((ours != theirs).mean())
    return found


def _identity(core: IntCore, program: Program) -> dict[str, Any]:
    chain = (*program.layers, program.readout)
    return {
        "label": LABEL,
        "checks_green": list(CHECKS),
        "checks_missing": list(MISSING),
        "spec_hash": core.spec.hash,
        "program_hash": program.hash,
        "time_steps": program.time_steps,
        "weight_shift": [layer.weight_shift for layer in chain],
        "threshold": [layer.threshold for layer in program.layers],
        "weights_rounded_to_zero": int(
            sum((layer.live & (layer.weight == 0)).sum() for layer in chain)
        ),
        **{f"spec.{name}": value for name, value in asdict(core.spec).items()},
    }


def _costs(core: IntCore, counts: Counts) -> dict[str, Any]:
    synops, graded = float(counts.synops.mean()), float(counts.graded.mean())
    return {
        "synops_per_item": synops,
        "graded_ops_per_item": graded,
        "updates_per_item": counts.updates,
        "dense_macs": counts.dense_macs,
        "connections_stored": counts.connections,
        **energy.report(
            synops,
            graded,
            counts.updates,
            counts.connections,
            core.spec.weight_bits,
            core.spec.membrane_bits,
        ),
    }


def _trace(network: LifNetwork, items: Arrays, result: Result, spikes: tuple) -> Arrays:
    """Rasters [items * T, C] of the first items, integer and float, one item after another."""
    found = {"item": items["item"][:TRACED_ITEMS]}
    for layer, ours, theirs in zip(network.layers, result.spikes, spikes, strict=True):
        for name, raster in ((f"spikes.{layer.name}", ours), (f"float.{layer.name}", theirs)):
            few = raster[:TRACED_ITEMS]
            found[name] = few.reshape(-1, few.shape[-1])
    return found
