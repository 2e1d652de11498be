"""Make the locks anew: pip's by envs/lock.py, conda's by solving each NAME.yaml.

What cannot be solved is left as it is, and the exit code says so. A YAML that carries a pip
list (base.yaml) is made from the lock and is not solved.
"""

import subprocess
import sys
from argparse import ArgumentParser, Namespace

from respike.cli import common
from respike.core import environment
from respike.core.errors import DONE, FAILED, RespikeError


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--side", choices=(environment.PIP, environment.CONDA), help="one alone"
    )
    parser.add_argument(
        "--upgrade", action="store_true", help="pip's: forget the versions locked before"
    )


def execute(given: Namespace) -> int:
    failed = False
    if given.side != environment.CONDA:
        program = [sys.executable, str(common.ROOT / "envs/lock.py")]
        words = ["--upgrade"] if given.upgrade else []
        failed |= subprocess.run([*program, *words], check=False).returncode != 0
    if given.side != environment.PIP:
        from respike.cli.envs import solve

        for path in solve.sources():
            try:
                print(solve.lock(path))
            except RespikeError as error:
                print(f"respike envs lock: {error}", file=sys.stderr)
                failed = True
    return FAILED if failed else DONE
