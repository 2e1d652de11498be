"""The page of what threads and instruction sets change, and the word that writes it."""

import json
from pathlib import Path

import pytest

from respike.audit import numerics, numerics_page
from respike.audit.numerics import REFERENCE
from respike.cli import common
from respike.cli.audit import numerics as word
from respike.core.errors import DONE, TAMPERED, ConfigError, RespikeError
from respike.core.layout import BUDGETS
from tests.audit.numerics_rows import TWO, artifact, found, row

ROOT = Path(__file__).resolve().parents[2]
SECONDS = {REFERENCE: 60, "other": 61}


def result(budget="desk", other_sha="2", exact_sha="3", word="holds"):
    def one(sha, exact, accuracy, measured, word="holds"):
        return found(
            {
                "r/a/train/metrics.json": artifact(sha=sha),
                "r/b/emulate/model": artifact("emulate", exact, exact=True),
                "r/c/emulate/model": artifact("emulate", sha, exact=True, inputs=(sha,)),
            },
            {"r/a/train": accuracy},
            {
                "toy/c": row(measured=measured, verdict=word, region=(0.0, None)),
                "toy/same": row(claim="same", level="identity", measured=0, unit=None),
                "toy/none": row(claim="none", verdict="not run", measured=None, interval=False),
            },
        )

    runs = {
        REFERENCE: one("1", "3", 0.5, 1.0),
        "other": one(other_sha, exact_sha, 0.53125, 1.25, word),
    }
    return numerics.document(budget, TWO, runs, SECONDS)


def table(text, first):
    return next(line for line in text.splitlines() if line.startswith(f"| {first}"))


def test_a_stage_is_a_row_with_its_counts_and_its_headlines_change():
    text = numerics_page.page(result())

    assert table(text, "train |") == "| train | metrics.json | 1 | 0 | accuracy: 0.0312 |"


def test_an_emulation_says_how_many_files_must_be_equal():
    text = numerics_page.page(result())

    assert table(text, "emulate") == "| emulate (exact) | model | 2 | 1 (1 must) |  |"
    assert "All of them are equal." in text


def test_a_class_is_a_row_with_its_variables():
    text = numerics_page.page(result())

    assert table(text, "other") == "| other | another | `MKL_CBWR=AVX2` | 1 | 61 |"
    assert table(text, "reference") == "| reference | this machine | - | 1 | 60 |"


def test_a_claim_is_a_row_with_verdict_and_number_in_each_class():
    text = numerics_page.page(result())

    assert table(text, "toy/c") == "| toy/c [pp] | holds 1 | holds 1.25 | 6.6 % |"
    assert (
        table(text, "toy/same") == "| toy/same | holds 0 | holds 0 | identity: equal or not |"
    )
    assert "1 more claims\nare not run at this budget." in text
    assert "| toy/none" not in text
    assert "0 of 2 verdicts flip. The greatest chance is 6.6 %, of toy/c." in text


def test_a_verdict_that_flips_stands_out():
    text = numerics_page.page(result(word="inconclusive"))

    assert "| **inconclusive** 1.25 |" in table(text, "toy/c")
    assert "1 of 2 verdicts flip: toy/c." in text


def test_a_declaration_that_broke_stands_in_the_text():
    text = numerics_page.page(result(exact_sha="4"))

    assert "**1 are not**: other: r/b/emulate/model differs and is declared" in text
    assert "All of them are equal" not in text


def test_only_a_page_of_smoke_says_that_it_is_one():
    assert "hardly trained" in numerics_page.page(result("smoke"))
    assert "hardly trained" not in numerics_page.page(result("desk"))


def test_the_machine_is_named():
    said = "Machine: x86_64, AuthenticAMD with avx2; glibc 2.36; Python 3.11.7; numpy 2.4.6."

    assert said in numerics_page.page(result())


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "0"), (0.00009, "< 0.01 %"), (0.0001, "0.01 %"), (0.123, "12 %"), (1.0, "1e+02 %")],
)
def test_a_chance_is_said_with_two_digits(value, said):
    assert numerics_page.chance(value) == said


