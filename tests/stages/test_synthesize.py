"""Stage synthesize: files of a generator, equal each time, and a sentence for a wrong row."""

import io
import zipfile
from pathlib import Path

import pytest

from respike.core import layout
from respike.stages import synthesize
from tests.stages.data_jobs import run

SETTINGS = {"snr": [4, 1], "series": 1, "lifts": 1, "kinematics_hz": 100, "seed": 5}


def row(**settings):
    return {
        "title": "A toy",
        "data_kind": "synthetic",
        "licence": "CC0-1.0",
        "source": "generator",
        "synthesize": {**SETTINGS, **settings},
    }


def source():
    return Path(layout.output("synthesize", "source").format(dataset="toy")).read_bytes()


def test_a_row_becomes_the_files_of_a_participant(data_folder):
    code, record = run("synthesize", synthesize.run, row())

    assert code == 0
    members = zipfile.ZipFile(io.BytesIO(source())).namelist()
    assert members == ["HS_P1_S1.mat", "P1_AllLifts.mat"]
    assert record["data_kind"] == "synthetic"
    assert record["status"] == "done"


def test_the_same_row_gives_the_same_bytes_and_another_seed_others(data_folder):
    made = []
    for settings in ({}, {}, {"seed": 6}):
        assert run("synthesize", synthesize.run, row(**settings))[0] == 0
        made.append(source())

    assert made[0] == made[1]
    assert made[0] != made[2]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"lift": 3},
            "unknown setting 'lift' at datasets.toy.synthesize. Did you mean 'lifts'?",
        ),
        ({"seed": "one"}, "datasets.toy.synthesize.seed is 'one'; it must be int"),
        ({"snr": [1, 0]}, "snr is [1, 0]; write [numerator, denominator]"),
    ],
)
def test_a_row_that_cannot_be_made_ends_with_its_sentence(
    data_folder, capsys, settings, sentence
):
    code, record = run("synthesize", synthesize.run, row(**settings))

    assert code != 0
    assert record is None
    assert sentence in capsys.readouterr().err.splitlines()[-1]
    assert not list(Path("data").rglob("*.zip"))
