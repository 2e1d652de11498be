"""The frame of a stage to the letter: what it hands over, logs, records and refuses."""

import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from respike.core import io, job, lock, records

DATA = {"stage": "fetch", "dataset": "d", "row": {"data_kind": "real"}}
RUN = {
    "stage": "train", "budget": "desk", "study": "s", "variant": "v", "seed": 3,
    "dataset": "d", "train": {"epochs": 2},
}  # fmt: skip
FETCHED = ["data/d/fetch/source.zip", "results/data/d/fetch/record.json"]
PREPARED = ["data/d/prepare/arrays.npz", "results/data/d/prepare/record.json"]
FOLDER = "results/desk/s/v/seed-3/train"
TRAINED = [
    f"{FOLDER}/{name}"
    for name in (
        "model.safetensors", "predictions.npz", "metrics.json", "curve.csv", "trace.npz",
        "record.json",
    )
]  # fmt: skip
JUDGED = [
    f"results/desk/s/judge/{name}" for name in ("verdicts.json", "settings.json", "record.json")
]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty results folder; what this process holds of it is let go after."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(lock.EPOCH, raising=False)
    yield tmp_path
    lock.release(tmp_path)
    monkeypatch.delenv(lock.EPOCH, raising=False)


def run(stage, settings, out, work, *more):
    words = ["--settings", json.dumps(settings), "--code", "c0de", "--env", "base:1"]
    return job.main(stage, work, [*words, *more, "--out", *out])


def fetch(kind="real", work=lambda j: j.write("source", {"a.txt": b"hello"})):
    return run("fetch", {**DATA, "row": {"data_kind": kind}}, FETCHED, work)


def prepare():
    return run(
        "prepare",
        {**DATA, "stage": "prepare"},
        PREPARED,
        lambda j: j.write("data", {"n": np.arange(3)}),
        "--in", "source", FETCHED[0],
    )  # fmt: skip


def everything(j, metadata=None):
    j.write("model", {"w": np.zeros(2, "f4")}, metadata=metadata)
    j.write("predictions", {"item": np.arange(2)})
    j.write("metrics", {"accuracy": 0.5})
    j.write("curve", [{"epoch": 1}])
    j.write("trace", {"x": np.zeros(1)})


def train(work=everything, *more, settings=RUN):
    return run("train", settings, TRAINED, work, "--in", "data", PREPARED[0], *more)


@pytest.fixture
def data():
    """Fetched and prepared data."""
    assert fetch() == 0
    assert prepare() == 0


# ------------------------------------------------------------------ what a stage is handed


def test_a_stage_is_handed_its_settings_seed_logger_and_inputs(data):
    seen = {}

    def work(j):
        seen.update(
            stage=j.stage, settings=j.settings, seed=j.seed, log=j.log.name, history=j.history,
            paths=[str(p) for p in j.paths("data")], none=j.paths("model"),
            has=(j.has("data"), j.has("model"), j.has("teacher")),
        )  # fmt: skip
        everything(j)

    assert train(work, "--in", "model", "--history", '{"s": {"claim": "c0"}}') == 0
    assert seen == {
        "stage": "train",
        "settings": RUN,
        "seed": 3,
        "log": "respike.train",
        "history": {"s": {"claim": "c0"}},
        "paths": [PREPARED[0]],
        "none": [],
        "has": (True, False, False),
    }


def test_a_stage_without_a_seed_has_seed_0():
    seen = []

    fetch(work=lambda j: (seen.append(j.seed), j.write("source", {})))

    assert seen == [0]
    assert records.load(FETCHED[1])["seed"] == 0


def test_an_input_may_be_of_several_files_and_read_one_by_one(data):
    seen = []

    def work(j):
        seen.append([j.read_path(p)["n"].tolist() for p in j.paths("data")])
        everything(j)

    assert train(work) == 0
    assert seen == [[[0, 1, 2]]]


def test_the_metadata_of_a_model_is_handed_over(data):
    train(lambda j: everything(j, metadata={"network": "mlp"}))
    seen = []

    def work(j):
        seen.append(j.read_metadata("model"))
        everything(j)

    settings = {**RUN, "stage": "prune", "prune": {}}
    out = [path.replace("/train/", "/prune/") for path in TRAINED]
    assert run("prune", settings, out, work, "--in", "model", TRAINED[0]) == 0
    assert seen == [{"network": "mlp"}]


