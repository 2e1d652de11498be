"""`show`: a verdict in words, found by its name, in the newest results."""

import copy
import json
import os
from pathlib import Path

import jsonschema
import pytest

from respike.cli import main, show
from respike.core import layout, records
from respike.core.strict import schema

NOWHERE = Path("/nowhere")
VERDICT = {
    "study": "toy",
    "claim": "pruned-is-near",
    "says": "the pruned network is as good as the dense one.",
    "scope": "analogue",
    "general": None,
    "stands_for": "CIFAR10-DVS",
    "dataset": "digits",
    "data_kind": "real",
    "budget": "desk",
    "primary": True,
    "verdict": "inconclusive",
    "level": "statistical",
    "reason": "the interval reaches past the margin",
    "paper": {
        "value": -0.28,
        "unit": "pp",
        "where": "table 2",
        "dataset": "cifar10-dvs",
        "n": 1,
        "spread": None,
        "items": "other",
        "status": "verified",
        "version": 1,
    },
    "measured": -0.9123,
    "interval": [-2.041, 0.2163],
    "margin": 1.5,
    "margin_from": "standard error of 1,000 test images",
    "unit": "pp",
    "power": {
        "power": 0.7412,
        "registered": 0.84,
        "agrees": False,
        "effect": 0.25,
        "n": 8,
        "pilot_seeds": [1000, 1001],
    },
    "seeds": [0, 1, 2],
    "registered": "c0ffee" * 6 + "c0ff",
    "evidence": [{"path": f"results/f{i}.npz", "sha256": f"{i}" * 64} for i in range(8)],
    "detail": {
        "level": 0.05,
        "region": [-1.5, 1.5],
        "seeds_needed": 14,
    },
}
WORDS = [
    "verdict    Inconclusive: the pruned network is as good as the dense one. Measured "
    "-0.912 pp, 90 % interval -2.041 to 0.216 pp over 3 seeds, where the claim needs between "
    "-1.5 and 1.5 pp: the interval reaches past the margin.",
    "why        the interval reaches past the margin",
    "scope      analogue; data: digits (real); budget desk",
    "paper      -0.28 pp (table 2; verified)",
    "measured   -0.912 pp",
    "interval   -2.041 to 0.216 pp (90 %)",
    "margin     1.5 pp, from: standard error of 1,000 test images",
    "power      74 % at an effect of 0.25, n 8; 84 % was registered",
    "seeds      0, 1, 2",
    "to decide  about 14 seeds, if the effect is as measured; seeds: 14 in studies/toy.yaml",
    "registered c0ffeec0ffeec0ffeec0ffeec0ffeec0ffeec0ff",
    "evidence   results/f0.npz  0000000000000000",
    "evidence   results/f1.npz  1111111111111111",
    "evidence   results/f2.npz  2222222222222222",
    "evidence   results/f3.npz  3333333333333333",
    "evidence   results/f4.npz  4444444444444444",
    "evidence   results/f5.npz  5555555555555555",
    "           and 2 more files",
]


def page(*claims, budget="desk"):
    none = {"holds": 0, "differs": 0, "inconclusive": 0, "not run": 0}
    return {
        "schema": "respike-verdict/1",
        "budget": budget,
        "studies": ["toy"],
        "family": {"method": "Benjamini-Hochberg", "rate": 0.1, "claims": []},
        "counts": {"published": none, "analogue": none},
        "claims": list(claims),
    }


def verdict(**changes):
    return {**copy.deepcopy(VERDICT), **changes}


def put(root, document, name="verdict.json", budget="desk", when=None):
    path = root / "results" / budget / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    if when is not None:
        os.utime(path, (when, when))


def test_the_verdict_that_these_tests_show_follows_the_schema():
    jsonschema.validate(page(VERDICT), schema("verdict"))


def test_a_verdict_is_shown_fact_by_fact(tmp_path, capsys):
    put(tmp_path, page(VERDICT))

    code = main(["show", "pruned-is-near", "--directory", str(tmp_path)])

    assert code == 0
    assert capsys.readouterr().out.splitlines() == WORDS


def test_a_claim_that_was_not_run_is_shown_without_numbers():
    row = verdict(
        verdict="not run", reason="another data set", paper=None, measured=None, interval=None,
        margin=None, power=None, seeds=[], dataset=None, evidence=[], detail={},
    )  # fmt: skip
    del row["registered"]  # as in verdicts.json, before the page was made

    assert show.lines(row, NOWHERE) == [
        "verdict    Not run: the pruned network is as good as the dense one. "
        "Why: another data set.",
        "why        another data set",
        "scope      analogue; data: none; budget desk",
    ]


def test_an_identity_has_no_interval():
    row = verdict(
        verdict="holds", level="identity", reason="0 of 24 entries differ", measured=0,
        interval=None, margin=0, margin_from=None, unit=None, power=None, detail={},
    )  # fmt: skip

    lines = show.lines(row, NOWHERE)

    assert lines[0] == (
        "verdict    Holds: the pruned network is as good as the dense one. "
        "0 of 24 entries differ."
    )
    assert "measured   0" in lines
    assert "margin     0" in lines
    assert not [line for line in lines if line.startswith(("interval", "power", "to decide"))]


def test_a_paper_without_a_number_is_shown_by_its_place():
    row = verdict(paper={**VERDICT["paper"], "value": None, "unit": None, "where": "abstract"})

    assert "paper      (abstract; verified)" in show.lines(row, NOWHERE)


