"""Bring a snapshot back: bytes from DVC, believed only if they are those of the ledger.

What is good gets one and the same time, and Snakemake's memory of how it was made; then a dry
run plans nothing, and a changed setting plans its own. What is not good is set aside by name,
with the record of its job, so that its job and what follows from it are planned.
"""

import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from respike.audit.transport import ledger, versions
from respike.audit.transport.ledger import Ledger, Row
from respike.audit.transport.provenance import FORMAT, VERSION, Provenance
from respike.audit.transport.store import Store
from respike.audit.transport.whole import NOBODY, UNNAMED, Named
from respike.core import io, layout
from respike.core.errors import DamagedFile, RespikeError

QUARANTINE = "quarantine"
_OUTPUTS = ("data/", "results/")


class Bad(NamedTuple):
    """A file that could not be brought back: who made it, and why not, in words."""

    path: str
    producer: str
    why: str
    moved: bool


class Wanted(NamedTuple):
    """All that is to be brought back, of all parts.

    Attributes:
        files: path -> what it must be.
        made: path -> Snakemake's record of it.
        withheld: path -> why a licence keeps it back.
        record: path of a file -> path of the record of the job that made it.
    """

    files: dict[str, Row]
    made: dict[str, dict]
    withheld: dict[str, str]
    record: dict[str, str]

    def of_job(self, record: str) -> list[str]:
        """Files of the job that wrote a record, its log and benchmark among them."""
        return [path for path, made_by in self.record.items() if made_by == record]


class Outcome:
    """What a restore did.

    Attributes:
        placed: files that were not there before.
        good: path -> row, of all files that are what the ledger says.
        bad: what failed.
        absent: path of a file that a licence keeps back and that is not here -> why.
        jobs: record of each job whose files are bad or absent -> those files.
        changed: whether anything was written.
    """

    def __init__(self) -> None:
        self.placed: list[str] = []
        self.good: dict[str, Row] = {}
        self.bad: list[Bad] = []
        self.absent: dict[str, str] = {}
        self.jobs: dict[str, list[str]] = {}
        self.changed = False


def wanted(root: Path, store: Store, names: Iterable[str]) -> Wanted:
    """Read the ledgers of parts, from the checkout, DVC's cache or the remote.

    Raises:
        ConfigError: a part has no .dvc file.
        DamagedFile: a ledger is not the one that its .dvc file names.
        RespikeError: a ledger is nowhere, or of another form of Snakemake's records.
    """
    pointers = [versions.pointer(root, name) for name in names]
    paths = {p.name: str(layout.ledger(p.name)) for p in pointers}
    store.fetch(p.md5[paths[p.name]] for p in pointers)
    found = Wanted({}, {}, {}, {})
    for pointer in pointers:
        read = _read(root, store, pointer)
        if read.format != FORMAT:
            raise RespikeError(
                f"{paths[pointer.name]} holds Snakemake's records in form {read.format}; the "
                f"installed snakemake {VERSION} has form {FORMAT}. Check out the commit of the "
                "snapshot and its environment (`make setup`)"
            )
        _listings(root, store, pointer, read)
        found.files.update(read.files)
        found.made.update(read.made)
        for path in read.files:
            for out, why in pointer.meta.get("withheld", {}).items():
                if ledger.below(path, out):
                    found.withheld[path] = why
    for paths in ledger.jobs(found.made):
        for record in (p for p in paths if p.endswith(f"/{layout.RECORD}")):
            told = [str(path) for path in layout.told(record) if str(path) in found.files]
            found.record.update(dict.fromkeys([*paths, *told], record))
    return found


def _listings(root: Path, store: Store, pointer: versions.Pointer, read: Ledger) -> None:
    """Give DVC its lists of folders, which follow from the ledger, for its own `status`."""
    shared = {out: row.get("md5", "") for out, row in versions.shared_outs(root).items()}
    for out, md5 in {**shared, **pointer.md5}.items():
        ours = out in pointer.meta["outs"] and md5.endswith(".dir") and not store.has(md5)
        if ours and ledger.folder_md5(read.files, out) == md5:
            store.keep(md5, ledger.listing(read.files, out))


