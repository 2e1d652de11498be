"""SHA256SUMS and manifest.json: every file of a budget by its hash, for `sha256sum -c`.

Paths are relative to the checkout, from which `sha256sum -c results/desk/SHA256SUMS` is run.
The list names neither itself nor the manifest; the manifest hashes the list.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from respike.core import io, layout
from respike.core.errors import RespikeError

SCHEMA = "respike-manifest/1"
Records = Mapping[PurePosixPath, Mapping[str, Any]]


def files(records: Records, digests: Mapping[PurePosixPath, str]) -> dict[str, str]:
    """Path -> hash of records, and of all outputs and extras that they vouch for.

    Args:
        records: path -> record.
        digests: path -> hash of the record's own file.
    """
    found = {str(path): digests[path] for path in records}
    for path, record in records.items():
        rows = {**record["outputs"], **record.get("extras", {})}
        for file, row in rows.items():
            found[str(layout.artifact(path, file))] = row["sha256"]
    return found


def own(budget: str, written: Mapping[str, Any], extras: Mapping[str, bytes]) -> dict[str, str]:
    """Path -> hash of what the report itself writes: outputs by name, and films."""
    found = {}
    for name, value in written.items():
        path = layout.output("report", name).format(budget=budget)
        found[path] = io.sha256(io.dump(path, value))
    folder = PurePosixPath(layout.record("report").format(budget=budget)).parent
    return {**found, **{str(folder / name): io.sha256(data) for name, data in extras.items()}}


def listing(found: Mapping[str, str]) -> str:
    """The text of SHA256SUMS, sorted by path.

    Raises:
        RespikeError: a path that sha256sum would read as another one.
    """
    lines = []
    for path, digest in sorted(found.items()):
        if "\n" in path or "\\" in path or path.startswith("/") or ".." in path.split("/"):
            raise RespikeError(f"{path!r} cannot stand in SHA256SUMS; rename it")
        lines.append(f"{digest}  {path}\n")
    return "".join(lines)


def manifest(budget: str, sums: str, records: Records) -> dict[str, Any]:
    """What manifest.json says: one hash over everything, and the key of every job.

    Args:
        budget: of the page.
        sums: text of SHA256SUMS.
        records: path -> record, of every job behind the page.
    """
    return {
        "schema": SCHEMA,
        "budget": budget,
        "root": {
            "path": layout.output("report", "sums").format(budget=budget),
            "sha256": io.sha256(sums.encode()),
        },
        "files": sums.count("\n"),
        "records": {
            str(path): {"key": record["key"], "status": record["status"]}
            for path, record in sorted(records.items())
        },
    }
