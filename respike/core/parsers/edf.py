"""EDF, EDF+C and BDF recordings, read strictly: what could be read in two ways is refused.

Source: Kemp et al. 1992, Electroenceph. clin. Neurophysiol. 82:391-393, and Kemp & Olivan 2003
(EDF+), https://www.edfplus.info/specs/edf.html; BDF: https://www.biosemi.com/faq/file_format.htm.
Other readers take a file cut short, or with bytes put in, as a shorter or another recording.
"""

import math
import re
from typing import NamedTuple

import numpy as np

_INTEGER = re.compile(r"-?[0-9]+\Z")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?\Z")
_ONSET = re.compile(r"[-+][0-9]+(\.[0-9]+)?\Z")
_LENGTH = re.compile(r"[0-9]+(\.[0-9]+)?\Z")
_ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
_COLUMNS = (
    ("label", 16), ("transducer", 80), ("dimension", 8), ("physical_min", 8),
    ("physical_max", 8), ("digital_min", 8), ("digital_max", 8), ("prefilter", 80),
    ("samples", 8), ("reserved", 32),
)  # fmt: skip


class Head(NamedTuple):
    """What the header says, checked."""

    bdf: bool
    records: int
    duration_s: float
    columns: dict[str, list[str]]
    samples: list[int]  # a record, of each signal

    @property
    def width(self) -> int:
        """Bytes a sample."""
        return 3 if self.bdf else 2

    @property
    def size(self) -> int:
        """Bytes of the header."""
        return 256 * (1 + len(self.samples))


def prepare(data: bytes) -> None:
    """Nothing to import."""


def parse(data: bytes, room: int) -> dict[str, np.ndarray]:
    """Named arrays of a recording; see respike.core.foreign.

    Returns:
        `label`, `dimension` (text), `rate_hz`, one a signal; `duration_s` of the recording;
        `signal[i]`, float64 [L] in its dimension: (digital - digital_min) x gain +
        physical_min with gain = (physical_max - physical_min) / (digital_max - digital_min);
        and of EDF+ `annotation.onset_s`, `annotation.duration_s` (NaN where none is
        given) and `annotation.text`.

    Raises:
        ValueError: anything that the specification does not allow, or a sample outside its
            digital range.
    """
    head = _head(data)
    if len(data) * 8 > room:
        raise ValueError(f"its samples would take more than {room:,} bytes")
    table = _table(data, head)
    found: dict[str, np.ndarray] = {}
    kept = [i for i, name in enumerate(head.columns["label"]) if name not in _ANNOTATIONS]
    if not kept:
        raise ValueError("there is no signal in it")
    ends = np.cumsum([0, *head.samples])
    for number, i in enumerate(kept):
        digital = table[:, ends[i] : ends[i + 1]].reshape(-1)
        found[f"signal[{number}]"] = _physical(digital, head, i)
    found["label"] = np.array([head.columns["label"][i] for i in kept])
    found["dimension"] = np.array([head.columns["dimension"][i] for i in kept])
    found["rate_hz"] = np.array([head.samples[i] / head.duration_s for i in kept])
    found["duration_s"] = np.array(head.records * head.duration_s)
    if len(kept) < len(head.samples):
        found |= _annotations(data, head, ends)
    return found


def _head(data: bytes) -> Head:
    if len(data) < 512:
        raise ValueError(f"it has {len(data)} bytes; a header alone has 512 or more")
    bdf = data[:8] == b"\xffBIOSEMI"
    if not bdf and data[:8] != b"0       ":
        raise ValueError("it begins neither as EDF nor as BDF")
    main = _ascii(data[8:256])
    names = ("patient", 80), ("recording", 80), ("date", 8), ("time", 8), ("size", 8)
    said, at = {}, 0
    for name, width in (*names, ("reserved", 44), ("records", 8), ("duration", 8), ("n", 4)):
        said[name] = main[at : at + width].rstrip(" ")
        at += width
    if said["reserved"].startswith(("EDF+D", "BDF+D")):
        raise ValueError("its records are not continuous (EDF+D)")
    signals = _integer(said["n"], "the number of signals", 1, 4096)
    if _integer(said["size"], "the size of the header", 1, 2**31) != 256 * (signals + 1):
        raise ValueError(f"its header of {signals} signals says another size of itself")
    if len(data) < 256 * (signals + 1):
        raise ValueError("it ends within its header")
    records = _integer(said["records"], "the number of records", 1, 10**8)
    duration_s = _number(said["duration"], "the duration of a record")
    if duration_s <= 0:
        raise ValueError(f"the duration of a record is {said['duration']} s")
    columns = _columns(_ascii(data[256 : 256 * (signals + 1)]), signals)
    samples = [_integer(n, "samples in a record", 1, 10**8) for n in columns["samples"]]
    head = Head(bdf, records, duration_s, columns, samples)
    expected = head.size + records * sum(samples) * head.width
    if len(data) != expected:
        raise ValueError(
            f"its header speaks of {expected:,} bytes, the file has {len(data):,}: "
            "cut short, or changed on its way"
        )
    return head


