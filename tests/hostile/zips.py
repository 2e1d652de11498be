"""Zip archives that lie, escape, collide or swell, written byte by byte."""

import stat
import struct
import zlib
from dataclasses import dataclass

ESCAPED = "hostile-escaped"
LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


@dataclass
class Entry:
    """One member, as the local head and the directory tell it; None: the truth."""

    name: bytes = b"a"
    data: bytes = b"one"
    method: int = 0
    flags: int = 0
    mode: int = stat.S_IFREG | 0o644
    extra: bytes = b""
    descriptor: bytes = b""
    packed: bytes | None = None
    local_name: bytes | None = None
    local_size: int | None = None
    local_packed: int | None = None
    local_crc: int | None = None
    local_method: int | None = None
    local_flags: int | None = None
    size: int | None = None
    packed_size: int | None = None
    crc: int | None = None
    at: int | None = None
    disk: int = 0

    def body(self) -> bytes:
        """The bytes as they stand in the file."""
        if self.packed is not None:
            return self.packed
        if self.method != 8:
            return self.data
        deflate = zlib.compressobj(9, wbits=-15)
        return deflate.compress(self.data) + deflate.flush()


def _or(value, truth):
    return truth if value is None else value


def local(entry: Entry) -> bytes:
    """Local head and bytes of a member."""
    name, body = _or(entry.local_name, entry.name), entry.body()
    head = struct.pack(
        "<4sHHHHHIIIHH",
        LOCAL,
        20,
        _or(entry.local_flags, entry.flags),
        _or(entry.local_method, entry.method),
        0,
        0x21,
        _or(entry.local_crc, zlib.crc32(entry.data)),
        _or(entry.local_packed, len(body)),
        _or(entry.local_size, len(entry.data)),
        len(name),
        0,
    )
    return head + name + body + entry.descriptor


def central(entry: Entry, at: int) -> bytes:
    """The member's row of the directory."""
    head = struct.pack(
        "<4sHHHHHHIIIHHHHHII",
        CENTRAL,
        3 << 8 | 20,
        20,
        entry.flags,
        entry.method,
        0,
        0x21,
        _or(entry.crc, zlib.crc32(entry.data)),
        _or(entry.packed_size, len(entry.body())),
        _or(entry.size, len(entry.data)),
        len(entry.name),
        len(entry.extra),
        0,
        entry.disk,
        0,
        entry.mode << 16,
        _or(entry.at, at),
    )
    return head + entry.name + entry.extra


def end(count: int, size: int, at: int, comment: bytes = b"", disk: int = 0) -> bytes:
    """The record at the end of the directory."""
    fixed = struct.pack("<4sHHHHIIH", END, disk, 0, count, count, size, at, len(comment))
    return fixed + comment


def archive(
    *entries: Entry, prefix: bytes = b"", between: bytes = b"", tail: bytes = b"", **last
) -> bytes:
    """A zip of members; bytes may stand before, between and after its parts."""
    data, places = prefix, []
    for entry in entries:
        places.append(len(data))
        data += local(entry)
    data += between
    directory = b"".join(central(e, at) for e, at in zip(entries, places, strict=True))
    said = {"count": len(entries), "size": len(directory), "at": len(data), **last}
    return data + directory + end(**said) + tail


def _zip64(size: int, packed: int, at: int) -> bytes:
    return struct.pack("<HHQQQ", 1, 24, size, packed, at)


def _shared(count: int) -> bytes:
    """Many rows of the directory that all point to the one member."""
    entry = Entry(data=bytes(200_000), method=8)
    rows = b"".join(
        central(Entry(name=b"%d" % i, data=entry.data, method=8), 0) for i in range(count)
    )
    one = local(entry)
    return one + rows + end(count, len(rows), len(one))


def _quoted() -> bytes:
    """A member whose bytes hold the local head of the next: entries that overlap."""
    inner = local(Entry(name=b"b", data=b"two"))
    outer = local(Entry(name=b"a", data=inner))
    rows = central(Entry(name=b"a", data=inner), 0)
    rows += central(Entry(name=b"b", data=b"two"), len(outer) - len(inner))
    return outer + rows + end(2, len(rows), len(outer))


def _two_ends() -> bytes:
    """A second whole archive inside the comment of the first."""
    second = archive(Entry(data=b"other"))
    return archive(Entry(), comment=second)