def test_metadata_of_what_is_no_model_is_refused(data, capsys):
    def work(j):
        j.read_metadata("data")

    assert train(work) == 1
    assert f"{PREPARED[0]} is not a valid safetensors file: " in capsys.readouterr().err


def test_the_hash_of_what_was_read_and_of_a_log(data, folder):
    (folder / "a.log").write_bytes(b"line")
    seen = []

    def work(j):
        j.read("data")
        seen.extend([j.sha256(PREPARED[0]), j.digest("a.log"), j.digest("none.log")])
        everything(j)

    train(work)

    assert seen == [io.sha256((folder / PREPARED[0]).read_bytes()), io.sha256(b"line"), None]


def test_a_stage_reads_the_record_behind_an_artifact(data):
    seen = []

    def work(j):
        seen.extend([j.record(PREPARED[0])["stage"], j.record(PREPARED[1])["stage"]])
        everything(j)

    train(work)

    assert seen == ["prepare", "prepare"]


@pytest.mark.parametrize("kind", ["real", "real-derived", "synthetic"])
def test_the_kind_of_the_data_travels(kind):
    fetch(kind)
    prepare()
    train()

    assert records.load(TRAINED[-1])["data_kind"] == kind


def test_a_job_without_data_has_no_kind_of_it():
    settings = {**RUN, "dataset": None}
    assert run("train", settings, TRAINED, everything, "--in", "data") == 0

    assert records.load(TRAINED[-1])["data_kind"] == "none"


# ------------------------------------------------------------------ what is recorded


def test_a_record_has_these_fields(data, folder):
    train()

    record = records.load(TRAINED[-1])
    assert set(record) == {
        "schema", "stage", "settings", "seed", "code", "env", "environment", "data_kind",
        "status", "reason", "inputs", "outputs", "extras", "numerics", "evidence", "key",
    }  # fmt: skip
    assert record["key"] == records.key(record)
    assert record["seed"] == 3
    assert record["reason"] is None
    assert set(record["outputs"]) == {path.rsplit("/", 1)[1] for path in TRAINED[:-1]}


def test_the_evidence_says_when_where_and_how_much(data, monkeypatch):
    monkeypatch.setattr(job.time, "time", lambda: 1_800_000_000.0)
    clock = iter([10.0, 12.3456, 20.0])
    monkeypatch.setattr(job.time, "monotonic", lambda: next(clock, 30.0))
    usage = type("Usage", (), {"ru_utime": 1.25, "ru_stime": 0.5, "ru_maxrss": 2048})
    monkeypatch.setattr(job.resource, "getrusage", lambda who: usage)
    monkeypatch.setattr(job.socket, "gethostname", lambda: "node7")
    monkeypatch.setenv("SLURM_JOB_ID", "42")

    train()

    assert records.load(TRAINED[-1])["evidence"] == {
        "started": "2027-01-15T08:00:00Z",
        "wall_s": 2.346,
        "cpu_s": 1.75,
        "peak_rss_mb": 2.0,
        "host": "node7",
        "pid": os.getpid(),
        "root": str(job.Path(job.__file__).resolve().parents[2]),
        "slurm_job_id": "42",
    }


def test_inputs_are_recorded_whether_read_or_not_and_neighbours_apart(data):
    def work(j):
        j.read_path(FETCHED[0])
        everything(j)

    train(work)

    rows = records.load(TRAINED[-1])["inputs"]
    assert {name: [row["path"] for row in found] for name, found in rows.items()} == {
        "data": [PREPARED[0]],
        "beside": [FETCHED[0]],
    }
    assert rows["data"][0]["bytes"] == os.path.getsize(PREPARED[0])


def test_outputs_made_of_the_record_stand_in_no_record(data):
    seen = []

    def work(j):
        everything(j)
        j._written.pop("metrics")
        j.write_last(lambda record: seen.append(record) or {"metrics": {"bytes": len(record)}})

    assert train(work) == 0

    record = records.load(TRAINED[-1])
    assert "metrics.json" not in record["outputs"]
    assert seen == [records.dump(record)]
    assert json.loads(Path(TRAINED[2]).read_text()) == {"bytes": len(seen[0])}


