"""Log lines of a stage: prose that reads the same in a terminal and in a Slurm log.

Whatever a file, a study or a foreign parser puts into a line is written out, so that no text
can move the cursor, hide its end or pass for a line of another stage.
"""

import logging
import sys
import unicodedata
from collections.abc import Iterable
from typing import Any

STOPPED = "stopped: "  # begins the sentence that ends a failing stage


_HIDDEN = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}


def visible(text: object) -> object:
    """Text in which every control, direction mark and broken character is written out.

    A name with U+202E would show its end before its beginning and could make "differs" read
    as another word; a lone surrogate cannot be saved at all. Both become <U+202E>. Newlines
    and tabs stay; what is not text, and Markup made by ourselves, is returned as it is.
    """
    if not isinstance(text, str) or hasattr(text, "__html__"):
        return text
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(c if _plain(c) else f"<U+{ord(c):04X}>" for c in text)


def _plain(character: str) -> bool:
    return character in "\n\t" or unicodedata.category(character) not in _HIDDEN


def line(text: object) -> str:
    """Text of a stranger on one line: see `visible`; a line break or tab becomes a blank."""
    return " ".join(str(visible(str(text))).split())


class Shown:
    """A stream in which nothing hides: whatever is written to it is made visible first."""

    def __init__(self, stream: Any):
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text, and say how much of it there was."""
        self._stream.write(visible(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write texts one after the other."""
        for text in lines:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Lines(logging.Formatter):
    """One record as lines: those after the first are indented, so that none passes for ours."""

    def format(self, record: logging.LogRecord) -> str:
        return visible(super().format(record)).replace("\n", "\n  ")


class _OneStream(logging.Handler):
    """Writes to the present sys.stderr, so that a test or a redirect sees every line."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except (OSError, ValueError):
            self.handleError(record)


def configure(level: int = logging.INFO) -> None:
    """Send what the library logs to standard error; only stages and the command call this."""
    root = logging.getLogger("respike")
    root.handlers = [_OneStream()]
    root.handlers[0].setFormatter(_Lines("%(name)s: %(message)s"))
    root.setLevel(level)
    root.propagate = False
