"""Stage distill: a teacher in, a student out; from scratch or from a model."""

import pytest

from respike.core import layout
from respike.stages import distill
from respike.training import runs
from tests.stages.run_jobs import PLACE, lay, run
from tests.training.test_runs import DISTILL
from tests.training.toy import EVOLVING, LOG, SETTINGS, TEACHER, arrays

BLOCK = {**DISTILL, "teacher": "teacher", "transfer": {"response": {"tau": 1.0}}, "epochs": 4}


@pytest.fixture
def inputs(data_folder):
    """A folder that holds prepared data, a teacher, and a sparse model to start from."""
    place = {**PLACE, "seed": 3}
    found = {"data": lay(layout.output("prepare", "data").format(**place), arrays())}
    for name, settings in (
        ("teacher", TEACHER),
        ("model", {**SETTINGS, "structure": EVOLVING, "epochs": 2}),
    ):
        made = runs.train(arrays(), 3, LOG, **settings)
        path = layout.output("train", "model").format(**{**place, "variant": name})
        found[name] = lay(path, made.model, metadata=made.description)
    return found


def test_a_student_from_scratch(inputs):
    code, found = run("distill", distill.run, BLOCK, {**inputs, "model": ""})

    assert code == 0
    assert found["metrics"]["accuracy"] >= 0.7
    assert found["metrics"]["teacher_accuracy"] >= 0.9
    assert found["metrics"]["connections"] == found["metrics"]["live_connections"][0] == 360


def test_a_student_from_a_model_keeps_its_masks(inputs):
    block = {k: v for k, v in BLOCK.items() if k not in ("network", "neuron")}

    code, found = run("distill", distill.run, {**block, "from": "sparse"}, inputs)

    assert code == 0
    assert found["metrics"]["live_connections"] == [108]
    assert found["metrics"]["density"] == 0.3


def test_a_network_beside_a_model_ends_with_its_sentence(inputs, capsys):
    code, _ = run("distill", distill.run, BLOCK, inputs)

    assert code != 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert "distill.network and distill.from are both given" in last
