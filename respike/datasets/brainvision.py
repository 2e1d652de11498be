"""BrainVision recordings with 32-bit floats: a text header (.vhdr) and raw samples (.eeg).

Source: BrainVision Core Data Format 1.0 (Brain Products); read are files of one data file,
multiplexed, IEEE_FLOAT_32, little-endian. Anything else is refused by its line.
"""

import re
from typing import NamedTuple

import numpy as np

from respike.core.errors import RespikeError

_HEAD = re.compile(r"Brain ?Vision Data Exchange Header File,? Version 1\.0\Z")
_WANTED = {
    ("Common Infos", "DataFormat"): "BINARY",
    ("Common Infos", "DataOrientation"): "MULTIPLEXED",
    ("Binary Infos", "BinaryFormat"): "IEEE_FLOAT_32",
}


class Channel(NamedTuple):
    """One channel: value = stored number * resolution, in `unit`."""

    name: str
    resolution: float
    unit: str


class Header(NamedTuple):
    """What a header says: channels in the order of the samples, rate [Hz], name of the data."""

    channels: tuple[Channel, ...]
    rate_hz: float
    data_file: str


def header(data: bytes, name: str) -> Header:
    """Parse a .vhdr file strictly.

    Raises:
        RespikeError: not such a header, another format than IEEE_FLOAT_32 multiplexed, or
            channels missing; names file and key.
    """
    keys = _sections(data, name)
    for (section, key), value in _WANTED.items():
        found = _key(keys, section, key, name)
        if found != value:
            raise RespikeError(f"{name}: {key} is {found}; only {value} is read")
    count = _number(keys, "Common Infos", "NumberOfChannels", name)
    interval_us = _number(keys, "Common Infos", "SamplingInterval", name)
    numbered = [key for section, key in keys if section == "Channel Infos"]
    if numbered != [f"Ch{i}" for i in range(1, int(count) + 1)]:
        raise RespikeError(f"{name}: NumberOfChannels is {count:g}; there are {len(numbered)}")
    channels = tuple(_channel(keys["Channel Infos", key], key, name) for key in numbered)
    data_file = _key(keys, "Common Infos", "DataFile", name)
    return Header(channels, 1e6 / interval_us, data_file)


def samples(data: bytes, about: Header, name: str) -> np.ndarray:
    """Return the samples of an .eeg file in their units, float32 [L, C].

    Raises:
        RespikeError: not whole samples of all channels, or a number that is not finite.
    """
    width = 4 * len(about.channels)
    if not data or len(data) % width:
        raise RespikeError(
            f"{name}: {len(data):,} bytes are no whole number of samples of "
            f"{len(about.channels)} channels; is it cut short?"
        )
    raw = np.frombuffer(data, "<f4").reshape(-1, len(about.channels))
    if not np.isfinite(raw).all():
        raise RespikeError(f"{name}: a sample is not a finite number")
    return raw * np.array([channel.resolution for channel in about.channels], np.float32)


def _sections(data: bytes, name: str) -> dict[tuple[str, str], str]:
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise RespikeError(f"{name} is not UTF-8 text") from None
    if not lines or not _HEAD.match(lines[0].strip()):
        raise RespikeError(f"{name} does not begin as a BrainVision header, version 1.0")
    section, keys = "", {}
    for number, line in enumerate(lines[1:], 2):
        text = line.strip()
        if text.startswith("[") and text.endswith("]"):
            section = text[1:-1]
        elif text and not text.startswith(";") and section != "Comment":
            key, equals, value = text.partition("=")
            if not equals or not section or (section, key) in keys:
                raise RespikeError(
                    f"{name}, line {number}: '{text}' is no key=value, or is twice"
                )
            keys[section, key] = value
    return keys


def _key(keys: dict[tuple[str, str], str], section: str, key: str, name: str) -> str:
    if (section, key) not in keys:
        raise RespikeError(f"{name}: [{section}] lacks {key}")
    return keys[section, key]


def _number(keys: dict[tuple[str, str], str], section: str, key: str, name: str) -> float:
    text = _key(keys, section, key, name)
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) or float(text) <= 0:
        raise RespikeError(f"{name}: {key} is '{text}'; it must be a number above 0")
    return float(text)


def _channel(text: str, key: str, name: str) -> Channel:
    cells = [cell.replace("\\1", ",") for cell in text.split(",")]
    if len(cells) < 4 or not cells[0] or not re.fullmatch(r"[0-9]*\.?[0-9]*", cells[2]):
        raise RespikeError(f"{name}: {key} is '{text}'; need name, reference, resolution, unit")
    return Channel(cells[0], float(cells[2] or 1), cells[3] or "µV")
