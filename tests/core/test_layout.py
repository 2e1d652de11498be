"""Paths: one pattern for each file, and a record for each artifact."""

from pathlib import PurePosixPath

import pytest

from respike.core import layout

WILDCARDS = {
    "dataset": "digits",
    "budget": "desk",
    "study": "esl-snns",
    "variant": "dense",
    "seed": "3",
    "kernel": "lif",
}
RUN = "results/desk/esl-snns/dense/seed-3"
RECORDS = {
    "fetch": "results/data/digits/fetch/record.json",
    "synthesize": "results/data/digits/synthesize/record.json",
    "prepare": "results/data/digits/prepare/record.json",
    "train": f"{RUN}/train/record.json",
    "prune": f"{RUN}/prune/record.json",
    "distill": f"{RUN}/distill/record.json",
    "connect": f"{RUN}/connect/record.json",
    "emulate": f"{RUN}/emulate/record.json",
    "simulate": f"{RUN}/simulate/record.json",
    "decode": f"{RUN}/decode/record.json",
    "control": f"{RUN}/control/record.json",
    "judge": "results/desk/esl-snns/judge/record.json",
    "report": "results/desk/record.json",
    "bench_kernels": "results/kernels/lif/bench_kernels/record.json",
}
TRAINED = {
    "model": "model.safetensors",
    "predictions": "predictions.npz",
    "metrics": "metrics.json",
    "curve": "curve.csv",
    "trace": "trace.npz",
}
FILES = {
    "fetch": {"source": "source.zip"},
    "synthesize": {"source": "source.zip"},
    "prepare": {"data": "arrays.npz"},
    "train": TRAINED,
    "prune": TRAINED,
    "distill": TRAINED,
    "connect": {
        "predictions": "predictions.npz",
        "metrics": "metrics.json",
        "curve": "curve.csv",
    },
    "emulate": {
        "predictions": "predictions.npz",
        "metrics": "metrics.json",
        "trace": "trace.npz",
    },
    "simulate": {
        "predictions": "predictions.npz",
        "metrics": "metrics.json",
        "trace": "trace.npz",
    },
    "decode": {
        "model": "model.npz",
        "predictions": "predictions.npz",
        "metrics": "metrics.json",
        "curve": "curve.csv",
    },
    "control": {
        "predictions": "predictions.npz",
        "metrics": "metrics.json",
        "trajectory": "trajectory.npz",
    },
    "judge": {"verdicts": "verdicts.json", "resolved": "settings.json"},
    "report": {
        "verdict": "verdict.json",
        "table": "results.csv",
        "page": "report.html",
        "code": "code.json",
        "sums": "SHA256SUMS",
        "manifest": "manifest.json",
    },
    "bench_kernels": {"metrics": "metrics.json", "times": "times.json"},
}


def outputs(stage):
    row = layout.STAGES[stage]
    return {**row.content, **row.evidence}


def test_there_are_these_stages():
    assert list(layout.STAGES) == list(RECORDS)


@pytest.mark.parametrize("stage", RECORDS)
def test_the_record_of_a_stage_has_one_place(stage):
    assert layout.record(stage).format(**WILDCARDS) == RECORDS[stage]


@pytest.mark.parametrize("stage", RECORDS)
def test_a_stage_writes_these_files_beside_its_record_or_below_data(stage):
    folder = str(PurePosixPath(RECORDS[stage]).parent)
    if layout.STAGES[stage].scope == "data":
        folder = folder.removeprefix("results/")

    found = {name: layout.output(stage, name).format(**WILDCARDS) for name in outputs(stage)}

    assert found == {name: f"{folder}/{file}" for name, file in FILES[stage].items()}


def test_only_the_page_and_kernels_have_evidence_among_their_outputs():
    evidence = {name: set(row.evidence) for name, row in layout.STAGES.items() if row.evidence}

    assert evidence == {
        "report": {"page", "code", "sums", "manifest"},
        "bench_kernels": {"times"},
    }


def test_only_kernels_run_in_another_environment_than_base():
    assert {name: row.env for name, row in layout.STAGES.items() if row.env != "base"} == {
        "bench_kernels": "kernels"
    }


@pytest.mark.parametrize("stage", RECORDS)
def test_from_an_artifact_to_its_record_and_back(stage):
    record = PurePosixPath(RECORDS[stage])
    for name, file in outputs(stage).items():
        path = PurePosixPath(layout.output(stage, name).format(**WILDCARDS))

        assert layout.record_of(path) == record
        assert layout.record_of(str(path)) == record
        assert layout.artifact(record, file) == path
        assert layout.artifact(str(record), file) == path


@pytest.mark.parametrize(
    ("stage", "place"),
    [
        ("prepare", "data/digits/prepare"),
        ("train", "desk/esl-snns/dense/seed-3/train"),
        ("judge", "desk/esl-snns/judge"),
        ("report", "desk/report"),
        ("bench_kernels", "kernels/lif/bench_kernels"),
    ],
)
def test_logs_and_benchmarks_stand_at_the_same_path(stage, place):
    assert layout.log(stage).format(**WILDCARDS) == f"logs/{place}.log"
    assert layout.benchmark(stage).format(**WILDCARDS) == f"benchmarks/{place}.tsv"


def test_no_two_files_of_any_stage_have_one_path():
    found = [layout.record(stage).format(**WILDCARDS) for stage in layout.STAGES]
    found += [layout.log(stage).format(**WILDCARDS) for stage in layout.STAGES]
    found += [layout.benchmark(stage).format(**WILDCARDS) for stage in layout.STAGES]
    for stage in layout.STAGES:
        found += [layout.output(stage, n).format(**WILDCARDS) for n in outputs(stage)]

    assert len(set(found)) == len(found)


def test_the_chain_of_a_run_and_its_models():
    assert layout.CHAIN == (
        "train",
        "prune",
        "distill",
        "connect",
        "emulate",
        "simulate",
        "decode",
        "control",
    )
    assert set(layout.CHAIN) == {s for s, row in layout.STAGES.items() if row.scope == "run"}
    assert layout.MODEL == ("train", "prune", "distill")
    assert all("model.safetensors" in layout.STAGES[s].content.values() for s in layout.MODEL)


def test_the_budgets_and_the_scratch_prefix_are_ids():
    import re

    assert layout.BUDGETS == ("smoke", "desk", "paper")
    for name in ("a", "esl-snns", "v1.5", "0", f"{layout.SCRATCH}dense"):
        assert re.fullmatch(layout.ID, name)
    for name in ("", "A", "a_b", "-a", "a-", "a--b", "a/b", "a..b", "ü"):
        assert not re.fullmatch(layout.ID, name)
