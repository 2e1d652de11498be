"""Snakemake's executor for Slurm, with its way of seeing ends replaced.

All that the plugin does about submission stays: its settings, accounts, partitions, resources.
What is submitted runs Snakemake once, not twice, under respike/cluster/start.py; and a job is
over when its own word or a whole chain of evidence says so (respike/cluster/verdict.py).
"""

import re
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any, ClassVar

import snakemake_executor_plugin_slurm as plugin
from snakemake_interface_common.exceptions import WorkflowError
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

from respike.cluster import exits, squeue, words
from respike.cluster.exits import NOTHING, Seen
from respike.cluster.hearing import Hearing
from respike.cluster.verdict import Hint, Situation, Verdict, situation, verdict

LOOK_S = 1.0  # between two looks at the jobs' own files
OVERTIME_S = 120.0  # a job ends itself so long after its time limit, if Slurm did not end it
# a controller's restart or failover takes minutes; and a person who can mend it needs some
PATIENCE_S = 600.0
NOBODY_THERE = re.compile(
    r"contact slurm controller|timed out|temporarily|connection refused|zero bytes"
    r"|communication connection failure|munge",
    re.I,
)
IN_DOUBT = {Situation.UNHEARD, Situation.LIFELESS, Situation.ENDED, Situation.GONE}
LIVES = {Situation.ALIVE, Situation.LIFELESS}


@dataclass
class Watch:
    """One submission: its file, its number in Slurm, and since when what is the case."""

    path: Path
    number: str
    label: str
    since: float
    changed: float  # when its file last said something new
    now: Situation = Situation.UNHEARD
    seen: Seen = NOTHING
    hint: Hint | None = None


