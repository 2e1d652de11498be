"""Event files of N-MNIST: five bytes an event, as the ATIS camera wrote them.

Source: Orchard et al. 2015, arXiv:1507.07629, and the reading script published with the data:
x, y, then one bit ON and 23 bits time [us], the most significant first. An event in row 240
is none: it says that the clock ran over, 8,192 us further.
"""

import numpy as np

from respike.core.errors import RespikeError

SIDE = 34
OVERFLOW_ROW = 240
OVERFLOW_US = 8192
_LAST_US = (1 << 23) - 1


def read(data: bytes, name: str = "events") -> np.ndarray:
    """Parse one recording.

    Args:
        data: the file's bytes.
        name: its name, for messages.

    Returns:
        int64 [events, 4]: x, y, ON (1) or OFF (0), time [us], in the order of the file.

    Raises:
        RespikeError: not whole events, a pixel outside 34 x 34, or time running backwards.
    """
    if len(data) % 5:
        raise RespikeError(f"{name}: {len(data):,} bytes are no whole number of 5-byte events")
    raw = np.frombuffer(data, np.uint8).reshape(-1, 5).astype(np.int64)
    x, y, on = raw[:, 0], raw[:, 1], raw[:, 2] >> 7
    time = ((raw[:, 2] & 127) << 16) | (raw[:, 3] << 8) | raw[:, 4]
    overflow = y == OVERFLOW_ROW
    time = time + OVERFLOW_US * np.cumsum(overflow)
    found = np.stack([x, y, on, time], axis=1)[~overflow]
    outside = np.flatnonzero((found[:, :2] >= SIDE).any(axis=1))
    if outside.size:
        x, y = found[outside[0], :2]
        raise RespikeError(
            f"{name}: event {outside[0]} is at ({x}, {y}), outside {SIDE} x {SIDE}"
        )
    back = np.flatnonzero(np.diff(found[:, 3]) < 0)
    if back.size:
        raise RespikeError(f"{name}: time runs backwards at event {back[0] + 1}")
    return found


def write(events: np.ndarray) -> bytes:
    """Return the bytes of a recording; the inverse of `read` where no clock ran over.

    Args:
        events: integers [events, 4]: x, y, ON, time [us].

    Raises:
        RespikeError: a value that the format cannot hold.
    """
    x, y, on, time = np.asarray(events, np.int64).reshape(-1, 4).T
    if x.size and not (
        0 <= min(x.min(), y.min()) <= max(x.max(), y.max()) < SIDE
        and 0 <= on.min() <= on.max() <= 1
        and 0 <= time.min() <= time.max() <= _LAST_US
    ):
        raise RespikeError(
            f"an event lies outside {SIDE} x {SIDE} pixels, 0..1 or 0..{_LAST_US:,} us"
        )
    columns = [x, y, on << 7 | time >> 16, time >> 8 & 255, time & 255]
    return np.stack(columns, axis=1).astype(np.uint8).tobytes()