def _columns(text: str, signals: int) -> dict[str, list[str]]:
    found, at = {}, 0
    for name, width in _COLUMNS:
        cells = [text[at + i * width : at + (i + 1) * width] for i in range(signals)]
        found[name] = [cell.rstrip(" ") for cell in cells]
        at += width * signals
    named = [label for label in found["label"] if label not in _ANNOTATIONS]
    double = next((label for label in named if named.count(label) > 1), None)
    if double is not None:
        raise ValueError(f"the label '{double}' is given twice")
    return found


def _ascii(data: bytes) -> str:
    if not all(32 <= byte <= 126 for byte in data):
        raise ValueError("its header holds a byte that is no printable ASCII character")
    return data.decode("ascii")


def _integer(text: str, what: str, low: int, high: int) -> int:
    if not _INTEGER.match(text) or not low <= int(text) <= high:
        raise ValueError(f"{what} is '{text}'; it must be a number from {low} to {high}")
    return int(text)


def _number(text: str, what: str) -> float:
    if not _NUMBER.match(text) or not math.isfinite(float(text)):
        raise ValueError(f"{what} is '{text}'; it must be a number")
    return float(text)


def _table(data: bytes, head: Head) -> np.ndarray:
    """Digital values [record, sample of all signals], int32."""
    body = np.frombuffer(data, np.uint8, offset=head.size)
    if not head.bdf:
        return body.view("<i2").astype(np.int32).reshape(head.records, -1)
    parts = body.reshape(-1, 3).astype(np.int32)
    value = parts[:, 0] | parts[:, 1] << 8 | parts[:, 2] << 16
    return (value - ((value & 0x800000) << 1)).reshape(head.records, -1)


def _physical(digital: np.ndarray, head: Head, i: int) -> np.ndarray:
    limit = 2**23 if head.bdf else 2**15
    label, column = head.columns["label"][i], head.columns
    low = _integer(column["digital_min"][i], f"digital minimum of '{label}'", -limit, limit - 1)
    high = _integer(
        column["digital_max"][i], f"digital maximum of '{label}'", -limit, limit - 1
    )
    least = _number(column["physical_min"][i], f"physical minimum of '{label}'")
    most = _number(column["physical_max"][i], f"physical maximum of '{label}'")
    if low >= high or least == most:
        raise ValueError(f"the range of '{label}' is empty or turned round")
    gain = (most - least) / (high - low)
    if not math.isfinite(gain) or gain == 0:
        raise ValueError(f"the physical range of '{label}' is too wide or too narrow")
    if digital.min() < low or digital.max() > high:
        raise ValueError(f"'{label}' has samples outside its digital range {low} to {high}")
    return (digital - low).astype(np.float64) * gain + least


def _annotations(data: bytes, head: Head, ends: np.ndarray) -> dict[str, np.ndarray]:
    body = np.frombuffer(data, np.uint8, offset=head.size)
    rows = body.reshape(head.records, -1)
    onsets: list[float] = []
    lengths: list[float] = []
    texts: list[str] = []
    for row in rows:
        for i, label in enumerate(head.columns["label"]):
            if label in _ANNOTATIONS:
                part = row[ends[i] * head.width : ends[i + 1] * head.width].tobytes()
                _lists(part, onsets, lengths, texts)
    return {
        "annotation.onset_s": np.array(onsets, dtype=np.float64),
        "annotation.duration_s": np.array(lengths, dtype=np.float64),
        "annotation.text": np.array(texts, dtype=str),
    }


def _lists(part: bytes, onsets: list[float], lengths: list[float], texts: list[str]) -> None:
    """Read one record's lists: `+onset[\\x15duration]\\x14text\\x14...\\0`, and so on."""
    for entry in part.rstrip(b"\0").split(b"\0"):
        if not entry:
            continue
        stamp, *notes = entry.split(b"\x14")
        onset, _, length = stamp.decode("ascii").partition("\x15")
        timed = "\x15" in stamp.decode("ascii")
        if not _ONSET.match(onset) or (timed and not _LENGTH.match(length)):
            raise ValueError("an annotation has no proper time")
        if not notes or notes[-1]:
            raise ValueError("an annotation does not end")
        for note in notes[:-1]:
            text = note.decode("utf-8")
            if not text.isprintable():
                raise ValueError("an annotation holds a character that cannot be shown")
            if text:
                onsets.append(float(onset))
                lengths.append(float(length) if timed else math.nan)
                texts.append(text)
