"""Put results and data into DVC's cache, verified, and send them to a remote where asked.

What a licence forbids to pass on is sent nowhere. Without STUDY: config.yaml's, and the page.
"""

import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from respike.audit import check
from respike.audit.transport import snapshot, versions
from respike.audit.transport.store import HINT, Store, opened
from respike.audit.transport.versions import Version
from respike.cli import common, progress
from respike.core import history, layout, lock
from respike.core.config import Config
from respike.core.errors import TAMPERED, ConfigError


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("studies", nargs="*", metavar="STUDY", help="default: config.yaml's")
    parser.add_argument("--budget", choices=layout.BUDGETS, help="default: config.yaml's")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--to", metavar="PATH", help="send it to this folder (made if need be)")
    place.add_argument(
        "--push", action="store_true", help="send it to the remote of .dvc/config"
    )


def execute(given: Namespace) -> int:
    began = time.monotonic()
    given.seeds, given.sets, given.directory = None, [], common.ROOT
    config = common.configuration(given)
    root = common.enter(common.ROOT)
    lock.acquire(root, wait_s=0)
    try:
        lock.takeover(root)
        code = _whole(config, root)
        if code:
            return code
        return _take(config, root, given, began)
    finally:
        lock.release(root)


def wanted(config: Config) -> list[Version]:
    """The parts that a selection asks for, data first, the page last."""
    budget = config.budget
    found = [
        versions.of_dataset(config.root, name)
        for name in versions.datasets(config, config.asked, budget)
    ]
    found += [versions.of_study(config, study, budget) for study in config.asked]
    return found


def _whole(config: Config, root: Path) -> int:
    missing = [path for path in config.targets(config.budget) if not (root / path).exists()]
    if missing:
        raise ConfigError(
            f"the run is not whole: {len(missing)} records are missing, the first is "
            f"{missing[0]}; `respike run` makes them"
        )
    if not config.page:
        return 0
    found = check.verify(root, config.budget)
    if found.passed:
        return 0
    bad = [f for f in found.findings if f.fails]
    for finding in bad[:3]:
        progress.say(f"{finding.kind}: {finding.path} {finding.says}")
    progress.say(
        f"respike snapshot: {len(bad)} findings, so no snapshot was taken; `respike audit "
        "verify` says all of them"
    )
    return TAMPERED


def _take(config: Config, root: Path, given: Namespace, began: float) -> int:
    asked = wanted(config)
    if config.page:
        asked.append(versions.of_page(root, config.budget))
    parts = snapshot.gather(root, asked)
    about = {"budget": config.budget, "commit": history.head(config.root)}
    with opened(root, progress.say, _folder(given.to)) as store:
        if given.push and store.remote() is None:
            raise ConfigError(f"no remote is configured in .dvc/config; {HINT}")
        sent = snapshot.take(root, store, parts, about, progress.say)
        progress.say(
            f"{sent.files} files, {sent.bytes / 1e6:.1f} MB are in DVC's cache, "
            f"{time.monotonic() - began:.1f} s"
        )
        if given.to or given.push:
            _send(root, store, parts)
    print(f"to keep it, commit: git add {' '.join(sent.written)}")
    return 0


def _folder(path: str | None) -> str | None:
    if path is None:
        return None
    folder = Path(path).absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"--to {path}: no folder can be made there ({error.strerror})"
        ) from None
    return str(folder)


def _send(root: Path, store: Store, parts: list[snapshot.Part]) -> None:
    began = time.monotonic()
    count = store.push(snapshot.may_go(root, parts))
    progress.say(f"sent {count} files to {store.where()}, {time.monotonic() - began:.1f} s")
    for part in parts:
        for out, why in part.version.withheld.items():
            progress.say(f"kept back: {out}, since {why}")