def harmful_names() -> dict[str, bytes]:
    """Archives whose members would leave the folder, or are not what they are called."""
    up = ESCAPED.encode()
    return {
        "parent": archive(Entry(name=b"../" + up)),
        "parent-deep": archive(Entry(name=b"a/../../" + up)),
        "absolute": archive(Entry(name=b"/tmp/" + up)),
        "backslash": archive(Entry(name=b"..\\" + up)),
        "drive": archive(Entry(name=b"C:/" + up)),
        "nul": archive(Entry(name=b"good.txt\0../" + up)),
        "escape": archive(Entry(name=b"\x1b[2Jbell\x07")),
        "device": archive(Entry(name=b"aux.txt")),
        "long": archive(Entry(name=b"x" * 300)),
        "deep": archive(Entry(name=b"/".join([b"d"] * 5_000))),
        "empty-name": archive(Entry(name=b"")),
        "bidi": archive(Entry(name="a\u202etxt.exe".encode(), flags=0x800)),
        "not-utf-8": archive(Entry(name=b"\xff\xfe", flags=0x800)),
        "twice": archive(Entry(), Entry(data=b"two")),
        "case": archive(Entry(name=b"a.txt"), Entry(name=b"A.TXT")),
        "unicode": archive(
            Entry(name="\u00e4".encode(), flags=0x800),
            Entry(name="a\u0308".encode(), flags=0x800),
        ),
        "file-and-folder": archive(Entry(name=b"a"), Entry(name=b"a/b")),
        "link": archive(Entry(name=b"x", data=b"/etc/passwd", mode=stat.S_IFLNK | 0o777)),
        "fifo": archive(Entry(name=b"x", data=b"", mode=stat.S_IFIFO | 0o666)),
        "unicode-path": archive(
            Entry(
                extra=struct.pack("<HHBI", 0x7075, 5 + 15, 1, zlib.crc32(b"a"))
                + b"../../../hostil"
            )
        ),
    }


def lies() -> dict[str, bytes]:
    """Archives whose parts disagree, so that two readers would see two things."""
    return {
        "local-name": archive(Entry(name=b"a", local_name=b"b")),
        "local-size": archive(Entry(local_size=99)),
        "local-packed": archive(Entry(local_packed=1)),
        "local-crc": archive(Entry(local_crc=1)),
        "local-method": archive(Entry(local_method=8)),
        "local-encrypted": archive(Entry(local_flags=1)),
        "crc": archive(Entry(crc=1, local_crc=1)),
        "size-less": archive(Entry(data=bytes(5000), method=8, size=100, local_size=100)),
        "size-more": archive(Entry(data=b"x" * 10, size=20, local_size=20)),
        "stored-sizes-differ": archive(Entry(data=b"x" * 10, size=5, local_size=5)),
        "packed-beyond": archive(Entry(packed_size=10_000, local_packed=10_000)),
        "descriptor": archive(
            Entry(
                flags=8,
                local_crc=0,
                local_size=0,
                local_packed=0,
                descriptor=b"PK\x07\x08" + struct.pack("<III", 1, 999, 999),
            )
        ),
        "encrypted": archive(Entry(flags=1)),
        "strong-encryption": archive(Entry(flags=0x41)),
        "patched": archive(Entry(flags=0x20)),
        "method-99": archive(Entry(method=99)),
        "method-bzip2": archive(Entry(method=12)),
        "deflate-rubbish": archive(Entry(method=8, packed=b"\xff" * 40)),
        "deflate-tail": archive(
            Entry(method=8, packed=Entry(method=8).body() + b"#!/bin/sh\n")
        ),
        "zip64-size": archive(
            Entry(
                size=2**32 - 1, packed_size=2**32 - 1, at=2**32 - 1, extra=_zip64(2**50, 3, 0)
            )
        ),
        "zip64-place": archive(
            Entry(
                size=2**32 - 1, packed_size=2**32 - 1, at=2**32 - 1, extra=_zip64(3, 3, 2**60)
            )
        ),
        "zip64-short": archive(Entry(size=2**32 - 1, extra=b"\x01\x00\x02\x00ab")),
        "place-beyond": archive(Entry(at=10_000)),
        "overlap": _quoted(),
        "shared": _shared(600),
        "two-ends": _two_ends(),
        "prefix": archive(Entry(), prefix=b"#!/bin/sh\n"),
        "prefix-unsaid": b"#!/bin/sh\n" + archive(Entry()),
        "between": archive(Entry(), between=b"hidden bytes"),
        "tail": archive(Entry(), tail=b"hidden bytes"),
        "comment": archive(Entry(), comment=b"\x1b[2J hidden bytes"),
        "count-less": archive(Entry(), Entry(name=b"b"), count=1),
        "count-more": archive(Entry(), count=2),
        "disk": archive(Entry(disk=7)),
        "end-disk": archive(Entry(), disk=7),
        "unlisted": local(Entry(name=b"unlisted")) + archive(Entry()),
        "directory-beyond": archive(Entry(), at=10_000),
        "end-only": end(0, 0, 0) + b"rest",
        "folder-with-bytes": archive(Entry(name=b"d/", mode=stat.S_IFDIR | 0o755)),
    }


def bombs() -> dict[str, bytes]:
    """Archives that unpack to far more than they are."""
    zeros = bytes(8_000_000)
    inner = archive(Entry(name=b"inner", data=zeros, method=8))
    return {
        "bomb": archive(Entry(data=zeros, method=8)),
        "bomb-nested": archive(Entry(name=b"inner.zip", data=inner, method=8)),
    }


def files() -> dict[str, bytes]:
    """Hostile .zip files. bomb-nested holds a bomb that nobody may open unasked."""
    made = {**harmful_names(), **lies(), **bombs()}
    return {f"zip-{name}.zip": data for name, data in made.items()}
