"""A grid becomes one variant a cell, as if written out; what is wrong has its place."""

import re

import pytest

from respike.core import grid, yaml
from respike.core.errors import ConfigError
from respike.core.study import pick

HEAD = """\
id: toy
variants:
  dense:
    says: dense for $epochs epochs
    grid: {epochs: [2, 10]}
    train: {network: {mlp: {hidden: 4}}, epochs: $epochs, list: [$epochs, a-$epochs]}
"""
PRUNED = """\
  pruned:
    grid: {epochs: {smoke: [2], desk: [2, 5, 10]}, density: [0.05, 0.5]}
    seeds: 3
    corner_seeds: {smoke: 1, desk: 8}
    prune: {from: dense-epochs$epochs, density: $density}
"""
PLAIN = """\
  alone:
    train: {epochs: 1}
"""


def document(text, folder, budget="desk"):
    file = folder / "study.yaml"
    file.write_text(text)
    return pick(yaml.load(file, "study.yaml"), budget)


@pytest.fixture
def expand(tmp_path):
    return lambda text, budget="desk": grid.expand(document(text, tmp_path, budget))


def test_a_cell_is_named_by_its_variant_and_each_axis_with_its_value(expand):
    found = expand(HEAD + PRUNED).document.value["variants"]

    assert list(found) == [
        "dense-epochs2",
        "dense-epochs10",
        *(f"pruned-epochs{e}-density{d}" for e in (2, 5, 10) for d in (0.05, 0.5)),
    ]


def test_a_placeholder_alone_is_the_value_and_inside_a_text_its_words(expand):
    found = expand(HEAD + PRUNED).document.value["variants"]

    assert found["dense-epochs10"]["train"] == {
        "network": {"mlp": {"hidden": 4}},
        "epochs": 10,
        "list": [10, "a-10"],
    }
    assert found["dense-epochs10"]["says"] == "dense for 10 epochs"
    assert found["pruned-epochs2-density0.5"]["prune"] == {
        "from": "dense-epochs2",
        "density": 0.5,
    }


def test_axes_may_differ_between_budgets(expand):
    found = expand(HEAD + PRUNED, "smoke").document.value["variants"]

    assert [name for name in found if name.startswith("pruned")] == [
        "pruned-epochs2-density0.05",
        "pruned-epochs2-density0.5",
    ]


def test_a_cell_says_where_it_stands_and_keeps_nothing_else_of_the_grid(expand):
    found = expand(HEAD + PRUNED).document.value["variants"]["pruned-epochs5-density0.5"]

    assert found["cell"] == {
        "grid": "pruned",
        "axes": ["epochs", "density"],
        "at": [5, 0.5],
    }
    assert set(found) == {"cell", "prune", "seeds"}


def test_corners_have_seeds_of_their_own(expand):
    found = expand(HEAD + PRUNED).document.value["variants"]

    seeds = {name: cell["seeds"] for name, cell in found.items() if "seeds" in cell}
    corners = {name for name, number in seeds.items() if number == 8}
    assert corners == {f"pruned-epochs{e}-density{d}" for e in (2, 10) for d in (0.05, 0.5)}
    assert {seeds[f"pruned-epochs5-density{d}"] for d in (0.05, 0.5)} == {3}


def test_a_cell_is_what_the_written_out_variant_would_be(expand):
    written = PLAIN.replace("alone", "dense-epochs2").replace("epochs: 1", "epochs: 2")
    short = HEAD.replace("network: {mlp: {hidden: 4}}, ", "").replace(
        ", list: [$epochs, a-$epochs]", ""
    )

    cell = expand(short).document.value["variants"]["dense-epochs2"]
    alone = expand("id: toy\nvariants:\n" + written).document.value["variants"]["dense-epochs2"]

    assert cell["train"] == alone["train"]


def test_a_new_column_changes_no_other_cell(expand):
    before = expand(HEAD + PRUNED).document.value["variants"]
    wider = HEAD.replace("[2, 10]", "[2, 7, 10]") + PRUNED.replace(
        "[2, 5, 10]", "[2, 5, 7, 10]"
    )
    after = expand(wider).document.value["variants"]

    assert {name: after[name] for name in before} == before


