"""Flip one bit in a copy of a finished run, and see the checker find it and the claim it hits.

Size and time of the file stay as they were. Only the copy is changed, and it is removed.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from respike.audit import check
from respike.cli import common
from respike.core import io, layout
from respike.core.errors import DONE, FAILED, ConfigError, DamagedFile, RespikeError


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--budget", choices=layout.BUDGETS, help="default: the newest")
    parser.add_argument("--seed", type=int, default=0, help="which file and which bit")
    common.results(parser)


def execute(given: Namespace) -> int:
    try:
        report = check.verify(given.directory, given.budget)
    except check.Refused as refused:
        raise ConfigError(f"{refused}; make one with `respike run --budget smoke`") from None
    if not report.passed:
        raise DamagedFile(
            "this run is not what its records say even now; `respike audit verify` tells more"
        )
    draw = random.Random(given.seed)
    victim = draw.choice(evidence(given.directory, report.budget))
    with tempfile.TemporaryDirectory(prefix="respike-tamper-demo-") as folder:
        size = copy(given.directory, Path(folder), report.budget)
        print(f"copied {report.files:,} files, {size / 1e6:,.1f} MB, to a temporary folder")
        before = seen(Path(folder) / victim)
        at, bit = flip(Path(folder) / victim, draw)
        print(f"flipped bit {bit} of byte {at:,} of {victim}")
        print(f"  before  {before}")
        print(f"  after   {seen(Path(folder) / victim)}")
        print("respike/audit/check.py, in a bare Python, says of the copy:", flush=True)
        done = subprocess.run(
            [sys.executable, "-I", "-S", check.__file__, folder, "--budget", report.budget],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    print("".join(f"  {line}\n" for line in done.stdout.splitlines()), end="")
    if done.returncode != check.FAIL or victim not in done.stdout:
        print("the checker has NOT found it: please report this", file=sys.stderr)
        return FAILED
    print("found; the copy is removed, your results are as they were")
    return DONE


def evidence(root: Path, budget: str) -> list[str]:
    """Files of content that a claim of the page stands on.

    Raises:
        RespikeError: no claim stands on any.
    """
    path = layout.output("report", "verdict").format(budget=budget)
    document = io.parse(path, (root / path).read_bytes())
    rows = (row["path"] for claim in document["claims"] for row in claim["evidence"])
    found = sorted({path for path in rows if (root / path).stat().st_size})
    if not found:
        raise RespikeError(
            f"no claim of budget {budget} was judged from a file; take another --budget"
        )
    return found


def copy(root: Path, target: Path, budget: str) -> int:
    """Copy all that the run lists, never by a link, times kept; bytes in all."""
    sums = layout.output("report", "sums").format(budget=budget)
    listed = [line[66:] for line in (root / sums).read_text().splitlines()]
    size = 0
    for path in (*listed, sums, layout.output("report", "manifest").format(budget=budget)):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / path, target / path)
        size += (target / path).stat().st_size
    return size


def flip(path: Path, draw: random.Random) -> tuple[int, int]:
    """Flip one bit of a file, its size and times kept; which byte, and which bit of it."""
    times = path.stat()
    data = bytearray(path.read_bytes())
    at, bit = draw.randrange(len(data)), draw.randrange(8)
    data[at] ^= 1 << bit
    path.chmod(0o600)
    path.write_bytes(data)
    path.chmod(times.st_mode)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    return at, bit


def seen(path: Path) -> str:
    """What `ls -l` and a workflow that compares times see of a file."""
    status = path.stat()
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(status.st_mtime))
    return f"{status.st_size:,} bytes  {when}.{status.st_mtime_ns % 10**9:09d}"
