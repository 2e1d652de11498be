"""The judge stage: records of runs in, verdicts.json out."""

import json

import numpy as np
import pytest

from respike.core import io, job
from respike.stages import judge

RUN = "results/desk/demo/{}/seed-{}/{}"
HERE = "results/desk/demo/judge"
OUT = [f"{HERE}/verdicts.json", f"{HERE}/settings.json", f"{HERE}/record.json"]
BETTER = {
    "id": "lead", "says": "a is right more often than b", "scope": "analogue",
    "test": {"metric": "accuracy", "of": "a", "against": "b", "kind": "better", "unit": "pp"},
}  # fmt: skip
EXACT = {
    "id": "same", "says": "a counts the same at every step", "scope": "analogue",
    "test": {"metric": {"number": {"name": "counts"}}, "of": "a/simulate", "kind": "exact"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def folder(data_folder):
    """An empty results folder of this test's own."""
    return data_folder


def simulate(variant, seed, right, stage="simulate"):
    """One run with `right` of 100 items right; None is a run that was not run."""

    def run(j):
        if right is None:
            j.not_run("the recordings could not be had; install the package")
        hit = np.random.default_rng(seed).permutation(100) < right
        items = {
            "item": np.arange(100),
            "label": np.ones(100, int),
            "predicted": hit.astype(int),
        }
        j.write("predictions", items)
        j.write("metrics", {"counts": [right, right]})
        j.write("trace", {})

    place = RUN.format(variant, seed, stage)
    settings = {"stage": stage, "budget": "desk", "study": "demo", "variant": variant,
                "seed": seed, "dataset": None, stage: {}}  # fmt: skip
    files = ("predictions.npz", "metrics.json", "trace.npz", "record.json")
    out = [f"{place}/{file}" for file in files]
    assert job.main(stage, run, ["--settings", json.dumps(settings), "--out", *out]) == 0
    return f"{place}/record.json"


def judged(claims, records, seeds=4, registered=4):
    resolved = {"id": "demo", "seeds": registered, "claims": claims,
                "variants": {"a": {"simulate": {}}, "b": {"simulate": {}}}}  # fmt: skip
    settings = {"stage": "judge", "budget": "desk", "study": "demo", "seeds": seeds,
                "resolved": resolved}  # fmt: skip
    words = ["--settings", json.dumps(settings), "--in", "records", *records, "--out", *OUT]
    return job.main("judge", judge.run, words)


def verdicts(folder):
    return json.loads((folder / OUT[0]).read_text())


def runs():
    return [simulate(v, s, right + s) for v, right in (("a", 80), ("b", 40)) for s in range(4)]


def test_claims_are_judged_on_verified_files(folder, capsys):
    records = runs()

    assert judged([BETTER, EXACT], records) == 0

    found = verdicts(folder)
    assert (found["study"], found["budget"]) == ("demo", "desk")
    lead, same = found["verdicts"]
    assert (lead["verdict"], lead["measured"]) == ("holds", 40)
    assert (lead["dataset"], lead["data_kind"]) == (None, "none")
    assert same["verdict"] == "holds"
    evidence = lead["evidence"][0]
    assert evidence["path"] == RUN.format("a", 0, "simulate") + "/predictions.npz"
    assert evidence["sha256"] == io.sha256((folder / evidence["path"]).read_bytes())
    assert json.loads((folder / OUT[1]).read_text())["claims"] == [BETTER, EXACT]
    assert (
        "demo/lead: Holds: a is right more often than b. Measured 40 pp"
        in capsys.readouterr().err
    )


def test_a_changed_result_is_refused(folder, capsys):
    records = runs()
    file = folder / RUN.format("b", 2, "simulate") / "predictions.npz"
    file.write_bytes(file.read_bytes()[:-1] + b"x")

    assert judged([BETTER], records) == 1
    assert "is not what simulate of demo/b seed 2 wrote" in capsys.readouterr().err
    assert not (folder / OUT[0]).exists()


def test_a_run_that_was_not_run_says_so(folder):
    records = [simulate(v, s, None if v == "b" else 80) for v in "ab" for s in range(4)]

    assert judged([BETTER, EXACT], records) == 0

    lead, same = verdicts(folder)["verdicts"]
    assert lead["verdict"] == "not run"
    assert lead["reason"] == "the recordings could not be had; install the package"
    assert same["verdict"] == "holds"


def test_fewer_seeds_than_registered(folder):
    assert judged([BETTER], runs(), seeds=4, registered=8) == 0

    assert verdicts(folder)["verdicts"][0]["reason"] == (
        "the claim registered 8 seeds and 4 ran"
    )


def test_a_record_that_did_not_come_in_is_an_error(capsys):
    assert judged([BETTER], runs()[:-1]) == 1
    assert (
        "no record of b seed 3 beside a predictions.npz came in; the rule judge lists"
        in capsys.readouterr().err
    )


def test_the_last_stage_that_writes_the_file_is_taken(folder):
    records = [simulate("a", s, 20) for s in range(4)] + [
        simulate("b", s, 40) for s in range(4)
    ]
    records += [simulate("a", s, 80, stage="emulate") for s in range(4)]

    assert judged([BETTER], records) == 0

    row = verdicts(folder)["verdicts"][0]
    # simulate comes after emulate in the chain
    assert row["measured"] == -20
    assert row["evidence"][0]["path"].endswith("a/seed-0/simulate/predictions.npz")
