"""What a row of sources.yaml promises: its files, where they may come from, and their pins.

The table itself is read and checked by `respike.core.config`; a job gets its row in its
settings. Nothing without a sha256 written beforehand leaves this module.
"""

import re
from typing import Any, NamedTuple

from respike.core.errors import RespikeError

SCHEMES = ("package", "pypi", "npm", "https", "http", "file")


class Unreachable(RespikeError):
    """A file cannot be had as things are: no network, a mirror that is down, no pin."""


def without_secrets(text: str) -> str:
    """A sentence whose URLs show neither user and password nor a query (signed links)."""
    text = re.sub(r"(\w+://)[^/\s@]*@", r"\1", text)
    return re.sub(r"(\w+://[^\s?#)\]'\"]*)[?#][^\s)\]'\"]*", r"\1?...", text)


class Origin(NamedTuple):
    """One place that a file may come from.

    Attributes:
        scheme: how it is fetched.
        place: what to fetch: `NAME==VERSION`, `NAME@VERSION`, `//host/path` or a path.
        member: the file's name inside what was fetched; "" where that is the file itself.
        unpack: "gzip" where what was fetched (or its member) is the file compressed.
        bytes, sha256: of what is fetched, before a member is taken out or unpacked.
    """

    scheme: str
    place: str
    member: str
    unpack: str
    bytes: int
    sha256: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.place}"

    @property
    def name(self) -> str:
        """File name of what is fetched."""
        last = self.place.split("?")[0].rsplit("/", 1)[-1]
        return {"npm": f"{last}.tgz", "pypi": f"{last}.whl"}.get(self.scheme, last)


class File(NamedTuple):
    """One file of a data set as it goes into source.zip, and where it may come from."""

    name: str
    bytes: int
    sha256: str
    origins: tuple[Origin, ...]


def files(dataset: str, row: dict[str, Any]) -> list[File]:
    """Return the files of a row, all of them pinned.

    Args:
        dataset: the data set's name, for messages.
        row: its row of sources.yaml.

    Raises:
        Unreachable: a file has no sha256; it is never fetched.
        RespikeError: the data set is made here, or a url says too little.
    """
    if row["source"] == "generator":
        raise RespikeError(
            f"data set {dataset} is made here, not fetched; its stage is synthesize"
        )
    return [_file(dataset, entry) for entry in row["files"]]


def _file(dataset: str, entry: dict[str, Any]) -> File:
    name = entry["name"]
    if "sha256" not in entry or "bytes" not in entry:
        known = f" (published md5 {entry['md5']})" if "md5" in entry else ""
        raise Unreachable(
            f"data set {dataset}: {name} has no sha256 written beforehand, so it is not "
            f"fetched. Get it by hand from {_urls(entry)}{known}, then write its "
            "bytes and sha256 into respike/datasets/sources.yaml and run again"
        )
    origins = tuple(_origin(dataset, entry, url) for url in entry["urls"])
    return File(name, entry["bytes"], entry["sha256"], origins)


def _urls(entry: dict[str, Any]) -> str:
    return " or ".join(url if isinstance(url, str) else url["url"] for url in entry["urls"])


def _origin(dataset: str, entry: dict[str, Any], url: str | dict[str, Any]) -> Origin:
    pins = {"url": url} if isinstance(url, str) else url
    scheme, colon, rest = pins["url"].partition(":")
    place, _, member = rest.partition("!/")
    if not colon or scheme not in SCHEMES:
        raise RespikeError(
            f"data set {dataset}: {pins['url']} has no scheme we fetch; "
            f"known: {', '.join(f'{s}:' for s in SCHEMES)}"
        )
    carried = (bool(member) and scheme != "package") or "unpack" in pins
    if carried and not {"bytes", "sha256"} <= pins.keys():
        raise RespikeError(
            f"data set {dataset}: {pins['url']} carries {entry['name']} inside another file; "
            "write bytes and sha256 of that file beside the url, in "
            "respike/datasets/sources.yaml"
        )
    return Origin(
        scheme,
        place,
        member,
        pins.get("unpack", ""),
        pins.get("bytes", entry["bytes"]),
        pins.get("sha256", entry["sha256"]),
    )
