"""Stage prune: a trained network in, a masked and fine-tuned one out."""

from pathlib import Path

import pytest

from respike.core import layout
from respike.stages import prune
from respike.training import runs
from tests.stages.run_jobs import PLACE, lay, run
from tests.training.test_runs import PRUNE
from tests.training.toy import LOG, SETTINGS, arrays


@pytest.fixture
def inputs(data_folder):
    """A folder that holds prepared data and a model of seed 3."""
    place = {**PLACE, "seed": 3}
    made = runs.train(arrays(), 3, LOG, **SETTINGS)
    model = layout.output("train", "model").format(**place)
    return {
        "data": lay(layout.output("prepare", "data").format(**place), arrays()),
        "model": lay(model, made.model, metadata=made.description),
    }


def test_the_model_comes_out_with_exactly_the_density(inputs):
    code, found = run("prune", prune.run, {"from": "dense", **PRUNE, "epochs": 12}, inputs)

    assert code == 0
    masks = sum(int(a.sum()) for name, a in found["model"].items() if name.endswith(".mask"))
    assert masks == found["metrics"]["live_connections"][-1] == 72
    assert found["metrics"]["accuracy"] >= 0.8


def test_a_model_of_another_seed_ends_with_its_sentence(inputs, capsys):
    code, _ = run("prune", prune.run, PRUNE, inputs, seed=4)

    assert code != 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert "this run has seed 4 and the model it builds on has seed 3" in last
    assert not list(Path("results/smoke/toy/one/seed-4").glob("prune/*.npz"))
