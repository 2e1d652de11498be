"""Is a set of files what the records among them say? For a part of a run, which has no list.

`respike.audit.check.verify` asks this of a whole run. A snapshot of one study, or a checkout
into which a part came back, has no SHA256SUMS that fits: here each record is checked alone and
against those of its neighbours that are there.
"""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from respike.core import layout, records
from respike.core.errors import DamagedFile

UNNAMED = "is named by no record"
NOBODY = "nobody known"
_REPORT = layout.STAGES["report"].evidence.values()  # two of them are made of the record itself


class Named:
    """The records of a set of files, and which record vouches for which file.

    Args:
        root: folder that holds data/ and results/.
        digests: path -> sha256, of every file of the set that is there.

    Attributes:
        records: path -> record, of those that can be believed.
        of: path of a file -> path of the record that names it.
        evidence: files below results/ that no rule declares, such as films.
        wrong: path -> what is wrong with it, as a sentence's end.
    """

    def __init__(self, root: Path, digests: Mapping[str, str]):
        self.records: dict[str, dict[str, Any]] = {}
        self.of: dict[str, str] = {}
        self.evidence: set[str] = set()
        self.wrong: dict[str, str] = {}
        self._digests = digests
        for path in digests:
            if PurePosixPath(path).name == layout.RECORD:
                self._load(root, path)
        for path, record in self.records.items():
            self._check_outputs(path, record)
        for path, record in self.records.items():
            for rows in record["inputs"].values():
                for row in rows:
                    self._check_input(path, row)
        for path in digests:
            if path.startswith(("data/", "results/")) and path not in {*self.of, *self.wrong}:
                self.wrong[path] = UNNAMED

    def _load(self, root: Path, path: str) -> None:
        try:
            record = records.load(root / path)
            if records.key(record) != record["key"]:
                raise DamagedFile("its key is not the hash of what it says")
            named = {**record["outputs"], **record["extras"]}
        except DamagedFile as error:
            self.wrong[path] = f"cannot be believed ({str(error).replace(f'{root}/', '')})"
            return
        self.records[path] = record
        files = [str(layout.artifact(path, name)) for name in named]
        if record["stage"] == "report":
            files += [str(layout.artifact(path, name)) for name in _REPORT]
        self.evidence |= {str(layout.artifact(path, name)) for name in record["extras"]}
        self.of |= dict.fromkeys([path, *files, *map(str, layout.told(path))], path)

    def _check_outputs(self, path: str, record: Mapping[str, Any]) -> None:
        for name, row in {**record["outputs"], **record["extras"]}.items():
            file = str(layout.artifact(path, name))
            if self._digests.get(file, row["sha256"]) != row["sha256"]:
                self.wrong[file] = f"is not what {records.producer(record)} recorded"

    def _check_input(self, path: str, row: Mapping[str, Any]) -> None:
        source = row["path"]
        if source in self.wrong:
            return  # said there, once
        if self._digests.get(source, row["sha256"]) != row["sha256"]:
            self.wrong[path] = f"is of a job that read other bytes of {source} than are here"
        made_by = source if source.endswith(f"/{layout.RECORD}") else self.of.get(source, "")
        if self.records.get(made_by, row)["key"] != row["key"]:
            self.wrong[path] = f"is of a job that read {source} of another job than {made_by}"

    def producer(self, path: str) -> str:
        """Who made a file, in words."""
        record = self.records.get(self.of.get(path, ""))
        return records.producer(record) if record else NOBODY
