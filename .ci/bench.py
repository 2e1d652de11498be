"""Time what a user waits for apart from the science: `make bench`. Median of three runs."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
COMMANDS = {
    "set-up with nothing to do": [sys.executable, "envs/create.py"],
    "snakemake --version": [BIN / "snakemake", "--version"],
    "snakemake -n (dry run)": [BIN / "snakemake", "-n", "--quiet", "all"],
    "respike list": [BIN / "respike", "list"],
    "respike plan": [BIN / "respike", "plan"],
    "respike run --budget smoke, 1st": [BIN / "respike", "run", "--budget", "smoke"],
    "respike run --budget smoke, again": [BIN / "respike", "run", "--budget", "smoke"],
}


def main() -> int:
    for name, command in COMMANDS.items():
        times_s = []
        for _ in range(1 if name.endswith("1st") else 3):
            start = time.perf_counter()
            done = subprocess.run(
                command, cwd=ROOT, capture_output=True, text=True, check=False
            )
            times_s.append(time.perf_counter() - start)
            if done.returncode:
                print(
                    f"bench: {name} ended with {done.returncode}\n{done.stderr}",
                    file=sys.stderr,
                )
                return 1
        print(f"{statistics.median(times_s):8.2f} s  {name}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
