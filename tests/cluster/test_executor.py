"""The executor's own bookkeeping; what it does with a Slurm stands in tests/workflow."""

import asyncio
import os
import threading
from collections import deque
from types import SimpleNamespace

import pytest
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

from respike.cluster import executor as module
from respike.cluster import start
from respike.cluster.executor import Executor
from respike.cluster.verdict import Hint
from tests.cluster.test_words import job as single

AWAY = (
    "SLURM sbatch failed. The error message was 'sbatch: error: Batch job submission failed: "
    "Unable to contact slurm controller (connect failure)'.\n    sbatch call:\n x"
)
REFUSED = AWAY.replace(
    "Unable to contact slurm controller (connect failure)", "Invalid account"
)


class Ear:
    """Stands in for Hearing: `known` is what Slurm says, None where it is silent."""

    def __init__(self, known):
        self.known, self.clusters, self.cancelled, self.fell = known, "", [], []

    def listen(self, doubt):
        return False

    def silent_for(self):
        return 0.0 if self.known is not None else 100.0

    def fell_silent(self, said):
        self.fell.append(said)

    def hint(self, number, after):
        return None if self.known is None else self.known.get(number or "", Hint())

    def cancel(self, number):
        self.cancelled.append(number)


@pytest.fixture
def made(monkeypatch):
    """An executor without a workflow: made(known) with what it reported in `told`."""

    def make(known, patience_s=60.0):
        found = object.__new__(Executor)
        found._paths, found._tried, found._unsent = {}, {}, deque()
        found._doubt, found._hearing = False, Ear(known)
        found._submitted_job_clusters = set()
        found.lock, found.active_jobs, found.told, found.patience_s = (
            threading.Lock(), [], [], patience_s
        )  # fmt: skip
        found.workflow = SimpleNamespace(
            executor_settings=SimpleNamespace(keep_successful_logs=False),
            scheduler=SimpleNamespace(executor_error_callback=found.told.append),
        )
        found.report_job_success = lambda info: found.told.append(("done", info.external_jobid))
        found.report_job_error = lambda info, msg, aux_logs: found.told.append(
            ("failed", info.external_jobid, msg)
        )
        monkeypatch.setattr(Executor, "say", staticmethod(lambda text: None))
        monkeypatch.setattr(Executor, "stopped", "")
        return found

    return make


def submitted(path, number):
    """A job that was submitted long ago and is watched."""
    watch = module.Watch(path, number, f"job {number}", since=-1e6, changed=-1e6)
    job = single("judge", study="s")
    job.attempt, job.restart_times = 1, 2
    return SubmittedJobInfo(job, external_jobid=number, aux={"watch": watch})


def check(executor, *infos):
    """Look once; the jobs that are still waited for."""

    async def once():
        return [info async for info in executor.check_active_jobs(list(infos))]

    return asyncio.run(once())


def test_it_takes_the_place_of_the_plugins_in_this_process_and_keeps_its_settings():
    plugin = ExecutorPluginRegistry().get_plugin("slurm")
    before, settings = plugin.executor, plugin.settings_cls
    try:
        module.install(print, 5.0)

        assert plugin.executor is Executor
        assert plugin.settings_cls is settings
        assert Executor.patience_s == 5.0
    finally:
        plugin.executor = before


def test_a_job_that_cannot_be_submitted_for_want_of_slurm_is_kept(made):
    executor, info = made({}), SubmittedJobInfo(single("report"))

    executor._report_job_error_threadsafe(info, AWAY)

    assert list(executor._unsent) == [info.job]
    assert executor._hearing.fell == [
        "Batch job submission failed: Unable to contact slurm controller (connect failure)"
    ]


def test_a_job_that_slurm_refuses_has_failed(made, monkeypatch):
    executor, info, told = made({}), SubmittedJobInfo(single("report")), []
    monkeypatch.setattr(
        module.plugin.Executor,
        "_report_job_error_threadsafe",
        lambda self, info, msg: told.append(msg),
    )

    executor._report_job_error_threadsafe(info, REFUSED)

    assert told == ["it was not submitted: Batch job submission failed: Invalid account"]
    assert not executor._unsent


def test_a_job_is_done_by_its_own_word_while_slurm_says_that_it_runs(made, submit):
    path = submit("true")
    with open(path, "r+b") as file:
        file.write(b'{"code": 0, "ended": 1.0}')
    executor = made({"7": Hint("RUNNING")})

    assert check(executor, submitted(path, "7")) == []
    assert executor.told == [("done", "7")]
    assert not path.exists()


def test_of_two_jobs_with_one_number_slurm_speaks_of_the_newer(made, submit, monkeypatch):
    monkeypatch.setattr("respike.cluster.verdict.GONE_S", 0.0)
    executor = made({"7": Hint("PENDING", "Priority")})
    older, newer = submitted(submit("true"), "7"), submitted(submit("true"), "7")

    left = check(executor, older, newer)

    assert left == [newer]
    assert executor.told[0][0] == "failed"
    assert executor._hearing.cancelled == []  # the number is the newer one's


def test_a_job_that_would_never_start_is_not_submitted_again(made, submit):
    executor = made({"7": Hint("PENDING", "PartitionTimeLimit")}, patience_s=0.0)
    info = submitted(submit("true"), "7")

    assert check(executor, info) == []
    assert executor.told[0][2].startswith("Slurm holds it back and it would never start (Part")
    assert info.job.attempt > info.job.restart_times
    assert executor._hearing.cancelled == ["7"]


def test_a_run_does_not_stop_while_a_job_lives(made, submit):
    path = submit("true")
    executor = made(None, patience_s=0.0)
    infos = [submitted(path, "7"), submitted(submit("true"), "8")]

    fd = start.locked(str(path))
    during = check(executor, *infos)
    told = list(executor.told)
    os.close(fd)
    check(executor, *infos)

    assert during == infos
    assert told == []
    assert "Slurm has not answered for 100 s" in str(executor.told[0])
    assert Executor.stopped.endswith("what was finished stays")
    assert not path.exists()  # a start that comes late runs nothing
