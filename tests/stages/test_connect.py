"""Stage connect: two trained networks in, what lies between them out."""

from pathlib import Path

import pytest

from respike.core import layout
from respike.stages import connect
from respike.training import runs
from tests.stages.run_jobs import PLACE, lay, run
from tests.training.test_connection import twins
from tests.training.toy import LOG, SETTINGS, arrays

BLOCK = {"from": "one", "with": "two", "points": 5}


def model(variant: str, made) -> str:
    place = {**PLACE, "variant": variant, "seed": 3}
    path = layout.output("prune", "model").format(**place)
    return lay(path, made.model, metadata=made.description)


@pytest.fixture
def inputs(data_folder):
    """A folder that holds prepared data and two fine-tunings of seed 3."""
    one, two = twins()
    data = layout.output("prepare", "data").format(**PLACE)
    return {
        "data": lay(data, arrays()),
        "model": model("one", one),
        "other": model("two", two),
    }


def test_it_leaves_one_row_a_point_and_the_network_in_the_middle(inputs):
    code, found = run("connect", connect.run, BLOCK, inputs)

    assert code == 0
    assert [row["share"] for row in found["curve"]] == ["0.0", "0.25", "0.5", "0.75", "1.0"]
    right = found["predictions"]["predicted"] == found["predictions"]["label"]
    assert right.mean() == found["metrics"]["accuracy"]
    errors = [float(row["train_error"]) for row in found["curve"]]
    assert errors == found["metrics"]["train_errors"]


def test_the_error_at_an_end_is_that_of_the_network_there(inputs):
    _, found = run("connect", connect.run, BLOCK, inputs)

    one, two = twins()
    ends = [1 - made.metrics["accuracy"] for made in (one, two)]
    assert [float(found["curve"][at]["test_error"]) for at in (0, -1)] == ends


def test_two_that_do_not_belong_together_end_with_their_sentence(inputs, capsys):
    other = runs.train(arrays(), 4, LOG, **SETTINGS)
    code, _ = run("connect", connect.run, BLOCK, {**inputs, "other": model("four", other)})

    assert code != 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert "the two models differ in seed: 3 and 4" in last
    assert not list(Path("results/smoke/toy/one/seed-3").glob("connect/*.npz"))
