"""The command itself: its words, their help, and the exit code of every ending."""

import re
import subprocess
import sys
import types

import pytest

from respike.cli import WORDS, audit, envs, main
from respike.core import errors
from tests.workflow import toy

TABLE = dict(
    re.findall(r"^\| (\d+) \| (.+?) \|", (toy.ROOT / "docs/exit-codes.md").read_text(), re.M)
)
AUDIT_WORDS = [f"audit {name}" for name in audit.WORDS]
ENVS_WORDS = [f"envs {name}" for name in envs.WORDS]
PLAIN = [name for name in WORDS if name not in {"audit", "envs"}]
CODES = {
    name: value
    for name, value in vars(errors).items()
    if name.isupper() and isinstance(value, int)
}


@pytest.fixture
def word(monkeypatch):
    """Put a module of ours in the place of the word `plan`."""

    def replace(execute):
        module = types.ModuleType("respike.cli.plan", "A word for tests.")
        module.arguments = lambda parser: parser.add_argument("--number", type=int)
        module.execute = execute
        monkeypatch.setitem(sys.modules, "respike.cli.plan", module)

    return replace


def raising(error):
    def execute(given):
        raise error

    return execute


def test_the_table_in_the_docs_lists_the_exit_codes_and_no_other():
    assert sorted(map(int, TABLE)) == sorted(CODES.values())
    assert CODES == {
        "DONE": 0,
        "FAILED": 1,
        "MISUSED": 2,
        "TAMPERED": 3,
        "BUSY": 75,
        "FENCED": 76,
        "INTERRUPTED": 130,
    }


def test_every_error_of_ours_has_a_code_of_the_table():
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.RespikeError)
    ]

    assert {kind.__name__: kind.exit_code for kind in kinds} == {
        "RespikeError": errors.FAILED,
        "ConfigError": errors.MISUSED,
        "UnknownPart": errors.MISUSED,
        "DamagedFile": errors.FAILED,
        "Busy": errors.BUSY,
        "Fenced": errors.FENCED,
    }
    assert {str(kind.exit_code) for kind in kinds} <= set(TABLE)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "done; a claim that `differs` is a result, not a failure"),
        (75, "another run owns this folder"),
        (130, "stopped by Ctrl-C"),
    ],
)
def test_the_table_says_what_a_code_means(code, words):
    assert TABLE[str(code)] == words


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.RespikeError("why"), 1),
        (errors.DamagedFile("why"), 1),
        (errors.ConfigError("why"), 2),
        (errors.Busy("why"), 75),
        (errors.Fenced("why"), 76),
    ],
)
def test_an_error_ends_a_word_with_its_sentence_and_its_code(error, code, word, capsys):
    word(raising(error))

    assert main(["plan"]) == code
    assert capsys.readouterr().err == "respike plan: why\n"


def test_ctrl_c_before_a_word_has_begun_its_work_is_130(word, capsys):
    word(raising(KeyboardInterrupt()))

    assert main(["plan"]) == 130
    assert capsys.readouterr().err == (
        "respike plan: stopped at your word; the same command goes on from here\n"
    )


def test_a_bug_keeps_its_traceback(word):
    word(raising(ZeroDivisionError()))

    with pytest.raises(ZeroDivisionError):
        main(["plan"])


def test_a_word_gives_its_own_code_and_gets_its_arguments(word):
    word(lambda given: given.number)

    assert main(["plan", "--number", "7"]) == 7


