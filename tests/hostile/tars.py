"""Tar archives that escape, lie or swell, bare and gzipped."""

import gzip
import io
import tarfile

from tests.hostile.zips import ESCAPED

BLOCK = 512


def head(
    name: bytes = b"a", size: int | bytes = 3, kind: bytes = b"0", link: bytes = b""
) -> bytes:
    """One ustar header with its checksum; a size may be bytes of one's own."""
    said = size if isinstance(size, bytes) else b"%011o\0" % size
    block = bytearray(BLOCK)
    for at, text in (
        (0, name), (100, b"0000644\0"), (108, b"0000000\0"), (116, b"0000000\0"), (124, said),
        (136, b"00000000000\0"), (148, b" " * 8), (156, kind), (157, link),
        (257, b"ustar\x0000"),
    ):  # fmt: skip
        block[at : at + len(text)] = text
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def padded(data: bytes) -> bytes:
    """Bytes filled to whole blocks."""
    return data + bytes(-len(data) % BLOCK)


def member(
    name: bytes = b"a", data: bytes = b"one", kind: bytes = b"0", link: bytes = b""
) -> bytes:
    """Header and blocks of one member."""
    return head(name, len(data), kind, link) + padded(data)


def pax(**said: str) -> bytes:
    """An extended header that overrides what the next member says."""
    text = b""
    for key, value in said.items():
        row = f" {key.replace('__', '.')}={value}\n".encode()
        size = len(row) + 1
        size += len(str(size + len(str(size)) - 1)) - 1
        text += b"%d" % size + row
    return member(b"pax", text, b"x")


END = bytes(2 * BLOCK)


def files() -> dict[str, bytes]:
    """Hostile .tar and .tar.gz files."""
    up = ESCAPED.encode()
    plain = {
        "parent": member(b"../" + up),
        "absolute": member(b"/tmp/" + up),
        "link": member(b"x", b"", b"2", b"/etc/passwd"),
        "link-then-file": member(b"d", b"", b"2", b"..") + member(b"d/" + up),
        "hard-link": member(b"x", b"", b"1", b"/etc/passwd"),
        "device": member(b"x", b"", b"3"),
        "block-device": member(b"x", b"", b"4"),
        "fifo": member(b"x", b"", b"6"),
        "contiguous": member(b"x", b"one", b"7"),
        "sparse": member(b"x", b"one", b"S"),
        "unknown-kind": member(b"x", b"one", b"Z"),
        "gnu-long-name": member(b"long", b"../" * 60 + up + b"\0", b"L") + member(),
        "gnu-long-link": member(b"long", b"/etc/passwd\0", b"K") + member(),
        "gnu-long-name-bomb": head(b"long", 2**33, b"L") + member(),
        "pax-path": pax(path=f"../../{ESCAPED}") + member(),
        "pax-link": pax(linkpath="/etc/passwd") + member(b"x", b"", b"2", b"good"),
        "pax-size": pax(size="1") + member(b"a", b"x" * 600) + member(b"b"),
        "pax-size-huge": pax(size=str(2**62)) + member(),
        "pax-size-negative": pax(size="-1024") + member(),
        "pax-sparse": pax(
            GNU__sparse__major="1", GNU__sparse__minor="0", GNU__sparse__name="../x"
        )
        + member(b"a", b"1\n0\n1099511627776\n"),
        "pax-sparse-size": pax(GNU__sparse__size=str(2**50), GNU__sparse__map="0,1") + member(),
        "pax-rubbish": member(b"pax", b"999999999999 path=x\n", b"x") + member(),
        "pax-zero": member(b"pax", b"0 path=x\n", b"x") + member(),
        "pax-global": member(b"pax", b"28 path=../hostile-escaped\n\n"[:28], b"g") + member(),
        "size-negative": head(b"a", b"\xff" * 12) + END,
        "size-base-256": head(b"a", b"\x80" + b"\x7f" * 11) + END,
        "size-beyond": head(b"a", 10_000) + b"short",
        "size-letters": head(b"a", b"abcdefghijk\0") + END,
        "checksum": head().replace(b"ustar", b"USTAR") + END,
        "twice": member() + member(data=b"two"),
        "case": member(b"a.txt") + member(b"A.TXT"),
        "nul-name": pax(path="good\0../x") + member(),
        "not-utf-8": member(b"\xff\xfe"),
        "device-name": member(b"nul.txt"),
        "folder-with-bytes": member(b"d/", b"one", b"5"),
        "file-called-folder": member(b"d/", b"one"),
        "after-end": member() + END + member(b"../hidden"),
        "half-end": member() + bytes(BLOCK) + b"junk" * 128 + END,
        "no-end": member(),
        "empty": b"",
    }
    found = {f"tar-{name}.tar": data + END for name, data in plain.items() if name != "no-end"}
    found["tar-no-end.tar"] = plain["no-end"]
    many = io.BytesIO()
    with tarfile.open(fileobj=many, mode="w") as archive:
        for i in range(2000):
            archive.addfile(tarfile.TarInfo(f"{i}"))
    zeros = gzip.compress(member(b"zeros", bytes(8_000_000)) + END, mtime=0)
    found["gz-bomb.tar.gz"] = zeros
    found["gz-bomb-twice.tar.gz"] = gzip.compress(zeros, mtime=0)
    found["gz-tail.tar.gz"] = gzip.compress(member() + END, mtime=0) + b"#!/bin/sh\n"
    found["gz-joined-empty.tar.gz"] = gzip.compress(b"", mtime=0) * 20_000
    found["gz-crc.tar.gz"] = gzip.compress(member() + END, mtime=0)[:-8] + bytes(8)
    found["gz-many.tar.gz"] = gzip.compress(many.getvalue(), mtime=0)
    return found
