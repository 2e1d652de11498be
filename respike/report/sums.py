"""SHA256SUMS and manifest.json: every file of a budget by its hash, for `sha256sum -c`.

Paths are relative to the checkout, from which `sha256sum -c results/desk/SHA256SUMS` is run.
The list names neither itself nor the manifest; the manifest hashes the list.
"""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from respike.core import layout
from respike.core.errors import RespikeError
from respike.core.io import sha256

SCHEMA = "respike-manifest/1"


def of_record(path: str | PurePosixPath, record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Path and hash of all that one record vouches for: its outputs and extras, not itself."""
    rows = {**record["outputs"], **record.get("extras", {})}
    return [(str(layout.artifact(path, file)), row["sha256"]) for file, row in rows.items()]


def listing(files: Mapping[str, str]) -> str:
    """The text of SHA256SUMS, sorted by path.

    Raises:
        RespikeError: a path that sha256sum would read as another one.
    """
    lines = []
    for path, digest in sorted(files.items()):
        if "\n" in path or "\\" in path or path.startswith("/") or ".." in path.split("/"):
            message = f"{path!r} cannot stand in SHA256SUMS; rename it"
            raise RespikeError(message)
        lines.append(f"{digest}  {path}\n")
    return "".join(lines)


def manifest(
    budget: str, sums_path: str, sums: str, keys: Iterable[tuple[str, str, str]]
) -> dict[str, Any]:
    """What manifest.json says: one hash over everything, and the key of every job.

    Args:
        budget: of the page.
        sums_path: where SHA256SUMS stands, relative to the checkout.
        sums: its text.
        keys: (path of the record, key, status) of every job behind the page.
    """
    return {
        "schema": SCHEMA,
        "budget": budget,
        "root": {"path": sums_path, "sha256": sha256(sums.encode())},
        "files": sums.count("\n"),
        "records": {path: {"key": key, "status": status} for path, key, status in sorted(keys)},
    }