def test_an_interval_at_another_level_says_which():
    row = verdict(detail={**VERDICT["detail"], "level": 0.03})

    assert "interval   -2.041 to 0.216 pp (94 %)" in show.lines(row, NOWHERE)


def test_a_registered_power_that_agrees_is_said_once():
    row = verdict(power={**VERDICT["power"], "agrees": True})

    assert "power      74 % at an effect of 0.25, n 8" in show.lines(row, NOWHERE)


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "holds"},
        {"detail": {"level": 0.05, "region": [None, 1], "seeds_needed": None}},
    ],
)
def test_how_many_seeds_would_decide_is_said_of_the_undecided_alone(changes):
    assert not [line for line in show.lines(verdict(**changes), NOWHERE) if "to decide" in line]


def test_six_files_of_evidence_are_all():
    lines = show.lines(verdict(evidence=VERDICT["evidence"][:6]), NOWHERE)

    assert lines[-1] == "evidence   results/f5.npz  5555555555555555"


@pytest.mark.parametrize(
    ("number", "said"), [(None, "node<U+202E>7"), ("4711", "node<U+202E>7, Slurm job 4711")]
)
def test_a_file_is_shown_with_the_host_and_the_job_of_slurm_that_made_it(
    number, said, tmp_path
):
    path = "results/desk/toy/dense/seed-0/train/predictions.npz"
    folder = (tmp_path / path).parent
    folder.mkdir(parents=True)
    made = {
        "schema": records.SCHEMA,
        "evidence": {"host": "node\u202e7", "slurm_job_id": number},
    }
    (folder / layout.RECORD).write_bytes(records.dump(made))
    row = verdict(evidence=[{"path": path, "sha256": "a" * 64}])

    assert show.lines(row, tmp_path)[-1] == f"evidence   {path}  {'a' * 16}  {said}"


def test_a_file_whose_record_is_damaged_is_shown_without_a_host(tmp_path):
    path = "results/desk/toy/dense/seed-0/train/predictions.npz"
    folder = (tmp_path / path).parent
    folder.mkdir(parents=True)
    (folder / layout.RECORD).write_text("{}")
    row = verdict(evidence=[{"path": path, "sha256": "a" * 64}])

    assert show.lines(row, tmp_path)[-1] == f"evidence   {path}  {'a' * 16}"


# ------------------------------------------------------------------ which verdict


def reasons(root, budget=None):
    return {key: v["reason"] for key, v in show.newest(root, budget).items()}


def test_the_newest_verdict_counts_whatever_file_it_stands_in(tmp_path):
    put(tmp_path, page(verdict(reason="page")), when=100)
    put(tmp_path, {"verdicts": [verdict(reason="judge")]}, "toy/judge/verdicts.json", when=200)
    key = ("toy", "pruned-is-near")
    assert reasons(tmp_path) == {key: "judge"}

    put(tmp_path, page(verdict(reason="later page")), when=300)
    assert reasons(tmp_path) == {key: "later page"}

    put(tmp_path, page(verdict(reason="smoke"), budget="smoke"), budget="smoke", when=400)
    assert reasons(tmp_path) == {key: "smoke"}
    assert reasons(tmp_path, "desk") == {key: "later page"}


def test_of_two_files_of_one_instant_the_page_counts(tmp_path):
    put(tmp_path, {"verdicts": [verdict(reason="judge")]}, "toy/judge/verdicts.json", when=100)
    put(tmp_path, page(verdict(reason="page")), when=100)

    assert reasons(tmp_path) == {("toy", "pruned-is-near"): "page"}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}"])
def test_a_torn_file_is_passed_over(text, tmp_path):
    put(tmp_path, page(VERDICT))
    path = tmp_path / "results/paper/verdict.json"
    path.parent.mkdir()
    path.write_text(text)

    assert set(show.newest(tmp_path)) == {("toy", "pruned-is-near")}


@pytest.mark.parametrize(
    ("word", "code", "said"),
    [
        ("toy/pruned-is-near", 0, ""),
        (
            "pruned-is-nere",
            2,
            "respike show: no claim 'pruned-is-nere'. Did you mean 'pruned-is-near'? "
            "`respike list` names all\n",
        ),
        (
            "other/pruned-is-near",
            2,
            "respike show: no claim 'other/pruned-is-near'. Did you mean 'toy/pruned-is-near'? "
            "`respike list` names all\n",
        ),
        (
            "same",
            2,
            "respike show: 'same' stands in two studies; say a/same and b/same\n",
        ),
        ("a/same", 0, ""),
    ],
)
def test_a_claim_is_found_by_its_name_alone_or_with_its_study(
    word, code, said, tmp_path, capsys
):
    rows = [verdict(), verdict(study="a", claim="same"), verdict(study="b", claim="same")]
    put(tmp_path, page(*rows))

    assert main(["show", word, "--directory", str(tmp_path)]) == code
    assert capsys.readouterr().err == said


def test_without_verdicts_it_says_how_to_make_some(tmp_path, capsys):
    assert main(["show", "x", "--directory", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        "respike show: no verdicts yet; make some with `respike run`\n"
    )


def test_a_budget_without_verdicts_has_none(tmp_path, capsys):
    put(tmp_path, page(VERDICT))

    code = main(["show", "pruned-is-near", "--budget", "paper", "--directory", str(tmp_path)])

    assert code == 1
