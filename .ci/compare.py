"""Compare the content that two checkouts have made, byte for byte: compare.py ONE OTHER.

What content is, and how it is compared, stands in respike/audit/content.py.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from respike.audit.content import compare, hashes


def main(one: Path, other: Path) -> int:
    found = compare(hashes(one), hashes(other))
    for name in found.only_one:
        print(f"compare: only in {one}: {name}")
    for name in found.only_other:
        print(f"compare: only in {other}: {name}")
    for name in found.differing:
        print(f"compare: differs: {name}")
    alone = len(found.only_one) + len(found.only_other)
    print(
        f"compare: {len(found.equal)} files equal, {len(found.differing)} differ, "
        f"{alone} on one side only"
    )
    return 0 if found.same else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
