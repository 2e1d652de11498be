"""`plan`: what would run, how long that takes, what is kept and why, without running it."""

import json
import logging
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from respike.cli import common, main, plan
from respike.core import layout
from respike.core.layout import RECORD


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


def run(stage, seed, budget="desk"):
    """Path of the record of one run."""
    return f"results/{budget}/s/v/seed-{seed}/{stage}/{RECORD}"


def made(folder, record, seconds, count):
    """Leave what a job that ran leaves: its time, and how many bytes it wrote."""
    benchmark = folder / layout.told(record)[1]
    benchmark.parent.mkdir(parents=True, exist_ok=True)
    benchmark.write_text(f"s\th:m:s\n{seconds}\t0:00:01\n")
    (folder / record).parent.mkdir(parents=True, exist_ok=True)
    outputs = {"a": {"bytes": count - 1}, "b": {"bytes": 1}}
    (folder / record).write_text(json.dumps({"outputs": outputs}))


def said(capsys, folder, *words):
    code = main(["plan", "--directory", str(folder), *words])
    return code, capsys.readouterr().out.splitlines()


def test_what_was_made_otherwise_unseen_by_snakemake_is_counted(planned, tmp_path, capsys):
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("")
    planned(
        ("train", "Missing output files: a", "a", run("train", 0)),
        targets="abc",
        otherwise="ab",
    )

    _, lines = said(capsys, tmp_path)

    assert lines[0] == "budget desk: 1 jobs to run, 2 results kept"
    assert lines[1] == "1 of them were made otherwise: `respike run` makes them anew, and more"


def test_jobs_that_lack_a_file_are_counted(planned, tmp_path, capsys):
    planned(
        ("train", "Missing output files: a", "a", run("train", 0)),
        gone={tmp_path / "b": "b.npz"},
    )

    _, lines = said(capsys, tmp_path)

    assert lines[1] == "1 jobs lack a file: `respike run` does them again, and more"


def test_jobs_are_counted_priced_and_reasoned(planned, tmp_path, capsys):
    made(tmp_path, run("train", 0), 30, 2_000_000)
    made(tmp_path, run("train", 1), 60, 4_000_000)
    (tmp_path / "kept").write_text("")
    asked = planned(
        ("train", "Missing output files: a", "a", run("train", 2)),
        ("train", "Params have changed since last execution", "b", run("train", 1)),
        ("judge", "Input files updated by another job: a", f"results/desk/s/judge/{RECORD}"),
        targets=["kept", run("train", 1)],
    )

    code, lines = said(capsys, tmp_path, "--cores", "4")

    assert code == 0
    assert lines == [
        "budget desk: 3 jobs to run, 1 results kept",
        # the median of 30 s and 60 s for the new one, its own 60 s for the other
        "     2 train       52.5 s each, 0.029 core-hours, 7 MB",
        "     1 judge       never timed at desk",
        "in all 0.029 core-hours, 0 GPU-hours, 7 MB to be written, judged by earlier jobs",
        "without the time of judge: never timed at this budget",
        "without the bytes of judge: never made at this budget",
        "about 26 s or more on 4 cores",
        "why:",
        "     1 not made yet",
        "     1 a setting, the code or the environment changed",
        "     1 what it reads is made anew",
    ]
    assert asked[0][-3:] == ["--dry-run", "--cores", "4"]


def test_a_plan_whose_stages_were_all_made_is_not_open(planned, tmp_path, capsys):
    made(tmp_path, run("train", 0), 7200, 10)
    planned(("train", "", run("train", 0)))

    assert said(capsys, tmp_path)[1] == [
        "budget desk: 1 jobs to run, 0 results kept",
        "     1 train       7200.0 s each, 2 core-hours, 10 B",
        "in all 2 core-hours, 0 GPU-hours, 10 B to be written, judged by earlier jobs",
        "about 1 h 0 min on 2 cores",
        "why:",
        "     1 asked for",
    ]


def test_a_budget_that_was_never_timed_is_not_scaled_from_another(planned, tmp_path, capsys):
    made(tmp_path, run("train", 0), 4, 10)
    made(tmp_path, run("train", 1), 6.2, 10)
    made(tmp_path, run("train", 0, "smoke"), 1, 10)
    planned(("train", "", run("train", 0, "paper")), ("train", "", run("train", 1, "paper")))

    lines = said(capsys, tmp_path)[1]

    assert lines[1] == (
        "     2 train       never timed at paper; at desk 5.1 s each; at smoke 1.0 s each"
    )
    assert lines[2].startswith("in all 0 core-hours, 0 GPU-hours, 0 B to be written")
    assert lines[3] == "without the time of train: never timed at this budget"
    assert lines[4] == "without the bytes of train: never made at this budget"


def test_jobs_on_a_gpu_are_counted_in_its_hours(planned, tmp_path, capsys, monkeypatch):
    made(tmp_path, run("train", 0), 1800, 10)
    made(tmp_path, run("emulate", 0), 1800, 10)
    planned(("train", "", run("train", 0)), ("emulate", "", run("emulate", 0)))
    monkeypatch.setattr(plan, "_gpus", lambda profile, stage: 2 if stage == "train" else 0)

    assert said(capsys, tmp_path)[1][3].startswith("in all 1 core-hours, 1 GPU-hours, 20 B ")


def test_what_a_stage_asks_for_on_a_gpu_stands_in_the_profile():
    row = {"mem_mb": 1, "runtime": 1}
    profile = {"set-resources": {"train": {**row, "gpu": 2}, "prune": row}}

    assert [plan._gpus(profile, s) for s in ("train", "prune", "fetch")] == [2, 0, 0]


def test_data_have_no_budget(planned, tmp_path, capsys):
    record = f"results/data/{{}}/prepare/{RECORD}".format
    made(tmp_path, record("digits"), 3, 5)
    planned(("prepare", "", record("other")), ("fetch", "", f"results/data/x/fetch/{RECORD}"))

    lines = said(capsys, tmp_path)[1]

    assert lines[1:3] == [
        "     1 prepare     3.0 s each, 0.00083 core-hours, 5 B",
        "     1 fetch       never timed here",
    ]


def test_a_torn_benchmark_and_a_torn_record_count_as_never_made(planned, tmp_path, capsys):
    made(tmp_path, run("train", 0), 3, 5)
    made(tmp_path, run("prune", 0), 3, 5)
    (tmp_path / "benchmarks/desk/s/v/seed-0/train.tsv").write_text("s\th:m:s\n")
    (tmp_path / run("prune", 0)).write_text("{")
    planned(("train", "", run("train", 0)), ("prune", "", run("prune", 0)))

    lines = said(capsys, tmp_path)[1]

    assert lines[1] == "     1 train       never timed at desk"
    assert lines[2] == "     1 prune       3.0 s each, 0.00083 core-hours"
    assert lines[4] == "without the time of train: never timed at this budget"
    assert lines[5] == "without the bytes of prune: never made at this budget"


def test_nothing_to_do_is_one_line(planned, tmp_path, capsys):
    (tmp_path / "kept").write_text("")
    planned(targets=["kept"])

    assert said(capsys, tmp_path) == (0, ["budget desk: 0 jobs to run, 1 results kept"])


def test_a_job_that_is_named_twice_counts_once_and_a_target_never(planned, tmp_path, capsys):
    planned(
        ("train", "Missing output files: a", "a", run("train", 0)),
        ("train", "Missing output files: a", "a", run("train", 0)),
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