def test_a_reader_that_goes_away_is_no_error():
    code = "import sys; from respike.cli import main; sys.exit(main(['list']))"
    listing = subprocess.Popen(
        [sys.executable, "-c", code], cwd=toy.ROOT, env=toy.environment(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    listing.stdout.close()

    said = listing.stderr.read()
    listing.stderr.close()

    assert listing.wait() == 0
    assert said == b""


@pytest.mark.parametrize("argv", [["-h"], ["--help"], ["help"]])
def test_help_names_every_word(argv, capsys):
    assert main(argv) == 0

    said = capsys.readouterr().out
    assert said.startswith("usage: respike WORD ...\n")
    for name, text in WORDS.items():
        assert re.search(rf"^  {name} +{re.escape(text)}$", said, re.M)


def test_no_word_is_answered_with_help_and_2(capsys):
    assert main([]) == 2
    assert capsys.readouterr().out.startswith("usage: respike WORD")


def test_without_a_list_the_words_of_the_command_line_count(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["respike", "help"])

    assert main() == 0


@pytest.mark.parametrize("name", [*PLAIN, *AUDIT_WORDS, *ENVS_WORDS])
def test_every_word_says_what_it_does(name, capsys):
    with pytest.raises(SystemExit) as end:
        main([*name.split(), "--help"])

    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: respike {name} ")


def test_a_word_that_has_words_lists_them(capsys):
    assert main(["audit", "--help"]) == 0

    said = capsys.readouterr().out
    assert said.startswith("usage: respike audit WORD ...\n")
    for name, text in audit.WORDS.items():
        assert f"  {name:8s}" in said
        assert text in said


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["lst"], "respike: no word 'lst'. Did you mean 'list'? "),
        (["xyzzy"], f"respike: no word 'xyzzy'. Words: {', '.join(WORDS)}\n"),
    ],
)
def test_a_word_that_is_not_known_is_answered_with_the_nearest(argv, said, capsys):
    assert main(argv) == 2
    assert capsys.readouterr().err.startswith(said)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (
            ["plan", "--budgt", "smoke"],
            "respike plan: unrecognized arguments: --budgt. Did you mean '--budget'? "
            "See respike plan --help\n",
        ),
        (
            ["show", "x", "--", "--keep-going"],
            "respike show: only `respike run` takes words after --.",
        ),
        (
            ["plan", "--seeds=many"],
            "respike plan: argument --seeds: invalid int value: 'many'.",
        ),
        (
            ["show"],
            "respike show: the following arguments are required: claim. See respike show",
        ),
        (
            ["show", "x", "--bugdet=desk"],
            "respike show: unrecognized arguments: --bugdet=desk. Did you mean '--budget'?",
        ),
    ],
)
def test_an_argument_that_is_not_allowed_is_2_and_one_line(argv, said, capsys):
    with pytest.raises(SystemExit) as end:
        main(argv)

    found = capsys.readouterr().err
    assert end.value.code == 2
    assert found.startswith(said)
    assert len(found.splitlines()) == 1


# ------------------------------------------------------------------ a checkout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return toy.make(tmp_path_factory.mktemp("words") / "toy")


def test_a_run_while_another_runs_is_75_and_says_who(checkout):
    code = (
        "import sys, time; from pathlib import Path; from respike.core import lock\n"
        "lock.acquire(Path('.')); lock.takeover(Path('.')); print('held', flush=True)\n"
        "time.sleep(60)"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code], cwd=checkout, stdout=subprocess.PIPE,
        env=toy.environment(PYTHONPATH=str(checkout)),
    )  # fmt: skip
    try:
        assert other.stdout.readline() == b"held\n"

        done = toy.respike(checkout, "run", "--wait", "0")
    finally:
        other.kill()
        other.wait()
        other.stdout.close()

    assert done.returncode == 75
    assert re.fullmatch(
        rf"respike run: another run owns this folder: host \S+, pid {other.pid}, since 20\S+; "
        "wait for it to end, or stop it\n",
        done.stderr,
    )


def test_list_names_studies_claims_and_verdicts(checkout):
    done = toy.respike(checkout, "list")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "toy  A toy",
        "  arXiv 0000.00000",
        "  variants: dense, pruned",
        "  toy-claim                          analogue   no verdict yet",
        "",
    ]


def test_list_says_where_a_paper_appeared_and_what_was_found(checkout, tmp_path):
    from tests.cli.test_show import page, put, verdict

    study = checkout / "studies/toy.yaml"
    text = study.read_text()
    study.write_text(text.replace('arxiv: "0000.00000"', 'arxiv: "0000.00000", venue: TOYS 1'))
    put(tmp_path, page(verdict(claim="toy-claim", verdict="differs")))
    try:
        done = toy.respike(checkout, "list", "toy", "--directory", str(tmp_path))
    finally:
        study.write_text(text)

    assert "  arXiv 0000.00000; TOYS 1" in done.stdout.splitlines()
    assert "  toy-claim                          analogue   differs (desk)" in done.stdout


def test_a_draft_hides_no_other_study_from_the_list(checkout):
    draft = checkout / "studies/draft.yaml"
    draft.write_text("id: draft\n")
    try:
        done = toy.respike(checkout, "list")
        one = toy.respike(checkout, "list", "toy")
    finally:
        draft.unlink()

    assert done.returncode == 2
    assert done.stderr.startswith(
        "respike list: studies/draft.yaml:1:1: the file lacks 'title'"
    )
    assert "toy-claim" in done.stdout
    assert (one.returncode, one.stderr) == (0, "")


def test_a_study_that_is_not_there_is_2(checkout):
    done = toy.respike(checkout, "list", "toi")

    assert done.returncode == 2
    assert done.stderr.startswith("respike list: no study named 'toi'. Did you mean 'toy'?")
