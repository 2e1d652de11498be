"""What logs, the command, the page, the table and the README show cannot act on its reader."""

import csv
import io as text_io
import json
import logging
import re
import sys

import pytest

from respike import cli
from respike.claims import table
from respike.core import io
from respike.core import log as logs
from respike.core.errors import RespikeError
from respike.report import gather, page, readme
from tests.cli import test_show
from tests.report import fake

ESCAPES = "\x1b[2J\x1b]0;title\x07\x08\x9b31m"
HIDDEN = f"{ESCAPES}\u202eevil\u2066\u200b\ud800\u2028"
FORGED = "\nrespike.judge: wrote results/desk (all claims hold)"
TEXT = f"=1+1{HIDDEN}<script>alert(1)</script>{FORGED}"


def shows_nothing_hidden(text):
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ud800]", text
    )


@pytest.fixture
def logged(capsys):
    """What a stage's log shows of a message."""
    before = logging.getLogger("respike").handlers

    def show(*message):
        logs.configure()
        logging.getLogger("respike.train").error(*message)
        return capsys.readouterr().err

    yield show
    logging.getLogger("respike").handlers = before


def test_a_log_line_writes_out_what_would_move_the_cursor(logged):
    assert logged("%s", "a\x1b[2Jb\u202ec") == "respike.train: a<U+001B>[2Jb<U+202E>c\n"


def test_a_text_cannot_pass_for_another_log_line(logged):
    assert (
        logged("%s", f"a{FORGED}")
        == f"respike.train: a{FORGED.replace(chr(10), chr(10) + '  ')}\n"
    )
    assert not re.search(r"^respike\.judge", logged("%s", TEXT), re.M)


def test_a_line_is_one_line():
    assert logs.line(f"a{FORGED}\tb\x00") == f"a {FORGED.strip()} b<U+0000>"


def test_a_stage_whose_sentence_holds_a_hostile_name_shows_it_written_out(logged):
    with pytest.raises(RespikeError) as error:
        io.dump(f"x{ESCAPES}.exe", 3)

    shows_nothing_hidden(logged("%s%s", logs.STOPPED, error.value))


@pytest.mark.parametrize(
    "words",
    [
        (f"wo{HIDDEN[:-2]}rd",),
        ("run", f"--op{ESCAPES}tion"),
        ("run", f"stu{ESCAPES}dy"),
        ("run", "--set", f"esl-snns.b{ESCAPES}.c=1"),
        ("list", f"stu{ESCAPES}dy"),
    ],
)
def test_a_word_of_the_command_line_is_shown_written_out(words, capsys):
    try:
        code = cli.main(list(words))
    except SystemExit as end:  # argparse's way
        code = end.code
    said = capsys.readouterr()

    assert code == 2
    assert "<U+001B>" in said.err or "\\x1b" in said.err
    shows_nothing_hidden(said.err + said.out)


def test_a_claim_that_nobody_judged_is_shown_written_out(tmp_path, capsys):
    test_show.put(tmp_path, test_show.page(test_show.verdict()))

    code = cli.main(["show", f"cla{ESCAPES}im", "--directory", str(tmp_path)])

    said = capsys.readouterr()
    assert code == 2
    assert "<U+001B>" in said.err
    shows_nothing_hidden(said.err + said.out)


def test_the_command_gives_back_the_streams_it_was_given():
    streams = sys.stdout, sys.stderr

    cli.main(["--help"])

    assert (sys.stdout, sys.stderr) == streams


@pytest.fixture
def hostile(monkeypatch):
    """A campaign with TEXT wherever a stranger's text can come from."""
    monkeypatch.setattr(fake, "HOSTILE", TEXT)
    return fake.campaign(hostile=True).found()


def test_a_verdict_is_shown_on_one_line_a_fact(hostile, tmp_path, capsys):
    place = tmp_path / "results/desk"
    place.mkdir(parents=True)
    (place / "verdict.json").write_text(json.dumps(hostile.document))

    for row in hostile.document["claims"]:
        claim = f"{row['study']}/{row['claim']}"
        assert cli.main(["show", claim, "--directory", str(tmp_path)]) == 0
        said = capsys.readouterr().out
        shows_nothing_hidden(said)
        assert not re.search(r"^respike\.judge", said, re.M)
        assert all(re.match(r"[a-z ]{11}\S", line) for line in said.splitlines())


def test_no_cell_of_the_table_is_a_formula(hostile):
    document = hostile.document
    document["claims"][0]["margin_from"] = "=HYPERLINK(1)"
    document["claims"][0]["measured"] = -0.5

    data = io.dump("results.csv", table.rows(document)).decode()
    rows = list(csv.DictReader(text_io.StringIO(data)))

    assert rows[0]["margin_from"] == "'=HYPERLINK(1)"
    assert rows[0]["measured"] == "-0.5"
    assert "\x1b" not in data
    for row in rows:
        for value in row.values():
            assert not value.startswith(("=", "+", "@", "\t", "\r"))
            assert not re.match("-[^0-9.]", value)


def test_the_readme_s_table_has_one_line_a_claim(hostile):
    text = readme.table(hostile.document)

    assert len(text.splitlines()) == 2 + len(hostile.document["claims"])
    assert "<script>" not in text
    shows_nothing_hidden(text)


def test_the_page_shows_no_control_character(hostile):
    html = page.render(gather.view(hostile))

    body = html.split("</style>")[-1]
    assert "<script>alert" not in html
    shows_nothing_hidden(body)