def test_an_output_that_neither_the_stage_nor_its_last_word_made_is_missed(data, capsys):
    def work(j):
        j.write("curve", [])
        j.write("trace", {})
        j.write_last(lambda record: {"metrics": {}})

    assert train(work) == 1
    assert "stage train did not write 'model'" in capsys.readouterr().err
    assert not os.path.exists(TRAINED[-1])
    assert not os.path.exists(TRAINED[2])


# ------------------------------------------------------------------ not run


def test_not_run_is_logged_and_reasoned(capsys):
    assert fetch(work=lambda j: j.not_run("no network; try again")) == 0

    assert (
        "respike.fetch: not run: no network; try again" in capsys.readouterr().err.splitlines()
    )
    record = records.load(FETCHED[1])
    assert (record["status"], record["reason"]) == ("not run", "no network; try again")
    assert set(record["outputs"]) == {"source.zip"}
    assert set(record["outputs"]["source.zip"]) == {"bytes", "sha256"}


def test_a_stage_behind_one_that_was_not_run_does_no_work(data):
    fetch(work=lambda j: j.not_run("why"))
    prepare()

    assert train(lambda j: pytest.fail("it worked")) == 0
    assert records.load(TRAINED[-1])["reason"] == "why"


@pytest.mark.parametrize("name", ["records", "verdicts"])
def test_a_judge_and_a_page_are_made_of_runs_that_were_not_run_too(name, data):
    fetch(work=lambda j: j.not_run("why"))
    prepare()
    out = [path.replace("seed-3", "seed-0") for path in TRAINED]
    run("train", {**RUN, "seed": 0}, out, everything, "--in", "data", PREPARED[0])
    first = out[-1]

    def work(j):
        j.write("verdicts", {"seen": [j.record(p)["status"] for p in j.paths(name)]})
        j.write("resolved", {})

    judged = {"stage": "judge", "study": "s", "budget": "desk", "seeds": 1}
    judged["resolved"] = {"variants": {"v": {"train": {}}} if name == "records" else {}}
    more = [] if name == "records" else ["--in", name, first]
    assert run("judge", judged, JUDGED, work, *more) == 0
    assert json.loads(Path(JUDGED[0]).read_text()) == {"seen": ["not run"]}
    assert records.load(JUDGED[-1])["status"] == "done"
    assert records.load(JUDGED[-1])["inputs"][name][0]["path"] == first


def test_what_a_judge_finds_by_its_settings_is_not_named_again(data, capsys):
    settings = {"stage": "judge", "study": "s", "budget": "desk", "seeds": 1}
    settings["resolved"] = {"variants": {}}

    assert run("judge", settings, JUDGED, lambda j: None, "--in", "records", "x") == 1

    said = "--in records: stage judge finds them by its settings; leave it out"
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--settings", "--history"])
def test_damaged_settings_end_the_job_with_a_sentence(option, capsys):
    words = {"--settings": json.dumps(DATA), "--history": "{}", option: "bz2:QlpoOTE="}
    given = [word for pair in words.items() for word in pair]

    assert job.main("fetch", lambda j: None, [*given, "--out", *FETCHED]) == 1

    said = capsys.readouterr().err.splitlines()[-1]
    assert f"{option} is damaged: the compressed text is cut" in said
    assert "give it whole, as the rule writes it" in said


# ------------------------------------------------------------------ what is logged


def test_a_job_says_what_it_does_and_what_it_wrote(data, capsys):
    capsys.readouterr()

    def work(j):
        everything(j)
        j.write_extra("film.mp4", b"\0" * 2_450_000)

    train(work)

    first, last = capsys.readouterr().err.splitlines()
    assert first == 'respike.train: train of s/v seed 3 {"epochs":2}'
    assert re.fullmatch(rf"respike\.train: wrote {FOLDER} \(7 files, 2\.5 MB, \d\.\d s\)", last)


@pytest.mark.parametrize(
    ("length", "shown"), [(192, "x" * 192 + '"}'), (193, "x" * 191 + "...")]
)
def test_long_settings_are_cut(length, shown, data, capsys):
    capsys.readouterr()

    train(settings={**RUN, "train": {"a": "x" * length}})

    first = capsys.readouterr().err.splitlines()[0]
    assert first == f'respike.train: train of s/v seed 3 {{"a":"{shown}'


