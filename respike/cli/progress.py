"""What a run says: one line a job, the time left, each verdict as it falls, failures last.

A logger plugin of Snakemake, registered in the process that calls it. The handler runs in
a listener thread whose exceptions nobody sees, so that every event has a test.
"""

import contextlib
import csv
import json
import re
import statistics
import sys
import time
from collections import Counter
from logging import LogRecord
from pathlib import Path
from typing import Any, ClassVar

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

from respike.core import disk, layout
from respike.core.log import STOPPED, visible

TARGETS = {"all", *layout.BUDGETS}
NOTHING = "Nothing to be done"
FAILURE = "At least one job did not complete successfully."  # said after any other error
MOST_FAILURES = 3
NEXT_STEP = {  # what the system says -> what to do, where Snakemake names only the first
    "[Errno 28]": "the disk is full: free space and run again",
    "[Errno 30]": "the file system is read-only: make it writable, or use --directory",
    "[Errno 13]": "the folder is not yours to write: make it writable, or use --directory",
}
WROTE = re.compile(r"respike\.[a-z_]+: wrote ")  # a stage's last line
_FRAME = re.compile(
    r"\s*(\w*(Exception|Error)\b.*(in rule|in file).*|\w*(Exception|Error):?)\s*$"
)


def say(text: str) -> None:
    """One line for the person at the screen; what would be further lines is indented."""
    print(visible(text).replace("\n", "\n  "), file=sys.stderr, flush=True)


def span(seconds: float) -> str:
    """A time in words: `14 s`, `1 min 20 s`, `2 h 5 min`."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def verdicts(path: Path) -> list[dict[str, Any]]:
    """Verdicts of one study's judge or of the page; none where the file is torn or absent."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return []
    if not isinstance(found, dict):
        return []
    return found.get("verdicts", found.get("claims", []))


def recorded_seconds(rule: str, folder: Path = Path("benchmarks")) -> float | None:
    """Median time of earlier jobs of a rule [s], from Snakemake's benchmark files."""
    found = []
    for file in folder.rglob(f"{rule}.tsv"):
        with contextlib.suppress(OSError, ValueError, KeyError, StopIteration):
            lines = file.read_text().splitlines()
            found.append(float(next(csv.DictReader(lines, delimiter="\t"))["s"]))
    return statistics.median(found) if found else None


