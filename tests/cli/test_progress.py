"""Every event of the logger has a test: its thread swallows exceptions."""

import json
import logging
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from respike.cli import progress
from respike.cli.plan import why
from respike.core.log import STOPPED


@pytest.fixture
def handler(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = progress.LogHandler(SimpleNamespace(), None)
    yield found
    found.failed, found.errors = {}, []


def event(name, message="", **fields):
    record = logging.LogRecord("snakemake", logging.INFO, "", 0, message, None, None)
    record.event = name
    for key, value in fields.items():
        setattr(record, key, value)
    return record


def job(handler, number, rule="train", **wildcards):
    handler.emit(
        event(
            LogEvent.JOB_INFO, jobid=number, rule_name=rule, wildcards=wildcards, log=["a.log"]
        )
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.4, "59 s"), (80, "1 min 20 s"), (7500, "2 h 5 min")],
)
def test_a_span_is_said_in_words(seconds, words):
    assert progress.span(seconds) == words


def test_the_jobs_are_counted_without_the_target(handler, capsys):
    handler.emit(event(LogEvent.RUN_INFO, stats={"all": 1, "train": 2, "judge": 1, "total": 4}))

    assert capsys.readouterr().err == "3 jobs: 2 train, 1 judge\n"


def test_a_finished_job_is_one_line_with_the_time_left(handler, capsys):
    handler.emit(event(LogEvent.RUN_INFO, stats={"train": 2, "total": 2}))
    handler.emit(event(LogEvent.RESOURCES_INFO, cores=1))
    job(handler, 1, study="s", variant="v", seed="0")
    handler.jobs[1]["began"] -= 10

    handler.emit(event(LogEvent.JOB_FINISHED, job_id=1))

    assert capsys.readouterr().err.splitlines()[1] == "[1/2] train s/v seed 0  10 s  left 10 s"


def test_time_left_says_when_a_rule_was_never_timed(handler, capsys):
    handler.emit(event(LogEvent.RUN_INFO, stats={"train": 1, "report": 1, "total": 2}))
    job(handler, 1, dataset="digits")
    handler.emit(event(LogEvent.JOB_FINISHED, job_id=1))

    assert "left > 0 s" in capsys.readouterr().err


def test_recorded_times_of_earlier_runs_are_used(tmp_path):
    for i, seconds in enumerate((1.0, 3.0, 11.0)):
        file = tmp_path / str(i) / "train.tsv"
        file.parent.mkdir()
        file.write_text(f"s\th:m:s\n{seconds}\t0\n")
    (tmp_path / "0" / "torn").mkdir()
    (tmp_path / "0" / "torn" / "train.tsv").write_text("s")

    assert progress.recorded_seconds("train", tmp_path) == 3.0
    assert progress.recorded_seconds("judge", tmp_path) is None


def test_a_failed_job_ends_with_the_sentence_of_its_log(handler, capsys, tmp_path):
    (tmp_path / "a.log").write_text(
        "respike.train: epoch 1\nrespike.train: stopped: loss is nan\n"
    )
    handler.emit(event(LogEvent.RUN_INFO, stats={"train": 1, "total": 1}))
    job(handler, 1, study="s", variant="v", seed="0")
    handler.emit(event(LogEvent.ERROR, "RuleException: noise"))
    handler.emit(event(LogEvent.JOB_ERROR, jobid=1))
    handler.emit(event(LogEvent.JOB_ERROR, jobid=1))

    handler.close()

    lines = capsys.readouterr().err.splitlines()
    assert lines[1].startswith("0 of 1 jobs done in 0 s, 1 failed:")
    assert lines[2] == "  train s/v seed 0: respike.train: loss is nan"
    assert lines[3] == "    log: a.log"
    assert "noise" not in "".join(lines)


def test_a_job_that_is_tried_again_is_said_and_no_failure_in_the_end(handler, capsys, tmp_path):
    (tmp_path / "a.log").write_text("respike.train: stopped: no memory\n")
    handler.emit(event(LogEvent.RUN_INFO, stats={"train": 1, "total": 1}))
    job(handler, 1, study="s", variant="v", seed="0")
    handler.emit(event(LogEvent.JOB_ERROR, jobid=1))
    job(handler, 1, study="s", variant="v", seed="0")
    handler.emit(event(LogEvent.JOB_FINISHED, job_id=1))

    handler.close()

    assert capsys.readouterr().err.splitlines() == [
        "1 jobs: 1 train",
        "again: train s/v seed 0: respike.train: no memory",
        "[1/1] train s/v seed 0  0 s",
    ]


def group(handler, *numbers):
    """Jobs that are submitted as one, each with a log of its own."""
    found = [SimpleNamespace(jobid=number) for number in numbers]
    handler.emit(event(LogEvent.GROUP_INFO, jobs=found))
    for number in numbers:
        handler.emit(
            event(
                LogEvent.JOB_INFO, jobid=number, rule_name="emulate", log=[f"{number}.log"],
                wildcards={"study": "s", "variant": "v", "seed": str(number)},
            )
        )  # fmt: skip


def failed_group(handler, tmp_path):
    """A group of three of which the second fails; the third, which follows it, never began."""
    group(handler, 1, 2, 3)
    (tmp_path / "1.log").write_text("respike.emulate: x\nrespike.emulate: wrote a (1 file)\n")
    (tmp_path / "2.log").write_text(f"{STOPPED}the core is too small\n")
    for number in (1, 2, 3):
        handler.emit(event(LogEvent.JOB_ERROR, jobid=number))


