"""One pinned file over HTTP: resumed after any break, and refused unless it is what was pinned.

After huggingface_hub's `http_get` (resume, budget of tries renewed by progress) with what it
lacks: nothing but 200 and 206 is data, pages for browsers are not, and a size is checked
before and while bytes come.
"""

import email.utils
import ipaddress
import json
import logging
import re
import secrets
import time
import urllib.parse
from pathlib import Path
from typing import Any, NamedTuple

import requests
import urllib3

from respike.core.errors import RespikeError
from respike.datasets.cache import Cache, digest_file
from respike.datasets.sources import Origin, Unreachable, without_secrets

log = logging.getLogger("respike.fetch")
AGENT = "respike/1 (reproduces published experiments; fetches each file once)"
REDIRECTS = 5
CHUNK = 1 << 20
_AGAIN = {408, 425, 429, 500, 502, 503, 504}
_HINTS = {
    202: "its guard against robots asks for a browser",
    401: "it wants a login",
    403: "it refuses this address or wants a login",
    404: "the file is gone",
    410: "the file is gone",
}


class Patience(NamedTuple):
    """How long one source is waited for; `tries` are those in a row without progress."""

    tries: int = 5
    connect_s: float = 10
    read_s: float = 60
    first_wait_s: float = 1
    longest_wait_s: float = 60
    slowest_bytes_s: int = 1024
    window_s: float = 30
    progress_s: float = 5


class Rejected(RespikeError):
    """A source sent something else than was pinned."""


class _Again(Exception):
    """An attempt failed in a way that may pass; `wait_s` is what the server asked for."""

    def __init__(self, why: str, wait_s: float | None = None):
        super().__init__(why)
        self.wait_s = wait_s


def download(origin: Origin, cache: Cache, patience: Patience) -> None:
    """Fetch a file into the cache; the caller holds its lock.

    Args:
        origin: an https: or http: place with its pins.
        cache: where what came so far is, and where the verified file goes.
        patience: how long to wait and how often to try.

    Raises:
        Unreachable: the source does not give the file now.
        Rejected: it gives other bytes, or another number of them.
        RespikeError: the disk is full or the cache cannot be written.
    """
    url, part = str(origin), cache.partial(origin.sha256)
    note = part.with_name(f"{part.name}.etag")
    failures, pieced, anew, headers = 0, _size(part) > 0, False, {}
    cache.check_room(max(0, origin.bytes - _size(part)))
    with requests.Session() as session:
        while True:
            before = _size(part)
            try:
                if before < origin.bytes:
                    headers = _attempt(session, origin, cache, patience, note)
            except _Again as error:
                gained = _size(part) - before
                pieced = pieced or gained > 0
                failures = 1 if gained * 100 >= origin.bytes else failures + 1
                if failures >= patience.tries:
                    raise Unreachable(f"{error}, {failures} times in a row") from None
                _wait(url, str(error), failures, error.wait_s, patience)
                continue
            with cache.guarded():
                found = digest_file(part)
            if found == origin.sha256:
                break
            if pieced and not anew:  # pieces of two different files: once more, in one piece
                log.warning("the pieces of %s do not fit together; it is fetched anew", url)
                with cache.guarded():
                    part.unlink()
                pieced, anew = False, True
                continue
            bad = cache.quarantine(part, found)
            note.unlink(missing_ok=True)
            raise Rejected(
                f"it sent other bytes: sha256 {found} where {origin.sha256} is pinned "
                f"(kept as {bad}); if the publisher changed the file, read its notice, then "
                "change the row in respike/datasets/sources.yaml"
            )
    provenance = {
        "url": url,
        "fetched": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "bytes": origin.bytes,
        "sha256": origin.sha256,
        "etag": headers.get("ETag"),
        "last_modified": headers.get("Last-Modified"),
        "tls": origin.scheme == "https",
        "by": AGENT,
    }
    cache.keep(part, origin.sha256, provenance)
    note.unlink(missing_ok=True)


