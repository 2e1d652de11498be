"""Stage emulate: a trained network in, what a core makes of it out."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from respike.core import layout
from respike.core.parts import PACKAGE
from respike.core.seeds import numpy_stream
from respike.stages import emulate
from tests.stages.run_jobs import PLACE, lay, run
from tests.targets.test_evaluation import DESCRIPTION, arrays, tensors

CORE = {"target": {"int-core": {"weight_bits": 9, "membrane_bits": 24}}}


@pytest.fixture
def inputs(data_folder):
    """A folder that holds prepared data and a model."""
    place = {**PLACE, "seed": 3}
    model = layout.output("train", "model").format(**place)
    return {
        "data": lay(layout.output("prepare", "data").format(**place), arrays()),
        "model": lay(model, tensors(), metadata=DESCRIPTION),
    }


def test_the_outputs_agree_with_each_other(inputs):
    code, found = run("emulate", emulate.run, CORE, inputs)

    assert code == 0
    rows, numbers = found["predictions"], found["metrics"]
    order = numpy_stream(3, "split").permutation(50)
    assert rows["item"].tolist() == (100 + order[30:45]).tolist()
    assert numbers["accuracy"] == (rows["predicted"] == rows["label"]).mean()
    assert rows["predicted"].tolist() == rows["logits"].argmax(axis=1).tolist()
    assert numbers["overflow_count"] == rows["overflow"].sum()
    assert numbers["energy_nj_low"] < numbers["energy_nj_high"]
    assert found["trace"]["spikes.hidden1"].shape == (3 * 4, 12)
    assert set(np.unique(found["trace"]["spikes.hidden1"])) == {0, 1}


def test_two_runs_are_equal(inputs):
    _, one = run("emulate", emulate.run, CORE, inputs)
    _, other = run("emulate", emulate.run, CORE, inputs)

    assert one["metrics"] == other["metrics"]
    for name, array in one["predictions"].items():
        assert np.array_equal(array, other["predictions"][name])


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ({"int-core": {"overflow": "clamp"}}, "target setting overflow is 'clamp'."),
        ({"int-core": {"membrane_bits": 8}}, "hidden1: the integer threshold is "),
        ({"int-core": {"decay_shift": 2}}, "the network's tau is 2 steps and the core leaks"),
        ("int-cores", "no target part named 'int-cores'. Did you mean 'int-core'?"),
    ],
)
def test_a_core_the_network_does_not_fit_ends_with_its_sentence(
    inputs, capsys, target, sentence
):
    code, _ = run("emulate", emulate.run, {"target": target}, inputs)

    assert code != 0
    assert sentence in capsys.readouterr().err.splitlines()[-1]
    assert not list(Path("results/smoke/toy/one/seed-3").glob("emulate/*.npz"))


def test_a_changed_model_is_noticed_before_it_is_read(inputs, capsys):
    path = Path(inputs["model"])
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)

    code, _ = run("emulate", emulate.run, CORE, inputs)

    assert code != 0
    assert "model.safetensors" in capsys.readouterr().err.splitlines()[-1]


def test_it_runs_without_torch():
    child = "import sys, respike.stages.emulate; sys.exit('torch' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", child], cwd=PACKAGE.parent, check=False)

    assert done.returncode == 0


def test_the_settings_a_study_may_write_are_those_of_the_stage():
    from respike.core.parts import stage_takes

    assert json.dumps({k: v.required for k, v in stage_takes("emulate").items()}) == (
        '{"target": true}'
    )
