"""Exact-grid training: equal to NumPy's integers bit for bit, near to autograd, refusing."""

import copy

import numpy as np
import pytest
import torch

from respike.arithmetic.exact_grid import build
from respike.core.errors import RespikeError
from respike.core.io import content_sha256
from respike.core.seeds import numpy_stream
from respike.losses.squared_error import SquaredError
from respike.training import model
from respike.training.runs import train
from tests.arithmetic import reference
from tests.training.toy import LOG, SETTINGS, arrays

NEURON = {"lif": {"surrogate": "rational"}}
EXACT = {
    **SETTINGS,
    "neuron": NEURON,
    "loss": "squared-error",
    "arithmetic": "exact-grid",
    "selection": "last",
}


LIVELY = {"lif": {"surrogate": "rational", "v_threshold": 0.25}}


def network(depth=1, time_steps=3, neuron=LIVELY, **settings):
    part = {"mlp": {"hidden": 12, "depth": depth, "time_steps": time_steps, **settings}}
    return model.build(part, neuron, 16, 3, numpy_stream(4, "weights"))


def prepared(exact, **settings):
    made = network(**settings)
    exact.prepare(made, numpy_stream(4, "weights"))
    return made


def batches(frames, number=5):
    """Inputs that are whole numbers of 1/8, and labels."""
    rng = np.random.Generator(np.random.Philox(key=2))
    for _ in range(number):
        shape = (frames, 20, 16) if frames else (20, 16)
        x = rng.integers(0, 9, size=shape).astype(np.float32) / 8
        yield torch.from_numpy(x), torch.from_numpy(rng.integers(0, 3, size=20))


@pytest.mark.parametrize(("depth", "frames"), [(1, 0), (2, 0), (1, 4), (2, 3)])
def test_torch_and_integers_of_numpy_train_to_the_same_bits(depth, frames):
    exact = build()
    made = prepared(exact, depth=depth, time_steps=frames or 3)
    steps = exact.begin(made, SquaredError())
    other = reference.Adam([w.detach().numpy().copy() for w in steps.weights])

    for x, label in batches(frames):
        loss, answer = steps.step(x, label, 0.02)
        shown = x.numpy().astype(np.float64)
        shown = shown if frames else np.stack([shown] * 3)
        found, wanted, score = reference.gradients(
            other.weights, shown, label.numpy(), len(shown), threshold=0.25
        )
        other.step(found, 0.02)
        assert loss == wanted
        assert np.array_equal(answer.score.numpy(), score)

    moved = prepared(exact, depth=depth, time_steps=frames or 3)
    for weight, expected, before in zip(
        steps.weights, other.weights, moved.layers.values(), strict=True
    ):
        assert np.array_equal(weight.detach().numpy(), expected)
        assert not torch.equal(weight, before.weight)


@pytest.mark.parametrize("tau", [2.0, 4.0])
@pytest.mark.parametrize("depth", [1, 2])
def test_its_gradient_is_that_of_autograd_but_for_the_rounding(tau, depth):
    exact = build(gradient_bits=34)
    lif = {"lif": {"surrogate": "rational", "tau_steps": tau, "v_threshold": 0.5, "alpha": 6.0}}
    made = prepared(exact, depth=depth, time_steps=4, neuron=lif)
    ((x, label),) = batches(0, 1)

    found, loss, _ = exact.begin(made, SquaredError()).gradients(x, label)
    wanted = SquaredError()(made(x).logits, label)
    gradients = torch.autograd.grad(wanted, list(model.parameters(made).values()))

    assert loss == pytest.approx(wanted.item(), abs=1e-9)
    for one, other in zip(found, gradients, strict=True):
        assert other.abs().max() > 1e-3
        assert (one - other).abs().max() < 1e-8


def test_the_network_itself_answers_with_the_same_bits():
    exact = build()
    made = prepared(exact, depth=2)
    ((x, label),) = batches(0, 1)

    _, _, answer = exact.begin(made, SquaredError()).gradients(x, label)

    signals = made(x)
    assert torch.equal(signals.logits, answer.logits)
    assert torch.equal(signals.score, answer.score)
    for one, other in zip(signals.hidden, answer.hidden, strict=True):
        assert torch.equal(one, other)
    assert 0.05 < float(answer.hidden[0].mean()) < 0.95


def test_first_weights_are_whole_numbers_within_the_usual_range():
    made = prepared(build(weight_bits=10))

    whole = made.layers["hidden1"].weight.detach() * 1024
    assert torch.equal(whole, whole.round())
    assert whole.dtype == torch.float64
    assert whole.abs().max() <= 1024 / 4  # 1 / sqrt(16)
    assert whole.max() > 240
    assert whole.min() < -240


