"""Each pinned environment and how it stands here; changes nothing."""

from argparse import ArgumentParser, Namespace

from respike.cli.envs import standing
from respike.core.errors import DONE


def arguments(parser: ArgumentParser) -> None:
    """None."""


def execute(given: Namespace) -> int:
    for side in standing.sides():
        print(standing.line(standing.look(side)))
    return DONE