def test_the_page_in_docs_is_made_of_the_json_beside_it():
    found = json.loads((ROOT / "docs/numerics.json").read_bytes())

    assert (ROOT / "docs/numerics.md").read_text() == numerics_page.page(found)


# ------------------------------------------------------------------ the word


def call(*words):
    from argparse import ArgumentParser

    parser = ArgumentParser()
    word.arguments(parser)
    return word.execute(parser.parse_args(words))


@pytest.fixture
def surveyed(monkeypatch, tmp_path):
    """The word with a survey that runs nothing; what it was asked for, and what it gives."""
    asked = {}

    def survey(budget, scratch, studies, only, root, told):
        asked.update(budget=budget, studies=studies, only=only, root=root)
        asked["scratch was there"] = scratch.is_dir()
        asked["scratch"] = scratch
        told("reference: 3 jobs in 60 s")
        return asked.get("gives") or result(budget)

    monkeypatch.setattr(numerics, "survey", survey)
    monkeypatch.setattr(common, "ROOT", tmp_path)
    return asked


def test_the_word_runs_and_keeps_the_result(surveyed, tmp_path, capsys):
    code = call("esl-snns", "--budget", "desk", "--only", "avx2")

    assert code == DONE
    assert json.loads((tmp_path / "audits/numerics-desk.json").read_text()) == result()
    assert (surveyed["studies"], surveyed["only"]) == (["esl-snns"], ["avx2"])
    assert surveyed["scratch was there"]
    assert not surveyed["scratch"].exists()
    assert capsys.readouterr().out.splitlines() == [
        "reference: 3 jobs in 60 s",
        "other (another): 1 of 3 files equal, byte for byte",
        "all 1 that are declared exact are equal",
        "0 of 2 verdicts flip. The greatest chance is 6.6 %, of toy/c.",
        "wrote audits/numerics-desk.json",
    ]


def test_without_a_budget_it_runs_smoke(surveyed, tmp_path):
    call()

    assert surveyed["budget"] == "smoke"
    assert (tmp_path / "audits/numerics-smoke.json").exists()


def test_what_broke_is_said_and_ends_with_the_code_of_an_audit_that_found_something(
    surveyed, capsys
):
    surveyed["gives"] = result(exact_sha="4")

    assert call() == TAMPERED
    out = capsys.readouterr().out.splitlines()
    assert out[2].startswith("NOT EQUAL other: r/b/emulate/model differs")
    assert out[3] == "1 of 1 that are declared exact are not equal"


def test_a_page_is_written_from_a_result_without_a_run(surveyed, tmp_path, capsys):
    source = tmp_path / "some.json"
    source.write_text(json.dumps(result()))

    code = call("--page", str(tmp_path / "p.md"), "--from", str(source))

    assert code == DONE
    assert (tmp_path / "p.md").read_text() == numerics_page.page(result())
    assert json.loads((tmp_path / "p.json").read_text()) == result()
    assert "budget" not in surveyed


def test_a_page_may_be_written_from_the_last_result(surveyed, tmp_path):
    call("--budget", "desk")

    assert call("--budget", "desk", "--page", str(tmp_path / "p.md")) == DONE
    text = (tmp_path / "p.md").read_text()
    assert (
        "at budget\ndesk was run 2 times in fresh copies of the checkout, in 2 minutes" in text
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (None, r"cannot be read \(No such file or directory\); run `respike audit numerics`"),
        ("{", "is no JSON"),
        ("[]", "is no respike-numerics/1; run"),
        ('{"schema": "other"}', "is no respike-numerics/1; run"),
    ],
)
def test_a_source_that_is_no_result_is_refused(tmp_path, text, sentence):
    source = tmp_path / "some.json"
    if text is not None:
        source.write_text(text)

    with pytest.raises(ConfigError, match=sentence):
        call("--page", str(tmp_path / "p.md"), "--from", str(source))
    assert not (tmp_path / "p.md").exists()


def test_a_source_without_a_page_is_refused():
    with pytest.raises(RespikeError, match="--from is for --page; add --page FILE"):
        call("--from", "some.json")


def test_a_budget_is_one_of_ours():
    for budget in BUDGETS:
        assert numerics_page.page(result(budget))
