"""What verify-at-use costs: the time jobs spend on hashing and checking their inputs.

    .venv/bin/python .ci/verify_cost.py [BUDGET] [--directory FOLDER] [--every N]

Goes through the records of a finished run and asks for every job's inputs again as the job does
(hash, record, seal, comparison), and once more with all of that switched off, turn by turn in
one process. The difference is set against the seconds that the jobs took, by their records.
"""

import argparse
import contextlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from respike.core import io, records  # noqa: E402
from respike.core.job import Job  # noqa: E402

TURNS = 2


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    cli.add_argument("budget", nargs="?", default="smoke")
    cli.add_argument("--directory", type=Path, default=ROOT)
    cli.add_argument("--at-most", type=float, default=10, metavar="PERCENT")
    cli.add_argument("--every", type=int, default=1, metavar="N", help="each N-th job only")
    given = cli.parse_args()
    made = sorted((given.directory / "results" / given.budget).rglob("record.json"))
    made += sorted((given.directory / "results/data").rglob("record.json"))
    made = made[:: given.every]
    if not made:
        print(f"verify-cost: no records of {given.budget} in {given.directory}; run it first")
        return 2
    rows = defaultdict(lambda: [0, 0.0, 0.0, 0.0, 0])
    for path in made:
        record = records.load(path)
        on, off = cost(record, given.directory)
        row = rows[record["stage"]]
        row[0] += 1
        row[1] += record["evidence"]["wall_s"]
        row[2] += on
        row[3] += off
        row[4] += sum(file["bytes"] for files in record["inputs"].values() for file in files)
    return say(rows, given.at_most)


def cost(record: dict[str, Any], root: Path) -> tuple[float, float]:
    """Seconds to get a job's inputs with and without verification; the fastest of the turns."""
    inputs = {n: [PurePosixPath(f["path"]) for f in fs] for n, fs in record["inputs"].items()}
    on, off = [], []
    for _ in range(TURNS):
        on.append(timed(lambda: ask(record, inputs, root)))
        with unverified():
            off.append(timed(lambda: ask(record, inputs, root)))
    return min(on), min(off)


def ask(record: dict[str, Any], inputs: dict[str, list[PurePosixPath]], root: Path) -> None:
    """What a job asks before and beside its work: its inputs, and the records beside them."""
    job = Job(record["stage"], record["settings"], inputs, {}, root)
    job._propagated()
    _ = job.data_kind
    job._input_rows()


def timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextlib.contextmanager
def unverified() -> Iterator[None]:
    """Reading as it would be if nobody checked: no hash, no seal, no comparison."""
    with contextlib.ExitStack() as stack:
        for module, name, instead in (
            (io, "sha256", lambda data: "0" * 64),
            (io, "read_bytes", lambda path, expected, producer: Path(path).read_bytes()),
            (records, "parse", lambda path, data: json.loads(data)),
        ):
            stack.enter_context(mock.patch.object(module, name, instead))
        yield


def say(rows: dict[str, list[Any]], at_most: float) -> int:
    """Print the table; 1 where the share is above what is allowed."""
    print("stage        jobs     wall   with check  without   of wall    input")
    whole = [0, 0.0, 0.0, 0.0, 0]
    for stage, row in sorted(rows.items()):
        whole = [a + b for a, b in zip(whole, row, strict=True)]
        line(stage, row)
    share = line("all", whole)
    print(f"verify-at-use: {share:.2f} % of the jobs' wall time (at most {at_most:g} %)")
    return int(share > at_most)


def line(stage: str, row: list[Any]) -> float:
    jobs, wall, on, off, size = row
    share = 100 * (on - off) / wall if wall else 0.0
    print(
        f"{stage:10s} {jobs:6d} {wall:8.1f} s {1e3 * on:8.1f} ms {1e3 * off:7.1f} ms "
        f"{share:7.2f} % {size / 1e6:8.1f} MB"
    )
    return share


if __name__ == "__main__":
    sys.exit(main())
