"""A trained network on the core: what is refused, and what the numbers mean."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.seeds import numpy_stream
from respike.targets import evaluation, float_lif
from respike.targets.evaluation import evaluate, held_out, lif_network
from respike.targets.int_core import build

LIF = {"tau_steps": 2.0, "v_threshold": 1.0, "reset": "zero", "decay_input": False}
DESCRIPTION = {
    "neuron": {"part": {"lif": {}}, **LIF},
    "layers": ["hidden1", "readout"],
    "time_steps": 4,
    "input_levels": 16,
    "seed": 3,
    "split": {"train": 20, "validation": 10, "test": 15},
}


def tensors():
    rng = numpy_stream(9, "tensors")
    hidden = rng.integers(-40, 60, (12, 16)) / 128
    readout = rng.integers(-60, 61, (3, 12)) / 64
    hidden[rng.random(hidden.shape) < 0.5] = 0
    found = {"hidden1.weight": hidden, "readout.weight": readout}
    masks = {k.replace("weight", "mask"): (w != 0).astype(np.uint8) for k, w in found.items()}
    return {k: w.astype(np.float32) for k, w in found.items()} | masks


def arrays():
    rng = numpy_stream(9, "images")
    return {
        "image": rng.integers(0, 17, (50, 4, 4)).astype(np.uint8),
        "label": rng.integers(0, 3, 50),
        "item": 100 + np.arange(50),
    }


def outcome(**settings):
    items = held_out(arrays(), DESCRIPTION["split"], numpy_stream(3, "split"))
    return evaluate(build(**settings), lif_network(tensors(), DESCRIPTION), items)


def test_the_test_items_are_those_that_training_kept():
    training = pytest.importorskip("respike.training.examples")
    found = training.examples(arrays(), 16)
    places = training.split(len(found), DESCRIPTION["split"], numpy_stream(3, "split"))

    items = held_out(arrays(), DESCRIPTION["split"], numpy_stream(3, "split"))

    assert items["item"].tolist() == found.take(places["test"]).item.tolist()
    assert items["input"].tolist() == found.take(places["test"]).x.tolist()


@pytest.mark.parametrize("still", [True, False], ids=["still", "frames"])
def test_a_model_file_means_the_network_that_training_ran(still):
    torch = pytest.importorskip("torch")
    models = pytest.importorskip("respike.training.model")
    rng = numpy_stream(4, "weights")
    kind = {"mlp": {"hidden": 30, "depth": 2, "bias": True, "time_steps": 4}}
    net = models.build(kind, "lif", 16, 3, rng)
    with torch.no_grad():
        for weight in models.weights(net).values():
            weight.mul_(4)
    masks = {name: torch.ones(w.shape, dtype=bool) for name, w in models.weights(net).items()}
    described = {**net.description, "layers": list(net.layers), "time_steps": 4}
    network = lif_network(models.pack(net, masks), described | {"input_levels": 16})
    frames = rng.integers(0, 17, (100, 16) if still else (100, 4, 16))

    spikes, logits = float_lif.run(network, frames)

    x = torch.from_numpy(frames / 16)
    with torch.no_grad():
        signals = net.double()(x if still else x.transpose(0, 1))
    for ours, theirs in zip(spikes, signals.hidden, strict=True):
        assert 0.05 < ours.mean() < 0.95
        assert (ours != theirs.transpose(0, 1).numpy()).sum() == 0
    assert np.allclose(logits, signals.score.numpy(), rtol=0, atol=1e-12)


def test_frames_keep_their_steps():
    data = arrays()
    data["frames"] = np.repeat(data.pop("image")[:, None, None], 4, axis=1)

    items = held_out(data, DESCRIPTION["split"], numpy_stream(3, "split"))

    assert items["input"].shape == (15, 4, 16)


def test_wide_registers_give_the_float_network_spike_by_spike():
    # the weights lie on a grid of 1/128, which nine bits hold exactly
    got = outcome(weight_bits=9, membrane_bits=24)

    assert got.metrics["spike_mismatch"] == 0
    assert got.metrics["prediction_changes"] == 0
    assert got.metrics["overflow_count"] == 0
    assert 0.02 < got.metrics["firing_rate.hidden1"] < 0.9


def test_fewer_bits_move_spikes():
    got = outcome(weight_bits=3, membrane_bits=24)

    assert got.metrics["spike_mismatch"] > 0.01
    assert got.metrics["spike_mismatch"] == pytest.approx(got.predictions["mismatch"].mean())


def test_operations_of_each_item_follow_from_its_spikes():
    got = outcome()
    raster = got.trace["spikes.hidden1"].reshape(3, 4, 12)
    fan_out = (tensors()["readout.weight"] != 0).sum(axis=0)

    assert got.predictions["synops"][:3].tolist() == (raster @ fan_out).sum(axis=1).tolist()
    assert got.metrics["synops_per_item"] == pytest.approx(got.predictions["synops"].mean())
    assert got.metrics["connections_stored"] == sum(
        int(w.sum()) for name, w in tensors().items() if name.endswith("mask")
    )


def test_an_unfinished_gate_is_labelled_quantised_model():
    got = outcome()

    assert got.metrics["label"] == "quantised model"
    assert "interchange parity (NIR)" in got.metrics["checks_missing"]
    assert got.metrics["spec_hash"] == build().spec.hash


def test_the_checks_it_calls_green_are_tests_that_exist():
    from respike.core.parts import PACKAGE

    for file in evaluation.CHECKS.values():
        assert (PACKAGE.parent / file).is_file(), file


def test_a_network_that_does_not_spike_is_refused():
    with pytest.raises(
        RespikeError, match=r"the model does not spike; an integer core runs lif"
    ):
        lif_network(tensors(), DESCRIPTION | {"neuron": None})


def test_another_neuron_is_refused():
    with pytest.raises(
        RespikeError, match=r"the model has neurons izhikevich; an integer core"
    ):
        lif_network(tensors(), DESCRIPTION | {"neuron": {"part": {"izhikevich": {}}}})


def test_a_damped_input_is_refused():
    neuron = DESCRIPTION["neuron"] | {"decay_input": True}

    with pytest.raises(RespikeError, match=r"neurons damp their input \(decay_input\)"):
        lif_network(tensors(), DESCRIPTION | {"neuron": neuron})


@pytest.mark.parametrize("levels", [0, 15, 255])
def test_a_scale_of_the_input_that_is_no_power_of_two_is_refused(levels):
    with pytest.raises(RespikeError, match=rf"input_levels {levels}; .* needs a power of two"):
        lif_network(tensors(), DESCRIPTION | {"input_levels": levels})


def test_data_with_too_few_items_are_refused():
    sizes = {"train": 50, "validation": 10, "test": 20}

    with pytest.raises(RespikeError, match=r"split has 80 items and the data 50; emulate on"):
        held_out(arrays(), sizes, numpy_stream(3, "split"))
