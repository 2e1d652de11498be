"""The campaign in two numerics classes, for real, in a toy checkout."""

import os

import pytest

from respike.audit import numerics
from respike.core.errors import RespikeError
from tests.workflow import toy

NOISE = ".astype(np.float32)\n"
THREADED = f'{NOISE}    weight += int(os.environ["OMP_NUM_THREADS"])\n'


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A toy whose training, but not its data, depends on the number of threads."""
    folder = toy.make(tmp_path_factory.mktemp("toy") / "checkout")
    train = folder / "respike/stages/train.py"
    text = train.read_text()
    assert NOISE in text
    train.write_text(text.replace(NOISE, THREADED, 1))
    return folder


def test_two_threads_change_the_training_and_nothing_of_the_data(checkout, tmp_path):
    told = []

    found = numerics.survey("smoke", tmp_path, ["toy"], ["threads-2"], checkout, told.append)

    by_file = {(row["stage"], row["file"]): row for row in found["stages"]}
    assert by_file["train", "model.safetensors"]["equal"] == {"threads-2": 0}
    assert by_file["train", "metrics.json"]["equal"] == {"threads-2": 1}
    assert by_file["train", "metrics.json"]["greatest_change"] == {"threads-2": 0.0}
    assert by_file["prepare", "arrays.npz"]["must_be_equal"] == {"threads-2": 1}
    assert found["broken"] == []
    assert [one["name"] for one in found["classes"]] == ["reference", "threads-2"]
    assert found["claims"][0]["verdicts"] == {"reference": "not run", "threads-2": "not run"}
    assert [line.split(":")[0] for line in told] == ["reference", "threads-2"]
    assert os.listdir(tmp_path) == []


def test_a_run_that_fails_ends_the_survey_with_what_it_said(checkout, tmp_path):
    with pytest.raises(
        RespikeError, match=r"(?s)the run in class reference ended with 2:\n.*no study named"
    ):
        numerics.survey("smoke", tmp_path, ["nothing"], ["avx2"], checkout)
