"""The frame of a stage: arguments, verified inputs, one commit, one record."""

import json

import numpy as np
import pytest

from respike.core import io, job, lock, records
from respike.core.errors import DamagedFile, RespikeError

SETTINGS = {"stage": "prepare", "dataset": "d", "row": {"data_kind": "real"}}
OUT = ["data/d/prepare/arrays.npz", "results/data/d/prepare/record.json"]
SOURCE = ["data/d/fetch/source.zip", "results/data/d/fetch/record.json"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty results folder whose lock this process holds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(lock.EPOCH, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    yield tmp_path
    lock.release(tmp_path)
    monkeypatch.delenv(lock.EPOCH, raising=False)


def fetch(run=lambda j: j.write("source", {"a.txt": b"hello"})):
    settings = {"stage": "fetch", "dataset": "d", "row": {"data_kind": "real"}}
    return job.main("fetch", run, ["--settings", json.dumps(settings), "--out", *SOURCE])


def prepare(run, *more):
    words = ["--settings", json.dumps(SETTINGS), "--code", "c0de", "--env", "base:1"]
    return job.main("prepare", run, [*words, "--in", "source", SOURCE[0], "--out", *OUT, *more])


def sums(j):
    j.write("data", {"n": np.array([len(j.read("source")["a.txt"])])})


def test_a_stage_reads_writes_and_records(folder):
    assert fetch() == 0
    assert prepare(sums) == 0

    record = records.load(folder / OUT[1])
    data = (folder / OUT[0]).read_bytes()
    assert io.parse("x.npz", data)["n"].tolist() == [5]
    assert record["outputs"]["arrays.npz"]["sha256"] == io.sha256(data)
    assert record["outputs"]["arrays.npz"]["bytes"] == len(data)
    assert record["inputs"]["source"][0]["path"] == SOURCE[0]
    assert record["inputs"]["source"][0]["sha256"] == io.sha256(
        (folder / SOURCE[0]).read_bytes()
    )
    assert (record["code"], record["env"], record["stage"]) == ("c0de", "base:1", "prepare")
    assert (record["status"], record["data_kind"]) == ("done", "real")
    assert record["numerics"]["threads"] == 1
    assert record["evidence"]["wall_s"] >= 0


def test_the_key_changes_with_settings_code_environment_and_inputs_only():
    base = {
        "stage": "s", "settings": {"a": 1}, "code": "c", "env": "e",
        "inputs": {"x": [{"sha256": "1", "path": "p"}]}, "evidence": {"host": "h"},
    }  # fmt: skip
    keys = {
        records.key({**base, **change})
        for change in (
            {},
            {"settings": {"a": 2}},
            {"code": "d"},
            {"env": "f"},
            {"stage": "t"},
            {"inputs": {"x": [{"sha256": "2", "path": "p"}]}},
        )
    }

    assert len(keys) == 6
    assert records.key({**base, "evidence": {}}) == records.key(base)


def test_an_input_that_was_changed_is_refused_and_nothing_is_written(folder, capsys):
    fetch()
    path = folder / SOURCE[0]
    path.write_bytes(path.read_bytes().replace(b"hello", b"jello"))

    assert prepare(sums) == 1

    assert "is not what fetch of d wrote: recorded sha256" in capsys.readouterr().err
    assert not (folder / OUT[0]).exists()
    assert not (folder / OUT[1]).exists()


def test_an_input_without_a_record_or_not_named_in_it_is_refused(folder, capsys):
    fetch()
    record = records.load(folder / SOURCE[1])
    (folder / SOURCE[1]).write_bytes(records.dump({**record, "outputs": {}}))
    assert prepare(sums) == 1
    assert f"{SOURCE[0]} is not named in {SOURCE[1]}" in capsys.readouterr().err

    (folder / SOURCE[1]).unlink()
    assert prepare(sums) == 1
    assert (
        "is missing, so that what lies beside it cannot be trusted" in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [("{", "is not a valid json file"), ('{"schema": "x/1"}', "is no respike-record/2")],
)
def test_a_record_that_is_torn_or_of_another_schema_is_refused(text, why, folder):
    (folder / "record.json").write_text(text)

    with pytest.raises(DamagedFile, match=why):
        records.load(folder / "record.json")


def test_a_stage_that_forgets_an_output_fails(capsys):
    fetch()

    assert prepare(lambda j: None) == 1
    assert "stage prepare did not write 'data'" in capsys.readouterr().err


def test_a_stage_cannot_write_what_it_did_not_declare(capsys):
    fetch()

    assert prepare(lambda j: j.write("model", {})) == 1
    assert (
        "stage prepare has no output 'model'; it has: data, record" in capsys.readouterr().err
    )


def test_outputs_must_be_the_stages_own(capsys):
    words = ["--settings", json.dumps(SETTINGS), "--out", "results/x/other.npz"]

    assert job.main("prepare", sums, words) == 1
    assert "stage prepare writes no other.npz; it writes: arrays.npz" in capsys.readouterr().err


def test_not_run_travels_with_its_reason_and_empty_outputs(folder):
    assert fetch(lambda j: j.not_run("no network; try again")) == 0
    assert prepare(sums) == 0

    record = records.load(folder / OUT[1])
    assert (record["status"], record["reason"]) == ("not run", "no network; try again")
    assert io.parse("x.npz", (folder / OUT[0]).read_bytes()) == {}


def test_a_bug_keeps_its_traceback_and_leaves_nothing(folder):
    fetch()

    with pytest.raises(ZeroDivisionError):
        prepare(lambda j: 1 / 0)

    assert not (folder / "data/d/prepare").exists() or not list(
        (folder / "data/d/prepare").iterdir()
    )


def test_two_threads_are_refused(capsys, monkeypatch):
    import torch

    fetch()
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)

    assert prepare(sums) == 1
    assert "this job runs with 2 threads; results are compared with one thread only" in (
        capsys.readouterr().err
    )


def test_the_last_line_of_a_failing_stage_is_its_sentence(capsys):
    def fail(j):
        j.log.info("working")
        raise RespikeError("the loss is nan")

    fetch()

    assert prepare(fail) == 1
    assert (
        capsys.readouterr().err.splitlines()[-1] == "respike.prepare: stopped: the loss is nan"
    )


def test_an_extra_file_of_evidence_is_recorded_and_read_back(folder):
    fetch()

    def run(j):
        sums(j)
        j.write_extra("film.mp4", b"film")

    assert prepare(run) == 0
    record = records.load(folder / OUT[1])
    assert record["extras"]["film.mp4"] == {"bytes": 4, "sha256": io.sha256(b"film")}


def test_a_neighbour_that_was_read_is_named_among_the_inputs(folder):
    fetch()

    def run(j):
        j.read_path(SOURCE[0])
        j.read_path(SOURCE[0])
        sums(j)

    prepare(run)
    assert list(records.load(folder / OUT[1])["inputs"]) == ["source"]


def test_what_is_made_of_the_record_stands_in_no_record(folder):
    fetch()

    def run(j):
        j.write_last(lambda record: {"data": {"size": np.array([len(record)])}})

    assert prepare(run) == 0
    record = (folder / OUT[1]).read_bytes()
    assert records.load(folder / OUT[1])["outputs"] == {}
    assert io.parse("x.npz", (folder / OUT[0]).read_bytes())["size"].tolist() == [len(record)]
