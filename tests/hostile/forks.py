"""Parse many foreign files, each in a child of its own that is forked, not started.

A child that is started pays for its imports, 0.1 s for numpy to 2 s for torch. These are forked
from a process that has imported everything, and then run the same code as the real child: the
same locks, the same parser. Run as a program, it reads one file a line and prints one line of
JSON for each.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from respike.core import foreign, io
from respike.core.parsers import child

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 10.0


class Said(NamedTuple):
    """How one child ended: read, refused or died; why; its memory; its npz, if asked for."""

    end: str
    why: str
    peak_mb: float
    sha256: str


def say(files: Mapping[str, bytes]) -> dict[str, Said]:
    """What the children say of files, by name; all of one suffix share one process to fork."""
    found: dict[str, Said] = {}
    by_suffix: dict[str, list[str]] = {}
    for name in files:
        by_suffix.setdefault(PurePosixPath(name).suffix, []).append(name)
    for suffix, names in by_suffix.items():
        lines = "".join(base64.b64encode(files[n]).decode() + "\n" for n in names)
        done = subprocess.run(
            [sys.executable, "-m", "tests.hostile.forks", suffix],
            input=lines,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**foreign.environment(), "PYTHONPATH": str(ROOT)},
            timeout=600,
        )
        rows = [Said(*json.loads(line)) for line in done.stdout.splitlines()]
        assert len(rows) == len(names), done.stderr[-2000:]
        found |= dict(zip(names, rows, strict=True))
    return found


def main() -> int:
    """Fork one child a line of standard input."""
    suffix = sys.argv[1]
    prepared: set[bool] = set()
    for line in sys.stdin:
        data = base64.b64decode(line)
        _prepare(suffix, data, prepared)
        sys.stdout.write(json.dumps(_one(suffix, data)) + "\n")
        sys.stdout.flush()
    return 0


def _prepare(suffix: str, data: bytes, prepared: set[bool]) -> None:
    """Import what the parsers of a suffix need, once for each of its two kinds of MATLAB."""
    kind = suffix == ".mat" and child.mat.is_hdf5(data)
    if kind not in prepared:
        child.READERS[suffix].prepare(data)
        prepared.add(kind)


def _one(suffix: str, data: bytes) -> list[object]:
    here, there = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(here)
        os._exit(_child(suffix, data, there))
    os.close(there)
    with os.fdopen(here, "rb") as pipe:
        text = pipe.read().decode(errors="replace")
    _, status, usage = os.wait4(pid, 0)
    peak_mb = usage.ru_maxrss / 1024
    if os.WIFSIGNALED(status):
        return ["died", f"the parser died with signal {os.WTERMSIG(status)}", peak_mb, ""]
    if os.WEXITSTATUS(status):
        return ["refused", text, peak_mb, ""]
    return ["read", "", peak_mb, text]


def _child(suffix: str, data: bytes, pipe: int) -> int:
    null = os.open(os.devnull, os.O_RDWR)
    for used in (0, 1, 2):
        os.dup2(null, used)
    try:
        child.lock_down(len(data), SECONDS)
        text, code = io.sha256(child.convert(suffix, data)), 0
    except Exception as error:
        text, code = child.sentence(error), 1
    os.write(pipe, text.encode("ascii", "backslashreplace"))
    return code


if __name__ == "__main__":
    sys.exit(main())
