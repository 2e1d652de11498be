"""Records against files and against each other, for a part of a run."""

import pytest

from respike.audit.transport.whole import NOBODY, UNNAMED, Named
from respike.core import records
from respike.core.io import sha256

DATA = "data/toy/prepare/arrays.npz"
MADE_BY = "results/data/toy/prepare/record.json"
TRAIN = "results/desk/toy/dense/seed-0/train"


def put(root, path, data):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(data)


def record(root, path, settings, inputs, outputs, extras=()):
    """Write a record and what it names."""
    folder = path.rsplit("/", 1)[0]
    if folder.startswith("results/data/"):
        folder = folder.removeprefix("results/")
    for name, data in {**outputs, **dict(extras)}.items():
        put(root, f"{folder}/{name}", data)
    row = {
        "schema": records.SCHEMA, "stage": settings["stage"], "settings": settings, "code": "c",
        "env": "e", "status": "done", "inputs": {"data": inputs},
        "outputs": {n: {"bytes": len(d), "sha256": sha256(d)} for n, d in outputs.items()},
        "extras": {n: {"bytes": len(d), "sha256": sha256(d)} for n, d in dict(extras).items()},
    }  # fmt: skip
    row["key"] = records.key(row)
    put(root, path, records.dump(row))
    return row


@pytest.fixture
def run(tmp_path):
    """One data set and one training that read it."""
    data = record(
        tmp_path, MADE_BY, {"stage": "prepare", "dataset": "toy"}, [], {"arrays.npz": b"data"}
    )
    read = {"path": DATA, "bytes": 4, "sha256": sha256(b"data"), "key": data["key"]}
    settings = {"stage": "train", "study": "toy", "variant": "dense", "seed": 0}
    made = {"model.npz": b"model"}
    record(tmp_path, f"{TRAIN}/record.json", settings, [read], made, {"film/a.mp4": b"film"})
    put(tmp_path, "logs/desk/toy/dense/seed-0/train.log", b"log")
    return tmp_path


def digests(root):
    files = [p for p in root.rglob("*") if p.is_file()]
    return {p.relative_to(root).as_posix(): sha256(p.read_bytes()) for p in files}


def test_a_run_as_it_was_made_has_nothing_wrong(run):
    found = Named(run, digests(run))

    assert found.wrong == {}
    assert found.of[DATA] == MADE_BY
    assert found.producer(f"{TRAIN}/model.npz") == "train of toy/dense seed 0"
    assert found.producer("logs/desk/toy/dense/seed-0/train.log") == "train of toy/dense seed 0"
    assert f"{TRAIN}/film/a.mp4" in found.evidence


@pytest.mark.parametrize("path", [f"{TRAIN}/model.npz", f"{TRAIN}/film/a.mp4"])
def test_other_bytes_than_recorded_are_wrong(path, run):
    put(run, path, b"other")

    assert Named(run, digests(run)).wrong == {
        path: "is not what train of toy/dense seed 0 recorded"
    }


def test_wrong_bytes_are_said_of_the_file_and_not_of_those_that_read_it(run):
    put(run, DATA, b"other")

    assert Named(run, digests(run)).wrong == {DATA: "is not what prepare of toy recorded"}


def test_an_edited_record_is_wrong_and_vouches_for_nothing(run):
    path = run / TRAIN / "record.json"
    path.write_bytes(path.read_bytes().replace(b'"seed": 0', b'"seed": 1'))

    wrong = Named(run, digests(run)).wrong

    assert wrong[f"{TRAIN}/record.json"].startswith(
        f"cannot be believed ({TRAIN}/record.json was edited after it was written; "
    )
    assert wrong[f"{TRAIN}/model.npz"] == UNNAMED


def test_a_record_whose_key_is_not_the_hash_of_what_it_says_is_wrong(run):
    path = run / TRAIN / "record.json"
    row = records.load(path)
    path.write_bytes(records.dump({**row, "code": "other"}))

    assert Named(run, digests(run)).wrong[f"{TRAIN}/record.json"] == (
        "cannot be believed (its key is not the hash of what it says)"
    )


def test_a_job_that_read_other_bytes_than_are_here_is_wrong(run):
    record(run, MADE_BY, {"stage": "prepare", "dataset": "toy"}, [], {"arrays.npz": b"new"})

    assert Named(run, digests(run)).wrong == {
        f"{TRAIN}/record.json": f"is of a job that read other bytes of {DATA} than are here"
    }


def test_a_job_that_read_the_bytes_of_another_job_is_wrong(run):
    settings = {"stage": "prepare", "dataset": "toy", "more": 1}
    record(run, MADE_BY, settings, [], {"arrays.npz": b"data"})

    assert Named(run, digests(run)).wrong == {
        f"{TRAIN}/record.json": f"is of a job that read {DATA} of another job than {MADE_BY}"
    }


def test_what_is_made_of_the_pages_record_is_named_by_it(run):
    path = "results/desk/record.json"
    record(run, path, {"stage": "report"}, [], {"report.html": b"page"})
    for name in ("SHA256SUMS", "manifest.json", "other.json"):
        put(run, f"results/desk/{name}", b"x")

    found = Named(run, digests(run))

    assert found.wrong == {"results/desk/other.json": UNNAMED}
    assert found.of["results/desk/manifest.json"] == path


def test_what_is_not_there_is_not_wrong(run):
    (run / DATA).unlink()
    (run / MADE_BY).unlink()

    assert Named(run, digests(run)).wrong == {}


def test_a_file_that_no_record_names_is_wrong_below_data_and_results_alone(run):
    put(run, f"{TRAIN}/notes.txt", b"mine")
    put(run, "logs/desk/other.log", b"mine")

    found = Named(run, digests(run))

    assert found.wrong == {f"{TRAIN}/notes.txt": UNNAMED}
    assert found.producer(f"{TRAIN}/notes.txt") == NOBODY
