"""Is each environment that is here the pinned one? Every package that differs is named.

An environment that is absent is a finding only where it is asked for by name.
"""

from argparse import ArgumentParser, Namespace

from respike.cli.envs import standing
from respike.core import environment
from respike.core.errors import DONE, FAILED


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help="default: all that are here")
    parser.add_argument("--conda", action="store_true", help="the conda side alone")


def execute(given: Namespace) -> int:
    side = environment.CONDA if given.conda else None
    found = [standing.look(one) for one in standing.chosen(given.names, side)]
    wrong = 0
    for one in found:
        print(standing.line(one))
        for row in one.differs:
            print(f"  {environment.said(row)}")
        bad = one.state in {standing.HALF, standing.BAD}
        asked = bool(given.names) and (given.conda or one.side.side == environment.PIP)
        wrong += bad or (asked and one.state == standing.ABSENT)
    return FAILED if wrong else DONE