def _read(root: Path, store: Store, pointer: versions.Pointer) -> Ledger:
    path, sha256 = str(layout.ledger(pointer.name)), pointer.meta["ledger"]
    outs = [*pointer.meta["outs"], *pointer.md5]
    here = root / path
    if here.exists() and io.sha256(here.read_bytes()) == sha256:
        return ledger.parse(pointer.name, here.read_bytes(), sha256, outs)
    md5 = pointer.md5[path]
    if not store.has(md5):
        raise RespikeError(
            f"{_source(store)} no {path} as this commit names it; without that ledger nothing "
            "can be believed. Say where the snapshot is with --from"
        )
    try:
        found = ledger.parse(pointer.name, store.object(md5).read_bytes(), sha256, outs)
    except DamagedFile:
        store.drop(md5)
        raise
    here.unlink(missing_ok=True)
    shutil.copyfile(store.object(md5), here)
    return found


def _source(store: Store) -> str:
    return (
        f"{store.where()} has" if store.remote() else "no remote is configured; the cache has"
    )


def bring(root: Path, store: Store, asked: Wanted, when: str) -> Outcome:
    """Put all files into their places and tell Snakemake of them.

    Args:
        root: the checkout.
        store: its DVC, locked.
        asked: what to bring.
        when: name of the folder below quarantine/.

    Raises:
        RespikeError: a file is here with other bytes; nothing was touched.
    """
    found = Outcome()
    found.good = _here(root, asked)
    missing = {p: row for p, row in asked.files.items() if p not in found.good}
    store.fetch({row.md5 for path, row in missing.items() if path not in asked.withheld})
    wrong: dict[str, str] = {}
    for path, row in missing.items():
        if not store.has(row.md5):
            if path in asked.withheld:
                found.absent[path] = asked.withheld[path]
            else:
                wrong[path] = f"{_source(store)} no such bytes, or other ones"
            continue
        store.place(row.md5, root / path)
        found.placed.append(path)
        got = ledger.row(root / path)
        if got.sha256 == row.sha256:
            found.good[path] = row
        else:
            wrong[path] = f"found sha256 {got.sha256[:12]}..."
    _judge(root, asked, found, wrong)
    _set_aside(root, store, asked, found, wrong, when)
    _remember(root, asked, found)
    return found


def _here(root: Path, asked: Wanted) -> dict[str, Row]:
    good, other = {}, []
    for path, row in asked.files.items():
        if os.path.lexists(root / path):
            same = (root / path).is_file() and ledger.row(root / path).sha256 == row.sha256
            good.update({path: row} if same else {})
            other += [] if same else [path]
    if other:
        raise RespikeError(
            f"{len(other)} files here are not what the snapshot says, the first is {other[0]}; "
            "nothing was touched. Take a snapshot of them first, or move them away"
        )
    return good


def _judge(root: Path, asked: Wanted, found: Outcome, wrong: dict[str, str]) -> None:
    """Find, among files that are what the ledger says, those that no job vouches for."""
    named = Named(root, {path: row.sha256 for path, row in found.good.items()})
    for path, why in named.wrong.items():
        if why != UNNAMED or asked.record.get(path) not in wrong:
            wrong[path] = why
    for path in found.good:
        if path.startswith(_OUTPUTS) and path not in {*asked.made, *named.evidence}:
            wrong.setdefault(path, "is an output whose making the ledger does not tell")
    for path in wrong:
        found.good.pop(path, None)
    # a job whose file is bad is done again: its record goes aside, so that it is planned
    for path in [*wrong, *found.absent]:
        record = asked.record.get(path) or named.of.get(path) or str(layout.record_of(path))
        found.jobs.setdefault(record, []).append(path)
    found.bad = [
        Bad(path, _who(named, asked, path), why, os.path.lexists(root / path))
        for path, why in sorted(wrong.items())
    ]


