"""CIFAR10-DVS: event recordings of moving pictures, AEDAT 2.0, counted in frames.

Source: Li et al. 2017, 10.3389/fnins.2017.00309; addresses as jAER writes them for the DVS128
(x in bits 1-7, y in bits 8-14, bit 0 set where light fell), turned upright as spikingjelly
2.0.0 does. Frames hold equal numbers of events. Where we differ from the usual loaders: counts
are summed in fields, not interpolated, so that they stay whole numbers.

Not exercised on the real files: no sha256 of them is published (see sources.yaml).
"""

import numpy as np

from respike.core.errors import RespikeError
from respike.datasets import archives

CLASSES = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
)  # fmt: skip
SIDE = 128


def build(
    files: dict[str, bytes], *, frames: int = 10, size: int = 48
) -> dict[str, np.ndarray]:
    """Read all recordings, class by class, in the order of their numbers.

    Args:
        files: airplane.zip ... truck.zip, each with its .aedat files.
        frames: frames a recording, T.
        size: fields a side, H = W.

    Returns:
        frames uint16 [N, T, 2, H, W] (channel 0 ON, 1 OFF), label int64 [N], item int64 [N].

    Raises:
        RespikeError: a class is missing, or a recording is damaged.
    """
    found, label = [], []
    for number, name in enumerate(CLASSES):
        archive = f"{name}.zip"
        if archive not in files:
            raise RespikeError(f"cifar10-dvs: {archive} is missing")
        members = archives.extract(files[archive], archive)
        recordings = [m for m in members if m.endswith(".aedat")]
        for member in sorted(recordings, key=_number):
            events = read(members[member], f"{archive}/{member}")
            found.append(count(events, frames=frames, size=size))
            label.append(number)
    shape = (0, frames, 2, size, size)
    return {
        "frames": np.stack(found) if found else np.zeros(shape, np.uint16),
        "label": np.array(label, np.int64),
        "item": np.arange(len(label), dtype=np.int64),
    }


def _number(member: str) -> tuple[int, str]:
    digits = "".join(c for c in member.rsplit("/", 1)[-1] if c.isdigit())
    return int(digits or 0), member


def read(data: bytes, name: str) -> np.ndarray:
    """Parse an AEDAT 2.0 recording of a DVS128.

    Returns:
        int64 [events, 4]: x, y, ON (1) or OFF (0), time [us], in the order of the file.

    Raises:
        RespikeError: another format, a file cut short, or bits that a DVS128 does not send.
    """
    if not data.startswith(b"#!AER-DAT2.0"):
        raise RespikeError(f"{name} is no AEDAT 2.0 recording")
    start = 0
    while data[start : start + 1] == b"#":
        end = data.find(b"\n", start)
        if end < 0:
            raise RespikeError(f"{name} ends in its header")
        start = end + 1
    if (len(data) - start) % 8:
        raise RespikeError(f"{name}: {len(data) - start:,} bytes are no whole 8-byte events")
    address, time = np.frombuffer(data, ">u4", offset=start).reshape(-1, 2).T.astype(np.int64)
    if (address >> 15).any():
        raise RespikeError(f"{name}: an address has bits that a DVS128 does not send")
    across, down, dark = address >> 1 & 127, address >> 8 & 127, address & 1
    return np.stack([SIDE - 1 - down, SIDE - 1 - across, 1 - dark, time], axis=1)


def count(events: np.ndarray, *, frames: int, size: int) -> np.ndarray:
    """Count events in frames of equal number, uint16 [T, 2, size, size].

    The last frame takes what does not divide.

    Raises:
        RespikeError: more events in one field than 16 bits hold.
    """
    x, y, on, _ = events.T
    each = max(1, len(events) // frames)
    frame = np.minimum(np.arange(len(events)) // each, frames - 1)
    counts = np.zeros((frames, 2, size, size), np.int64)
    np.add.at(counts, (frame, 1 - on, y * size // SIDE, x * size // SIDE), 1)
    if counts.max(initial=0) > 65535:
        raise RespikeError(
            f"cifar10-dvs: {counts.max():,} events in one field do not fit 16 bits"
        )
    return counts.astype(np.uint16)
