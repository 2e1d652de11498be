"""Stage control: decoded hands in, episodes of the robot out."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from respike.control import arm
from respike.core import layout
from respike.core.parts import PACKAGE, stage_takes
from respike.stages import control
from tests.control.test_session import recorded
from tests.stages.run_jobs import PLACE, lay, run

BLOCK = {"predictor": "eeg", "episodes": 2, "record": 1}


@pytest.fixture
def inputs(data_folder):
    """A folder that holds prepared data and a decoder's predictions: synthetic lifts."""
    place = {**PLACE, "seed": 3}
    predictions, data = recorded(items=3)
    decoded = layout.output("decode", "predictions").format(**place)
    return {
        "data": lay(layout.output("prepare", "data").format(**place), data),
        "decoded": lay(decoded, predictions),
    }


def test_the_outputs_agree_with_each_other(inputs):
    code, found = run("control", control.run, BLOCK, inputs)

    assert code == 0
    rows, numbers, film = found["predictions"], found["metrics"], found["trajectory"]
    assert rows["item"].dtype == np.int64
    assert set(rows["item"]) < {700, 701, 702}
    assert numbers["hold_rate"] == rows["held"].mean() == 1.0
    assert numbers["episodes"] == len(rows["item"]) == 2
    assert set(film["item"]) == {rows["item"][0]}
    assert film["qpos"].shape == (len(film["time_s"]), 16)
    assert film["decoded_m"].shape == film["true_m"].shape == film["used_m"].shape


def test_two_runs_give_equal_bytes(inputs):
    paths = [Path(layout.output("control", n).format(**{**PLACE, "seed": 3})) for n in OUTPUTS]
    block = {**BLOCK, "noise_cm": 0.7, "copilot": "innovation-gate"}

    run("control", control.run, block, inputs)
    one = [path.read_bytes() for path in paths]
    run("control", control.run, block, inputs)

    assert [path.read_bytes() for path in paths] == one


OUTPUTS = ("predictions", "metrics", "trajectory")


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"predictor": "template"}, "control.predictor is 'template'. This decoder's"),
        ({"episodes": 5}, "control.episodes is 5; there are 3 decoded trials"),
        ({"copilot": "inovation-gate"}, "Did you mean 'innovation-gate'?"),
        ({"copilot": {"innovation-gate": {"assistance": 2.0}}}, "it must lie in [0, 1]"),
        ({"task": "grip"}, "control.task 'grip' follows 1 numbers a moment; 'eeg' has 3"),
    ],
)
def test_what_cannot_be_run_ends_with_its_sentence(inputs, capsys, settings, sentence):
    code, _ = run("control", control.run, {**BLOCK, **settings}, inputs)

    assert code != 0
    assert sentence in capsys.readouterr().err.splitlines()[-1]
    assert not list(Path("results/smoke/toy/one/seed-3/control").glob("*.npz"))


def test_an_unhandled_violation_fails_the_run_with_a_sentence(inputs, capsys, monkeypatch):
    monkeypatch.setattr(arm, "BOX_SLACK_M", -0.15)

    code, _ = run("control", control.run, BLOCK, inputs)

    assert code != 0
    assert "the robot broke a limit for" in capsys.readouterr().err.splitlines()[-1]


def test_every_setting_has_a_type_and_all_but_the_predictor_a_default():
    known = stage_takes("control")

    assert [name for name, setting in known.items() if setting.required] == ["predictor"]
    assert all(setting.type for setting in known.values())


def test_the_stage_imports_no_torch():
    code = "import sys, respike.stages.control; print('torch' in sys.modules)"

    said = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PACKAGE.parent,
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.strip() == "False"
