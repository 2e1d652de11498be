"""Whole runs on small data: what they leave, what two of them share, what they refuse."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest

from respike.core import parts
from respike.core.errors import DamagedFile, RespikeError
from respike.core.seeds import numpy_stream
from respike.training import runs
from tests.training.toy import EVOLVING, LOG, SETTINGS, SPLIT, TEACHER, arrays

PRUNE = {
    "drop": "magnitude",
    "schedule": {"cubic": {"interval": 3, "stop": 0.5}},
    "density": 0.2,
    "loss": "tet",
    "epochs": 5,
    "batch": 16,
    "learning_rate": 0.02,
}
DISTILL = {k: v for k, v in SETTINGS.items() if k not in ("split", "input_levels")}


def train(seed=3, data=None, **settings):
    return runs.train(data or arrays(), seed, LOG, **{**SETTINGS, **settings})


@pytest.fixture(scope="module")
def dense():
    return train()


@pytest.fixture(scope="module")
def evolved():
    return train(structure=EVOLVING)


@pytest.fixture(scope="module")
def teacher():
    return runs.train(arrays(), 3, LOG, **TEACHER)


def prune(outcome, seed=3, **settings):
    given = {**PRUNE, **settings}
    return runs.prune(arrays(), seed, LOG, outcome.model, outcome.description, **given)


def distill(teacher, *model, seed=3, **settings):
    given = {**DISTILL, "transfer": "none", **settings}
    description = teacher.description
    return runs.distill(arrays(), seed, LOG, teacher.model, description, *model, **given)


def same(one, other):
    """Whether two outcomes are equal to the last bit."""
    for name in ("model", "predictions", "trace"):
        left, right = getattr(one, name), getattr(other, name)
        if set(left) != set(right) or not all(np.array_equal(left[k], right[k]) for k in left):
            return False
    return (one.metrics, one.curve, one.description) == (
        other.metrics,
        other.curve,
        other.description,
    )


# ------------------------------------------------------------------ what a run leaves


def test_a_small_network_learns(dense):
    assert dense.metrics["accuracy"] >= 0.95
    assert dense.metrics["train_accuracy"] >= 0.9


def test_predictions_are_the_test_items_and_the_accuracy_is_theirs(dense):
    rows = dense.predictions

    order = numpy_stream(3, "split").permutation(120)
    assert rows["item"].tolist() == (500 + order[84:120]).tolist()
    assert rows["label"].tolist() == (order[84:120] % 2).tolist()
    assert rows["predicted"].tolist() == rows["logits"].argmax(axis=1).tolist()
    assert dense.metrics["accuracy"] == (rows["predicted"] == rows["label"]).mean()


def test_the_model_file_describes_itself(dense):
    assert {n: (a.shape, a.dtype.name) for n, a in dense.model.items()} == {
        "hidden1.weight": ((20, 16), "float32"),
        "hidden1.mask": ((20, 16), "uint8"),
        "readout.weight": ((2, 20), "float32"),
        "readout.mask": ((2, 20), "uint8"),
    }
    told = dense.description
    assert told["layers"] == ["hidden1", "readout"]
    assert (told["time_steps"], told["input"], told["input_levels"]) == (3, "image", 8)
    assert (told["seed"], told["split"]) == (3, SPLIT)


def test_the_curve_has_a_row_an_epoch_and_the_selected_one_is_the_first_best(dense):
    epochs = [row["epoch"] for row in dense.curve]
    checked = [row["validation_accuracy"] for row in dense.curve]

    assert epochs == [1, 2, 3, 4, 5, 6]
    assert dense.metrics["epoch_selected"] == 1 + checked.index(max(checked))
    assert dense.metrics["validation_accuracy"] == max(checked)
    assert dense.metrics["train_accuracy"] == dense.curve[-1]["train_accuracy"]


def test_the_last_epoch_can_be_asked_for():
    last = train(selection="last", epochs=4)

    assert last.metrics["epoch_selected"] == 4
    assert last.metrics["validation_accuracy"] == last.curve[-1]["validation_accuracy"]


def test_the_test_items_choose_nothing(dense):
    data = arrays()
    held = dense.predictions["item"] - 500
    data["label"][held] = 1 - data["label"][held]

    other = train(data=data)

    assert np.array_equal(other.model["hidden1.weight"], dense.model["hidden1.weight"])
    assert other.metrics["accuracy"] == pytest.approx(1 - dense.metrics["accuracy"])


def test_rasters_are_those_of_a_few_test_items_one_after_another(dense):
    raster = dense.trace["spikes.hidden1"]

    assert raster.shape == (3 * 3, 20)
    assert set(np.unique(raster)) == {0, 1}
    assert dense.trace["item"].tolist() == dense.predictions["item"][:3].tolist()


def test_a_log_line_names_the_retention(caplog):
    with caplog.at_level(logging.INFO, "respike.test"):
        train(epochs=1)

    first, *_, last = caplog.messages
    assert first == (
        "16-20-2: 360 connections (100.0 % live), 64 train, 20 validation, 36 test items,"
        " 1 epochs of 4 steps, 0 mask updates; lif keeps 0.500 of its membrane each step"
    )
    assert last.startswith("test ")
    assert len(caplog.messages) == 3


# ------------------------------------------------------------------ structure


def test_connections_stay_exact_in_number_and_the_counts_say_so(evolved):
    numbers = evolved.metrics

    assert numbers["live_connections"] == [108] * 7  # the start and 6 updates in 18 of 24 steps
    assert sum(numbers[f"live_connections.{n}"][0] for n in ("hidden1", "readout")) == 108
    assert len(set(numbers["live_connections.hidden1"])) == 1
    assert numbers["mask_updates"] == 6
    assert numbers["density"] == 0.3
    assert numbers["connections_exchanged"] > 20
    assert evolved.trace["mask_step"].tolist() == [0, 3, 6, 9, 12, 15, 18]
    assert evolved.trace["live_connections"].tolist() == [108] * 7


def test_more_is_tried_than_kept_and_no_more_is_nonzero(evolved):
    assert evolved.metrics["itop_rate"] > 0.4
    assert evolved.metrics["nonzero_share"] <= 0.3
    assert [row["live_connections"] for row in evolved.curve] == [108] * 6
    rates = [row["itop_rate"] for row in evolved.curve]
    assert rates == sorted(rates)


@pytest.mark.parametrize("grow", parts.names("structure.grow"))
@pytest.mark.parametrize("drop", parts.names("structure.drop"))
@pytest.mark.parametrize("reset", [True, False])
def test_weights_are_0_outside_the_mask_whatever_evolves_it(drop, grow, reset):
    structure = {**EVOLVING, "drop": drop, "grow": grow, "reset_moments": reset}

    model = train(structure=structure, epochs=3).model

    for name in ("hidden1", "readout"):
        assert not model[f"{name}.weight"][model[f"{name}.mask"] == 0].any()
    assert sum(int(model[f"{name}.mask"].sum()) for name in ("hidden1", "readout")) == 108


def test_forgetting_the_moments_changes_training(evolved):
    kept = train(structure={**EVOLVING, "reset_moments": False})

    assert not np.array_equal(kept.model["hidden1.weight"], evolved.model["hidden1.weight"])
    # what is drawn does not depend on it
    assert kept.metrics["live_connections"] == evolved.metrics["live_connections"]


def test_a_mask_that_stays_is_the_one_that_evolution_starts_from(evolved):
    static = train(structure={"init": "er", "density": 0.3})

    assert static.metrics["mask_updates"] == 0
    assert static.metrics["itop_rate"] == static.metrics["density"] == 0.3
    early = train(structure=EVOLVING, epochs=1, selection="last")
    first = early.metrics["live_connections.hidden1"][0]
    assert first == static.model["hidden1.mask"].sum()


@pytest.mark.parametrize("given", [["drop"], ["drop", "grow"], ["schedule"]])
def test_half_an_evolution_is_refused(given):
    structure = {"init": "er", "density": 0.3, **{k: EVOLVING[k] for k in given}}

    with pytest.raises(RespikeError) as error:
        train(structure=structure)

    assert str(error.value) == (
        f"structure has {', '.join(given)}; connections that evolve need drop, grow and"
        " schedule, a mask that stays needs none of them"
    )


# ------------------------------------------------------------------ repeats and pairs


@pytest.mark.parametrize("settings", [{}, {"structure": EVOLVING}])
def test_a_seed_run_twice_gives_equal_bits(settings):
    assert same(train(epochs=3, **settings), train(epochs=3, **settings))


def test_another_seed_gives_another_run(dense):
    other = train(seed=4)

    assert set(other.predictions["item"]) != set(dense.predictions["item"])
    assert not np.array_equal(other.model["hidden1.weight"], dense.model["hidden1.weight"])


def test_both_arms_of_a_pair_share_split_and_first_weights():
    still = {"learning_rate": 1e-30, "epochs": 1}
    dense, sparse = train(**still), train(structure=EVOLVING | {"density": 0.5}, **still)
    static = train(structure={"init": "er", "density": 0.5}, **still)

    assert dense.predictions["item"].tolist() == sparse.predictions["item"].tolist()
    for layer in ("hidden1", "readout"):
        mask = static.model[f"{layer}.mask"]
        assert np.array_equal(
            static.model[f"{layer}.weight"], dense.model[f"{layer}.weight"] * mask
        )


def test_both_arms_of_a_pair_share_the_order_of_items(dense, teacher):
    # a run without a teacher and one that does not listen to it are the same run
    student = distill(teacher, transfer="none")

    assert np.array_equal(student.model["hidden1.weight"], dense.model["hidden1.weight"])
    assert np.array_equal(student.predictions["logits"], dense.predictions["logits"])
    assert student.curve == dense.curve


def test_no_global_random_state_is_used():
    import torch

    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(1)
    before = np.random.get_state()[1].tolist(), torch.random.get_rng_state().tolist()  # noqa: NPY002

    train(epochs=1, structure=EVOLVING)

    after = np.random.get_state()[1].tolist(), torch.random.get_rng_state().tolist()  # noqa: NPY002
    assert before == after


# ------------------------------------------------------------------ events, teachers, pruning


def test_frames_are_trained_on_as_they_come():
    found = train(
        data=arrays("frames"),
        network={"mlp": {"hidden": 20, "time_steps": 0}},
        epochs=8,
        structure=EVOLVING,
    )

    assert found.description["time_steps"] == 4
    assert found.description["input"] == "frames"
    assert found.description["sizes"] == [8, 20, 2]
    assert found.trace["spikes.hidden1"].shape == (3 * 4, 20)
    assert found.metrics["accuracy"] > 0.6


def test_a_teacher_has_no_spikes_to_trace(teacher):
    assert teacher.metrics["accuracy"] >= 0.95
    assert not [name for name in teacher.trace if name.startswith("spikes.")]
    assert "retention" not in teacher.metrics
    assert teacher.description["neuron"] is None
    assert "hidden1.bias" in teacher.model


@pytest.mark.parametrize("name", parts.names("transfer"))
def test_every_transfer_trains_a_student_and_leaves_the_teacher_alone(name, teacher):
    before = {key: array.copy() for key, array in teacher.model.items()}

    student = distill(teacher, transfer=name, epochs=4)

    assert student.metrics["accuracy"] >= 0.7
    assert student.metrics["teacher_accuracy"] == teacher.metrics["accuracy"]
    assert all(np.array_equal(before[key], teacher.model[key]) for key in before)
    assert not [key for key in student.model if key.startswith("align")]


def test_a_student_can_be_sparse(teacher):
    student = distill(teacher, transfer="response", structure=EVOLVING)

    assert student.metrics["live_connections"] == [108] * 7


def test_distilling_can_start_from_a_model_and_keeps_its_masks(teacher, evolved):
    given = {"network": None, "neuron": None, "epochs": 1, "learning_rate": 1e-30}

    student = distill(teacher, evolved.model, evolved.description, **given)

    for name in ("hidden1.weight", "hidden1.mask", "readout.weight"):
        assert np.array_equal(student.model[name], evolved.model[name])


@pytest.mark.parametrize("schedule", ["one-shot", {"cubic": {"interval": 3, "stop": 0.5}}])
@pytest.mark.parametrize("scope", ["layer", "global"])
def test_pruning_ends_at_the_density_exactly_and_only_then_selects(dense, schedule, scope):
    pruned = prune(dense, schedule=schedule, drop={"magnitude": {"scope": scope}})

    numbers = pruned.metrics
    assert numbers["live_connections"][0] == 360
    assert numbers["live_connections"][-1] == 72
    assert numbers["live_connections"] == sorted(numbers["live_connections"], reverse=True)
    assert sum(int(pruned.model[f"{n}.mask"].sum()) for n in ("hidden1", "readout")) == 72
    assert numbers["density"] == 0.2
    assert numbers["accuracy_before"] == dense.metrics["accuracy"]
    least = 1 if schedule == "one-shot" else 3
    assert numbers["epoch_selected"] >= least
    assert [row["live_connections"] for row in pruned.curve][-1] == 72


def test_one_shot_pruning_keeps_the_largest_weights_before_it_trains(dense):
    still = {"schedule": "one-shot", "epochs": 1, "learning_rate": 1e-30}

    pruned = prune(dense, **still)

    kept = pruned.model["hidden1.mask"] == 1
    size = np.abs(dense.model["hidden1.weight"])
    assert kept.sum() == 64
    assert size[kept].min() >= size[~kept].max()
    assert np.array_equal(pruned.model["hidden1.weight"], dense.model["hidden1.weight"] * kept)


# ------------------------------------------------------------------ what is refused


def test_a_loss_that_is_no_number_ends_with_what_to_do():
    with pytest.raises(RespikeError) as error:
        train(loss={"tet": {"mse_target": 1e30}})

    assert str(error.value) == (
        "the loss is inf in epoch 1, step 1: training ran away; lower learning_rate (now 0.02),"
        " or look at the neuron's surrogate and the inputs"
    )


def test_a_network_that_is_silent_is_warned_of_with_the_name_of_its_layer(caplog):
    outcome = train(neuron={"lif": {"v_threshold": 1e9}})

    assert outcome.metrics["firing_rate.hidden1"] == 0
    assert "layer hidden1 never fired on the test items: the accuracy is that of" in caplog.text
    assert "lower the neuron's threshold, or look at the weights and the inputs" in caplog.text


@pytest.mark.parametrize(
    ("neuron", "rates", "said"),
    [
        ({"lif": {}}, [0.5, 0.0], ["layer b never fired"]),
        ({"lif": {}}, [1.0, 0.5], ["layer a fired in every step"]),
        ({"lif": {}}, [0.001, 0.999], []),
        (None, [], []),
    ],
)
def test_only_a_layer_that_says_the_same_of_every_item_is_warned_of(
    neuron, rates, said, caplog
):
    net = SimpleNamespace(description={"neuron": neuron}, layers={"a": 0, "b": 0, "out": 0})

    runs._warn_of_silence(net, SimpleNamespace(rates=rates), LOG)

    assert [line.split(" on the")[0] for line in caplog.messages] == said


def test_a_model_of_another_seed_is_refused(dense, teacher):
    sentence = (
        "this run has seed 4 and the model it builds on has seed 3, so their test items are not"
        " the same; name a model of the same seed"
    )
    for call in (lambda: prune(dense, seed=4), lambda: distill(teacher, seed=4)):
        with pytest.raises(RespikeError) as error:
            call()
        assert str(error.value) == sentence


def test_a_network_and_a_model_to_start_from_are_refused(teacher, dense):
    with pytest.raises(
        RespikeError, match=r"^distill.network and distill.from are both given; "
    ):
        distill(teacher, dense.model, dense.description)


def test_a_student_from_nothing_needs_a_network(teacher):
    with pytest.raises(
        RespikeError, match=r"^distill.network is missing; name one, or start fro"
    ):
        distill(teacher, network=None)


def test_a_density_that_pruning_would_raise_is_refused(evolved):
    with pytest.raises(
        RespikeError, match=r"^schedule cubic lowers the density, which is 0.3 an"
    ):
        prune(evolved, density=0.5)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"epochs": 0}, "epochs is 0; it must be >= 1"),
        ({"batch": 0}, "batch is 0; it must be >= 1"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0; it must lie in (0, 1]"),
        ({"learning_rate": float("nan")}, "learning_rate is nan; it must lie in (0, 1]"),
        ({"decay": "linear"}, "decay is 'linear'; allowed: none, cosine"),
        (
            {"selection": "test"},
            "selection is 'test'; allowed: validation, last (never test: that is what the"
            " result is measured on)",
        ),
    ],
)
def test_recipes_that_cannot_train_are_refused(settings, sentence):
    with pytest.raises(RespikeError) as error:
        train(**settings)

    assert str(error.value) == sentence


def test_masks_that_never_reach_their_density_are_refused(dense):
    late = {"cubic": {"interval": 1, "stop": 1.0}}

    assert prune(dense, schedule=late, epochs=1).metrics["density"] == 0.2
    with pytest.raises(
        RespikeError, match=r"^schedule.cubic: no update in 2 steps \(50% of 4\)"
    ):
        prune(dense, epochs=1)


@pytest.mark.parametrize(
    "damage",
    [
        lambda model, told: model.pop("readout.weight"),
        lambda model, told: model.update({"hidden1.weight": np.zeros((2, 2), np.float32)}),
        lambda model, told: model.update({"hidden1.mask": np.zeros((2, 2), np.uint8)}),
        lambda model, told: told.pop("sizes"),
    ],
)
def test_a_model_that_does_not_fit_its_description_is_refused(dense, damage):
    model, told = dict(dense.model), dict(dense.description)
    damage(model, told)

    with pytest.raises(
        DamagedFile, match=r"^the model file does not fit its own description: "
    ):
        runs.prune(arrays(), 3, LOG, model, told, **PRUNE)


# ------------------------------------------------------------------ learning rate


def test_the_cosine_starts_at_the_rate_and_never_reaches_0():
    from respike.training.loop import Recipe

    recipe = Recipe(4, 16, 0.8, "cosine")

    expected = [0.8, 0.4 * (1 + 2**-0.5), 0.4, 0.4 * (1 - 2**-0.5)]
    assert [recipe.rate(epoch) for epoch in (1, 2, 3, 4)] == pytest.approx(expected)
    assert recipe.steps(33) == 12


# ------------------------------------------------------------------ optimiser


def test_weight_and_both_moments_are_0_where_a_connection_has_just_changed(monkeypatch):
    from respike.training import loop

    seen = []

    class Watched(loop.Adam):
        def forget(self, name, where):
            super().forget(name, where)
            state = (self.tensors[name], self.first[name], self.second[name])
            seen.append((int(where.sum()), [int(t[where].count_nonzero()) for t in state]))

    monkeypatch.setattr(loop, "Adam", Watched)
    train(structure=EVOLVING)

    assert len(seen) == 12  # six updates of two layers
    assert sum(places for places, _ in seen) > 40
    assert {tuple(left) for _, left in seen} == {(0, 0, 0)}
