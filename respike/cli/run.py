"""Rerun the studies of config.yaml, or those named, and give a verdict for each claim."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections import Counter

from respike.audit import jobs
from respike.cli import common, groups, memory, progress, slurm
from respike.cluster import earlier
from respike.core import layout, lock
from respike.core.errors import INTERRUPTED, MISUSED, DamagedFile


def arguments(parser: ArgumentParser) -> None:
    common.selection(parser)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument(
        "--wait", type=float, default=60, help="seconds to wait for another run"
    )
    parser.add_argument(
        "--retry",
        action="store_true",
        help="fetch anew what could not be had before (its variants are `not run`)",
    )
    parser.add_argument("--cluster", choices=["slurm"], help="submit the jobs to a cluster")
    parser.add_argument(
        "--patience",
        type=float,
        default=600,
        help="with --cluster: seconds that Slurm may not answer, or hold a job for a reason "
        "that does not pass by itself, before the run stops",
    )
    parser.epilog = "Words after -- go to Snakemake: respike run -- --keep-going"


def execute(given: Namespace) -> int:
    if given.cores < 1:
        print(f"respike run: --cores is {given.cores}; it must be at least 1", file=sys.stderr)
        return MISUSED
    config = common.configuration(given)
    where = slurm.arguments(common.ROOT) if given.cluster else ["--cores", str(given.cores)]
    given.directory = common.enter(given.directory)
    if given.cluster:
        where += groups.arguments(config, given)
    lock.acquire(given.directory, wait_s=given.wait, say=progress.say)
    try:
        earlier.settle(given.directory, progress.say)
        lock.takeover(given.directory)
        if given.retry:
            _forget_what_was_not_had(given)
        _forget_what_is_not_whole(config, given)
        argv = [*common.snakemake_arguments(given), *where, *given.rest]
        if given.cluster:
            slurm.watch_ourselves(progress.say, given.patience)
        code = common.call_snakemake(argv, progress.LogHandler, "respike")
    finally:
        try:
            lock.release(given.directory)
        except OSError as error:
            print(f"respike run: {error}", file=sys.stderr)
    if code == INTERRUPTED:
        done = progress.LogHandler.done
        where = f"after {done} jobs" if done else "before the first job ended"
        progress.say(f"stopped at your word {where}; the same command goes on from here")
    elif code == 0:
        _close(config, given)
    return code


def _forget_what_was_not_had(given: Namespace) -> None:
    from respike.core import records

    pattern = layout.record("fetch").format(dataset="*")
    for path in sorted(given.directory.glob(pattern)):
        try:
            found = records.load(path)
        except DamagedFile as error:  # made anew as well
            progress.say(str(error))
            found = {"status": records.PLACEHOLDER}
        if found.get("status") == records.PLACEHOLDER:
            progress.say(f"trying again: {path.parent.parent.name}")
            path.unlink()


def _forget_what_is_not_whole(config, given: Namespace) -> None:
    for path, file in memory.incomplete(config, given.directory).items():
        name = jobs.called(path.relative_to(given.directory))
        progress.say(f"{file} is gone; made anew: {name}")
        path.unlink()
    for path in memory.made_otherwise(config, given.directory):
        name = jobs.called(path.relative_to(given.directory))
        progress.say(f"made otherwise, and Snakemake's note of it is lost; made anew: {name}")
        path.unlink()


def _close(config, given: Namespace) -> None:
    if config.sets:
        for study in config.asked:
            for path in config.run_records(study, config.budget, scratch=True):
                metrics = given.directory / path.replace(layout.RECORD, "metrics.json")
                if metrics.exists():
                    found = json.loads(metrics.read_text())
                    brief = {k: v for k, v in found.items() if isinstance(v, int | float)}
                    progress.say(f"{path.rsplit('/', 1)[0]}: {json.dumps(brief)[:300]}")
        progress.say("a scratch variant is never judged against the paper")
        return
    rows = []
    for study in config.asked:
        path = layout.output("judge", "verdicts").format(budget=config.budget, study=study)
        rows += progress.verdicts(given.directory / path)
    if config.page:  # the page's verdicts are corrected for the number of its claims
        path = layout.output("report", "verdict").format(budget=config.budget)
        rows = progress.verdicts(given.directory / path)
        for row in rows:
            alone = row["detail"].get("uncorrected", row["verdict"])
            if alone != row["verdict"]:
                name = f"{row['study']}/{row['claim']}"
                why = f"the page corrects for its many claims, alone it {alone}"
                progress.say(f"{name} is {row['verdict']}: {why}")
    counts = Counter(row["verdict"] for row in rows)
    words = ", ".join(f"{n} {word}" for word, n in sorted(counts.items()))
    progress.say(f"{sum(counts.values())} claims: {words}")
    if not config.page:
        progress.say("the page was left as it is: `respike run` without a study makes it")
        return
    page = layout.output("report", "page").format(budget=config.budget)
    progress.say(f"the page: {given.directory / page}")
