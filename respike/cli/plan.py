"""What a run would do: jobs, minutes, what is there already, and why anything would run."""

import re
from argparse import ArgumentParser, Namespace
from collections import Counter
from logging import LogRecord
from pathlib import Path
from typing import Any, ClassVar

from snakemake_interface_logger_plugins.common import LogEvent

from respike.cli import common, memory, progress


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
    seconds, unknown = 0.0, []
    counts = Counter(job["rule"] for job in planned)
    for rule, count in counts.items():
        each = progress.recorded_seconds(rule)
        words = "never timed here" if each is None else f"{each:.1f} s each"
        if each is None:
            unknown.append(rule)
        seconds += count * (each or 0)
        print(f"  {count:4d} {rule:11s} {words}")
    if planned:
        more = " or more" if unknown else ""
        print(f"about {progress.span(seconds / given.cores)}{more} on {given.cores} cores")
        print("why:")
        for reason, count in Counter(why(job["reason"]) for job in planned).most_common(8):
            print(f"  {count:4d} {reason}")
    return 0


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
