"""Bring a snapshot back, each file verified, so that Snakemake plans nothing anew.

What fails is set aside below quarantine/ and named; --repair makes it anew, and it alone.
"""

import os
import re
import subprocess
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path, PurePosixPath

from respike.audit.transport import restore, versions
from respike.audit.transport.store import Store, opened
from respike.cli import common, progress
from respike.core import layout, lock, records
from respike.core.config import Config
from respike.core.errors import FAILED, ConfigError, DamagedFile, RespikeError

Outcome, Wanted = restore.Outcome, restore.Wanted


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("studies", nargs="*", metavar="STUDY", help="default: config.yaml's")
    parser.add_argument("--budget", choices=layout.BUDGETS, help="default: config.yaml's")
    parser.add_argument(
        "--from",
        dest="source",
        metavar="PATH",
        help="the folder it was sent to (default: the remote of .dvc/config, or DVC's cache)",
    )
    parser.add_argument(
        "--repair", action="store_true", help="make anew what failed or is kept back, it alone"
    )


def execute(given: Namespace) -> int:
    began = time.monotonic()
    given.seeds, given.sets, given.directory = None, [], common.ROOT
    config = common.configuration(given)
    source = _folder(given.source)
    root = common.enter(common.ROOT)
    lock.acquire(root, wait_s=0)
    try:
        lock.takeover(root)
        when = time.strftime("%Y-%m-%dT%H-%M-%S")
        with opened(root, progress.say, source) as store:
            asked = restore.wanted(root, store, names(config, root))
            found = restore.bring(root, store, asked, when)
        _say(asked, found, began, when)
        if given.repair and found.jobs:
            _repair(root, source, given, asked, found)
        left = planned(given)
    finally:
        lock.release(root)
    print(f"a run would do {left} jobs" if left else "a run would do nothing: all is here")
    return FAILED if found.bad and not given.repair else 0


def names(config: Config, root: Path) -> list[str]:
    """Names of the parts that a selection asks for."""
    budget = config.budget
    found = [f"data-{name}" for name in versions.datasets(config, config.asked, budget)]
    found += [f"{budget}-{study}" for study in config.asked]
    if config.page and (root / layout.version(budget)).exists():
        found.append(budget)
    return found


def _folder(path: str | None) -> str | None:
    if path is None:
        return None
    if not Path(path).is_dir():
        raise ConfigError(f"--from {path} is no folder; give the one that --to has filled")
    return str(Path(path).absolute())


def _say(asked: Wanted, found: Outcome, began: float, when: str) -> None:
    brought = [path for path in found.placed if path in found.good]
    size = sum(asked.files[path].bytes for path in brought) / 1e6
    took = f"{time.monotonic() - began:.1f} s"
    if found.changed:
        progress.say(
            f"{len(found.good)} files are what the snapshot says, {len(brought)} of them "
            f"brought now ({size:.1f} MB), {took}"
        )
    else:
        progress.say(f"nothing to do: {len(found.good)} files are as the snapshot says, {took}")
    for bad in found.bad:
        row = asked.files.get(bad.path)
        recorded = f"recorded sha256 {row.sha256[:12]}..., " if row else ""
        where = f"; set aside in {restore.QUARANTINE}/{when}" if bad.moved else ""
        progress.say(f"failed: {bad.path} ({bad.producer}): {recorded}{bad.why}{where}")
    for why in dict.fromkeys(found.absent.values()):
        paths = [path for path, reason in found.absent.items() if reason == why]
        jobs = [record for record, files in found.jobs.items() if {*files} & {*paths}]
        progress.say(
            f"kept back by its licence: {len(paths)} files ({paths[0]}, ...), since {why}; "
            f"{len(jobs)} jobs make them anew when something needs them, or --repair now"
        )


def planned(given: Namespace) -> int:
    """How many jobs a run would do, asked of `respike plan`.

    Raises:
        RespikeError: the dry run failed; the sentence is its own.
    """
    words = ["plan", *given.studies, *(["--budget", given.budget] if given.budget else [])]
    done = subprocess.run(
        [sys.executable, "-m", "respike", *words],
        cwd=common.ROOT,
        env={**os.environ, "PYTHONPATH": str(common.ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    counted = re.match(r"budget \w+: (\d+) jobs to run", done.stdout)
    if done.returncode or not counted:
        raise RespikeError(f"the files are here, but the plan fails: {done.stderr.strip()}")
    return int(counted[1])


def _repair(
    root: Path, source: str | None, given: Namespace, asked: Wanted, found: Outcome
) -> None:
    targets = []
    for record, paths in found.jobs.items():
        targets += [p for p in (record, *paths) if p in asked.made and not (root / p).exists()]
    progress.say(f"making anew: {len(found.jobs)} jobs")
    before = time.time_ns()
    given.directory = root
    cores = str(len(os.sched_getaffinity(0)))
    # targets come first: call_snakemake puts its own words at the end
    argv = [*dict.fromkeys(targets), *common.snakemake_arguments(given), "--cores", cores]
    code = common.call_snakemake(argv, progress.LogHandler, "respike")
    with opened(root, progress.say, source) as store:
        stale = [r for r in found.jobs if not _as_it_was(root, store, asked, found, r)]
    # what is not as it was stays newer than what was made of it, so that a run sees it
    here = [path for path in asked.files if restore.same(root, asked, path)]
    restore.same_time(root, here, before)
    if stale:
        page = layout.record("report").format(budget=common.configuration(given).budget)
        (root / page).unlink(missing_ok=True)  # it lists other bytes; a run makes it anew
    if code:
        raise RespikeError("not all could be made anew; the lines above say why")


def _as_it_was(root: Path, store: Store, asked: Wanted, found: Outcome, record: str) -> bool:
    folder = PurePosixPath(record).parent
    why = _not_run(root, record)
    if why and found.absent.keys() >= {*found.jobs[record]}:  # kept back, and still not here
        restore.undo(root, store, asked, record)
        progress.say(f"could not be had: {folder}: {why}")
        return True
    other = restore.put_back(root, store, asked, record)
    if other:
        progress.say(f"made anew, but not as recorded: {', '.join(other)}")
    else:
        progress.say(f"made anew as it was: {folder}")
    return not other


def _not_run(root: Path, record: str) -> str | None:
    try:
        made = records.load(root / record)
    except DamagedFile:
        return "its job failed"
    return made["reason"] if made["status"] == records.PLACEHOLDER else None
