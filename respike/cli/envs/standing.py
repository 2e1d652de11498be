"""How the environments of this checkout stand, side by side; reads only."""

import hashlib
import importlib.util
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from respike.cli import common
from respike.core import environment
from respike.core.errors import ConfigError, did_you_mean

PIN = ".linux-64.pin.txt"
ABSENT, HALF, GOOD, BAD = "absent", "half made", "as pinned", "not as pinned"
READY, LOCK = "respike-ready", "respike-lock"


class Side(NamedTuple):
    """One side of one environment.

    Attributes:
        name: of the environment.
        side: pip or conda.
        folder: where it is, or would be.
        pin: the file in envs/ that says what it must have.
    """

    name: str
    side: str
    folder: Path
    pin: Path

    @property
    def command(self) -> str:
        """What makes it."""
        if self.name == "base":
            return "make setup"
        return f"respike envs create {self.name}" + " --conda" * (self.side == "conda")


class Standing(NamedTuple):
    """How a side stands: a word, and the rows of packages that differ."""

    side: Side
    state: str
    packages: int
    differs: list[Mapping[str, Any]]


def sides(root: Path = common.ROOT) -> Iterator[Side]:
    """All sides that have a lock or a pin, base first."""
    envs = root / "envs"
    names = {path.stem for path in envs.glob("*.in")}
    names |= {path.name.removesuffix(PIN) for path in envs.glob(f"*{PIN}")}
    for name in sorted(names, key=lambda name: (name != "base", name)):
        if (envs / f"{name}.in").exists():
            folder = root / ".venv" if name == "base" else root / ".envs" / name
            yield Side(name, environment.PIP, folder, envs / f"{name}.lock")
        if (envs / f"{name}{PIN}").exists():
            folder = root / ".envs" / f"{name}-conda"
            yield Side(name, environment.CONDA, folder, envs / f"{name}{PIN}")


def chosen(names: list[str], side: str | None = None) -> list[Side]:
    """The sides that the command line names; all of them without a name.

    Raises:
        ConfigError: an unknown name, or one that has no such side.
    """
    known = list(sides())
    for name in names:
        if name not in {one.name for one in known}:
            hint = did_you_mean(name, [one.name for one in known])
            there = ", ".join(dict.fromkeys(one.name for one in known))
            raise ConfigError(f"no environment '{name}'.{hint} envs/ has: {there}")
        has = [one.side for one in known if one.name == name]
        if side and side not in has:
            raise ConfigError(
                f"environment {name} has no {side} side; it has: {', '.join(has)}"
            )
    return [
        one
        for one in known
        if (not names or one.name in names) and (side is None or one.side == side)
    ]


def look(side: Side, root: Path = common.ROOT) -> Standing:
    """How one side stands."""
    folder = side.folder
    if not folder.is_dir() or not [path for path in folder.iterdir() if path.name != LOCK]:
        return Standing(side, ABSENT, 0, [])
    if not (folder / READY).exists():
        return Standing(side, HALF, 0, [])
    found = environment.of_prefix(folder)
    differs = environment.described(found, side.name, root)["differs"]
    return Standing(side, BAD if differs else GOOD, len(found.packages), differs)


def line(one: Standing, root: Path = common.ROOT) -> str:
    """A standing as a line."""
    side = one.side
    text = {
        ABSENT: f"absent: {side.command}",
        HALF: f"half made, {side.command} goes on",
        GOOD: f"as pinned ({one.packages} packages)",
        BAD: f"not as pinned: {', '.join(map(environment.said, one.differs[:1]))}",
    }[one.state]
    more = f" (and {len(one.differs) - 1} more)" if len(one.differs) > 1 else ""
    where = side.folder.relative_to(root)
    return f"{side.name:9s} {side.side:6s} {where!s:20s} {text}{more}"


def is_ready(side: Side) -> bool:
    """Whether a conda side was finished here, from the pin as it is now."""
    try:
        ready = json.loads((side.folder / READY).read_bytes())
    except (OSError, ValueError):
        return False
    return ready == mark(side) and (side.folder / "bin/python").exists()


def mark(side: Side) -> dict[str, str]:
    """What the marker of a finished conda side says."""
    digest = hashlib.sha256(side.pin.read_bytes()).hexdigest()
    return {side.pin.name: digest, "folder": str(side.folder)}


@cache
def program() -> ModuleType:
    """envs/create.py, which stands alone; its lock, its marker and its words are used here."""
    path = common.ROOT / "envs/create.py"
    spec = importlib.util.spec_from_file_location("respike_envs_create", path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} cannot be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
