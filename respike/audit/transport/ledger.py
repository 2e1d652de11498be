"""The ledger of a part of a snapshot: each file with its hashes, each job as Snakemake saw it.

    {"schema", "name", "snakemake": {"version", "format"},
     "files": {path: {"bytes", "sha256", "md5"}},
     "jobs": [{"outputs": {path: starttime}, "record": {...}}]}

md5 is the name of the bytes in DVC's cache; sha256 is what is believed. Snakemake's records of
the outputs of one job differ in their start alone, so that the rest stands once. The text is
canonical: keys sorted, one form.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from respike.core import io, layout
from respike.core.errors import DamagedFile

SCHEMA = "respike-ledger/1"
_NOT_OURS = re.compile(r"\..*\.part|\.snakemake_timestamp")  # as .dvcignore has it
_CHUNK = 2**20
_START = "starttime"


class Row(NamedTuple):
    """One file: its size and hashes."""

    bytes: int
    sha256: str
    md5: str


class Ledger(NamedTuple):
    """What a ledger says.

    Attributes:
        name: of the part.
        files: path -> its row.
        made: path -> Snakemake's record of it; not every file has one.
        format: number of the form of Snakemake's records.
    """

    name: str
    files: dict[str, Row]
    made: dict[str, dict[str, Any]]
    format: int


def row(path: Path) -> Row:
    """Size and hashes of a file, read once."""
    sha, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with open(path, "rb") as file:
        while data := file.read(_CHUNK):
            sha.update(data)
            md5.update(data)
            size += len(data)
    return Row(size, sha.hexdigest(), md5.hexdigest())


def walk(root: Path, out: str) -> list[str]:
    """Files of an out that belong to a snapshot: no scratch variant, no unfinished file."""
    if (root / out).is_file():
        return [out]
    found = []
    for folder, folders, files in os.walk(root / out):
        folders[:] = [name for name in folders if not name.startswith(layout.SCRATCH)]
        found += [Path(folder, name) for name in files if not _NOT_OURS.fullmatch(name)]
    return sorted(path.relative_to(root).as_posix() for path in found)


def folder_md5(files: Mapping[str, Row], out: str) -> str:
    """DVC's hash of an out: of the list of its files where it is a folder."""
    if out in files:
        return files[out].md5
    return hashlib.md5(listing(files, out), usedforsecurity=False).hexdigest() + ".dir"


def listing(files: Mapping[str, Row], out: str) -> bytes:
    """What DVC keeps of a folder: its files by hash and name."""
    inside = {p: r for p, r in files.items() if below(p, out)}
    rows = [
        {"md5": r.md5, "relpath": p.removeprefix(f"{out}/")} for p, r in sorted(inside.items())
    ]
    return json.dumps(rows, sort_keys=True).encode()


def below(path: str, out: str) -> bool:
    """Whether a path is an out, or lies in it."""
    return path == out or path.startswith(f"{out}/")


def dump(ledger: Ledger, version: str) -> bytes:
    """Canonical bytes of a ledger.

    Args:
        ledger: what it says.
        version: of Snakemake.
    """
    value = {
        "schema": SCHEMA,
        "name": ledger.name,
        "snakemake": {"version": version, "format": ledger.format},
        "files": {path: r._asdict() for path, r in ledger.files.items()},
        "jobs": [
            {
                "outputs": {path: ledger.made[path][_START] for path in paths},
                "record": {k: v for k, v in ledger.made[paths[0]].items() if k != _START},
            }
            for paths in jobs(ledger.made)
        ],
    }
    return (json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()


def jobs(made: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Outputs in groups, one a job, from Snakemake's records of them."""
    found: dict[str, list[str]] = {}
    for path, record in sorted(made.items()):
        rest = {k: v for k, v in record.items() if k != _START}
        found.setdefault(json.dumps(rest, sort_keys=True), []).append(path)
    return list(found.values())


def parse(name: str, data: bytes, sha256: str, outs: Iterable[str]) -> Ledger:
    """The ledger that bytes hold, if they are the ones that git vouches for.

    Args:
        name: of the part.
        data: the bytes.
        sha256: what the .dvc file says of them.
        outs: of the part; a file that lies elsewhere is refused.

    Raises:
        DamagedFile: other bytes, or no ledger of this part; nothing of it may be believed.
    """
    path, pointer = layout.ledger(name), layout.version(name)
    if io.sha256(data) != sha256:
        raise DamagedFile(
            f"{path} is not the ledger of this snapshot: {pointer} says sha256 "
            f"{sha256[:12]}..., found {io.sha256(data)[:12]}...; nothing of it is restored"
        )
    value = io.parse(str(path), data)
    try:
        if value["schema"] != SCHEMA or value["name"] != name:
            raise ValueError(f"it is a {value['schema']} of {value['name']}")
        files = {p: Row(**r) for p, r in value["files"].items()}
        made = {
            path: {**job["record"], _START: start}
            for job in value["jobs"]
            for path, start in job["outputs"].items()
        }
        found = Ledger(name, files, made, value["snakemake"]["format"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DamagedFile(
            f"{path} is no {SCHEMA} of {name} ({error}); take the snapshot again"
        ) from None
    outs = [out for out in outs if out != str(path)]
    for file in files:
        if ".." in PurePosixPath(file).parts or not any(below(file, out) for out in outs):
            raise DamagedFile(
                f"{path} names {file}, which is no part of {name}; nothing of it is restored"
            )
    return found
