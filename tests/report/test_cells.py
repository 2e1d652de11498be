"""Grids on the page: every cell in its place, means and signs by hand."""

import re

import pytest

from respike.report import cells, gather, heat
from tests.report import fake

COLUMNS, ROWS = (5, 10, 80), (0.05, 0.8)


def variant(epochs, density):
    at = {"grid": "pruned", "axes": ["epochs", "density"], "at": [epochs, density]}
    return {"says": f"{epochs} epochs at {density}", "prune": {}, "cell": at}


def about():
    """As it comes out of a job's settings: keys in the order of their letters."""
    found = {f"pruned-epochs{e}-density{d}": variant(e, d) for e in COLUMNS for d in ROWS}
    alone = {"alone": {"says": "no cell", "train": {}}}
    return {"variants": dict(sorted((found | alone).items()))}


def run(epochs, density, seed, accuracy):
    name = f"pruned-epochs{epochs}-density{density}"
    return fake.run(
        "fake-sparse", name, "prune", seed, {"metrics.json": {"accuracy": accuracy}}
    )


def accuracies():
    """At the low density 5 epochs win, at the high one 80, both by a tenth in each seed."""
    table = {(5, 0.05): 0.5, (80, 0.05): 0.4, (5, 0.8): 0.8, (80, 0.8): 0.9}
    table |= {(10, 0.05): 0.45, (10, 0.8): 0.85}
    return [run(*at, seed, v + seed / 100) for at, v in table.items() for seed in (0, 1, 2)]


def divided(runs=None):
    return cells.divide(about(), accuracies() if runs is None else runs)


def test_axes_are_those_of_the_study_and_numbers_ascend():
    (grid,), rest = divided()

    assert grid.axes == {"epochs": [5, 10, 80], "density": [0.05, 0.8]}
    assert rest == []
    assert {len(runs) for runs in grid.runs.values()} == {3}


def test_a_run_that_stands_in_no_cell_stays_with_the_others():
    alone = fake.run("fake-sparse", "alone", "train", 0, {"metrics.json": {"accuracy": 1.0}})

    _, rest = divided([*accuracies(), alone])

    assert rest == [alone]


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ({0: 5.0, 1: 3.0}, {0: 1.0, 1: 1.0}, "+3 (2/2)"),
        ({0: 1.0, 1: 1.0, 2: 4.0}, {0: 2.0, 1: 4.0, 2: 3.0}, "−1 (2/3)"),
        ({0: 1.0, 7: 9.0}, {0: 1.5}, "−0.5 (1/1)"),
        ({0: 1.0}, {1: 1.0}, "–"),
        ({0: 1.0}, {0: 1.0}, "0 (0/1)"),
    ],
)
def test_a_sign_is_the_mean_over_shared_seeds_and_how_many_have_it(one, other, said):
    assert cells.sign(one, other) == said


def test_the_map_holds_the_mean_of_each_cell_and_the_sign_of_each_row():
    (shown,) = cells.blocks(divided()[0])

    (figure,) = shown["figures"]
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", figure["drawing"])
    assert texts == [
        "0.05", "51", "46", "41", "+10 (3/3)",
        "0.8", "81", "86", "91", "−10 (3/3)",
        "5", "10", "80", "epochs", "5 less 80", "density",
    ]  # fmt: skip
    assert shown["title"] == "Grid: pruned"
    assert shown["text"].startswith("6 cells over epochs and density; each number is the mean")


def test_a_cell_without_a_run_is_left_empty():
    runs = [r for r in accuracies() if "epochs10" not in r.variant]

    ((figure,),) = [b["figures"] for b in cells.blocks(divided(runs)[0])]

    assert figure["drawing"].count('class="empty"') == 2
    assert figure["drawing"].count('class="shade"') == 4


def test_a_run_that_was_not_run_counts_in_no_cell():
    lost = fake.run("fake-sparse", "pruned-epochs5-density0.05", "prune", 3, {}, "no data")

    (grid,), _ = divided([*accuracies(), lost])

    assert grid.values((5, 0.05), "prune", "accuracy", 1.0).keys() == {0, 1, 2}


def test_the_strongest_shade_is_the_greatest_number_and_equal_numbers_are_faint():
    drawn = heat.heat(["a", "b"], ["r"], [[1.0, 3.0]], ("x", "y"), "says")
    flat = heat.heat(["a", "b"], ["r"], [[2.0, 2.0]], ("x", "y"), "says")

    assert re.findall(r'fill-opacity="([^"]*)"', drawn) == ["0.060", "0.550"]
    assert re.findall(r'fill-opacity="([^"]*)"', flat) == ["0.060", "0.060"]


def test_a_map_of_very_many_columns_is_shaded_without_numbers():
    names = [str(n) for n in range(13)]

    drawn = heat.heat(names, ["r"], [[float(n) for n in range(13)]], ("x", "y"), "says")

    assert drawn.count('class="shade"') == 13
    assert drawn.count("<text") == 1 + 13 + 2


def test_one_axis_is_a_curve_with_its_band():
    axes = {"grid": "dense", "axes": ["epochs"]}
    data = {"variants": {f"dense-epochs{e}": {"cell": {**axes, "at": [e]}} for e in (5, 80)}}
    runs = [
        fake.run(
            "fake-sparse", f"dense-epochs{e}", "train", s, {"metrics.json": {"accuracy": a}}
        )
        for e, s, a in ((5, 0, 0.5), (5, 1, 0.7), (80, 0, 0.9), (80, 1, 0.9))
    ]

    (shown,) = cells.blocks(cells.divide(data, runs)[0])

    assert shown["figures"][0]["drawing"].count('class="band s0"') == 1
    assert shown["folded"]["tables"][0]["rows"][1][0] == "80"


def test_the_list_of_variants_has_one_row_a_grid():
    rows = cells.rows(about(), ("train", "prune"))

    assert rows == [
        ["alone", "no cell", "train"],
        ["pruned, 6 cells", "10 epochs at 0.05, and so on", "prune"],
    ]


def test_a_study_with_a_grid_makes_a_whole_page_and_draws_no_line_a_cell():
    campaign = fake.campaign()
    found = campaign.found()
    found.about["fake-sparse"]["variants"] |= about()["variants"]
    found.runs.extend(accuracies())

    section = gather.section(found, "fake-sparse")

    titles = [b["title"] for b in section["blocks"]]
    assert titles[:2] == ["What was compared", "Grid: pruned"]
    drawn = str([b["figures"] for b in section["blocks"][2:]])
    assert "epochs80" not in drawn
