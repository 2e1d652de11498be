"""Variants take from each other: references, what each stage takes, circles."""

import re

import pytest

from respike.core import chain
from respike.core.chain import Reference
from respike.core.errors import ConfigError
from respike.core.yaml import Document, Place

VARIANTS = {
    "dense": {"train": {}, "emulate": {}},
    "pruned": {"prune": {"from": "dense"}},
    "both": {"train": {}, "prune": {}, "emulate": {}},
    "student": {"distill": {"teacher": "dense@1"}},
    "tuned": {"distill": {"teacher": "dense", "from": "both/train@2"}},
    "chip": {"emulate": {"from": "both"}},
    "line": {"connect": {"from": "pruned", "with": "both"}},
    "twins": {"prune": {"from": "dense"}, "connect": {"with": "pruned"}},
    "eeg": {"decode": {}, "control": {}},
    "arm": {"control": {"from": "eeg"}},
    "field": {"simulate": {}},
    "anew": {"train": {}, "distill": {"teacher": "dense"}, "emulate": {}},
}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("dense", ("dense", None, None)),
        ("dense/prune", ("dense", "prune", None)),
        ("dense@0", ("dense", None, 0)),
        ("v1.5-b/train@12", ("v1.5-b", "train", 12)),
    ],
)
def test_a_reference_is_a_variant_and_maybe_a_stage_and_a_seed(text, parts):
    assert chain.reference(text) == Reference(*parts)


@pytest.mark.parametrize(
    "text",
    ["", "Dense", "dense/", "dense@", "dense@x", "dense@-1", "a/b/c", "dense train", "/train"],
)
def test_what_is_no_reference_is_answered_with_the_forms(text):
    sentence = f"'{text}': write variant, variant/stage, variant@seed or variant/stage@seed"

    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        chain.reference(text)


def test_stages_come_in_the_order_of_the_chain():
    assert chain.stages_of({"emulate": {}, "says": "x", "train": {}}) == ["train", "emulate"]
    assert chain.stages_of({"control": {}, "decode": {}}) == ["decode", "control"]


@pytest.mark.parametrize(
    ("name", "stage", "runs"),
    [
        ("dense", "train", {}),
        ("dense", "emulate", {"model": ("dense", "train", None)}),
        ("pruned", "prune", {"model": ("dense", "train", None)}),
        ("both", "prune", {"model": ("both", "train", None)}),
        ("both", "emulate", {"model": ("both", "prune", None)}),
        ("student", "distill", {"teacher": ("dense", "train", 1)}),
        (
            "tuned",
            "distill",
            {"teacher": ("dense", "train", None), "model": ("both", "train", 2)},
        ),
        ("chip", "emulate", {"model": ("both", "prune", None)}),
        (
            "line",
            "connect",
            {"model": ("pruned", "prune", None), "other": ("both", "prune", None)},
        ),
        (
            "twins",
            "connect",
            {"model": ("twins", "prune", None), "other": ("pruned", "prune", None)},
        ),
        ("eeg", "decode", {}),
        ("eeg", "control", {"decoded": ("eeg", "decode", None)}),
        ("arm", "control", {"decoded": ("eeg", "decode", None)}),
        ("field", "simulate", {}),
        ("anew", "distill", {"teacher": ("dense", "train", None)}),
        ("anew", "emulate", {"model": ("anew", "distill", None)}),
    ],
)
def test_a_stage_takes_the_last_model_before_it_or_the_one_it_names(name, stage, runs):
    found = chain.taken(VARIANTS, name, stage)

    assert found == {given: Reference(*run) for given, run in runs.items()}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "dens",
            "'dens': no such variant. Did you mean 'dense'? Known: dense, pruned, both, "
            "student, tuned, chip, line, twins, eeg, arm, field, anew.",
        ),
        (
            "dense/prune",
            "'dense/prune': dense has no stage prune to take from; it has: train, emulate",
        ),
        (
            "dense/emulate",
            "'dense/emulate': dense has no stage emulate to take from; it has: train, emulate",
        ),
        (
            "field",
            "'field': field has no stage train or prune or distill to take from; "
            "it has: simulate",
        ),
    ],
)
def test_a_run_that_has_no_model_is_answered_with_what_there_is(text, sentence):
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        chain.resolve(text, ("train", "prune", "distill"), VARIANTS)


def test_of_very_many_variants_a_refusal_names_the_first():
    many = {f"cell-{n}": {"train": {}} for n in range(43)}

    with pytest.raises(ConfigError, match=r"Known: cell-0, .*, cell-39, and 3 more\.$"):
        chain.resolve("dense", ("train",), many)


def test_chains_that_end_pass():
    chain.check_no_circle(VARIANTS, Document(None, {}, "f"))


@pytest.mark.parametrize(
    ("variants", "sentence"),
    [
        (
            {"a": {"prune": {"from": "a"}}},
            "f:3:5: runs that take from each other in a circle: a/prune from a/prune",
        ),
        (
            {
                "b": {"train": {}, "prune": {"from": "a"}},
                "a": {"distill": {"from": "b", "teacher": "b/train"}},
            },
            "f:1:1: runs that take from each other in a circle: "
            "b/prune from a/distill from b/prune",
        ),
        (
            {"c": {"emulate": {"from": "a"}}, "a": {"prune": {"from": "a@7"}}},
            "f:3:5: runs that take from each other in a circle: a/prune from a/prune",
        ),
    ],
)
def test_a_circle_is_named_run_by_run(variants, sentence):
    places = {("variants", "a", "prune"): Place(3, 5)}

    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        chain.check_no_circle(variants, Document(None, places, "f"))
