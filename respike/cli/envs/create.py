"""Make environments before a run needs them; what is made already costs nothing.

The pip side (.envs/NAME, of base .venv) is made by envs/create.py, the conda side
(.envs/NAME-conda) by py-rattler from the explicit pin. A creation that was killed is cleared or
continued by the same command; a second one at the same time waits.
"""

import subprocess
import sys
from argparse import ArgumentParser, Namespace

from respike.cli import common
from respike.cli.envs import standing
from respike.core import environment
from respike.core.errors import DONE, FAILED, INTERRUPTED


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all")
    parser.add_argument("--conda", action="store_true", help="the conda side instead of pip's")


def execute(given: Namespace) -> int:
    side = environment.CONDA if given.conda else environment.PIP
    for one in standing.chosen(given.names, side):
        if given.conda:
            from respike.cli.envs import conda

            conda.create(one)
        else:
            # .venv may be made anew, so that the interpreter behind it does that
            python = getattr(sys, "_base_executable", None) or sys.executable
            program = str(common.ROOT / "envs/create.py")
            code = subprocess.run([python, program, one.name], check=False).returncode
            if code:
                return INTERRUPTED if code == INTERRUPTED else FAILED
        print(standing.line(standing.look(one)))
    return DONE
