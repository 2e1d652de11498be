"""One row of verdict.json in the page's words."""

import pytest

from respike.report import answers
from tests.report import fake


def row(name: str, **changes):
    """A row of the fake verdict.json, changed."""
    document = fake.campaign().found().document
    (found,) = [claim for claim in document["claims"] if claim["claim"] == name]
    return {**found, **changes}


def said(found: dict, term: str) -> str:
    """The text of one fact."""
    return str(dict(answers.facts(found))[term])


def test_a_word_that_is_no_verdict_is_refused():
    with pytest.raises(ValueError, match="'maybe' is no verdict; allowed: holds, differs"):
        answers.mark("maybe")


@pytest.mark.parametrize(
    ("name", "measured", "interval"),
    [
        ("evolving-beats-static", "2.2 pp", "(1.1 to 3.3)"),
        ("density-exact", "0 of 63 entries unequal", ""),
        ("eeg-adds", "0.04 R²", "(94 %: 0.012 to 0.068)"),
        ("pruned-not-worse", "−0.6 pp", "(−1.7 to 0.5)"),
    ],
)
def test_a_number_is_said_with_unit_and_interval(name, measured, interval):
    assert answers.measured(row(name)) == measured
    assert answers.interval(row(name)) == interval


def test_a_number_that_nothing_varies_has_no_interval():
    assert answers.interval(row("evolving-beats-static", interval=[2.2, 2.2])) == ""


@pytest.mark.parametrize(
    ("name", "term", "text"),
    [
        (
            "evolving-beats-static",
            "Standard error",
            "0.58 pp: 0.4 from seeds, 0.42 from shared",
        ),
        (
            "evolving-beats-static",
            "Seeds",
            "3 (0 to 2), 360 test items or blocks each, 2 degrees",
        ),
        (
            "evolving-beats-static",
            "Registered power",
            "84 % for a true 2.2 pp, from 5 pilot seeds",
        ),
        ("evolving-beats-static", "Registered in commit", "f" * 40),
        ("evolving-beats-static", "It holds for", "more than 0 pp"),
        ("pruned-not-worse", "Seeds that would decide", "about 40, if the truth is what was"),
        ("pruned-not-worse", "Needs", "evolving-beats-static (holds)"),
        ("pruned-not-worse", "Seeds", "dropped: 5"),
        ("pruned-not-worse", "Margin", "1 pp, from: half the effect seen in pilot seeds"),
        ("eeg-adds", "Controls", "template and surrogate"),
        ("eeg-adds", "Data", "fake-recording (SYNTHETIC, made by a generator), budget desk"),
        ("fewer-operations", "Smallest decidable margin", "a factor of 1.2 (decided with 80 %"),
        ("density-exact", "Could still fail", "up to 63 % of seeds, with 95 % confidence"),
        ("any-field", "Scope", "published, on any data: the abstract says any binary field"),
        ("one-neuron-is-enough", "Standard error", "0.58 on the fisher-z scale"),
        (
            "copilot-holds",
            "Alone, uncorrected",
            "holds; corrected for all primary claims of this",
        ),
    ],
)
def test_behind_a_claim_stands(name, term, text):
    assert text in said(row(name), term)


def test_the_paper_is_quoted_with_place_runs_and_data():
    found = row("loss-at-ten-percent")

    text = str(answers.paper(found))

    number, status = text.split(" (verified")
    assert number == "0.28 pp; FAKE table 3; 1 run; on fake-cifar10-dvs"
    assert status == ": checked against the paper's text)"


def test_power_that_its_pilot_does_not_give_is_marked():
    power = {
        "power": 0.5,
        "registered": 0.9,
        "agrees": False,
        "effect": 1,
        "n": 8,
        "pilot_seeds": [1],
    }

    text = answers.power(row("evolving-beats-static", power=power))

    assert text.startswith("50 % for a true 1 pp, from 1 pilot seed; ")
    assert text.endswith("the study says 90 %, which its pilot does not give")


def test_each_comparison_of_a_conjunction_has_its_row():
    table = answers.comparisons(row("eeg-adds"))

    assert [r[0] for r in table["rows"]] == [
        "evolved against template",
        "evolved against surrogate",
    ]
    assert table["rows"][1][1:3] == ["0.09 R²", "0.05 to 0.13"]


def test_seed_by_seed_both_sides_stand_side_by_side():
    table = answers.per_seed(row("evolving-beats-static"))

    assert table["head"] == ["seed", "evolved", "static"]
    assert table["rows"][1] == ["1", "92.5", "90.1"]


def test_evidence_is_listed_with_its_whole_hash_and_who_made_it():
    record = "results/desk/fake-sparse/evolved/seed-0/train/record.json"

    table = answers.evidence(row("evolving-beats-static"), {record: "node7, Slurm job 4711"})

    path, digest, made_on = table["rows"][0]
    assert path.endswith("predictions.npz")
    assert "a" * 64 in digest
    assert made_on == "node7, Slurm job 4711"
    assert table["head"] == ["file", "sha256", "made on"]


def test_evidence_whose_record_is_not_here_does_not_say_who_made_it():
    assert answers.evidence(row("evolving-beats-static"), {})["rows"][0][2] == "not said"


def test_a_claim_that_no_commit_registered_says_so():
    text = said(
        row("evolving-beats-static", registered="not committed"), "Registered in commit"
    )

    assert 'class="unverified"' in text
    assert "not committed: nothing shows that the margin was fixed before the run" in text
