"""Content of two checkouts, compared byte for byte; also what .ci/twice calls."""

import subprocess
import sys

import pytest

from respike.audit import content
from tests.workflow import toy

A = "c" * 64  # any hash


def write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_json", ".json").replace(
            "_csv", ".csv"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_content_is_what_lies_under_results_and_data_and_is_no_evidence(tmp_path):
    write(tmp_path, results__a_json="1", data__b_csv="2", elsewhere__c_json="3")
    write(tmp_path, results__record_json="4", results__manifest_json="5", results__x_log="6")
    (tmp_path / "results/folder.json").mkdir()

    found = content.hashes(tmp_path)

    assert found == {
        "results/a.json": "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b",
        "data/b.csv": "d4735e3a265e16eee03f59718b9b5d03019c07d8b6c51f90da3a666eec13ab35",
    }


@pytest.mark.parametrize("suffix", ["safetensors", "npz", "csv", "zip", "json"])
def test_every_format_of_ours_is_content(suffix, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / f"data/file.{suffix}").touch()

    assert list(content.hashes(tmp_path)) == [f"data/file.{suffix}"]


def test_what_is_equal_what_differs_and_what_is_alone_is_told_apart():
    one = {"same": A, "other": A, "mine": A, "mine too": A}
    other = {"same": A, "other": "d" * 64, "yours": A}

    found = content.compare(one, other)

    assert found == (["same"], ["other"], ["mine", "mine too"], ["yours"])


@pytest.mark.parametrize(
    ("other", "same"),
    [({"a": A}, True), ({"a": "d"}, False), ({"a": A, "b": A}, False), ({}, False)],
)
def test_only_what_is_all_equal_is_the_same(other, same):
    assert content.compare({"a": A}, other).same is same
    assert content.compare(other, {"a": A}).same is same


def test_nothing_on_both_sides_is_not_the_same():
    assert not content.compare({}, {}).same


def test_ci_compares_two_checkouts(tmp_path):
    one = write(tmp_path / "one", results__a_json="1", results__b_json="1", data__c_csv="1")
    other = write(tmp_path / "other", results__a_json="1", results__b_json="2", data__d_csv="1")

    def compare(*folders):
        command = [sys.executable, str(toy.ROOT / ".ci/compare.py"), *map(str, folders)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    differing, same = compare(one, other), compare(one, one)

    assert (same.returncode, same.stdout) == (
        0,
        "compare: 3 files equal, 0 differ, 0 on one side only\n",
    )
    assert differing.returncode == 1
    assert differing.stdout.splitlines() == [
        f"compare: only in {one}: data/c.csv",
        f"compare: only in {other}: data/d.csv",
        "compare: differs: results/b.json",
        "compare: 1 files equal, 1 differ, 2 on one side only",
    ]
