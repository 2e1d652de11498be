"""The records that the frame of the stages writes are what their schema says, and no more."""

import json

import pytest

from respike.core import records
from respike.core.strict import problems, schema

PATH = "results/smoke/small/dense/seed-0/train/record.json"


@pytest.fixture(scope="module")
def record(small_run):
    return json.loads((small_run / PATH).read_bytes())


def test_every_record_of_a_run_obeys_the_schema(small_run):
    paths = sorted((small_run / "results").rglob("record.json"))

    said = {str(path): problems(json.loads(path.read_bytes()), "record") for path in paths}

    assert {json.loads(path.read_bytes())["stage"] for path in paths} == {
        "fetch", "prepare", "train", "prune", "judge", "report",
    }  # fmt: skip
    assert {path: found for path, found in said.items() if found} == {}


def test_a_record_of_a_job_that_could_not_run_obeys_it_too(small_run):
    paths = (small_run / "results").rglob("record.json")
    absent = [
        r for r in (json.loads(p.read_bytes()) for p in paths) if r["status"] == "not run"
    ]

    assert absent
    assert [problems(record, "record") for record in absent] == [[]] * len(absent)


def test_the_schema_is_of_the_version_that_is_written():
    assert schema("record")["properties"]["schema"]["const"] == records.SCHEMA
    assert schema("record")["$id"] == records.SCHEMA.replace("respike-", "respike/", 1)


def test_a_record_from_before_the_environment_was_recorded_obeys_it(record):
    older = {name: value for name, value in record.items() if name != "environment"}

    assert problems(older, "record") == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda r: r.update(more=1), "more"),
        (lambda r: r.pop("seal"), "seal"),
        (lambda r: r.update(schema="respike-record/1"), "schema"),
        (lambda r: r.update(key="K" * 64), "key"),
        (lambda r: r.update(status="failed"), "status"),
        (lambda r: r.update(seed=-1), "seed"),
        (lambda r: r.update(env="base"), "env"),
        (lambda r: r["inputs"]["data"][0].update(path="/etc/passwd"), "inputs"),
        (lambda r: r["inputs"]["data"][0].pop("key"), "inputs"),
        (lambda r: r["outputs"]["curve.csv"].update(bytes="7"), "outputs"),
        (lambda r: r["numerics"].update(more=1), "numerics"),
        (lambda r: r["evidence"].update(started="yesterday"), "evidence"),
        (lambda r: r["environment"].update(side="apt"), "environment"),
        (lambda r: r["environment"].pop("sha256"), "environment"),
        (lambda r: r["environment"].update(differs=[{"package": "scipy"}]), "environment"),
    ],
)
def test_a_record_of_another_form_is_refused_by_the_name_of_what_is_wrong(change, says, record):
    wrong = json.loads(json.dumps(record))
    change(wrong)

    found = problems(wrong, "record")

    assert len(found) == 1
    assert says in found[0]
