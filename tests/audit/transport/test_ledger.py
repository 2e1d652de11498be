"""The ledger: what it lists, its one form, and what is refused."""

import hashlib
import json
import re

import pytest

from respike.audit.transport import ledger
from respike.audit.transport.ledger import Ledger, Row
from respike.core.errors import DamagedFile
from respike.core.io import sha256

ROW = Row(3, "a" * 64, "b" * 32)
OUTS = ["results/desk/toy", "versions/desk-toy.json"]
FILES = {
    "results/desk/toy/a/record.json": ROW,
    "results/desk/toy/a/model.npz": Row(4, "c" * 64, "d" * 32),
}
MADE = {
    "results/desk/toy/a/model.npz": {"rule": "train", "starttime": 2.0, "params": ["x"]},
    "results/desk/toy/a/record.json": {"rule": "train", "starttime": 3.0, "params": ["x"]},
}


def test_a_ledger_that_is_written_is_read_again():
    data = ledger.dump(Ledger("desk-toy", FILES, MADE, 6), "9.27.1")

    assert ledger.parse("desk-toy", data, sha256(data), OUTS) == Ledger(
        "desk-toy", FILES, MADE, 6
    )


def test_what_two_outputs_of_a_job_share_stands_once():
    data = ledger.dump(Ledger("desk-toy", FILES, MADE, 6), "9.27.1")

    assert json.loads(data)["jobs"] == [
        {
            "outputs": {
                "results/desk/toy/a/model.npz": 2.0,
                "results/desk/toy/a/record.json": 3.0,
            },
            "record": {"rule": "train", "params": ["x"]},
        }
    ]


def test_the_text_has_one_form():
    row = {"results/a/model.npz": {"starttime": 2.0, "b": 1, "a": 2}}

    data = ledger.dump(Ledger("n", {"results/a/model.npz": ROW}, row, 6), "9")

    value = json.loads(data)
    assert data.decode() == json.dumps(value, sort_keys=True, indent=1) + "\n"
    assert value["snakemake"] == {"version": "9", "format": 6}


def test_jobs_are_told_apart_whatever_order_their_fields_have():
    made = {
        "a/1": {"starttime": 1.0, "rule": "a", "params": ["x"]},
        "a/2": {"params": ["x"], "rule": "a", "starttime": 2.0},
        "b/1": {"starttime": 1.0, "rule": "b", "params": ["x"]},
    }

    assert ledger.jobs(made) == [["a/1", "a/2"], ["b/1"]]


def test_a_folder_is_for_dvc_the_list_of_its_files_by_hash():
    files = {"out/b": ROW, "out/a/x": Row(1, "s", "m"), "outer/x": ROW}

    text = b'[{"md5": "m", "relpath": "a/x"}, {"md5": "' + b"b" * 32 + b'", "relpath": "b"}]'
    assert ledger.listing(files, "out") == text
    expected = hashlib.md5(text, usedforsecurity=False).hexdigest() + ".dir"
    assert ledger.folder_md5(files, "out") == expected
    assert ledger.folder_md5(files, "out/a/x") == "m"


def test_the_text_is_the_same_in_whatever_order_files_are_found():
    back = {path: FILES[path] for path in reversed(FILES)}
    made = {path: MADE[path] for path in reversed(MADE)}

    assert ledger.dump(Ledger("n", back, made, 6), "9") == ledger.dump(
        Ledger("n", FILES, MADE, 6), "9"
    )


def test_other_bytes_than_git_names_are_refused():
    data = ledger.dump(Ledger("desk-toy", FILES, MADE, 6), "9")

    with pytest.raises(
        DamagedFile,
        match=re.escape(
            "versions/desk-toy.json is not the ledger of this snapshot: versions/desk-toy.dvc "
            f"says sha256 000000000000..., found {sha256(data)[:12]}...; nothing of it is "
            "restored"
        ),
    ):
        ledger.parse("desk-toy", data, "0" * 64, OUTS)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": "respike-ledger/0"}, r"it is a respike-ledger/0 of desk-toy"),
        ({"name": "smoke-toy"}, r"it is a respike-ledger/1 of smoke-toy"),
        ({"files": {"results/desk/toy/x": {"bytes": 1}}}, r"missing 2 required"),
        ({"jobs": [{"outputs": {}}, {}]}, r"'outputs'"),
        ({"snakemake": {}}, r"'format'"),
    ],
)
def test_what_is_no_ledger_of_the_part_is_refused_with_the_reason(change, says):
    value = json.loads(ledger.dump(Ledger("desk-toy", FILES, MADE, 6), "9")) | change
    data = json.dumps(value).encode()

    with pytest.raises(
        DamagedFile, match=f"is no respike-ledger/1 of desk-toy .*{says}.*again$"
    ):
        ledger.parse("desk-toy", data, sha256(data), OUTS)


@pytest.mark.parametrize(
    "path",
    [
        "results/desk/other/model.npz",
        "results/desk/toy/../other/x",
        "/etc/passwd",
        "results/desk/toys/x",
        "Snakefile",
        "versions/desk-toy.json",
    ],
)
def test_a_file_outside_of_the_part_is_refused(path):
    data = ledger.dump(Ledger("desk-toy", {path: ROW}, {}, 6), "9")

    with pytest.raises(DamagedFile, match=f"names {path}, which is no part of desk-toy; noth"):
        ledger.parse("desk-toy", data, sha256(data), OUTS)


def test_sizes_and_hashes_are_those_of_the_bytes(tmp_path):
    (tmp_path / "f").write_bytes(b"abc" * 2**20)

    found = ledger.row(tmp_path / "f")

    assert found.bytes == 3 * 2**20
    assert found.sha256 == sha256(b"abc" * 2**20)
    assert found.md5 == hashlib.md5(b"abc" * 2**20, usedforsecurity=False).hexdigest()


def test_scratch_variants_and_unfinished_files_are_no_part_of_a_snapshot(tmp_path):
    for name in (
        "toy/dense/train/model.npz",
        "toy/scratch-dense/train/model.npz",
        "toy/dense/train/.model.npz.12ab.part",
        "toy/dense/train/.snakemake_timestamp",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")

    assert ledger.walk(tmp_path, "toy") == ["toy/dense/train/model.npz"]
    assert ledger.walk(tmp_path, "toy/dense/train/model.npz") == ["toy/dense/train/model.npz"]
    assert ledger.walk(tmp_path, "absent") == []


def test_a_path_is_below_a_folder_only_by_whole_names():
    assert ledger.below("results/desk/toy/a", "results/desk/toy")
    assert ledger.below("results/desk/toy", "results/desk/toy")
    assert not ledger.below("results/desk/toys", "results/desk/toy")
