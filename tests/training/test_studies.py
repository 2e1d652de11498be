"""The studies of training: arms of a pair differ in one thing, evolution has its time."""

from pathlib import Path

import pytest

from respike.claims import grammar, reading
from respike.core.config import Config
from respike.core.layout import BUDGETS
from respike.core.parts import make, split
from respike.training.loop import Recipe

ROOT = Path(__file__).resolve().parents[2]


def variants(study, budget):
    config = Config(ROOT, {"budget": budget, "studies": [study]}, grammar.check)
    return config.study(study, budget)["variants"]


def without(block, *keys):
    return {key: value for key, value in block.items() if key not in keys}


@pytest.mark.parametrize("budget", BUDGETS)
def test_dense_evolved_static_and_thin_differ_in_structure_alone(budget):
    found = variants("esl-snns", budget)

    arms = [
        without(found[name]["train"], "structure") for name in ("evolved", "static", "thin")
    ]
    assert all(arm == without(found["dense"]["train"], "structure") for arm in arms)
    evolved, static = (
        found["evolved"]["train"]["structure"],
        found["static"]["train"]["structure"],
    )
    assert static == {key: evolved[key] for key in ("init", "density")}


@pytest.mark.parametrize("budget", BUDGETS)
def test_students_differ_in_what_they_take_alone(budget):
    found = variants("kdsnn", budget)

    plain = without(found["student"]["train"], "split", "input_levels")
    taught = {name: found[name]["distill"] for name in ("response", "feature", "smoothing")}
    assert all(without(arm, "transfer", "teacher") == plain for arm in taught.values())
    assert len({split(arm["transfer"])[0] for arm in taught.values()}) == 3


@pytest.mark.parametrize(("budget", "least"), [("desk", 44), ("paper", 44)])
def test_evolution_has_at_least_as_many_updates_as_its_advantage_took_to_show(budget, least):
    # 16 updates showed none, 44 did
    block = variants("esl-snns", budget)["evolved"]["train"]
    recipe = Recipe(block["epochs"], block["batch"], block["learning_rate"])
    steps = recipe.steps(block["split"]["train"])

    structure = block["structure"]
    plan = make("structure.schedule", structure["schedule"])(steps, 0.1, 0.1)

    assert len(plan) >= least


@pytest.mark.parametrize("study", ["esl-snns", "kdsnn"])
@pytest.mark.parametrize("budget", BUDGETS)
def test_nothing_is_selected_by_more_than_the_validation_items(study, budget):
    for variant in variants(study, budget).values():
        for stage in ("train", "prune", "distill"):
            assert variant.get(stage, {}).get("selection", "last") in ("last", "validation")


@pytest.mark.parametrize("budget", BUDGETS)
def test_twins_differ_in_the_order_of_their_items_alone(budget):
    found = variants("three-regime", budget)

    pairs = [
        (cell["prune"], found[cell["connect"]["with"]]["prune"])
        for name, cell in found.items()
        if name.startswith("pruned-")
    ]
    assert len(pairs) == {"smoke": 4, "desk": 36, "paper": 144}[budget]
    assert all({**one, "noise": 1} == other for one, other in pairs)


@pytest.mark.parametrize("budget", BUDGETS)
def test_a_hotter_network_is_a_colder_one_stopped_early(budget):
    found = variants("three-regime", budget)

    dense = [cell["train"] for name, cell in found.items() if name.startswith("dense-")]
    assert all(without(one, "epochs") == without(dense[0], "epochs") for one in dense)
    assert dense[0].get("decay", "none") == "none"
    assert dense[0]["selection"] == "last"


def test_every_claim_of_the_three_regimes_names_corners_which_have_the_most_seeds():
    config = Config(ROOT, {"budget": "desk", "studies": ["three-regime"]}, grammar.check)
    found = config.study("three-regime", "desk")

    named = {
        arm.variant
        for claim in found["claims"]
        if "test" in claim
        for pair in reading.pairs(claim["test"])
        for arm in pair
        if arm is not None
    }
    assert len(named) == 6
    assert {config.seeds("three-regime", "desk", name) for name in named} == {10}
    assert len(config.run_records("three-regime", "desk")) == 440
