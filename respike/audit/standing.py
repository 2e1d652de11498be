"""How jobs stand: what each one's record says, what its files are, what it would be told now.

Reads and hashes; writes nothing. `explain` compares what is found here.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from respike.audit import jobs
from respike.core import code, fingerprint, io, job, layout, records
from respike.core.config import Config
from respike.core.errors import ConfigError, DamagedFile
from respike.core.strict import canonical_json

CHUNK = 2**20


class Now(NamedTuple):
    """What the present checkout would tell a job."""

    settings: Mapping[str, Any]
    inputs: tuple[str, ...]
    code: str
    modules: Mapping[str, str]
    env: str


class Row(NamedTuple):
    """One file that a job read: what it was, and what is said and found of it now.

    Attributes:
        path: of the file.
        read: sha256 that the job recorded.
        read_key: key of the job that had made it.
        said: sha256 by the record of the job that made it; None without one.
        said_key: key of that job.
        here: sha256 of the file; None where it is missing.
    """

    path: str
    read: str
    read_key: str
    said: str | None
    said_key: str | None
    here: str | None


class Job(NamedTuple):
    """One job.

    Attributes:
        path: of its record.
        record: None where it cannot be believed, `trouble` says why.
        trouble: why there is no record.
        made: file -> (sha256 recorded, sha256 found; None where it is missing).
        read: what it read.
        now: what it would be told now, or why it would not run at all.
        parents: records of the jobs whose files it read, or would read.
    """

    path: str
    record: Mapping[str, Any] | None
    trouble: str | None
    made: Mapping[str, tuple[str | None, str | None]]
    read: tuple[Row, ...]
    now: Now | str
    parents: tuple[str, ...]


class Folder:
    """A folder of results beside the configuration of a checkout.

    Args:
        root: holds data/ and results/.
        config: of the present checkout.
        withheld: path -> sha256 of files that a bundle may leave out.
    """

    def __init__(self, root: Path, config: Config, withheld: Mapping[str, str] | None = None):
        self._root = root
        self._config = config
        self._withheld = withheld or {}
        self._hashes: dict[str, str | None] = {}
        self._records: dict[str, Mapping[str, Any] | str] = {}

    def jobs(self, wanted: Iterable[str], alone: Iterable[str] = ()) -> dict[str, Job]:
        """Jobs and all they stand on, ancestors first.

        Args:
            wanted: paths of records.
            alone: of these, which are looked at without what they stand on.

        Raises:
            DamagedFile: a record names a file that no job of ours writes.
        """
        found: dict[str, Job] = {}
        for path in wanted:
            self._add(path, found, frozenset(alone), ())
        return found

    def _add(self, path, found, alone, below):
        if path in found:
            return
        if path in below:
            raise DamagedFile(f"{jobs.plain(path)} reads its own output, through others")
        made = self.job(path)
        for parent in made.parents if path not in alone else ():
            self._add(parent, found, alone, (*below, path))
        found[path] = made

    def job(self, path: str) -> Job:
        """One job, by the path of its record."""
        stage, wildcards = jobs.place(path)
        record, trouble = self.record(path)
        now = self._now(stage, wildcards, record)
        rows = [row for rows in (record or {}).get("inputs", {}).values() for row in rows]
        files = [row["path"] for row in rows]
        files += now.inputs if isinstance(now, Now) else ()
        parents = dict.fromkeys(str(layout.record_of(file)) for file in files)
        for parent in parents:
            jobs.place(parent)
        return Job(
            path=path,
            record=record,
            trouble=trouble,
            made=self._made(path, stage, record),
            read=tuple(self._row(row) for row in rows),
            now=now,
            parents=tuple(parents),
        )

    def record(self, path: str) -> tuple[Mapping[str, Any] | None, str | None]:
        """A record, or why there is none: (record, None) or (None, sentence)."""
        if path not in self._records:
            try:
                self._records[path] = records.load(self._root / path)
            except DamagedFile as error:
                there = (self._root / path).exists()
                said = str(error).removeprefix(f"{self._root / path} ").partition(";")[0]
                self._records[path] = said if there else "is missing"
        found = self._records[path]
        return (None, found) if isinstance(found, str) else (found, None)

    def known_code(self, budget: str) -> dict[str, dict[str, str]]:
        """Fingerprint -> module -> digest of code.json, as far as it is there and is right."""
        path = PurePosixPath(layout.output("report", "code").format(budget=budget))
        try:
            data, _ = records.read_verified(self._root, path)
            found = io.parse(str(path), data)["code"]
        except DamagedFile:
            return {}
        return {k: rows for k, rows in found.items() if fingerprint.combined(rows) == k}

    def verdicts(self, budget: str) -> dict[str, Any]:
        """study/claim -> verdict, of the studies that were judged."""
        found = {}
        for study in self._config.known:
            path = layout.output("judge", "verdicts").format(budget=budget, study=study)
            try:
                data, _ = records.read_verified(self._root, path)
                rows = io.parse(path, data)["verdicts"]
            except DamagedFile:
                continue
            found |= {f"{study}/{row['claim']}": row for row in rows}
        return found

    def _now(self, stage, wildcards, record):
        config = self._config
        env = (record or {}).get("env", "base:").partition(":")[0]
        try:
            settings = config.settings(stage, wildcards)
            inputs = config.inputs(stage, wildcards)
            modules = code.modules(stage, settings)
            lock = config.env(env)
        except ConfigError as error:
            return str(error).splitlines()[0]
        return Now(
            settings=json.loads(canonical_json(settings)),
            inputs=tuple(path for paths in inputs.values() for path in paths),
            code=fingerprint.fingerprint(*modules),
            modules=fingerprint.digests(*modules),
            env=lock,
        )

    def _made(self, path, stage, record):
        made = {**record["outputs"], **record.get("extras", {})} if record else {}
        said = {str(layout.artifact(path, file)): row["sha256"] for file, row in made.items()}
        row = layout.STAGES[stage]
        for file in (*row.content.values(), *row.evidence.values()):
            said.setdefault(str(layout.artifact(path, file)), None)
        if stage == "report":
            said |= self._listed(path)
        return {file: (sha256, self._here(file)) for file, sha256 in said.items()}

    def _listed(self, path):
        """Hash of SHA256SUMS, which stands in the manifest and in no record."""
        budget = jobs.place(path).wildcards["budget"]
        manifest = layout.output("report", "manifest").format(budget=budget)
        try:
            root = io.parse(manifest, (self._root / manifest).read_bytes())["root"]
            return {layout.output("report", "sums").format(budget=budget): root["sha256"]}
        except (OSError, DamagedFile, KeyError, TypeError):
            return {}

    def _row(self, row):
        path = row["path"]
        maker, _ = self.record(str(layout.record_of(path)))
        here = self._here(path)
        if PurePosixPath(path).name == layout.RECORD:
            said = here if maker else None
        else:
            made = maker["outputs"] if maker else {}
            said = made.get(PurePosixPath(path).name, {}).get("sha256")
        key = maker["key"] if maker else None
        return Row(path, row["sha256"], row["key"], said, key, here)

    def _here(self, path):
        if path not in self._hashes:
            self._hashes[path] = self._hash(path)
        return self._hashes[path]

    def _hash(self, path):
        try:
            with (self._root / path).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return self._withheld.get(path)


def numerics() -> dict[str, Any]:
    """The numerics class that a job would have on this machine, under its own variables."""
    before = dict(os.environ)
    os.environ.update(job.THREADS)
    try:
        return records.numerics()
    finally:
        os.environ.clear()
        os.environ.update(before)
