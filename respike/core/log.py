"""Log lines of a stage: prose that reads the same in a terminal and in a Slurm log."""

import logging
import sys

STOPPED = "stopped: "  # begins the sentence that ends a failing stage


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
    root.handlers[0].setFormatter(logging.Formatter("%(name)s: %(message)s"))
    root.setLevel(level)
    root.propagate = False