class Executor(plugin.Executor):
    """The plugin's executor that believes the jobs' own word."""

    say: ClassVar[Callable[[str], None]] = print
    patience_s: ClassVar[float] = PATIENCE_S
    stopped: ClassVar[str] = ""  # why the run could not go on

    def __init__(self, workflow: Any, logger: Any):
        # before the plugin's own: its watching thread begins there, and may die in silence
        self._paths: dict[Any, Path] = {}  # job -> its file, until Slurm gave it a number
        self._unsent: deque[Any] = deque()  # jobs to submit when Slurm answers again
        self._tried: dict[Any, float] = {}  # job -> when it could not be submitted at first
        self._doubt = False
        super().__init__(workflow, logger)

    def __post_init__(self, test_mode: bool = False) -> None:
        """Check what was asked for, and begin to ask Slurm."""
        super().__post_init__(test_mode)
        if self.array_jobs:
            raise WorkflowError(
                "slurm-array-jobs does not go with `respike run --cluster slurm`, where each "
                "job says its own end; leave it out"
            )
        every_s = self.workflow.remote_execution_settings.seconds_between_status_checks
        self._hearing = Hearing(self.run_uuid, every_s, self.patience_s, type(self).say)

    # ---------------------------------------------------------------- submission

    def additional_general_args(self) -> str:
        """No second Snakemake: the batch script's own runs the job."""
        return "--keep-going --keep-incomplete"  # outputs are whole, or not there

    def get_python_executable(self) -> str:
        """The Python of the job, for a shell: its folder may have a space in its name."""
        return quote(super().get_python_executable())

    def format_job_exec(self, job: Any) -> str:
        """What the batch script runs: the start program, told of its file alone."""
        command = f"{super().format_job_exec(job).strip()} --cores {job.threads}"
        if not self.workflow.remote_execution_settings.precommand:
            command = f"exec {command}"
        minutes = job.resources.get("runtime")
        limit_s = minutes * 60 + OVERTIME_S if isinstance(minutes, int) else None
        path = exits.submit(Path.cwd(), self.run_uuid, command, limit_s, words.label(job))
        self._paths[job] = path
        call = [sys.executable, "-I", "-S", str(exits.START), str(path)]
        return " ".join(quote(word) for word in call)

    def run_job(self, job: Any) -> None:
        """Submit a job; keep it while Slurm does not answer."""
        if self._hearing.silent_for():
            self._unsent.append(job)
        else:
            super().run_job(job)

    def report_job_submission(self, info: SubmittedJobInfo, register_job: bool = True) -> None:
        """Begin to watch a job that Slurm gave a number."""
        self._tried.pop(info.job, None)
        moment = time.monotonic()
        watch = Watch(
            self._paths.pop(info.job),
            info.external_jobid,
            words.label(info.job),
            moment,
            moment,
        )
        info.aux = {**(info.aux or {}), "watch": watch}
        super().report_job_submission(info, register_job=register_job)

    def _report_job_error_threadsafe(self, info: SubmittedJobInfo, msg: str) -> None:
        path = self._paths.pop(info.job, None)
        if path is not None:
            exits.forget(path)  # if Slurm took it after all, it runs nothing
        said = words.refusal(msg)
        since = self._tried.setdefault(info.job, time.monotonic())
        if NOBODY_THERE.search(said) and time.monotonic() - since < self.patience_s:
            self._hearing.fell_silent(said)
            self._unsent.append(info.job)
            return
        self._tried.pop(info.job)
        why = f"it was not submitted: {said}"
        if info.job.is_group():
            type(self).say(f"{words.label(info.job)}: {why}")
        super()._report_job_error_threadsafe(info, why)

    def print_job_error(self, job_info: SubmittedJobInfo, msg: str | None = None, **more):
        """The plugin's, without its advice to look at further logs."""
        number = job_info.external_jobid
        job_info.job.log_error(msg, **({"external_jobid": number} if number else {}), **more)

    # ---------------------------------------------------------------- watching

    async def check_active_jobs(
        self, active_jobs: list[SubmittedJobInfo]
    ) -> AsyncGenerator[SubmittedJobInfo, None]:
        """Report what is over; yield what is not."""
        self.next_seconds_between_status_checks = LOOK_S
        if not active_jobs and not self._unsent:
            return
        self._hearing.clusters = ",".join(sorted(map(str, self._submitted_job_clusters)))
        if self._hearing.listen(self._doubt) and not self.stopped:
            for _ in range(len(self._unsent)):
                self._job_submission_executor.submit(self.run_job, self._unsent.popleft())
        newest = {info.external_jobid: info for info in active_jobs}  # numbers come again
        found = []
        for info in active_jobs:
            watch: Watch = info.aux["watch"]
            self._observe(watch, newest[watch.number] is info)
            lasted_s = time.monotonic() - watch.since
            found.append((info, watch, verdict(watch.now, lasted_s, self.patience_s)))
        self._doubt = any(watch.now in IN_DOUBT for _, watch, _ in found)
        self._stop_if_stuck(found)
        for info, watch, then in found:
            if then in (Verdict.WAIT, Verdict.STOP):
                yield info
            else:
                self._end(info, watch, then, newest[watch.number] is info)

    def _observe(self, watch: Watch, owns_number: bool) -> None:
        moment = time.monotonic()
        seen = exits.look(watch.path)
        if seen != watch.seen:
            watch.seen, watch.changed = seen, moment
        number = watch.number if owns_number else None
        watch.hint = self._hearing.hint(number, after=watch.changed)
        now = situation(seen, watch.hint)
        if now is not watch.now:
            watch.now, watch.since = now, moment

    def _end(
        self, info: SubmittedJobInfo, watch: Watch, then: Verdict, owns_number: bool
    ) -> None:
        exits.forget(watch.path)
        log = info.aux.get("slurm_logfile")
        if then is Verdict.DONE:
            if log and not self.workflow.executor_settings.keep_successful_logs:
                log.unlink(missing_ok=True)
            self.report_job_success(info)
            return
        if owns_number:  # no start of it comes later, and what may live of it ends
            self._hearing.cancel(watch.number)
        why = words.reason(watch.now, watch.seen, watch.hint)
        if why and info.job.is_group():  # Snakemake tells a group's jobs nothing of it
            type(self).say(f"{watch.label} (Slurm job {watch.number}): {why}")
        if then is Verdict.REFUSED:  # as if it were its last attempt
            info.job.attempt = max(info.job.attempt, info.job.restart_times + 1)
        logs = [str(log)] if log and log.exists() else []
        self.report_job_error(info, msg=why, aux_logs=logs)

    def _stop_if_stuck(self, found: list[tuple[SubmittedJobInfo, Watch, Verdict]]) -> None:
        stuck = [watch for _, watch, then in found if then is Verdict.STOP]
        unsent = bool(self._unsent) and self._hearing.silent_for() >= self.patience_s
        lives = any(watch.now in LIVES for _, watch, _ in found)
        if self.stopped or lives or not (stuck or unsent):
            return
        silent_s = self._hearing.silent_for()
        watches = [watch for _, watch, _ in found]
        against = "" if silent_s else squeue.cancel([w.number for w in watches])
        for watch in watches:  # the start program is told, whatever Slurm was
            exits.close(watch.path)
        cancelled = 0 if silent_s or against else len(watches)
        type(self).stopped = words.stop(stuck[0] if stuck else None, silent_s, cancelled)
        self.workflow.scheduler.executor_error_callback(WorkflowError(self.stopped))

    def cancel_jobs(self, active_jobs: list[SubmittedJobInfo]) -> None:
        """Cancel all that is submitted: the run was interrupted."""
        numbers = [info.external_jobid for info in active_jobs]
        against = squeue.cancel(numbers, self._hearing.clusters)
        for info in active_jobs:
            exits.close(info.aux["watch"].path)
        if against:
            type(self).say(f"Slurm did not cancel the jobs: {against}")


def install(say: Callable[[str], None], patience_s: float) -> type[Executor]:
    """Put this executor in the place of Snakemake's for Slurm, in this process.

    Args:
        say: called with each sentence for the person at the screen.
        patience_s: how long Slurm may be silent or hold a job back [s].

    Returns:
        The class; its `stopped` says afterwards why the run could not go on.
    """
    Executor.say, Executor.patience_s, Executor.stopped = staticmethod(say), patience_s, ""
    ExecutorPluginRegistry().get_plugin("slurm").executor = Executor
    return Executor
