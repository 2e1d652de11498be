"""Remove folders of this checkout and say how much disk that freed: `make clean`."""

import fcntl
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(names: list[str]) -> int:
    lock = ROOT / ".respike" / "run.lock"
    if lock.exists():
        with lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("clean: a run is at work in this folder; stop it first", file=sys.stderr)
                return 1
    freed = 0
    for name in names:
        path = ROOT / name
        if path.is_symlink():
            path.unlink()
        elif path.exists():
            freed += size_bytes(path)
            shutil.rmtree(path)
    print(f"clean: {freed / 1e6:.1f} MB freed ({', '.join(names)})")
    return 0


def size_bytes(folder: Path) -> int:
    """Disk taken by a folder; a file with several names counts once."""
    seen = {}
    for place, _, files in os.walk(folder):
        for file in files:
            status = os.lstat(os.path.join(place, file))
            seen[status.st_dev, status.st_ino] = status.st_blocks * 512
    return sum(seen.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
