"""The command `respike`: one file per word; a word is imported only when it is said."""

import argparse
import importlib
import os
import sys
from pathlib import Path

from respike.core.errors import INTERRUPTED, MISUSED, RespikeError, did_you_mean
from respike.core.log import Shown

ROOT = Path(__file__).resolve().parents[2]
WORDS = {
    "run": "rerun the studies and give verdicts",
    "list": "the studies, their claims and the newest verdicts",
    "show": "why a claim has its verdict, and what would decide it",
    "plan": "what a run would do: jobs, minutes, what is there already, and why",
    "audit": "is it what the records say, why not, and does it come out again",
    "snapshot": "put results and data into DVC's cache, and to a remote",
    "restore": "bring them back, verified, so that nothing is planned anew",
    "tamper-demo": "flip one bit in a copy of the results and see it found",
    "envs": "the pinned environments: how they stand, make one, lock them anew",
    "doctor": "check this machine: packages, OpenGL, encoder, cores, disk",
}


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors name the nearest word and exit with 2."""

    def error(self, message: str) -> None:
        known = [o for a in self._actions for o in a.option_strings]
        unknown = [w for w in message.split() if w.startswith("-")]
        hint = did_you_mean(unknown[-1].split("=")[0], known) if unknown else ""
        print(f"{self.prog}: {message}.{hint} See {self.prog} --help", file=sys.stderr)
        sys.exit(MISUSED)


def usage(prog: str, words: dict[str, str]) -> str:
    """What a command and its words do, a line each."""
    width = max(map(len, words)) + 2
    rows = "\n".join(f"  {word:{width}s}{text}" for word, text in words.items())
    return f"usage: {prog} WORD ...\n\n{rows}\n\n`{prog} WORD --help` says more."


def main(argv: list[str] | None = None) -> int:
    """Run one word of the command.

    Returns:
        The exit code; docs/exit-codes.md lists all of them.
    """
    streams = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(Shown, streams)  # a file's name may hold any character
    try:
        return dispatch("respike", __name__, WORDS, sys.argv[1:] if argv is None else argv)
    finally:
        sys.stdout, sys.stderr = streams


def dispatch(prog: str, package: str, words: dict[str, str], argv: list[str]) -> int:
    """Run one word of a command, or of a word that has words of its own.

    Args:
        prog: the command as typed so far.
        package: where the modules of its words lie.
        words: word -> what it does.
        argv: what follows on the command line.
    """
    if not argv or argv[0] in {"-h", "--help", "help"}:
        print(usage(prog, words))
        return 0 if argv else MISUSED
    word, *rest = argv
    if word not in words:
        hint = did_you_mean(word, words)
        print(f"{prog}: no word '{word}'.{hint} Words: {', '.join(words)}", file=sys.stderr)
        return MISUSED
    prog = f"{prog} {word}"
    module = importlib.import_module(f"{package}.{word.replace('-', '_')}")
    if hasattr(module, "WORDS"):
        return dispatch(prog, module.__name__, module.WORDS, rest)
    parser = Parser(prog=prog, description=module.__doc__)
    module.arguments(parser)
    at = rest.index("--") if "--" in rest else len(rest)
    given = parser.parse_args(rest[:at])
    given.rest = rest[at + 1 :]
    if given.rest and prog != "respike run":
        parser.error("only `respike run` takes words after --")
    try:
        return module.execute(given)
    except RespikeError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(
            f"{prog}: stopped at your word; the same command goes on from here",
            file=sys.stderr,
        )
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
