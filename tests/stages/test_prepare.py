"""Stage prepare: the reader that a row names makes arrays of its files."""

from pathlib import Path

import numpy as np
import pytest

from respike.core import config, io
from respike.stages import fetch, prepare
from tests.stages.data_jobs import row as toy
from tests.stages.data_jobs import run

ROOT = Path(__file__).resolve().parents[2]


def row(dataset, **more):
    return {**config.sources(ROOT).value["datasets"][dataset], **more}


def arrays(folder, dataset):
    return io.parse("arrays.npz", (folder / f"data/{dataset}/prepare/arrays.npz").read_bytes())


@pytest.fixture
def fetched(data_folder):
    """A folder in which the digits were fetched."""
    for dataset in ("digits", "digits-saccades"):
        code, _ = run("fetch", fetch.run, row(dataset), dataset)
        assert code == 0
    return data_folder


def test_the_digits_become_images_labels_and_items(fetched):
    code, record = run("prepare", prepare.run, row("digits"), "digits")

    found = arrays(fetched, "digits")
    assert code == 0
    assert record["data_kind"] == "real"
    assert {name: array.shape for name, array in found.items()} == {
        "image": (1797, 8, 8), "label": (1797,), "item": (1797,),
    }  # fmt: skip
    assert (found["item"] == np.arange(1797)).all()


def test_the_settings_of_the_row_reach_the_reader(data_folder):
    digits = ("0,8,16,8,0,0,8,16," * 8 + "3\n") * 5
    (data_folder / "digits.csv").write_text(digits)
    about = {**toy(f"file:{data_folder}/digits.csv"), "data_kind": "real-derived"}
    about["files"][0] |= {
        "name": "digits.csv",
        "bytes": len(digits),
        "sha256": io.sha256(digits.encode()),
    }
    about |= {"reader": "digits-saccades", "prepare": {"per_saccade": 4, "pool": 6}}
    run("fetch", fetch.run, about)

    code, record = run("prepare", prepare.run, about)

    assert code == 0
    assert record["data_kind"] == "real-derived"
    assert arrays(data_folder, "toy")["frames"].shape == (5, 12, 2, 6, 6)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"reader": "digit"}, "no dataset part named 'digit'. Did you mean 'digits'?"),
        ({"prepare": {"seeed": 1}}, "unknown setting 'seeed' at datasets.digits-saccades"),
        ({"prepare": {"size": "20"}}, "it must be int"),
        (
            {"prepare": {"size": 33}},
            "an image of 33 pixels, moved by 7, leaves the camera",
        ),
    ],
)
def test_a_wrong_reader_or_setting_ends_in_a_sentence(fetched, capfd, more, sentence):
    code, record = run(
        "prepare", prepare.run, row("digits-saccades", **more), "digits-saccades"
    )

    assert code != 0
    assert record is None
    assert sentence in capfd.readouterr().err.strip().splitlines()[-1]


def test_files_that_were_edited_since_they_were_fetched_are_not_read(fetched, capfd):
    path = fetched / "data/digits/fetch/source.zip"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes().replace(b"0,0,5,13", b"0,0,5,14", 1))

    code, record = run("prepare", prepare.run, row("digits"), "digits")

    assert code != 0
    assert record is None
    assert "source.zip is not what fetch of digits wrote" in capfd.readouterr().err
