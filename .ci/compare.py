"""Compare the content that two checkouts have made, byte for byte: compare.py ONE OTHER.

Content is what no time, path or host may enter: safetensors, npz, CSV, zip and JSON under
results/ and data/. Evidence (records, the page, the film, logs) is not compared.
"""

import hashlib
import sys
from pathlib import Path

CONTENT = {".safetensors", ".npz", ".csv", ".zip", ".json"}
EVIDENCE = {"record.json", "manifest.json"}


def main(one: Path, other: Path) -> int:
    here, there = hashes(one), hashes(other)
    alone = sorted(here.keys() ^ there.keys())
    differing = sorted(name for name in here.keys() & there.keys() if here[name] != there[name])
    for name in alone:
        print(f"compare: only in {one if name in here else other}: {name}")
    for name in differing:
        print(f"compare: differs: {name}")
    equal = len(here.keys() & there.keys()) - len(differing)
    print(
        f"compare: {equal} files equal, {len(differing)} differ, {len(alone)} on one side only"
    )
    return 0 if equal and not differing and not alone else 1


def hashes(root: Path) -> dict[str, str]:
    """Path below root -> sha256, of every file of content."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in ("results", "data")
        for path in sorted((root / folder).rglob("*"))
        if path.suffix in CONTENT and path.name not in EVIDENCE and path.is_file()
    }


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
