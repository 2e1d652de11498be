"""What several words share: the checked configuration and the call of Snakemake."""

import contextlib
import io
import json
import os
import signal
import sys
import types
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from respike.core.errors import INTERRUPTED, ConfigError
from respike.core.layout import BUDGETS

ROOT = Path(__file__).resolve().parents[2]


def selection(parser: ArgumentParser) -> None:
    """Arguments that say what to run."""
    parser.add_argument(
        "studies", nargs="*", metavar="STUDY", help="default: those of config.yaml"
    )
    parser.add_argument("--budget", choices=BUDGETS, help="default: config.yaml's")
    parser.add_argument("--seeds", type=int, help="at most so many seeds a study")
    parser.add_argument(
        "--set",
        dest="sets",
        action="append",
        default=[],
        metavar="STUDY.VARIANT.KEY=VALUE",
        help="run a scratch variant with one setting changed; it is never judged",
    )
    results(parser)


def results(parser: ArgumentParser) -> None:
    """The argument that says where results are."""
    parser.add_argument(
        "--directory",
        type=Path,
        default=ROOT,
        help="where data/ and results/ are (default: here)",
    )


def overrides(given: Namespace) -> dict[str, Any]:
    """What the command line changes in config.yaml."""
    found: dict[str, Any] = {}
    if given.budget:
        found["budget"] = given.budget
    if given.studies:
        found["studies"] = given.studies
        found["page"] = False
    if given.seeds is not None:
        found["seeds"] = given.seeds
    if given.sets:
        found["set"] = given.sets
    return found


def configuration(given: Namespace):
    """The checked configuration; what is wrong with it ends here, before any job."""
    if set("{}") & set(str(ROOT)):
        raise ConfigError(
            f"the checkout lies in {ROOT}, and Snakemake takes braces in a path for names; "
            "move it to a folder without { and }"
        )
    from respike.claims import grammar
    from respike.core.config import Config

    return Config(ROOT, overrides(given), grammar.check)


def snakemake_arguments(given: Namespace) -> list[str]:
    """Arguments that both `run` and `plan` give to Snakemake."""
    found = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(given.directory)]
    # one text that Snakemake hands on as it is: its own reading of values is not ours. Without
    # a space it holds neither ': ' nor ' #', which Snakemake would take for YAML
    changes = json.dumps(overrides(given), separators=(",", ":")).replace(" ", "\\u0020")
    return [*found, *(["--config", f"overrides=json:{changes}"] if overrides(given) else [])]


def call_snakemake(argv: list[str], logger: type, name: str) -> int:
    """Run Snakemake in this process with our logger; Ctrl-C gives 130.

    Args:
        argv: its arguments.
        logger: our handler class.
        name: a name for the handler, unique a word.
    """
    module = types.ModuleType(f"snakemake_logger_plugin_{name}")
    module.LogHandler = logger
    hits: list[int] = []

    def note(number: int, frame: Any) -> None:
        hits.append(number)
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, note)
    from snakemake.cli import main as snakemake
    from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

    registry = LoggerPluginRegistry()
    if name not in registry.plugins:
        registry.register_plugin(f"snakemake_logger_plugin_{name}", module)
    code = 0
    with _without_profile_line():
        try:
            snakemake([*argv, "--logger", name])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
        except KeyboardInterrupt:
            code = INTERRUPTED
    return INTERRUPTED if hits and code else code


class _Filter(io.TextIOBase):
    """Standard error without the one line that Snakemake prints before logging starts."""

    def __init__(self, stream: Any):
        self._stream = stream
        self._skipped = False

    def write(self, text: str) -> int:
        skip = text.startswith("Using workflow specific profile")
        if skip or (self._skipped and text == "\n"):
            self._skipped = skip
            return len(text)
        self._skipped = False
        return self._stream.write(text)

    def flush(self) -> None:
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def _without_profile_line() -> Iterator[None]:
    before, sys.stderr = sys.stderr, _Filter(sys.stderr)
    try:
        yield
    finally:
        sys.stderr = before


def enter(directory: Path) -> Path:
    """Make a results folder the working folder.

    Raises:
        ConfigError: it cannot be made or written.
    """
    directory = directory.absolute()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        os.chdir(directory)
        probe = directory / ".respike"
        probe.mkdir(exist_ok=True)
        if not os.access(probe, os.W_OK):
            raise PermissionError(13, "Permission denied")
    except OSError as error:
        raise ConfigError(
            f"the folder {directory} cannot be written ({error.strerror}); make it writable or "
            f"give another with --directory"
        ) from None
    return directory.resolve()
