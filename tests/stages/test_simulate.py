"""Stage simulate: an experiment without training, with or without data."""

from pathlib import Path

import numpy as np
import pytest

from respike.core import layout
from respike.stages import simulate
from tests.inference.experiments.runs import GRAPHS, PICTURES, data
from tests.stages.run_jobs import PLACE, lay, run


def test_graphs_need_no_data(data_folder):
    code, found = run("simulate", simulate.run, {"experiment": GRAPHS}, {"data": None})

    assert code == 0
    assert found["predictions"]["item"].tolist() == [3_000_000 + i for i in range(6)]
    assert found["metrics"]["error_mf_exact"] == pytest.approx(
        found["predictions"]["error_mf_exact"].mean()
    )
    assert found["trace"]["spikes.single"].shape[1] == 10


def test_pictures_are_those_of_the_data_set(data_folder):
    path = layout.output("prepare", "data").format(**PLACE)
    inputs = {"data": lay(path, data())}

    code, found = run("simulate", simulate.run, {"experiment": PICTURES}, inputs)

    assert code == 0
    assert set(found["predictions"]["item"].tolist()) <= set(range(500, 520))
    assert found["trace"]["picture.clean"].shape == (3, 32, 32)


def test_two_runs_are_equal_and_another_seed_differs(data_folder):
    (_, one), (_, same), (_, other) = (
        run("simulate", simulate.run, {"experiment": GRAPHS}, {"data": None}, seed=seed)
        for seed in (3, 3, 4)
    )

    assert all(np.array_equal(v, same["predictions"][k]) for k, v in one["predictions"].items())
    assert one["metrics"] != other["metrics"]


@pytest.mark.parametrize(
    ("experiment", "sentence"),
    [
        (PICTURES, "denoising needs a data set with images; add dataset: digits"),
        (
            "random-graph",
            "no experiment part named 'random-graph'. Did you mean 'random-graphs'",
        ),
    ],
)
def test_what_cannot_be_run_ends_with_its_sentence(data_folder, capsys, experiment, sentence):
    code, _ = run("simulate", simulate.run, {"experiment": experiment}, {"data": None})

    assert code != 0
    assert sentence in capsys.readouterr().err.splitlines()[-1]
    assert not list(Path("results/smoke").rglob("*.npz"))
