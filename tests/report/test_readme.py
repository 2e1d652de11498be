"""The README's table is made from verdict.json, and is told when it is out of step."""

import json

import pytest

from respike.core.errors import RespikeError
from respike.report import readme
from tests.report import fake

EMPTY = f"# Title\n\n{readme.BEGIN}\nstale table\n{readme.END}\n\nrest\n"


@pytest.fixture
def document():
    return fake.campaign().found().document


def test_the_papers_own_claims_come_first_and_each_claim_has_one_row(document):
    lines = readme.table(document).splitlines()

    assert lines[0] == "| verdict | claim | paper | ours | data |"
    assert len(lines) == 2 + len(document["claims"])
    assert [line.split("|")[1].strip() for line in lines[2:5]] == [
        "**holds**",
        "**differs**",
        "**not run**",
    ]


def test_a_row_says_paper_ours_and_data(document):
    (row,) = [r for r in document["claims"] if r["claim"] == "one-neuron-is-enough"]

    assert readme.paper(row) == "0.01 probability (unverified)"
    assert readme.ours(row) == "0.21 probability (0.19 to 0.23)"
    assert readme.data(row) == "no data set"


def test_a_claim_that_was_not_run_shows_its_reason_and_no_number(document):
    (row,) = [r for r in document["claims"] if r["claim"] == "loss-at-ten-percent"]

    assert readme.ours(row) == row["reason"]


def test_synthetic_data_are_loud(document):
    (row,) = [r for r in document["claims"] if r["claim"] == "eeg-adds"]

    assert readme.data(row) == "fake-recording, SYNTHETIC"


def test_a_strangers_text_cannot_break_the_table():
    assert (
        readme._plain("a|b\n`c` <img> [x](y) \u202e")
        == r"a\|b \`c\` &lt;img&gt; \[x\](y) &lt;U+202E&gt;"
    )


def test_only_what_stands_between_the_markers_is_replaced(document):
    new = readme.insert(EMPTY, readme.section(document))

    assert new.startswith(f"# Title\n\n{readme.BEGIN}\n")
    assert new.endswith(f"{readme.END}\n\nrest\n")
    assert "stale table" not in new


@pytest.mark.parametrize(
    "text", ["no markers", readme.END + readme.BEGIN, EMPTY + readme.BEGIN]
)
def test_a_readme_without_its_markers_is_refused(text):
    with pytest.raises(RespikeError, match="README needs the lines"):
        readme.insert(text, "x")


def test_check_tells_a_readme_that_is_out_of_step(tmp_path, document):
    verdict, text = tmp_path / "verdict.json", tmp_path / "README.md"
    verdict.write_text(json.dumps(document))
    text.write_text(EMPTY)
    words = [str(verdict), str(text)]

    before = readme.main([*words, "--check"])
    made = readme.main(words)
    after = readme.main([*words, "--check"])
    document["claims"][0]["verdict"] = "inconclusive"
    verdict.write_text(json.dumps(document))

    assert (before, made, after) == (1, 0, 0)
    assert readme.main([*words, "--check"]) == 1
