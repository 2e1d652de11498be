"""Make the conda side of an environment from its explicit pin, with py-rattler.

Each file is fetched and hashed here before anything is unpacked: rattler, like conda, takes a
file:// package whatever hash is asked for. The folder is cleared where a creation was killed;
packages that were fetched whole are kept for the next. The marker is written last.
"""

import asyncio
import hashlib
import json
import os
import platform
import shlex
import shutil
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

from respike.cli.envs import apart, standing
from respike.core import environment
from respike.core.errors import ConfigError, DamagedFile, RespikeError

PACKAGES, CACHE = "respike-packages", "respike-cache"
PYTHON = "bin/respike-python"
CHUNK = 2**20
TELL_S = 5
TIMEOUT_S = 60


class Pin(NamedTuple):
    """One line of an explicit pin."""

    url: str
    channel: str
    subdir: str
    file: str
    name: str
    version: str
    build: str
    sha256: str


def read(path: Path) -> list[Pin]:
    """The packages of an explicit pin.

    Raises:
        ConfigError: a line is no URL with its sha256, or two are of one package.
    """
    _head, found, body = path.read_text(encoding="utf-8").partition("@EXPLICIT\n")
    rows = [line for line in body.splitlines() if line.strip()]
    if not found or not rows:
        raise ConfigError(f"envs/{path.name} has no packages below a line @EXPLICIT")
    pins = {}
    for row in rows:
        match = environment.PINNED.fullmatch(row)
        if match is None:
            raise ConfigError(f"envs/{path.name}: '{row[:120]}' is no URL#sha256:HASH")
        if match["name"] in pins:
            raise ConfigError(f"envs/{path.name} names {match['name']} twice")
        pins[match["name"]] = Pin(url=row.partition("#")[0], **match.groupdict())
    return list(pins.values())


def create(side: standing.Side) -> None:
    """Make one environment; returns at once where it is made already.

    Raises:
        RespikeError: it cannot be made; the message says why and what to do.
    """
    program = standing.program()
    pins = read(side.pin)
    if standing.is_ready(side):
        return
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise ConfigError(f"envs/{side.pin.name} is for Linux on x86-64; this machine is not")
    folder = str(side.folder)
    try:
        program.refuse_strangers(folder, side.folder.name)
        with program.held(folder):
            if not standing.is_ready(side):
                _make(side, pins, program)
    except program.Stop as stop:
        raise RespikeError(str(stop)) from None
    except OSError as error:
        raise RespikeError(f"{error.filename or folder}: {error.strerror or error}") from None


def _make(side: standing.Side, pins: list[Pin], program: Any) -> None:
    began = time.monotonic()
    if _clear(side.folder):
        program.say(f"clearing {side.folder.name}: an interrupted creation, or of another pin")
    program.say(f"making {side.folder.name} from envs/{side.pin.name}, {len(pins)} packages")
    packages = _fetch(pins, side.folder / PACKAGES, program.say)
    program.say(f"installing {len(pins)} packages")
    script = apart.call(lambda: asyncio.run(_install(packages, side.folder, program.say)))
    for pin in pins:
        _name_source(side.folder, pin)
    _write_python(side.folder, script, program)
    differs = environment.described(environment.of_prefix(side.folder), side.name)["differs"]
    if differs:
        raise DamagedFile(
            f"{side.folder.name} is not as pinned: {environment.said(differs[0])}"
        )
    shutil.rmtree(side.folder / CACHE, ignore_errors=True)
    shutil.rmtree(side.folder / PACKAGES)
    text = json.dumps(standing.mark(side), indent=1) + "\n"
    program.write(str(side.folder / standing.READY), text, 0o644)
    program.say(f"done in {time.monotonic() - began:.0f} s")


def _clear(folder: Path) -> bool:
    """Empty a folder but for its lock and what was fetched; whether there was anything."""
    ready = folder / standing.READY
    ready.unlink(missing_ok=True)  # first: what is half cleared is not finished
    rest = [path for path in folder.iterdir() if path.name not in (standing.LOCK, PACKAGES)]
    for path in rest:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return bool(rest) or (folder / PACKAGES).exists()