def test_a_study_without_a_grid_stays_the_same(expand, tmp_path):
    text = "id: toy\nvariants:\n" + PLAIN

    assert expand(text).document == document(text, tmp_path)
    assert expand(text).sample == {"alone"}


def test_the_place_of_a_cell_is_that_of_its_template(expand):
    found = expand(HEAD + PRUNED).document

    assert found.at(("variants", "pruned-epochs5-density0.5", "prune", "density")) == (
        "study.yaml:11:49:"
    )
    assert found.at(("variants", "dense-epochs10")) == "study.yaml:3:3:"


def test_the_sample_holds_every_value_of_every_axis_and_grows_like_the_longest(expand):
    found = expand(HEAD + PRUNED + PLAIN)

    cells = [found.document.value["variants"][name].get("cell") for name in found.sample]
    pruned = [cell["at"] for cell in cells if cell and cell["grid"] == "pruned"]
    assert "alone" in found.sample
    assert {at[0] for at in pruned} == {2, 5, 10}
    assert {at[1] for at in pruned} == {0.05, 0.5}
    assert len(pruned) == 3


GRID = "{epochs: {smoke: [2], desk: [2, 5, 10]}, density: [0.05, 0.5]}"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "density: $density}",
            "density: $densty}",
            "study.yaml:11:49: variants.pruned.prune.density names $densty, and the grid "
            "has no axis 'densty'; it has: density, epochs",
        ),
        (
            "density: $density}",
            "density: 0.5}",
            "study.yaml:8:52: variants.pruned.grid.density is used by no stage, so that cells "
            "would differ in nothing else; write $density where the value belongs, or remove "
            "the axis",
        ),
        (
            "[0.05, 0.5]",
            "[0.05, 0.5, 0.05]",
            "study.yaml:8:73: variants.pruned.grid.density holds 0.05 twice, which would give "
            "two cells one id; remove one",
        ),
        (
            "[0.05, 0.5]",
            "[0.05, true]",
            "study.yaml:8:68: variants.pruned.grid.density holds True; it takes "
            "numbers and words",
        ),
        (
            "[0.05, 0.5]",
            "[]",
            "study.yaml:8:52: variants.pruned.grid.density must be a list of values, is []",
        ),
        (
            "[0.05, 0.5]",
            "[A b]",
            "study.yaml:8:52: variants.pruned.grid gives the id 'pruned-epochs2-densityA b'; "
            "an id is made of a-z, 0-9, and - and . between them",
        ),
        (
            GRID,
            "{}",
            "study.yaml:8:5: variants.pruned.grid must be axes: {name: [values]}",
        ),
        (
            "density: [0.05",
            "Density: [0.05",
            "study.yaml:8:52: variants.pruned.grid: an axis is named by letters a-z, not "
            "'Density'",
        ),
        (
            "  pruned:\n    grid: " + GRID,
            "  pruned:\n    says: nothing",
            "study.yaml:10:36: variants.pruned has corner_seeds and no grid; write seeds",
        ),
        (
            "    grid: " + GRID + "\n    seeds: 3\n    corner_seeds: {smoke: 1, desk: 8}\n",
            "",
            "study.yaml:8:19: variants.pruned.prune.from names $epochs, and the variant has no "
            "grid; add grid: {epochs: [...]}",
        ),
        (
            "  pruned:\n",
            "  dense-epochs2:\n    train: {epochs: 2}\n  pruned:\n",
            "study.yaml:7:3: variants.dense-epochs2 gives the variant 'dense-epochs2', which "
            "is there already; rename one of the two",
        ),
    ],
)
def test_a_wrong_grid_is_refused_in_one_sentence_with_its_place(expand, old, new, sentence):
    text = HEAD + PRUNED
    assert old in text

    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        expand(text.replace(old, new, 1))


def test_more_cells_than_anyone_could_run_are_refused(expand):
    values = ", ".join(map(str, range(400)))
    text = (
        (HEAD + PRUNED)
        .replace("[2, 5, 10]", f"[{values}]")
        .replace("[0.05, 0.5]", f"[{values}]")
    )

    with pytest.raises(ConfigError, match=r"has 160,000 cells; at most 100,000 are allowed$"):
        expand(text)
