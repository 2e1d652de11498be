"""Solve envs/NAME.yaml against its channels into an explicit pin with a sha256 a package."""

import asyncio
import datetime
import hashlib
from pathlib import Path
from typing import Any

from respike.cli import common
from respike.cli.envs import apart, standing
from respike.core import yaml
from respike.core.errors import ConfigError, RespikeError

# What the machines bring on which the environment will run: a solver cannot ask them here.
SYSTEM = {"__unix": "0", "__linux": "5.10", "__glibc": "2.28", "__cuda": "12.9"}
PLATFORM = "linux-64"
TIMEOUT_S = 120


def sources(root: Path = common.ROOT) -> list[Path]:
    """YAML files that are solved: those that carry no pip list."""
    found = sorted((root / "envs").glob("*.yaml"))
    return [path for path in found if all(isinstance(one, str) for one in asked(path)[1])]


def asked(path: Path) -> tuple[list[str], list[Any]]:
    """Channels and dependencies of a YAML."""
    value = yaml.load(path, path.name).value
    try:
        return list(value["channels"]), list(value["dependencies"])
    except (KeyError, TypeError):
        raise ConfigError(f"envs/{path.name} lacks channels or dependencies") from None


def lock(path: Path) -> str:
    """Solve one YAML and write its pin; returns a sentence.

    Raises:
        RespikeError: no channel could be reached, or there is no solution; nothing is changed.
    """
    channels, specs = asked(path)
    try:
        packages = apart.call(lambda: asyncio.run(_solved(channels, specs)))
    except RespikeError as error:
        raise RespikeError(
            f"envs/{path.name} could not be solved from {', '.join(channels)}: {error}; "
            f"{path.stem}{standing.PIN} is left as it is"
        ) from None
    pin = path.with_name(f"{path.stem}{standing.PIN}")
    standing.program().write(str(pin), _text(path, packages), 0o644)
    return f"lock: wrote envs/{pin.name}, {len(packages)} packages"


async def _solved(channels: list[str], specs: list[str]) -> list[list[str]]:
    """[URL, sha256] of each package, by name."""
    import rattler

    machine = [
        rattler.GenericVirtualPackage(
            rattler.PackageName(name), rattler.Version(version), rattler.BuildString("0")
        )
        for name, version in SYSTEM.items()
    ]
    records = await rattler.solve(
        channels,
        [rattler.MatchSpec(spec) for spec in specs],  # as conda reads them, not rattler's way
        platforms=[PLATFORM, "noarch"],
        virtual_packages=machine,
        timeout=datetime.timedelta(seconds=TIMEOUT_S),
    )
    for record in records:
        if not record.sha256:
            raise RespikeError(f"the channel gives no sha256 of {record.url}")
    records.sort(key=lambda record: record.name.normalized)
    return [[record.url, record.sha256.hex()] for record in records]


def _text(path: Path, packages: list[list[str]]) -> str:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    system = ", ".join(f"{name.strip('_')} {SYSTEM[name]}" for name in ("__glibc", "__cuda"))
    when = datetime.date.today()
    lines = [
        f"# Made by `respike envs lock` from {path.name}; never edited by hand.",
        f"# Solved on {when} for {PLATFORM}, {system}: {len(packages)} packages.",
        f"# {path.name} sha256:{digest}",
        "@EXPLICIT",
        *(f"{url}#sha256:{digest}" for url, digest in packages),
    ]
    return "\n".join(lines) + "\n"
