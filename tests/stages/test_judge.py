"""The judge stage: records of runs in, verdicts.json out."""

import json

import numpy as np
import pytest

from respike.core import io, job, told
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


ONE_STAGE = {"a": {"simulate": {}}, "b": {"simulate": {}}}


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


def judged(claims, seeds=4, registered=4, variants=ONE_STAGE):
    resolved = {"id": "demo", "seeds": registered, "claims": claims, "variants": variants}
    settings = {"stage": "judge", "budget": "desk", "study": "demo", "seeds": seeds,
                "resolved": resolved}  # fmt: skip
    words = ["--settings", told.text(settings), "--out", *OUT]
    return job.main("judge", judge.run, words)


def verdicts(folder):
    return json.loads((folder / OUT[0]).read_text())


def runs():
    return [simulate(v, s, right + s) for v, right in (("a", 80), ("b", 40)) for s in range(4)]


def test_claims_are_judged_on_verified_files(folder, capsys):
    runs()

    assert judged([BETTER, EXACT]) == 0

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
    runs()
    file = folder / RUN.format("b", 2, "simulate") / "predictions.npz"
    file.write_bytes(file.read_bytes()[:-1] + b"x")

    assert judged([BETTER]) == 1
    assert "is not what simulate of demo/b seed 2 wrote" in capsys.readouterr().err
    assert not (folder / OUT[0]).exists()


def test_a_run_that_was_not_run_says_so(folder):
    for variant in "ab":
        for seed in range(4):
            simulate(variant, seed, None if variant == "b" else 80)

    assert judged([BETTER, EXACT]) == 0

    lead, same = verdicts(folder)["verdicts"]
    assert lead["verdict"] == "not run"
    assert lead["reason"] == "the recordings could not be had; install the package"
    assert same["verdict"] == "holds"


def test_fewer_seeds_than_registered(folder):
    runs()

    assert judged([BETTER], seeds=4, registered=8) == 0

    assert verdicts(folder)["verdicts"][0]["reason"] == (
        "the claim registered 8 seeds and 4 ran"
    )


def test_a_record_that_is_not_there_is_an_error(folder, capsys):
    (folder / runs()[-1]).unlink()

    assert judged([BETTER]) == 1
    assert "b/seed-3/simulate/record.json is missing" in capsys.readouterr().err


def test_a_run_that_the_settings_do_not_name_is_an_error(capsys):
    runs()

    assert judged([BETTER], variants={"a": {"simulate": {}}, "b": {"emulate": {}}}) == 1
    assert "b/seed-0/emulate/record.json is missing" in capsys.readouterr().err


def test_the_last_stage_that_writes_the_file_is_taken(folder):
    for seed in range(4):
        simulate("a", seed, 20)
        simulate("a", seed, 80, stage="emulate")
        simulate("b", seed, 40)
    both = {"a": {"emulate": {}, "simulate": {}}, "b": {"simulate": {}}}

    assert judged([BETTER], variants=both) == 0

    row = verdicts(folder)["verdicts"][0]
    # simulate comes after emulate in the chain
    assert row["measured"] == -20
    assert row["evidence"][0]["path"].endswith("a/seed-0/simulate/predictions.npz")
