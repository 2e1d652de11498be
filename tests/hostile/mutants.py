"""Mutants of good files: random damage, and damage that knows the format.

Structure counts for more than chance: of the fields that decide sizes, offsets and kinds few
bytes stand in a file, and those are where parsers break.
"""

import random
import struct
from collections.abc import Callable

NUMBERS = [
    struct.pack(form, value)
    for form, values in (
        ("<B", (0, 1, 0x7F, 0x80, 0xFF)),
        ("<H", (0, 1, 8, 0x7FFF, 0x8000, 0xFFFF)),
        ("<I", (0, 1, 99, 2**31 - 1, 2**31, 2**32 - 1)),
        ("<Q", (0, 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64 - 1)),
    )
    for value in values
]
WORDS = {
    ".npz": [
        b"'<f8'", b"'>f8'", b"'|O'", b"'<U9'", b"True", b"(1,)", b"(9999999999,)", b"()",
        b"[('a', '<f8')]", b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b".npy",
    ],
    ".zip": [
        b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x07", b"PK\x07\x08", b"../", b"/",
        b"\\", b"\0", b"\x08\0", b"\x01\0\x18\0",
    ],
    ".safetensors": [
        b'"F32"', b'"BOOL"', b'"BF16"', b'"I64"', b"[0,0]", b"[-1]", b"1e3", b"true", b"null",
        b'"__metadata__"', b"data_offsets", b"shape", b"\\u0000", b"{}", b"[]", b",", b"}",
        b" ",
    ],
    ".json": [
        b"NaN", b"Infinity", b"1e999", b"-0", b"1E5", b"null", b"true", b'"a":1,', b"{", b"}",
        b"[", b"]", b"\\ud800", b"\\u0000", b"\xef\xbb\xbf", b"\0", b"1.0", b"9" * 400, b"\n",
    ],
    ".csv": [b'"', b'""', b",", b"\n", b"\r\n", b"\0", b"=1+1", b"\xff", b" ", b"nan", b"\n\n"],
    ".yaml": [
        b"&a ", b"*a", b"!!python/object/apply:os.system [true]", b"!!binary ", b"<<: ", b"? ",
        b"- ", b": ", b"---\n", b"...\n", b"\t", b"{", b"}", b"[", b"]", b"|", b">", b"%TAG ",
        b"1e999", b"010", b"~", b"\0", b"\xff", b"#", b'"', b"'", b"\n  ", b"\n",
    ],
    ".edf": [b"-1      ", b"2       ", b"999999  ", b"        ", b"1e9     ", b"nan     "],
    ".bdf": [b"-1      ", b"24BIT", b"8388608 ", b"        ", b"\xff"],
    ".mat": [struct.pack("<I", n) for n in range(1, 20)] + [b"\x0e\0\0\0", b"\x0f\0\0\0"],
    ".h5": [b"OHDR", b"OCHK", b"FRHP", b"BTHD", b"TREE", b"SNOD", b"HEAP", b"\x89HDF"],
    ".pt": [
        b"cos\nsystem\n", b"cbuiltins\neval\n", b"R", b".", b"\x80\x02", b"}", b"]", b"K\xff",
        b"ctorch._utils\n_rebuild_tensor_v2\n", b"J\xff\xff\xff\x7f", b"(", b"t", b"Q",
        b"PK\x03\x04",
    ],
}  # fmt: skip


def mutants(good: list[bytes], suffix: str, count: int, seed: int) -> list[bytes]:
    """`count` damaged files, each of one to four changes to a good one; none is good."""
    rng = random.Random(f"{suffix} {seed}")
    found = []
    while len(found) < count:
        data = rng.choice(good)
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            data = rng.choice(CHANGES)(rng, data, good, WORDS.get(suffix, []))
        if data not in good:
            found.append(data)
    return found


def _place(rng: random.Random, data: bytes) -> int:
    """Any place, but half of the time in the first or the last 600 bytes."""
    where = rng.random()
    if where < 0.35:
        return rng.randrange(min(len(data), 600) + 1)
    if where < 0.5:
        return max(0, len(data) - rng.randrange(600))
    return rng.randrange(len(data) + 1)


def _bit(rng, data, good, words):
    if not data:
        return b"\0"
    at = min(_place(rng, data), len(data) - 1)
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _byte(rng, data, good, words):
    at = _place(rng, data)
    return data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]


def _number(rng, data, good, words):
    new = rng.choice(NUMBERS)
    at = _place(rng, data) // len(new) * len(new)
    return data[:at] + new + data[at + len(new) :]


def _digit(rng, data, good, words):
    digits = [i for i, byte in enumerate(data[:4000]) if 48 <= byte <= 57]
    if not digits:
        return _byte(rng, data, good, words)
    at = rng.choice(digits)
    new = rng.choice([b"0", b"9", b"-", b"1e9", b"99999999999999999999", b"", b" ", b"."])
    return data[:at] + new + data[at + 1 :]


def _word(rng, data, good, words):
    if not words:
        return _number(rng, data, good, words)
    at, new = _place(rng, data), rng.choice(words)
    return data[:at] + new + data[at + rng.choice((0, len(new))) :]


def _cut(rng, data, good, words):
    return data[: rng.randrange(len(data) + 1)]


def _remove(rng, data, good, words):
    at = _place(rng, data)
    return data[:at] + data[at + rng.choice((1, 2, 8, 64)) :]


def _twice(rng, data, good, words):
    at, size = _place(rng, data), rng.choice((1, 8, 64, 512))
    return data[: at + size] + data[at : at + size] + data[at + size :]


def _swap(rng, data, good, words):
    size = rng.choice((1, 4, 16))
    one, other = sorted((_place(rng, data), _place(rng, data)))
    if other < one + size:
        return _twice(rng, data, good, words)
    a, b = data[one : one + size], data[other : other + size]
    return data[:one] + b + data[one + size : other] + a + data[other + size :]


def _splice(rng, data, good, words):
    other = rng.choice(good)
    return data[: _place(rng, data)] + other[_place(rng, other) :]


def _tail(rng, data, good, words):
    return data + rng.choice((b"\0", b"\n", b"\0" * 512, data[-22:], b"#!/bin/sh"))


def _line(rng, data, good, words):
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    lines.insert(rng.randrange(len(lines)), lines[at])
    return b"\n".join(lines)


Change = Callable[[random.Random, bytes, list[bytes], list[bytes]], bytes]
CHANGES: tuple[Change, ...] = (
    _bit, _byte, _number, _number, _digit, _word, _word, _cut, _remove, _twice, _swap, _splice,
    _tail, _line,
)  # fmt: skip
