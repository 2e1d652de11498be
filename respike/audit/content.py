"""The content that two checkouts have made, compared byte for byte.

Content is what no time, path or host may enter: safetensors, npz, CSV, zip and JSON under
results/ and data/. Evidence (records, the page, the film, logs) is not compared.
"""

import hashlib
from pathlib import Path
from typing import NamedTuple

from respike.core import layout

CONTENT = {".safetensors", ".npz", ".csv", ".zip", ".json"}
EVIDENCE = {
    layout.RECORD,
    *(file for row in layout.STAGES.values() for file in row.evidence.values()),
}


class Comparison(NamedTuple):
    """Paths of content of two checkouts: equal, of other bytes, and on one side only."""

    equal: list[str]
    differing: list[str]
    only_one: list[str]
    only_other: list[str]

    @property
    def same(self) -> bool:
        """Whether there was something to compare, and all of it is equal."""
        return bool(self.equal) and not (self.differing or self.only_one or self.only_other)


def hashes(folder: Path) -> dict[str, str]:
    """Path below a checkout -> sha256, of every file of content."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for top in ("results", "data")
        for path in sorted((folder / top).rglob("*"))
        if path.suffix in CONTENT and path.name not in EVIDENCE and path.is_file()
    }


def compare(one: dict[str, str], other: dict[str, str]) -> Comparison:
    """Compare what `hashes` gave for two checkouts; every list is sorted."""
    both = sorted(one.keys() & other.keys())
    return Comparison(
        [path for path in both if one[path] == other[path]],
        [path for path in both if one[path] != other[path]],
        sorted(one.keys() - other.keys()),
        sorted(other.keys() - one.keys()),
    )
