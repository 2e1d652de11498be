"""The runs of a study from loaded records: which file of which stage a claim gets."""

from pathlib import PurePosixPath

import pytest

from respike.claims.evidence import NotRun, Piece
from respike.claims.runs import Runs, verdicts
from respike.core.errors import RespikeError

FOLDER = "results/desk/demo/{}/seed-{}/{}"
CLAIM = {
    "id": "same", "says": "a counts the same", "scope": "analogue",
    "test": {"metric": {"number": {"name": "n"}}, "of": "a/train", "kind": "exact"},
}  # fmt: skip


def record(variant, stage, seed=0, **more):
    settings = {"variant": variant, "seed": seed, "dataset": f"of {variant} {stage} {seed}"}
    path = PurePosixPath(FOLDER.format(variant, seed, stage), "record.json")
    made = {"stage": stage, "settings": settings, "status": "done", "data_kind": "real"}
    return path, {**made, **more}


@pytest.fixture
def asked():
    """Paths that were read, in order."""
    return []


@pytest.fixture
def runs(asked):
    def read(path):
        asked.append(path)
        return {"n": [3, 3]}, "f" * 64

    found = [
        record("a", "train"),
        record("a", "emulate"),
        record("a", "train", seed=1),
        record("b", "train", status="not run", reason="no recordings"),
    ]
    return Runs(dict(found), read)


def test_a_stage_that_is_named_gives_its_own_file(runs):
    found = runs("a", "train", 0, "metrics.json")

    path = FOLDER.format("a", 0, "train") + "/metrics.json"
    assert found == Piece({"n": [3, 3]}, path, "f" * 64)


def test_without_a_stage_it_is_the_last_that_writes_the_file(runs):
    assert "/emulate/" in runs("a", None, 0, "metrics.json").path
    assert "/train/" in runs("a", None, 0, "curve.csv").path


def test_a_file_is_read_once(runs, asked):
    for _ in range(2):
        runs("a", "train", 0, "metrics.json")

    assert len(asked) == 1


def test_a_run_that_was_not_run_says_why(runs):
    with pytest.raises(NotRun, match=r"^no recordings$"):
        runs("b", "train", 0, "metrics.json")


def test_a_run_that_is_not_there_is_an_error(runs):
    sentence = r"no record of b seed 1 beside a metrics\.json came in; the rule judge lists"

    with pytest.raises(RespikeError, match=sentence):
        runs("b", "train", 1, "metrics.json")


def test_what_is_said_of_a_variant_is_of_the_last_stage_of_its_first_seed(runs):
    found = runs.of_variants(lambda record: record["settings"]["dataset"])

    assert found == {"a": "of a emulate 0", "b": "of b train 0"}


def test_the_claims_of_a_study_are_judged_on_its_runs(runs):
    resolved = {"claims": [CLAIM], "seeds": 2, "variants": {}}
    settings = {"study": "demo", "budget": "desk", "seeds": 2, "resolved": resolved}

    found = verdicts(settings, runs)

    assert (found["study"], found["budget"]) == ("demo", "desk")
    (row,) = found["verdicts"]
    assert (row["claim"], row["verdict"]) == ("same", "holds")
    assert (row["dataset"], row["data_kind"]) == ("of a emulate 0", "real")
    assert [e["path"] for e in row["evidence"]] == [
        FOLDER.format("a", seed, "train") + "/metrics.json" for seed in (0, 1)
    ]