def _attempt(
    session: requests.Session, origin: Origin, cache: Cache, patience: Patience, note: Path
) -> dict[str, Any]:
    """Ask once and append what comes; returns the answer's headers when all bytes are there."""
    part = cache.partial(origin.sha256)
    have = _size(part)
    asked = {"User-Agent": AGENT, "Accept-Encoding": "identity"}
    if have:
        asked["Range"] = f"bytes={have}-"
        asked |= _validator(note, str(origin))
    try:
        response = _open(session, str(origin), asked, patience)
    except requests.RequestException as error:
        raise _Again(_plain(error)) from None
    with response:
        offset = _accepted(response, origin, have, part)
        with cache.guarded():
            _remember(note, str(origin), response)
        _receive(response, origin, offset, cache, patience)
        return dict(response.headers)


def _open(
    session: requests.Session, url: str, headers: dict[str, str], patience: Patience
) -> requests.Response:
    """Follow redirects, but never to another kind of place or into a private network."""
    first = urllib.parse.urlsplit(url)
    for _ in range(REDIRECTS + 1):
        response = session.get(
            url,
            headers=headers,
            stream=True,
            allow_redirects=False,
            timeout=(patience.connect_s, patience.read_s),
        )
        if response.status_code not in {301, 302, 303, 307, 308}:
            return response
        target = urllib.parse.urljoin(url, response.headers.get("Location", ""))
        response.close()
        there = urllib.parse.urlsplit(target)
        allowed = {"https", first.scheme}
        if there.scheme not in allowed:
            raise Unreachable(
                f"it redirects to {without_secrets(target)}; it may only to "
                f"{' or '.join(sorted(allowed))}"
            )
        if there.hostname != first.hostname and _private(there.hostname or ""):
            raise Unreachable(f"it redirects into a private network ({there.hostname})")
        url = target
    raise Unreachable(f"it redirects more than {REDIRECTS} times")


def _private(host: str) -> bool:
    if host in ("", "localhost") or host.endswith((".local", ".internal", ".localhost")):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def _accepted(response: requests.Response, origin: Origin, have: int, part: Path) -> int:
    """Check an answer before its body; returns the offset at which the body goes on."""
    status, headers = response.status_code, response.headers
    if status in _AGAIN:
        raise _Again(f"it answered {status} {response.reason}", _asked_wait(headers))
    if status == 416:
        part.unlink(missing_ok=True)
        raise _Again("it cannot go on from where the last attempt ended")
    if status not in (200, 206):
        hint = f" ({_HINTS[status]})" if status in _HINTS else ""
        raise Unreachable(f"it answered {status} {response.reason}{hint}")
    kind = headers.get("Content-Type", "").split(";")[0].strip().lower()
    length = headers.get("Content-Length", "")
    if kind in ("text/html", "application/xhtml+xml"):
        size = f", {int(length):,} bytes" if length.isdigit() else ""
        raise Unreachable(
            f"it sent a web page ({kind}{size}) where a file of {origin.bytes:,} bytes "
            "is expected"
        )
    offset = 0
    if status == 206:
        span = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", headers.get("Content-Range", ""))
        if not span or int(span[1]) != have or span[3] not in ("*", str(origin.bytes)):
            part.unlink(missing_ok=True)
            raise _Again("it answered with another range than was asked for")
        offset = have
    if length.isdigit() and int(length) != origin.bytes - offset:
        raise Rejected(
            f"it announces {offset + int(length):,} bytes where {origin.bytes:,} are pinned"
        )
    return offset


