"""Snakemake's own memory of how each file was made: read it, and write it back.

Snakemake has no public way to do that. Two private methods to read and write, one to delete,
and one class are all that is used; tests/audit/transport/test_provenance.py pins them.
"""

from pathlib import Path
from typing import Any

import snakemake
from snakemake.persistence import RECORD_FORMAT_VERSION, MetadataRecord
from snakemake.persistence.file import FilePersistence

FORMAT = RECORD_FORMAT_VERSION
VERSION: str = snakemake.__version__
# job_hash is salted in each process; two are true of no finished job; conda_env is the text of
# envs/*.yaml, which git has and whose lock's hash is among params
_LEFT_OUT = {"job_hash", "incomplete", "external_jobid", "conda_env"}


class Provenance:
    """The records of one working folder.

    Args:
        root: the folder that holds .snakemake/.
    """

    def __init__(self, root: Path):
        self._store = FilePersistence(path=root / ".snakemake")

    def read(self, path: str) -> dict[str, Any] | None:
        """How an output was made, as JSON; None where Snakemake does not know."""
        found = self._store._read_record(path)
        if found is None:
            return None
        return {k: v for k, v in found.items() if k not in _LEFT_OUT}

    def write(self, path: str, row: dict[str, Any]) -> None:
        """Let Snakemake know how an output was made."""
        self._store._write_record(path, MetadataRecord(**row, incomplete=False))

    def forget(self, path: str) -> None:
        """Take away what Snakemake knows of an output."""
        self._store._delete_record(path)
