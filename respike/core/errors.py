"""Errors a user can act on: what is wrong, where it was said, what is allowed, what to do."""

import difflib
from collections.abc import Iterable

# Exit codes, all of them; docs/exit-codes.md explains each.
DONE = 0
FAILED = 1
MISUSED = 2
TAMPERED = 3
BUSY = 75
FENCED = 76
INTERRUPTED = 130


class RespikeError(Exception):
    """Root of the errors that end a stage or a command with one message and no traceback."""

    exit_code = FAILED


class ConfigError(RespikeError):
    """The command line, config.yaml or a study says something that is not allowed."""

    exit_code = MISUSED


class UnknownPart(ConfigError):
    """A study names a part (neuron, drop rule, target, ...) that has no file."""

    def __init__(self, kind: str, folder: str, name: str, known: Iterable[str]):
        known = sorted(known)
        super().__init__(
            f"no {kind} part named '{name}'.{did_you_mean(name, known)} "
            f"Known: {', '.join(known) or 'none'}. "
            f"A new one is a file respike/{folder}/{name.replace('-', '_')}.py."
        )


class DamagedFile(RespikeError):
    """A file's bytes are not the ones its producer recorded, or do not parse as its format."""


class Busy(RespikeError):
    """Another run owns this folder."""

    exit_code = BUSY


class Fenced(RespikeError):
    """A newer run or a newer attempt of the same job owns the output: nothing was committed."""

    exit_code = FENCED


def some(names: Iterable[str], most: int = 40) -> str:
    """Names with commas; of very many the first, and how many more there are."""
    names = list(names)
    more = f", and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A hint that starts with a space, or nothing where no known name is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{near[0]}'?" if near else ""