def _who(named: Named, asked: Wanted, path: str) -> str:
    made_by = named.producer(asked.record.get(path, path))
    rule = asked.made.get(path, {}).get("rule")
    return f"rule {rule}" if made_by == NOBODY and rule else made_by


def _set_aside(
    root: Path, store: Store, asked: Wanted, found: Outcome, wrong: dict[str, str], when: str
) -> None:
    memory = Provenance(root)
    with_them = [
        record
        for record, files in found.jobs.items()
        if any(path in wrong for path in files) and record in found.good
    ]
    for path in [*wrong, *with_them]:
        found.good.pop(path, None)
        memory.forget(path)
        if os.path.lexists(root / path):
            found.changed = True
            _move(root / path, root / QUARANTINE / when / path)
            if path in wrong and path in asked.files:
                _drop_if_bad(store, asked.files[path])


def _move(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() and path.exists():
        shutil.copyfile(path, to)
        path.unlink()
    else:
        os.replace(path, to)


def _drop_if_bad(store: Store, row: Row) -> None:
    if store.has(row.md5) and ledger.row(store.object(row.md5)).sha256 != row.sha256:
        store.drop(row.md5)


def _remember(root: Path, asked: Wanted, found: Outcome) -> None:
    memory = Provenance(root)
    new = {
        path: asked.made[path]
        for path in found.good
        if path in asked.made and memory.read(path) != asked.made[path]
    }
    if not new and not found.placed and not found.changed:
        return
    found.changed = True
    same_time(root, found.good, time.time_ns())
    for path, row in new.items():
        memory.write(path, row)


def same_time(root: Path, paths: Iterable[str], at_ns: int) -> None:
    """Give files one and the same time, so that none is newer than what was made of it."""
    for path in paths:
        os.utime(root / path, ns=(at_ns, at_ns), follow_symlinks=False)


def put_back(root: Path, store: Store, asked: Wanted, record: str) -> list[str]:
    """After a job was done again: where its outputs are the old ones, its evidence is too.

    The record, log and benchmark of the first making are true of the bytes that are here, and
    later jobs read them; so they come back from DVC's cache.

    Args:
        root: the checkout.
        store: its DVC, locked.
        asked: what the snapshot says.
        record: path of the job's record.

    Returns:
        Files of the job that are not what the snapshot says.
    """
    outputs = [path for path in asked.of_job(record) if path not in _evidence(record)]
    other = [path for path in outputs if not same(root, asked, path)]
    return other or _evidence_back(root, store, asked, record)


def undo(root: Path, store: Store, asked: Wanted, record: str) -> None:
    """After a job could not have its data: as it was before, without them."""
    for path in asked.of_job(record):
        if path not in _evidence(record) and not same(root, asked, path):
            (root / path).unlink(missing_ok=True)
    _evidence_back(root, store, asked, record)


def _evidence(record: str) -> set[str]:
    return {record, *map(str, layout.told(record))}


def _evidence_back(root: Path, store: Store, asked: Wanted, record: str) -> list[str]:
    other = []
    for path in sorted(_evidence(record) & asked.files.keys()):
        if same(root, asked, path):
            continue
        row = asked.files[path]
        store.fetch([row.md5])
        if store.has(row.md5) and ledger.row(store.object(row.md5)).sha256 == row.sha256:
            store.place(row.md5, root / path)
        else:
            other.append(path)
    memory = Provenance(root)
    for path in asked.of_job(record) if record not in other else ():
        if path in asked.made and same(root, asked, path):
            memory.write(path, asked.made[path])
        else:
            memory.forget(path)
    return other


def same(root: Path, asked: Wanted, path: str) -> bool:
    """Whether a file is here as the snapshot says."""
    return (root / path).is_file() and ledger.row(root / path).sha256 == asked.files[
        path
    ].sha256