class LogHandler(LogHandlerBase):
    """Prints progress to standard error; nothing differs when that is no terminal."""

    done: ClassVar[int] = 0

    def __post_init__(self) -> None:
        type(self).done = 0
        self.total = 0
        self.cores = 1
        self.left: dict[str, int] = {}
        self.jobs: dict[int, dict[str, Any]] = {}
        self.together: dict[int, frozenset[int]] = {}  # job -> all that go to Slurm with it
        self.took: dict[str, list[float]] = {}
        self.failed: dict[int | None, tuple[str, str, str]] = {}  # name, log, executor's why
        self.errors: list[str] = []
        self.began = time.monotonic()
        self.first_verdict: float | None = None

    writes_to_stream = property(lambda self: True)
    writes_to_file = property(lambda self: False)
    has_filter = property(lambda self: True)
    has_formatter = property(lambda self: True)
    needs_rulegraph = property(lambda self: False)

    def emit(self, record: LogRecord) -> None:
        event = getattr(record, "event", None)
        handler = {
            LogEvent.RUN_INFO: self._run_info,
            LogEvent.RESOURCES_INFO: self._resources,
            LogEvent.GROUP_INFO: self._group_info,
            LogEvent.JOB_INFO: self._job_info,
            LogEvent.JOB_FINISHED: self._finished,
            LogEvent.JOB_ERROR: self._job_error,
            LogEvent.ERROR: self._error,
        }.get(event)
        if handler:
            handler(record)
        elif event is None:
            text = record.getMessage()
            if text.startswith(NOTHING):
                say("nothing to do: every result is there and up to date")

    def _run_info(self, record: LogRecord) -> None:
        stats = {k: v for k, v in record.stats.items() if k != "total" and k not in TARGETS}
        if sum(stats.values()) != self.total:
            self.total, self.left = sum(stats.values()), dict(stats)
            words = ", ".join(f"{n} {rule}" for rule, n in stats.items())
            say(f"{self.total} jobs: {words}")

    def _resources(self, record: LogRecord) -> None:
        with contextlib.suppress(TypeError, ValueError, AttributeError):
            self.cores = max(1, int(record.cores))

    def _group_info(self, record: LogRecord) -> None:
        numbers = frozenset(job.jobid for job in record.jobs)
        self.together.update(dict.fromkeys(numbers, numbers))
        idle = [number for number in numbers if self._without_fault(number)]
        for number in idle:
            self.failed.pop(number)
        if idle:
            say(f"again, as one of their group failed: {len(idle)} jobs without a fault")

    def _without_fault(self, number: int) -> bool:
        """Whether a failed job did nothing wrong: another of its group is to blame."""
        group = [n for n in self.together.get(number, ()) if n in self.failed]
        whole = {n for n in group if went_well(Path(self.failed[n][1]))}
        return number in whole and len(whole) < len(group)

    def _job_info(self, record: LogRecord) -> None:
        if record.jobid in self.failed:  # the profile's retries: it is tried again
            name, log, why = self.failed.pop(record.jobid)
            say(f"again: {name}: {why or last_sentence(Path(log))}")
        self.jobs[record.jobid] = {
            "rule": record.rule_name,
            "name": _name(record),
            "log": str(next(iter(record.log or []), "")),
            "began": time.monotonic(),
            "wildcards": dict(record.wildcards or {}),
        }

    def _finished(self, record: LogRecord) -> None:
        number = getattr(record, "job_id", getattr(record, "jobid", None))
        job = self.jobs.pop(number, None)
        if job is None or job["rule"] in TARGETS:
            return
        took = time.monotonic() - job["began"]
        type(self).done += 1
        rule = job["rule"]
        self.took.setdefault(rule, []).append(took / len(self.together.get(number, [number])))
        self.left[rule] = max(0, self.left.get(rule, 1) - 1)
        say(f"[{self.done}/{self.total}] {job['name']}  {span(took)}{self._time_left()}")
        if rule == "judge":
            self._verdicts(job["wildcards"])

    def _verdicts(self, wildcards: dict[str, str]) -> None:
        from respike.claims.words import sentence

        if self.first_verdict is None:
            self.first_verdict = time.monotonic() - self.began
        found = verdicts(Path(layout.output("judge", "verdicts").format(**wildcards)))
        idle = Counter(v["reason"] for v in found if v["verdict"] == "not run")
        for verdict in found:
            if idle.get(verdict["reason"], 0) < 2:
                say(f"    {sentence(verdict)}")
        for reason, count in idle.items():
            if count > 1:
                say(f"    Not run: {count} claims. Why: {reason}.")

    def _time_left(self) -> str:
        seconds, unknown = 0.0, False
        for rule, count in self.left.items():
            known = self.took.get(rule)
            mean = statistics.fmean(known) if known else recorded_seconds(rule)
            if mean is None:
                unknown = unknown or count > 0
            else:
                seconds += count * mean
        if not any(self.left.values()):
            return ""
        return f"  left {'> ' if unknown else ''}{span(seconds / self.cores)}"

    def _job_error(self, record: LogRecord) -> None:
        number = getattr(record, "jobid", None)
        job = self.jobs.get(number, {})
        name = job.get("name") or getattr(record, "rule_name", None) or "a job"
        log = job.get("log") or str(next(iter(getattr(record, "log", None) or []), ""))
        self.failed[number] = (name, log, getattr(record, "rule_msg", None) or "")

    def _error(self, record: LogRecord) -> None:
        # a failing job sends this before its own event; kept until no job has failed
        self.errors.append(record.getMessage())

    def close(self) -> None:
        """The last word: what failed, each with the sentence its stage ended with."""
        if self.failed:
            took = span(time.monotonic() - self.began)
            say(f"{self.done} of {self.total} jobs done in {took}, {len(self.failed)} failed:")
            idle = {number for number in self.failed if self._without_fault(number)}
            own = [row for number, row in self.failed.items() if number not in idle]
            for name, log, why in own[:MOST_FAILURES]:
                say(f"  {name}: {why or last_sentence(Path(log))}")
                say(f"    log: {log}")
            if len(own) > MOST_FAILURES:
                say(f"  and {len(own) - MOST_FAILURES} more")
            if idle:
                say(f"  {len(idle)} jobs without a fault, as one of their group failed")
        else:
            texts = dict.fromkeys(map(_without_frame, self.errors))
            for text in [t for t in texts if t != FAILURE] or texts:
                say(text)
        self.failed, self.errors = {}, []
        super().close()


def _name(record: LogRecord) -> str:
    w = dict(record.wildcards or {})
    words = [record.rule_name]
    if "variant" in w:
        words.append(f"{w['study']}/{w['variant']} seed {w['seed']}")
    elif named := w.get("study") or w.get("dataset") or w.get("kernel"):
        words.append(named)
    return " ".join(words)


def went_well(log: Path) -> bool:
    """Whether a job's log ends with what was written, or the job was never begun."""
    try:
        last = log.read_text(errors="replace").rstrip().rpartition("\n")[2]
    except OSError:
        return True
    return WROTE.match(last) is not None


def last_sentence(log: Path) -> str:
    """The sentence a failing stage ended its log with; or what its silence means."""
    try:
        lines = [x.strip() for x in log.read_text(errors="replace").splitlines() if x.strip()]
    except FileNotFoundError:
        return "its log could not be made: is the disk full, or the folder read-only?"
    except OSError:
        lines = []
    last = lines[-1] if lines else ""
    if STOPPED in last:
        return last.replace(STOPPED, "", 1)
    if re.match(r"[\w.]*(Error|Exception|Interrupt)\b", last):
        return last  # a bug's traceback
    if disk.is_full(log.parent):
        return f"the disk is full, its log did not fit into {log.parent}; free space, run again"
    return "died without a word: killed, or out of memory (try --cores 1)"


def _without_frame(text: str) -> str:
    """The sentence in one of Snakemake's reports, without its frame of names and files."""
    kept = []
    for line in text.splitlines():
        if line.startswith(("Wildcards:", "Traceback:")):
            break
        if line.strip() and not _FRAME.match(line) and not line.lstrip().startswith('File "'):
            kept.append(line.strip())
    said = "\n".join(kept) or text.strip()
    return next((f"{said}\n{step}" for sign, step in NEXT_STEP.items() if sign in said), said)
