"""Give hostile files to the readers that could meet them, in a process that watches itself.

Run as a program: `python -m tests.hostile.readers FOLDER`. Prints one JSON object: what each
reader said of each file, what happened that must not, and the most memory used.
"""

import json
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from respike.core import foreign, io, records, yaml
from respike.core.errors import RespikeError
from respike.core.parsers import child
from respike.datasets import archives

ARCHIVES = (".zip", ".tar", ".tar.gz")
FORBIDDEN = ("pickle.", "subprocess.", "socket.", "os.system", "os.exec", "os.fork", "os.spawn")
STANDARD = Path(os.__file__).resolve().parent
WRITES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod")


def readers(name: str) -> dict[str, Callable[[bytes], Any]]:
    """The readers that could be given a file of this name."""
    found: dict[str, Callable[[bytes], Any]] = {}
    suffix = Path(name).suffix
    if suffix in {".npz", ".safetensors", ".json", ".csv", ".zip"}:
        found["io.parse"] = lambda data: io.parse(name, data)
    if suffix == ".safetensors":
        found["io.safetensors_metadata"] = _metadata
    if suffix == ".json":
        found["records.parse"] = lambda data: records.parse(name, data)
    if suffix == ".yaml":
        found["yaml.load"] = lambda data: yaml.load(Path(name))
    if name.endswith(ARCHIVES):
        found["archives.extract"] = lambda data: archives.extract(data, name)
    if suffix == ".gz":
        found["archives.gunzip"] = lambda data: archives.gunzip(data, name)
    if suffix in {".npy", ".pkl"}:  # no reader takes them: whoever asks is told so
        found["parse_foreign"] = lambda data: foreign.parse_foreign(name, data)
    return found


def _metadata(data: bytes) -> Any:
    try:
        return io.safetensors_metadata(data)
    except ValueError as error:
        raise RespikeError(str(error)) from None


class Watch:
    """Notes what an audit hook must not see while a hostile file is read."""

    def __init__(self) -> None:
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self)

    def __call__(self, event: str, arguments: Any) -> None:
        if not self.on:
            return
        wrong = event.startswith((*FORBIDDEN, *WRITES))
        wrong |= event == "compile"
        if event == "exec":  # a module of Python's own, imported on its way, is no foreign text
            wrong |= STANDARD not in Path(arguments[0].co_filename).resolve().parents
        if event == "open":
            mode, flags = arguments[1], arguments[2]
            write = os.O_WRONLY | os.O_RDWR | os.O_CREAT
            wrong |= bool(isinstance(flags, int) and flags & write) or "w" in str(mode or "")
        if wrong:
            self.seen.append(f"{event} {str(arguments)[:200]}")


def said(read: Callable[[bytes], Any], data: bytes) -> list[str]:
    """How a reader ended: read, refused with a sentence, or crashed."""
    try:
        read(data)
    except RespikeError as error:
        return ["refused", str(error)]
    except BaseException as error:
        return ["crashed", repr(error)]
    return ["read", ""]


def main() -> int:
    """Read every file of a folder in the working folder of that name."""
    os.chdir(sys.argv[1])
    watch, rows = Watch(), []
    for path in sorted(Path().iterdir()):
        data = path.read_bytes()
        for reader, read in readers(path.name).items():
            watch.on = True
            end = said(read, data)
            watch.on = False
            rows.append([path.name, reader, *end])
    usage = resource.getrusage(resource.RUSAGE_SELF)
    result = {"rows": rows, "seen": watch.seen, "peak_mb": usage.ru_maxrss / 1024}
    json.dump(result, sys.stdout)
    return 0


def suffixes_in_a_child() -> set[str]:
    """Suffixes that are read in a child process only."""
    return set(child.READERS)


if __name__ == "__main__":
    sys.exit(main())
