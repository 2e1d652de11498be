"""Stage train: arrays in, a network and what it answers out."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from respike.core import layout
from respike.core.parts import PACKAGE
from respike.stages import train
from tests.stages.run_jobs import PLACE, lay, run
from tests.training.toy import EVOLVING, SETTINGS, arrays

BLOCK = {**SETTINGS, "epochs": 3, "structure": EVOLVING}


@pytest.fixture
def inputs(data_folder):
    """A folder that holds prepared data."""
    data = layout.output("prepare", "data").format(**PLACE)
    return {"data": lay(data, arrays())}


def test_the_outputs_agree_with_each_other(inputs):
    code, found = run("train", train.run, BLOCK, inputs)

    assert code == 0
    assert found["metrics"]["live_connections"] == [108] * 4
    masks = sum(int(a.sum()) for name, a in found["model"].items() if name.endswith(".mask"))
    assert masks == 108
    rows = found["predictions"]
    assert found["metrics"]["accuracy"] == (rows["predicted"] == rows["label"]).mean()
    assert [int(row["epoch"]) for row in found["curve"]] == [1, 2, 3]
    assert found["trace"]["spikes.hidden1"].shape == (9, 20)


def test_two_runs_write_equal_bytes(inputs):
    files = sorted({layout.output("train", n) for n in layout.STAGES["train"].content})
    paths = [Path(file.format(**PLACE, seed=3)) for file in files]

    run("train", train.run, BLOCK, inputs)
    one = [path.read_bytes() for path in paths]
    run("train", train.run, BLOCK, inputs)

    assert [path.read_bytes() for path in paths] == one
    assert len(one) == 5


def test_a_process_of_its_own_writes_the_bytes_this_one_wrote(inputs):
    _, found = run("train", train.run, BLOCK, inputs)
    place = {**PLACE, "seed": 3, "variant": "two"}
    words = ["--settings", json.dumps({"stage": "train", **place, "train": BLOCK})]
    words += ["--in", "data", inputs["data"], "--out"]
    names = (*layout.STAGES["train"].content, *layout.STAGES["train"].evidence)
    words += [layout.output("train", name).format(**place) for name in names]
    words += [layout.record("train").format(**place)]

    done = subprocess.run(
        [sys.executable, "-m", "respike.stages.train", *words],
        env={"PYTHONPATH": str(PACKAGE.parent), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    one, two = (
        Path(layout.output("train", "model").format(**{**place, "variant": v})).read_bytes()
        for v in ("one", "two")
    )
    assert one == two
    assert done.stderr.splitlines()[-1].startswith(
        "respike.train: wrote results/smoke/toy/two/"
    )
    assert len(done.stderr.splitlines()) == 6  # one says that its hidden layer is silent
    assert np.isfinite(found["predictions"]["logits"]).all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"epochs": 0}, "epochs is 0; it must be >= 1"),
        ({"input_levels": 2}, "image holds the value 8 and input_levels is 2; "),
        ({"loss": "tett"}, "no loss part named 'tett'. Did you mean 'tet'?"),
        ({"neuron": None}, "network mlp needs a neuron; add neuron: lif beside it"),
        (
            {"split": {"train": 200, "validation": 1, "test": 1}},
            "split asks for 202 items; the ",
        ),
    ],
)
def test_what_cannot_train_ends_with_its_sentence_and_writes_nothing(
    inputs, capsys, change, sentence
):
    code, _ = run("train", train.run, {**BLOCK, **change}, inputs)

    assert code != 0
    assert sentence in capsys.readouterr().err.splitlines()[-1]
    assert not list(Path("results/smoke/toy/one/seed-3").glob("train/*.npz"))
