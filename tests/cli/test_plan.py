"""`plan`: what would run, how long that takes, what is kept and why, without running it."""

import logging
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from respike.cli import common, main, plan


def event(name, message="", **fields):
    record = logging.LogRecord("snakemake", logging.INFO, "", 0, message, None, None)
    record.event = name
    for key, value in fields.items():
        setattr(record, key, value)
    return record


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """Let a plan end with some jobs, as (rule, reason, outputs), or with an exit code."""

    def replace(*jobs, code=0, targets=(), otherwise=(), gone=()):
        def call(argv, logger, name):
            found.append(argv)
            handler = logger(SimpleNamespace(), None)
            for rule, reason, *outputs in jobs:
                handler.emit(
                    event(
                        LogEvent.JOB_INFO, rule_name=rule, reason=reason, output=outputs,
                        jobid=1, wildcards={}, log=[],
                    )
                )  # fmt: skip
            return code

        found = []
        config = SimpleNamespace(budget="desk", targets=lambda budget: list(targets))
        monkeypatch.setattr(common, "call_snakemake", call)
        monkeypatch.setattr(common, "configuration", lambda given: config)
        lost = [tmp_path / name for name in otherwise]
        monkeypatch.setattr(plan.memory, "made_otherwise", lambda config, root: lost)
        monkeypatch.setattr(plan.memory, "incomplete", lambda config, root: dict(gone))
        return found

    monkeypatch.chdir(tmp_path)
    return replace


def timed(folder, rule, seconds):
    file = folder / "benchmarks" / f"{rule}.tsv"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"s\th:m:s\n{seconds}\t0:00:01\n")


def said(capsys, folder, *words):
    code = main(["plan", "--directory", str(folder), *words])
    return code, capsys.readouterr().out.splitlines()


def test_what_was_made_otherwise_unseen_by_snakemake_is_counted(planned, tmp_path, capsys):
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("")
    planned(("train", "Missing output files: a", "a"), targets="abc", otherwise="ab")

    _, lines = said(capsys, tmp_path)

    assert lines[0] == "budget desk: 1 jobs to run, 2 results kept"
    assert lines[1] == "1 of them were made otherwise: `respike run` makes them anew, and more"


def test_jobs_that_lack_a_file_are_counted(planned, tmp_path, capsys):
    planned(("train", "Missing output files: a", "a"), gone={tmp_path / "b": "b.npz"})

    _, lines = said(capsys, tmp_path)

    assert lines[1] == "1 jobs lack a file: `respike run` does them again, and more"


def test_jobs_are_counted_timed_and_reasoned(planned, tmp_path, capsys):
    timed(tmp_path, "train", 30)
    (tmp_path / "kept").write_text("")
    (tmp_path / "due").write_text("")
    asked = planned(
        ("train", "Missing output files: a", "a"),
        ("train", "Params have changed since last execution", "b"),
        ("judge", "Input files updated by another job: a", "due"),
        targets=["kept", "due", "a"],
    )

    code, lines = said(capsys, tmp_path, "--cores", "4")

    assert code == 0
    assert lines == [
        "budget desk: 3 jobs to run, 1 results kept",
        "     2 train       30.0 s each",
        "     1 judge       never timed here",
        "about 15 s or more on 4 cores",
        "why:",
        "     1 not made yet",
        "     1 a setting, the code or the environment changed",
        "     1 what it reads is made anew",
    ]
    assert asked[0][-3:] == ["--dry-run", "--cores", "4"]


def test_a_plan_whose_rules_are_all_timed_is_not_open(planned, tmp_path, capsys):
    timed(tmp_path, "train", 100)
    planned(("train", "", "a"))

    assert said(capsys, tmp_path)[1] == [
        "budget desk: 1 jobs to run, 0 results kept",
        "     1 train       100.0 s each",
        "about 50 s on 2 cores",
        "why:",
        "     1 asked for",
    ]


def test_nothing_to_do_is_one_line(planned, tmp_path, capsys):
    (tmp_path / "kept").write_text("")
    planned(targets=["kept"])

    assert said(capsys, tmp_path) == (0, ["budget desk: 0 jobs to run, 1 results kept"])


def test_a_job_that_is_named_twice_counts_once_and_a_target_never(planned, tmp_path, capsys):
    planned(
        ("train", "Missing output files: a", "a"),
        ("train", "Missing output files: a", "a"),
        ("desk", "", ""),
        ("all", "", ""),
    )

    assert said(capsys, tmp_path)[1][0] == "budget desk: 1 jobs to run, 0 results kept"


def test_a_plan_that_cannot_be_made_says_no_number(planned, tmp_path, capsys):
    planned(code=1)

    assert said(capsys, tmp_path) == (1, [])


def test_an_error_of_the_plan_is_kept_for_its_last_word(monkeypatch, capsys):
    handler = plan.LogHandler(SimpleNamespace(), None)

    handler.emit(event(LogEvent.RUN_INFO, stats={"train": 1, "total": 1}))
    handler.emit(event(LogEvent.ERROR, "no such rule"))
    before = capsys.readouterr().err
    handler.close()

    assert before == ""
    assert capsys.readouterr().err == "no such rule\n"


def test_a_new_plan_forgets_the_last():
    handler = plan.LogHandler(SimpleNamespace(), None)
    handler.emit(event(LogEvent.JOB_INFO, rule_name="train", output=None, reason=None))
    assert plan.LogHandler.planned == [{"rule": "train", "reason": "", "output": []}]

    plan.LogHandler(SimpleNamespace(), None)

    assert plan.LogHandler.planned == []


CHANGED = "a setting, the code or the environment changed"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Params have changed since last execution: x", CHANGED),
        ("Set of params has changed", CHANGED),
        ("params changed", CHANGED),
        ("Missing output files: a,\n  b", "not made yet"),
        ("Updated input files: a", "what it reads is made anew"),
        ("Code has changed since last execution", "Code has changed since last execution"),
        ("Forced execution: by hand", "Forced execution"),
        ("", "asked for"),
    ],
)
def test_like_reasons_have_like_words(reason, words):
    assert plan.why(reason) == words
