"""What a run would do: jobs, what they cost, what is there already, why anything would run."""

import re
from argparse import ArgumentParser, Namespace
from collections import Counter
from logging import LogRecord
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from snakemake_interface_logger_plugins.common import LogEvent

from respike.cli import common, cost, memory, progress, slurm
from respike.cluster import sizing
from respike.core import layout
from respike.report.words import size


def arguments(parser: ArgumentParser) -> None:
    common.selection(parser)
    parser.add_argument("--cores", type=int, default=2, help="for the estimate of minutes")


class LogHandler(progress.LogHandler):
    """Collects the planned jobs of a dry run instead of printing them."""

    planned: ClassVar[list[dict[str, Any]]] = []

    def __post_init__(self) -> None:
        super().__post_init__()
        type(self).planned = []

    def _run_info(self, record: LogRecord) -> None:
        pass

    def emit(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO and record.rule_name not in progress.TARGETS:
            self.planned.append(
                {
                    "rule": record.rule_name,
                    "reason": str(getattr(record, "reason", "") or ""),
                    "output": [str(o) for o in record.output or []],
                }
            )
        elif event == LogEvent.ERROR:
            self._error(record)


def execute(given: Namespace) -> int:
    config = common.configuration(given)
    given.directory = common.enter(given.directory)
    argv = [*common.snakemake_arguments(given), "--dry-run", "--cores", str(given.cores)]
    code = common.call_snakemake(argv, LogHandler, "respikeplan")
    if code:
        return code
    planned = {tuple(job["output"]): job for job in LogHandler.planned}.values()
    kept = [t for t in config.targets(config.budget) if Path(t).exists()]
    due = {o for job in planned for o in job["output"]}
    there = len(set(kept) - due)
    print(f"budget {config.budget}: {len(planned)} jobs to run, {there} results kept")
    otherwise = memory.made_otherwise(config, given.directory)
    if lost := {str(path.relative_to(given.directory)) for path in otherwise} - due:
        print(
            f"{len(lost)} of them were made otherwise: `respike run` makes them anew, and more"
        )
    if gone := memory.incomplete(config, given.directory):
        print(f"{len(gone)} jobs lack a file: `respike run` does them again, and more")
    if planned:
        _costs(list(planned), given)
        print("why:")
        for reason, count in Counter(why(job["reason"]) for job in planned).most_common(8):
            print(f"  {count:4d} {reason}")
    return 0


def _costs(planned: list[dict[str, Any]], given: Namespace) -> None:
    earlier = cost.Earlier(given.directory)
    profile = slurm.profile()
    stages: dict[str, list[str]] = {}
    for job in planned:
        stages.setdefault(job["rule"], []).append(_record(job["output"]))
    seconds = gpu_seconds = written = 0.0
    untimed, unwritten = [], []
    for stage, records in stages.items():
        found = earlier.cost(stage, records)
        print(f"  {found.jobs:4d} {stage:11s} {said(found, records[0])}")
        untimed += [stage] if found.seconds is None else []
        unwritten += [stage] if found.written is None else []
        seconds += found.seconds or 0
        gpu_seconds += _gpus(profile, stage) * (found.seconds or 0)
        written += found.written or 0
    print(
        f"in all {hours(seconds)} core-hours, {hours(gpu_seconds)} GPU-hours, "
        f"{size(written)} to be written, judged by earlier jobs"
    )
    if untimed:
        print(f"without the time of {', '.join(untimed)}: never timed at this budget")
    if unwritten:
        print(f"without the bytes of {', '.join(unwritten)}: never made at this budget")
    more = " or more" if untimed else ""
    print(f"about {progress.span(seconds / given.cores)}{more} on {given.cores} cores")


def _record(outputs: list[str]) -> str:
    return next(path for path in outputs if PurePosixPath(path).name == layout.RECORD)


def _gpus(profile: dict[str, Any], stage: str) -> int:
    return sizing.need(profile, stage, 1).gpus if stage in profile["set-resources"] else 0


def said(found: cost.Cost, record: str) -> str:
    """What the jobs of one stage cost, in words; or where it was timed instead."""
    if found.seconds is None:
        at = PurePosixPath(record).parts[1]
        here = "here" if at == "data" else f"at {at}"
        other = [f"; at {b} {s:.1f} s each" for b, s in found.elsewhere.items()]
        return f"never timed {here}{''.join(other)}"
    each = f"{found.seconds / found.jobs:.1f} s each, {hours(found.seconds)} core-hours"
    return each if found.written is None else f"{each}, {size(found.written)}"


def hours(seconds: float) -> str:
    """Seconds as hours, with two digits that count."""
    return f"{seconds / 3600:.2g}" if seconds < 360_000 else f"{seconds / 3600:,.0f}"


def why(reason: str) -> str:
    """Snakemake's reason for a job, shortened so that like reasons count together."""
    text = " ".join(reason.split())
    if (
        "Params have changed" in text
        or "Set of params" in text
        or "params" in text.lower()[:40]
    ):
        return "a setting, the code or the environment changed"
    if text.startswith("Missing output files"):
        return "not made yet"
    if text.startswith(("Input files updated by another job", "Updated input files")):
        return "what it reads is made anew"
    return re.sub(r": .*", "", text) or "asked for"
