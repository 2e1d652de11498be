"""SHA256SUMS names every file once, by a path that sha256sum reads as it is meant."""

from pathlib import PurePosixPath

import pytest

from respike.core import io
from respike.core.errors import RespikeError
from respike.report import sums

PATH = PurePosixPath("results/desk/s/v/seed-0/train/record.json")
RECORD = {
    "outputs": {"a.npz": {"sha256": "a" * 64}},
    "extras": {"b.mp4": {"sha256": "b" * 64}},
    "key": "k" * 64,
    "status": "done",
}


def test_a_record_brings_itself_its_outputs_and_its_extras():
    found = sums.files({PATH: RECORD}, {PATH: "c" * 64})

    folder = "results/desk/s/v/seed-0/train"
    assert found == {
        f"{folder}/record.json": "c" * 64,
        f"{folder}/a.npz": "a" * 64,
        f"{folder}/b.mp4": "b" * 64,
    }


def test_data_stand_below_data_though_their_record_does_not():
    path = PurePosixPath("results/data/digits/prepare/record.json")

    found = sums.files(
        {path: {"outputs": {"arrays.npz": {"sha256": "a" * 64}}}}, {path: "c" * 64}
    )

    assert "data/digits/prepare/arrays.npz" in found


def test_the_pages_own_files_are_hashed_as_they_will_be_written():
    found = sums.own(
        "desk", {"page": "<p>ü", "verdict": {"b": 1, "a": 2}}, {"film/s.mp4": b"x"}
    )

    assert found["results/desk/report.html"] == io.sha256("<p>ü".encode())
    assert found["results/desk/verdict.json"] == io.sha256(io.dump("v.json", {"a": 2, "b": 1}))
    assert found["results/desk/film/s.mp4"] == io.sha256(b"x")


def test_the_list_is_sorted_and_has_two_spaces():
    assert sums.listing({"b": "2", "a": "1"}) == "1  a\n2  b\n"


@pytest.mark.parametrize("path", ["a\nb", "a\\b", "/etc/x", "../x"])
def test_a_path_that_could_be_read_as_another_is_refused(path):
    with pytest.raises(RespikeError, match=r"cannot stand in SHA256SUMS; rename it"):
        sums.listing({path: "1"})


def test_the_manifest_hashes_the_list_and_keeps_each_key():
    made = sums.manifest("desk", "1  a\n2  b\n", {PATH: RECORD})

    assert made["root"] == {
        "path": "results/desk/SHA256SUMS",
        "sha256": io.sha256(b"1  a\n2  b\n"),
    }
    assert made["files"] == 2
    assert made["records"] == {str(PATH): {"key": "k" * 64, "status": "done"}}
