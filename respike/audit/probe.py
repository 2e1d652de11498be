"""Copied into a checkout as sitecustomize.py: each Python of a run tells what it sees.

A run's rows are the proof that a variation was applied: the processes of the stages themselves
write them. $RESPIKE_AUDIT_PROBE is the file that takes them, $RESPIKE_AUDIT_LISTED a folder
whose listing they tell; $RESPIKE_AUDIT_REVERSED turns the order of listings about. Standard
library only; does nothing where none of them is set.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

ROWS = "RESPIKE_AUDIT_PROBE"
LISTED = "RESPIKE_AUDIT_LISTED"
REVERSED = "RESPIKE_AUDIT_REVERSED"
_listdir, _scandir = os.listdir, os.scandir


def seen() -> dict[str, Any]:
    """What the ten variations vary, as this process sees it."""
    import locale

    mask = os.umask(0)
    os.umask(mask)
    return {
        "command": sys.orig_argv,
        "folder": os.getcwd(),
        "zone": [time.timezone, *time.tzname],
        "locale": [locale.setlocale(locale.LC_CTYPE), sys.flags.utf8_mode],
        "umask": mask,
        "user": os.getuid(),
        "host": os.uname().nodename,
        "hash": hash("respike"),
        "listing": os.listdir(os.environ[LISTED]) if os.environ.get(LISTED) else [],
    }


class _Entries:
    """What os.scandir gives, in the opposite order."""

    def __init__(self, path: Any = "."):
        with _scandir(path) as entries:
            self._left = list(entries)

    def __enter__(self) -> "_Entries":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[os.DirEntry]:
        return self

    def __next__(self) -> os.DirEntry:
        if not self._left:
            raise StopIteration
        return self._left.pop()

    def close(self) -> None:
        """Give no more entries."""
        self._left.clear()


def reverse_listings() -> None:
    """From now on os.listdir, os.scandir and all that stands on them list backwards."""
    os.listdir = lambda path=".": _listdir(path)[::-1]
    os.scandir = _Entries


def main() -> None:
    """Reverse listings where that is asked for, and add this process's row."""
    if os.environ.get(REVERSED):
        reverse_listings()
    if os.environ.get(ROWS):
        with open(os.environ[ROWS], "a", encoding="utf-8") as rows:
            rows.write(json.dumps(seen()) + "\n")


if __name__ == "sitecustomize":
    main()