def _receive(
    response: requests.Response, origin: Origin, offset: int, cache: Cache, patience: Patience
) -> None:
    """Append the body to what came before, from `offset` on."""
    pace = _Pace(origin, offset, patience)
    have = offset
    with cache.guarded():
        file = cache.partial(origin.sha256).open("r+b" if offset else "wb", buffering=0)
    with file:
        file.seek(offset)
        while True:
            try:
                chunk = response.raw.read1(CHUNK, decode_content=False)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                raise _Again(
                    f"{_plain(error)} after {have:,} of {origin.bytes:,} bytes"
                ) from None
            if not chunk:
                break
            have += len(chunk)
            if have > origin.bytes:
                raise Rejected(f"it sends more than the {origin.bytes:,} bytes that are pinned")
            with cache.guarded():
                file.write(chunk)
            pace.step(have)
    if have < origin.bytes:
        raise _Again(f"it broke off after {have:,} of {origin.bytes:,} bytes")


class _Pace:
    """Tell how a download goes, and end one that crawls."""

    def __init__(self, origin: Origin, offset: int, patience: Patience):
        self.origin, self.patience = origin, patience
        self.begun = self.told = self.window = time.monotonic()
        self.offset = self.marked = offset
        if offset:
            log.info("%s goes on after %.1f MB", origin.name, offset / 1e6)

    def step(self, have: int) -> None:
        now = time.monotonic()
        passed = now - self.window
        if passed >= self.patience.window_s:
            if have - self.marked < self.patience.slowest_bytes_s * passed:
                raise _Again(f"it sent {have - self.marked:,} bytes in {passed:.0f} s")
            self.window, self.marked = now, have
        if now - self.told >= self.patience.progress_s:
            self.told = now
            rate = max(1.0, (have - self.offset) / (now - self.begun))
            log.info(
                "%s: %.1f of %.1f MB, %.1f MB/s, %.0f s left",
                self.origin.name, have / 1e6, self.origin.bytes / 1e6, rate / 1e6,
                (self.origin.bytes - have) / rate,
            )  # fmt: skip


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _validator(note: Path, url: str) -> dict[str, str]:
    """Ask for the rest only of the very file that the first bytes came from."""
    try:
        known = json.loads(note.read_text())
    except (OSError, ValueError):
        return {}
    return {"If-Range": known["etag"]} if known.get("url") == url else {}


def _remember(note: Path, url: str, response: requests.Response) -> None:
    tag = response.headers.get("ETag") or response.headers.get("Last-Modified")
    if tag and not tag.startswith("W/"):
        note.write_text(json.dumps({"url": url, "etag": tag}))
    else:
        note.unlink(missing_ok=True)


def _asked_wait(headers: Any) -> float | None:
    """Seconds of a Retry-After, which is a number or a date."""
    text = headers.get("Retry-After", "")
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except ValueError:
        return None


def _wait(url: str, why: str, failures: int, asked: float | None, patience: Patience) -> None:
    """Wait as the server asked, else a random time below a limit that doubles."""
    if asked is not None and asked > patience.longest_wait_s:
        raise Unreachable(f"{why} and asks to come back in {asked:.0f} s")
    limit = min(patience.longest_wait_s, patience.first_wait_s * 2 ** (failures - 1))
    wait = limit * secrets.randbelow(1000) / 1000 if asked is None else asked
    log.info("%s: %s; again in %.1f s", url, why, wait)
    time.sleep(wait)


def _plain(error: BaseException) -> str:
    """Say what failed in a few words, without addresses of objects."""
    names = {
        "ConnectTimeout": "it does not answer",
        "ConnectTimeoutError": "it does not answer",
        "ReadTimeout": "it sends nothing",
        "ReadTimeoutError": "it sends nothing",
        "SSLError": "its certificate is not trusted",
        "ProxyError": "the proxy refuses",
        "IncompleteRead": "it broke off",
        "ProtocolError": "it broke off",
        "ChunkedEncodingError": "it broke off",
    }
    text = str(error)
    if "NameResolution" in text or "Name or service" in text:
        return "its name cannot be resolved (no network?)"
    if "Connection refused" in text:
        return "it refuses connections"
    return names.get(type(error).__name__, f"the connection failed ({type(error).__name__})")