def test_of_a_failed_group_the_one_to_blame_is_named_and_the_others_are_counted(
    handler, capsys, tmp_path
):
    failed_group(handler, tmp_path)

    handler.close()

    assert capsys.readouterr().err.splitlines()[1:] == [
        "  emulate s/v seed 2: the core is too small",
        "    log: 2.log",
        "  2 jobs without a fault, as one of their group failed",
    ]


def test_of_a_group_that_nobody_can_be_blamed_for_all_are_named(handler, capsys):
    group(handler, 1, 2)
    for number in (1, 2):
        handler.emit(event(LogEvent.JOB_ERROR, jobid=number, rule_msg="the node died"))
    group(handler, 3)
    handler.emit(event(LogEvent.JOB_ERROR, jobid=3, rule_msg="it is too large"))

    handler.close()

    said = [line for line in capsys.readouterr().err.splitlines() if "log:" not in line]
    assert said[1:] == [
        "  emulate s/v seed 1: the node died",
        "  emulate s/v seed 2: the node died",
        "  emulate s/v seed 3: it is too large",
    ]


def test_of_a_group_that_is_tried_again_the_one_to_blame_is_named(handler, capsys, tmp_path):
    failed_group(handler, tmp_path)

    group(handler, 1, 2, 3)

    assert capsys.readouterr().err.splitlines() == [
        "again, as one of their group failed: 2 jobs without a fault",
        "again: emulate s/v seed 2: the core is too small",
    ]


def test_a_job_alone_that_fails_after_it_wrote_is_a_failure(handler, capsys, tmp_path):
    group(handler, 1)
    (tmp_path / "1.log").write_text("respike.emulate: wrote a (1 file)\n")
    handler.emit(event(LogEvent.JOB_ERROR, jobid=1))

    handler.close()

    assert "  emulate s/v seed 1: died without a word" in capsys.readouterr().err


def test_jobs_of_a_group_share_its_time_in_what_is_left(handler, capsys):
    handler.emit(event(LogEvent.RUN_INFO, stats={"emulate": 4, "total": 4}))
    handler.emit(event(LogEvent.RESOURCES_INFO, cores=1))
    group(handler, 1, 2)
    handler.jobs[1]["began"] -= 10

    handler.emit(event(LogEvent.JOB_FINISHED, job_id=1))

    assert (
        capsys.readouterr().err.splitlines()[1] == "[1/4] emulate s/v seed 1  10 s  left 15 s"
    )


def test_at_most_three_failures_are_said(handler, capsys):
    for number in range(5):
        job(handler, number, study="s", variant="v", seed=str(number))
        handler.emit(event(LogEvent.JOB_ERROR, jobid=number))

    handler.close()

    assert capsys.readouterr().err.splitlines()[-1] == "  and 2 more"


def test_an_error_before_any_job_is_said_once_without_its_frame(handler, capsys):
    text = (
        'InputFunctionException in rule prepare in file "/x/prepare.smk", line 4:\nError:\n'
        "  WorkflowError:\n    no data set named 'd'.\n"
        "Wildcards:\n  dataset=d\nTraceback:\n  File x"
    )
    handler.emit(event(LogEvent.ERROR, text))
    handler.emit(event(LogEvent.ERROR, text))

    handler.close()

    assert capsys.readouterr().err == "no data set named 'd'.\n"


def test_nothing_to_do_is_said(handler, capsys):
    record = logging.LogRecord(
        "s", 20, "", 0, "Nothing to be done (all requested ...)", None, None
    )
    handler.emit(record)

    assert capsys.readouterr().err.startswith("nothing to do: every result is there")


def test_verdicts_are_said_when_a_judge_ends(handler, capsys, tmp_path):
    path = tmp_path / "results/desk/s/judge/verdicts.json"
    path.parent.mkdir(parents=True)
    row = {
        "study": "s", "claim": "c", "says": "a is more than b", "verdict": "not run",
        "reason": "another data set", "scope": "analogue", "unit": None, "measured": None,
        "interval": None, "budget": "desk", "detail": {},
    }  # fmt: skip
    path.write_text(json.dumps({"verdicts": [row]}))
    job(handler, 1, "judge", budget="desk", study="s")

    handler.emit(event(LogEvent.JOB_FINISHED, job_id=1))

    assert "a is more than b" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("", "died without a word: killed, or out of memory (try --cores 1)"),
        (
            "respike.train: epoch 3\n",
            "died without a word: killed, or out of memory (try --cores 1)",
        ),
        (
            "Traceback ...\nZeroDivisionError: division by zero\n",
            "ZeroDivisionError: division by zero",
        ),
        ("x\nrespike.train: stopped: no data\n", "respike.train: no data"),
    ],
)
def test_the_last_sentence_of_a_log(log, sentence, tmp_path):
    (tmp_path / "x.log").write_text(log)

    assert progress.last_sentence(tmp_path / "x.log") == sentence


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "Params have changed since last execution: before: 1",
            "a setting, the code or the environment changed",
        ),
        ("Missing output files: a, b", "not made yet"),
        ("Input files updated by another job: a", "what it reads is made anew"),
        ("", "asked for"),
    ],
)
def test_reasons_are_grouped(reason, words):
    assert why(reason) == words