def test_a_stage_trains_with_it_and_says_the_hash_of_its_weights():
    one, two = (train(arrays(), 3, LOG, **EXACT) for _ in range(2))

    weights = {n: a for n, a in one.model.items() if n.endswith(".weight")}
    assert one.metrics["weights_sha256"] == content_sha256(weights)
    assert one.metrics == two.metrics
    assert len(weights) == 2
    assert one.metrics["accuracy"] > 0.9
    assert one.curve[-1]["loss"] < one.curve[0]["loss"] / 2


def test_the_model_file_holds_the_exact_weights():
    made = train(arrays(), 3, LOG, **EXACT).model["hidden1.weight"]

    whole = made.astype(np.float64) * 2**18
    assert made.dtype == np.float32
    assert np.array_equal(whole, np.rint(whole))
    assert np.abs(whole % 16).max() > 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"loss": "tet"}, "does not take loss tet, .* write loss: squared-error"),
        ({"decay": "cosine"}, "does not take decay cosine, .* write decay: none"),
        (
            {"network": {"ann-mlp": {}}, "neuron": None},
            "does not take network ann-mlp, .* write network: mlp",
        ),
        ({"neuron": None}, "does not take neuron None, .* write neuron: lif"),
        (
            {"structure": {"init": "er", "density": 0.5}},
            "does not take a structure, .* remove structure",
        ),
        ({"neuron": "lif"}, "neuron.lif.surrogate is 'atan' .* which takes rational"),
        (
            {"neuron": {"lif": {"surrogate": "rational", "tau_steps": 3.0}}},
            "neuron.lif.tau_steps is 3.0 .* which takes a power of two above 1",
        ),
        (
            {"neuron": {"lif": {"surrogate": "rational", "tau_steps": 1.5}}},
            "neuron.lif.tau_steps is 1.5 .* which takes a power of two above 1",
        ),
        (
            {"neuron": {"lif": {"surrogate": "rational", "detach_reset": False}}},
            "neuron.lif.detach_reset is False .* which takes true",
        ),
        (
            {"network": {"mlp": {"hidden": 4, "bias": True}}},
            "network.mlp.bias is True .* which takes false",
        ),
        ({"input_levels": 10}, r"an input is not on the grid of 2\^-8"),
        (
            {"learning_rate": 1.0, "epochs": 60},
            "a weight of .* has left .*-4; .* clips nothing",
        ),
        ({"arithmetic": {"exact-grid": {"weight_bits": 23}}}, "weight_bits is 23; .* 1 to 22"),
        ({"arithmetic": {"exact-grid": {"weight_bits": 0}}}, "weight_bits is 0; .* 1 to 22"),
        (
            {"arithmetic": {"exact-grid": {"gradient_bits": 41}}},
            "gradient_bits is 41; .* 1 to 40",
        ),
        (
            {"arithmetic": {"exact-grid": {"weight_bits": 22, "gradient_bits": 40}}},
            r"may reach .* on the grid of 2\^-62, .* lower gradient_bits",
        ),
    ],
)
def test_what_is_not_exact_is_refused(change, sentence):
    with pytest.raises(RespikeError, match=sentence):
        train(arrays(), 3, LOG, **{**EXACT, **change})


def test_a_weight_beside_the_grid_is_refused():
    exact = build()
    made = prepared(exact)
    made.layers["readout"].weight.data += 2.0**-19
    ((x, label),) = batches(0, 1)

    with pytest.raises(RespikeError, match=r"readout.weight is not on the grid of 2\^-18"):
        exact.begin(made, SquaredError()).step(x, label, 0.01)


def test_a_membrane_that_would_round_is_refused():
    exact = build(weight_bits=22)
    made = prepared(exact, time_steps=26)
    ((x, label),) = batches(0, 1)

    with pytest.raises(RespikeError, match="a membrane may reach"):
        exact.begin(made, SquaredError()).step(x, label, 0.01)


def test_two_steppers_share_no_moments():
    exact = build()
    made = prepared(exact)
    twin = copy.deepcopy(made)
    twin.layers = dict(zip(made.layers, twin._layers, strict=True))
    ((x, label),) = batches(0, 1)

    exact.begin(made, SquaredError()).step(x, label, 0.01)
    exact.begin(twin, SquaredError()).step(x, label, 0.01)

    assert torch.equal(made.layers["readout"].weight, twin.layers["readout"].weight)
