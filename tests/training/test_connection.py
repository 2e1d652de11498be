"""The line between two networks and the likeness of their layers: by hand, and always."""

from functools import cache

import numpy as np
import pytest
import torch

from respike.core.errors import RespikeError
from respike.training import connection, runs
from respike.training import model as models
from tests.training.toy import LOG, SETTINGS, arrays

ONCE = {
    "drop": "magnitude",
    "schedule": "one-shot",
    "density": 0.3,
    "loss": "tet",
    "epochs": 3,
    "batch": 16,
    "learning_rate": 0.02,
    "selection": "last",
}


@cache
def dense():
    return runs.train(arrays(), 3, LOG, **{**SETTINGS, "epochs": 2})


def pruned(**changes):
    made = dense()
    given = {**ONCE, **changes}
    return runs.prune(arrays(), 3, LOG, made.model, made.description, **given)


@cache
def twins():
    """Two fine-tunings of one pruned network that differ in the order of the items."""
    return pruned(), pruned(noise=1)


def connected(one, two, **settings):
    return connection.connect(
        arrays(), 3, LOG, one.model, one.description, two.model, two.description, **settings
    )


# ------------------------------------------------------------------ repeats of a fine-tuning


def test_noise_changes_the_order_of_the_items_and_nothing_else_at_the_start():
    one, two = twins()

    for name in one.model:
        if name.endswith(".mask"):
            assert np.array_equal(one.model[name], two.model[name])
    assert one.description == two.description
    assert one.predictions["item"].tolist() == two.predictions["item"].tolist()
    assert not np.array_equal(one.model["hidden1.weight"], two.model["hidden1.weight"])


def test_without_noise_a_fine_tuning_is_what_it_was_before_there_was_noise():
    one, again = pruned(), pruned(noise=0)

    assert all(np.array_equal(one.model[name], again.model[name]) for name in one.model)


def test_noise_below_zero_is_refused():
    with pytest.raises(RespikeError, match=r"^prune\.noise is -1; it must be a whole number"):
        pruned(noise=-1)


def test_pruning_once_keeps_the_same_share_in_every_layer():
    made = pruned()

    for name in ("hidden1", "readout"):
        mask = made.model[f"{name}.mask"]
        assert abs(int(mask.sum()) - 0.3 * mask.size) <= 1
    assert made.metrics["mask_updates"] == 1


def test_a_shorter_training_is_the_longer_one_stopped_early():
    short = dense()
    long = runs.train(arrays(), 3, LOG, **{**SETTINGS, "epochs": 4})

    assert long.curve[:2] == short.curve


# ------------------------------------------------------------------ numbers along the line


def test_a_barrier_is_the_worst_error_less_the_mean_of_the_ends():
    assert connection.barrier([0.1, 0.5, 0.3]) == pytest.approx(0.3)
    assert connection.barrier([0.2, 0.1, 0.0]) == pytest.approx(0.1)
    assert connection.barrier([0.2, 0.0, 0.2]) == 0


def test_connectivity_keeps_the_sign_of_the_greatest_deviation():
    assert connection.connectivity([0.1, 0.5, 0.3]) == pytest.approx(-0.3)
    assert connection.connectivity([0.4, 0.1, 0.4]) == pytest.approx(0.3)
    assert connection.connectivity([0.2, 0.2, 0.2]) == 0


@pytest.mark.parametrize("place", range(5))
def test_a_mixture_is_exact_at_the_ends_and_the_same_from_either_end(place):
    one, two = twins()
    forth, _ = models.unpack(one.model, one.description)
    back, _ = models.unpack(one.model, one.description)

    connection.mix(forth, one.model, two.model, place, 4)
    connection.mix(back, two.model, one.model, 4 - place, 4)

    for name, parameter in models.parameters(forth).items():
        assert torch.equal(parameter, models.parameters(back)[name])
        share = place / 4
        by_hand = (1 - share) * one.model[name].astype(float) + share * two.model[name]
        assert np.allclose(parameter.detach().numpy(), by_hand, rtol=1e-6, atol=0)
        if place in (0, 4):
            end = one.model[name] if place == 0 else two.model[name]
            assert np.array_equal(parameter.detach().numpy(), end)


