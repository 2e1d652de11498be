"""Wall and CPU seconds of the Snakefile of the current folder, once Snakemake is loaded.

python .ci/parse_time.py -n      arguments are Snakemake's
"""

import os
import sys
import time

import snakemake.api  # noqa: F401  before the next: Snakemake's modules import in a circle
from snakemake.cli import main
from snakemake.workflow import Workflow

_include = Workflow.include
_open: list[tuple[float, float]] = []


def include(self, *args, **more):
    """Workflow.include, which ends the process with the time of the outermost file."""
    _open.append((time.perf_counter(), time.process_time()))
    try:
        return _include(self, *args, **more)
    finally:
        _say()


def _say() -> None:
    wall, cpu = _open.pop()
    if not _open:
        print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
        os._exit(0)


if __name__ == "__main__":
    Workflow.include = include
    main(sys.argv[1:])