# ---------------------------------------------------------------- fetch


def _fetch(pins: list[Pin], folder: Path, say: Any) -> list[tuple[Pin, Path]]:
    """Every package as a file whose sha256 is the pinned one."""
    folder.mkdir(exist_ok=True)
    began = told = time.monotonic()
    found, size = [], 0
    for pin in pins:
        path = folder / f"{pin.subdir}-{pin.file}"
        if not (path.exists() and _sha256(path) == pin.sha256):
            _fetch_one(pin, path)
        found.append((pin, path))
        size += path.stat().st_size
        if time.monotonic() - told > TELL_S or len(found) == len(pins):
            told = time.monotonic()
            fetched = f"fetched {len(found)} of {len(pins)}, {size / 1e6:,.1f} MB"
            say(f"{fetched}, {told - began:.0f} s")
    return found


def _fetch_one(pin: Pin, path: Path) -> None:
    part = path.with_name(path.name + ".part")
    try:
        with (
            urllib.request.urlopen(pin.url, timeout=TIMEOUT_S) as source,
            part.open("wb") as to,
        ):
            shutil.copyfileobj(source, to, CHUNK)
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", None) or error
        raise RespikeError(
            f"{pin.url} cannot be fetched ({reason}); the same command goes on from here"
        ) from None
    found = _sha256(part)
    if found != pin.sha256:
        part.unlink()
        raise DamagedFile(
            f"{pin.url} has sha256 {found[:16]}..., the pin says {pin.sha256[:16]}...; nothing "
            f"of it was unpacked"
        )
    os.replace(part, path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---------------------------------------------------------------- install


class _Progress:
    """Tells how far rattler is, at most every few seconds."""

    def __init__(self, total: int, say: Any):
        self.total, self.say = total, say
        self.count, self.told = 0, time.monotonic()

    def on_link_complete(self, index: int) -> None:
        self.count += 1
        if time.monotonic() - self.told > TELL_S:
            self.told = time.monotonic()
            self.say(f"installed {self.count} of {self.total}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("on_"):
            return lambda *given: 0
        raise AttributeError(name)


async def _install(packages: list[tuple[Pin, Path]], prefix: Path, say: Any) -> str:
    """Unpack and link the packages; returns the lines of bash that activate the prefix."""
    import rattler
    from rattler.shell import ActivationVariables, Shell, activate

    records = []
    for pin, path in packages:
        record = await rattler.RepoDataRecord.from_package_archive(path)
        says = (record.name.normalized, str(record.version), str(record.build), record.subdir)
        if says != (pin.name, pin.version, pin.build, pin.subdir):
            raise DamagedFile(
                f"{pin.url} holds {' '.join(says)}; its name says another package"
            )
        records.append(record)
    await rattler.install(
        records,
        prefix,
        cache_dir=prefix / CACHE,
        execute_link_scripts=False,
        show_progress=False,
        reporter=_Progress(len(records), say),
    )
    return activate(prefix, ActivationVariables(None, []), Shell.bash).script


def _name_source(prefix: Path, pin: Pin) -> None:
    """Say in conda's own record where a package is from, not where it lay for a moment."""
    path = prefix / "conda-meta" / f"{pin.name}-{pin.version}-{pin.build}.json"
    row = json.loads(path.read_bytes())
    row |= {"url": pin.url, "channel": pin.channel, "fn": pin.file, "sha256": pin.sha256}
    path.write_text(json.dumps(row, indent=2) + "\n", encoding="utf-8")


def _write_python(prefix: Path, script: str, program: Any) -> None:
    """An interpreter that activates the environment first, as `conda activate` would."""
    python = shlex.quote(str(prefix / "bin/python"))
    lines = ["#!/usr/bin/env bash", script.strip(), f'exec {python} "$@"', ""]
    program.write(str(prefix / PYTHON), "\n".join(lines), 0o755)
