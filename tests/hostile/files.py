"""Hostile files: what a stranger could put where respike reads, one danger a file.

Code that such a file carries makes the file MARK in the working folder; a name that leaves its
folder ends in ESCAPED. No test may ever find either.
"""

from functools import cache
from pathlib import Path

from tests.hostile import arrays, pickles, recordings, tars, texts, zips

MARK = pickles.MARK
ESCAPED = zips.ESCAPED
KINDS = (pickles, arrays, zips, tars, texts, recordings)


@cache
def contents() -> dict[str, bytes]:
    """File name -> bytes of every hostile file; the same bytes each time."""
    found: dict[str, bytes] = {}
    for kind in KINDS:
        for name, data in kind.files().items():
            assert name not in found
            found[name] = data
    return found


def make(folder: Path) -> list[Path]:
    """Write all hostile files into a folder, and return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, data in contents().items():
        (folder / name).write_bytes(data)
        made.append(folder / name)
    return made