def test_out_of_memory_is_a_sentence(data, capsys):
    def work(j):
        raise MemoryError

    assert train(work) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "respike.train: stopped: out of memory; give the job more (resources: mem_mb) or run "
        "fewer (--cores 1)"
    )


def test_an_error_ends_with_its_own_code(data):
    def work(j):
        raise lock.Fenced("a newer run")

    assert train(work) == 76


# ------------------------------------------------------------------ outputs


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        (
            ["x/other.npz"],
            "stage prepare writes no other.npz; it writes: arrays.npz, record.json",
        ),
        (["x/record.json"], "--out of stage prepare lacks arrays.npz"),
        (["x/arrays.npz"], "--out of stage prepare lacks record.json"),
    ],
)
def test_the_outputs_of_a_stage_are_all_its_own(out, sentence, capsys):
    assert run("prepare", DATA, out, lambda j: None) == 1
    assert capsys.readouterr().err == f"respike.prepare: stopped: {sentence}\n"


def test_a_page_whose_settings_do_not_say_what_it_reads_is_refused(capsys):
    settings = {"stage": "report", "budget": "smoke", "studies": {}}

    assert run("report", settings, ["x/report.html"], lambda j: None) == 1

    said = "--settings of stage report lacks 'order'; give it whole, as the rule writes it"
    assert capsys.readouterr().err == f"respike.report: stopped: {said}\n"


def test_a_stage_needs_settings_and_outputs(capsys):
    for words in (["--out", "x"], ["--settings", "{}"]):
        with pytest.raises(SystemExit) as end:
            job.main("prepare", lambda j: None, words)
        assert end.value.code == 2
    assert "usage: python -m respike.stages.prepare [-h] --settings" in capsys.readouterr().err


# ------------------------------------------------------------------ one thread


def test_a_stage_that_takes_more_threads_while_it_works_commits_nothing(data, monkeypatch):
    import torch

    def work(j):
        everything(j)
        monkeypatch.setattr(torch, "get_num_threads", lambda: 2)

    assert train(work) == 1
    assert not os.path.exists(TRAINED[-1])
    assert not os.path.exists(TRAINED[0])


def test_a_stage_that_begins_with_more_threads_does_no_work(data, monkeypatch, capsys):
    import torch

    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)

    assert train(lambda j: pytest.fail("it worked")) == 1
    assert capsys.readouterr().err.splitlines()[-1] == (
        "respike.train: stopped: this job runs with 2 threads; results are compared with one "
        "thread only (set OMP_NUM_THREADS=1)"
    )


class Begun(Exception):
    """The process would have begun anew here."""


@pytest.mark.parametrize(
    "name",
    ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"],
)
@pytest.mark.parametrize("value", [None, "2"])
def test_a_stage_begins_anew_with_one_thread_in_every_library(name, value, monkeypatch):
    for other in job.THREADS:
        monkeypatch.setenv(other, "1")
    monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["prepare.py", "--settings", "{}"])
    seen = []

    def execv(path, argv):
        seen.extend([path, argv, os.environ[name]])
        raise Begun

    monkeypatch.setattr(job.os, "execv", execv)

    with pytest.raises(Begun):
        job.main("prepare", lambda j: None)
    assert seen == [
        sys.executable,
        [sys.executable, "-m", "respike.stages.prepare", "--settings", "{}"],
        "1",
    ]


def test_a_stage_with_one_thread_goes_on_and_dies_with_its_parent(monkeypatch):
    for name in job.THREADS:
        monkeypatch.setenv(name, "1")
    monkeypatch.setattr(job.os, "execv", lambda *args: pytest.fail("it began anew"))
    bound = []
    monkeypatch.setattr(job, "die_with_parent", lambda: bound.append(True))
    words = ["--settings", json.dumps(DATA), "--out", *FETCHED]
    monkeypatch.setattr(sys, "argv", ["fetch.py", *words])

    assert job.main("fetch", lambda j: j.write("source", {})) == 0
    assert bound == [True]

    assert job.main("fetch", lambda j: j.write("source", {}), words) == 0
    assert bound == [True]


def test_a_stage_may_be_started_by_hand_without_code_or_environment():
    words = ["--settings", json.dumps(DATA), "--out", *FETCHED]

    assert job.main("fetch", lambda j: j.write("source", {}), words) == 0
    record = records.load(FETCHED[1])
    assert (record["code"], record["env"]) == ("", "")
