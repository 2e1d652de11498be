"""Time check.py on a gigabyte beside `sha256sum -c` and `dvc status`; medians, and the ratios.

    .venv/bin/python .ci/audit_speed.py [--mb 1000] [--no-dvc]

Eight large files and 500 small ones, in a run that has a record, a list and a manifest. All are
in the page cache. `dvc status` is timed as it comes again, when it reads no file, and once with
new times on the files, when it must.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from respike.audit import check  # noqa: E402
from respike.core import io, records  # noqa: E402
from respike.report import sums  # noqa: E402

RECORD = "results/data/big/fetch/record.json"


def make(folder: Path, size: int) -> None:
    """A run of one fetched data set of `size` bytes."""
    data = folder / "data/big/fetch"
    data.mkdir(parents=True)
    piece = os.urandom(2**20)
    outputs = {}
    for number in range(508):
        bytes_ = size // 8 - 500 * 125 if number < 8 else 1000
        with open(data / f"{number:03}.bin", "wb") as file:
            file.write(number.to_bytes(8, "little"))
            while file.tell() < bytes_:
                file.write(piece[: bytes_ - file.tell()])
        row = io.sha256((data / f"{number:03}.bin").read_bytes())
        outputs[f"{number:03}.bin"] = {"bytes": bytes_, "sha256": row}
    record = {
        "schema": records.SCHEMA, "stage": "fetch", "settings": {"dataset": "big"}, "seed": 0,
        "code": "c" * 64, "env": "base:" + "e" * 64, "data_kind": "none", "status": "done",
        "reason": None, "inputs": {}, "outputs": outputs, "extras": {}, "numerics": {},
        "evidence": {},
    }  # fmt: skip
    record["key"] = records.key(record)
    for path, value in ((RECORD, records.dump(record)),):
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_bytes(value)
    at = folder / "results/smoke"
    at.mkdir()
    listed = sums.files({RECORD: record}, {RECORD: io.sha256((folder / RECORD).read_bytes())})
    (at / "SHA256SUMS").write_text(text := sums.listing(listed))
    manifest = sums.manifest("smoke", text, {RECORD: record})
    (at / "manifest.json").write_bytes(io.dump("manifest.json", manifest))


def timed(folder: Path, *command: str, times: int = 5, **env: str) -> float:
    """Median seconds of a command that must go well."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run(
            command, cwd=folder, env={**os.environ, **env}, check=True, capture_output=True
        )
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def dvc(folder: Path) -> tuple[float, float]:
    """Seconds of `dvc status`: again, and with new times on the files."""
    env = {"DVC_SITE_CACHE_DIR": str(folder / ".site"), "DVC_NO_ANALYTICS": "1"}
    command = str(ROOT / ".venv/bin/dvc")
    for words in (("init", "--no-scm", "-q"), ("add", "-q", "data")):
        timed(folder, command, *words, times=1, **env)
    again = timed(folder, command, "status", "-q", times=3, **env)
    for path in (folder / "data").rglob("*.bin"):
        os.utime(path)
    return again, timed(folder, command, "status", "-q", times=1, **env)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=1000, help="megabytes in all")
    parser.add_argument("--no-dvc", action="store_true", help="leave DVC out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="respike-audit-speed-") as name:
        folder = Path(name)
        make(folder, given.mb * 10**6)
        checker = (sys.executable, "-I", "-S", check.__file__, ".")
        found = {
            "check.py": timed(folder, *checker),
            "sha256sum -c": timed(
                folder, "sha256sum", "--status", "-c", "results/smoke/SHA256SUMS"
            ),
        }
        if not given.no_dvc:
            found["dvc status, again"], found["dvc status, new times"] = dvc(folder)
    base = found["sha256sum -c"]
    for what, seconds in found.items():
        print(f"{seconds:8.2f} s  {seconds / base:5.2f} of sha256sum  {what}")
    print(json.dumps({"mb": given.mb, "seconds": found}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