def test_a_network_has_no_barrier_to_itself_and_is_like_itself():
    one, _ = twins()

    found = connected(one, one).metrics

    assert found["barrier"] == found["connectivity"] == 0
    assert found["agreement"] == found["cka"] == found["cka.softmax"] == 1


def test_the_way_back_is_the_way_there():
    one, two = twins()

    there, back = connected(one, two), connected(two, one)

    for name in ("barrier", "agreement", "accuracy"):
        assert there.metrics[name] == back.metrics[name]
    assert there.metrics["cka"] == pytest.approx(back.metrics["cka"], abs=1e-12)
    assert there.metrics["train_errors"] == back.metrics["train_errors"][::-1]
    assert np.array_equal(there.predictions["logits"], back.predictions["logits"])


def test_the_likeness_of_layers_is_averaged_without_the_softmax():
    found = connected(*twins()).metrics

    assert found["cka"] == (found["cka.hidden1"] + found["cka.readout"]) / 2
    assert 0 < found["cka"] < 1


# ------------------------------------------------------------------ CKA


def test_cka_by_hand():
    x = np.array([[0.0], [1.0], [2.0]])
    y = np.array([[0.0], [1.0], [0.0]])
    z = np.array([[0.0], [0.0], [3.0]])

    assert connection.cka(x, y) == 0  # covariance 0
    assert connection.cka(x, z) == pytest.approx(0.75)  # squared correlation of one column


@pytest.mark.parametrize("seed", range(5))
def test_cka_is_blind_to_turns_lengths_and_shifts(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(40, 6)), rng.normal(size=(40, 4))
    turn, _ = np.linalg.qr(rng.normal(size=(6, 6)))

    same = connection.cka(x, y)

    assert connection.cka(x, x) == pytest.approx(1, abs=1e-12)
    assert connection.cka(x, 3.5 * x @ turn + 2) == pytest.approx(1, abs=1e-12)
    assert connection.cka(-2 * x @ turn, y) == pytest.approx(same, abs=1e-12)
    assert connection.cka(y, x) == pytest.approx(same, abs=1e-12)
    assert 0 <= same < 1


def test_cka_sees_a_linear_map_that_is_no_turn():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(40, 3))

    assert connection.cka(x, x * np.array([1.0, 10.0, 100.0])) < 0.9


def test_cka_of_a_layer_that_never_changes_is_zero():
    assert connection.cka(np.zeros((5, 2)), np.eye(5)) == 0


# ------------------------------------------------------------------ pairs that are none


def refused(one, two, **settings):
    with pytest.raises(RespikeError) as caught:
        connected(one, two, **settings)
    return str(caught.value)


def test_other_masks_are_refused():
    one, _ = twins()
    other = pruned(density=0.4)

    sentence = refused(one, other)

    assert "connections of layer hidden1 live in one model and not in the other" in sentence
    assert sentence.endswith("connect two that were pruned one-shot from the same network")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"network": {"mlp": {"hidden": 12, "time_steps": 3}}}, "network"),
        ({"split": {"train": 60, "validation": 20, "test": 36}}, "split"),
        ({"neuron": {"lif": {"tau_steps": 3.0}}}, "neuron"),
    ],
)
def test_two_of_other_architecture_or_split_are_refused(changes, key):
    other = runs.train(arrays(), 3, LOG, **{**SETTINGS, "epochs": 1, **changes})

    assert refused(dense(), other).startswith(f"the two models differ in {key}: ")


@pytest.mark.parametrize("points", [1, 2, 10])
def test_points_without_a_middle_are_refused(points):
    assert refused(*twins(), points=points) == (
        f"connect.points is {points}; it must be odd and at least 3, so that both ends and the"
        " middle are among them"
    )


def test_a_run_of_another_seed_is_refused():
    one, two = twins()

    with pytest.raises(RespikeError, match=r"^this run has seed 4 and the model it builds on"):
        connection.connect(
            arrays(), 4, LOG, one.model, one.description, two.model, two.description
        )
