"""Whether the parts of a zip agree: each member where the directory says, nothing in between.

A zip tells twice what it holds, before each member and in its directory at the end, and readers
differ in whom they believe. Only an archive is taken whose two stories are one and which leaves
no byte untold: no prefix, no gap, no overlap, no tail.

Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 and 4.4.
"""

import itertools
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence

_LOCAL, _DESCRIPTOR = b"PK\x03\x04", b"PK\x07\x08"
_END, _END_64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_DESCRIBED = 1 << 3
_KNOWN_FLAGS = 0b110 | _DESCRIBED | 1 << 11  # how hard it was packed, descriptor, UTF-8
_UNICODE_PATH = 0x7075
_FULL = 0xFFFFFFFF


def places(data: bytes, archive: zipfile.ZipFile) -> dict[int, int]:
    """Where the bytes of each member begin.

    Args:
        data: the whole file.
        archive: the same, opened.

    Returns:
        Offset of a member's local head -> offset of its packed bytes.

    Raises:
        ValueError: the parts disagree or leave bytes untold; the sentence says where.
    """
    infos = sorted(archive.infolist(), key=lambda info: info.header_offset)
    found, at = {}, 0
    for info in infos:
        if info.header_offset != at:
            raise ValueError(f"bytes before {info.orig_filename!r} belong to no member, or two")
        found[at] = begin = _local(data, info)
        at = begin + info.compress_size
        if info.flag_bits & _DESCRIBED:
            at += _descriptor(data, at, info)
    if at != archive.start_dir:
        raise ValueError("bytes before its directory belong to no member")
    _end(data, archive, infos)
    return found


def _local(data: bytes, info: zipfile.ZipInfo) -> int:
    """Check a local head against the directory; gives where the packed bytes begin."""
    at, who = info.header_offset, repr(info.orig_filename)
    if data[at : at + 4] != _LOCAL:
        raise ValueError(f"there is no member {who} where its directory says")
    flags, method, _, crc, packed, size, n, m = struct.unpack_from("<2x2HL3L2H", data, at + 4)
    name = data[at + 30 : at + 30 + n]
    extra = data[at + 30 + n : at + 30 + n + m]
    if info.flag_bits & ~_KNOWN_FLAGS or flags != info.flag_bits or info.volume:
        raise ValueError(f"member {who} has flags that are not read here")
    encoding = "utf-8" if flags & 1 << 11 else "cp437"
    if name.decode(encoding) != info.orig_filename or method != info.compress_type:
        raise ValueError(f"member {who} has another name or method in its own head")
    for kind, value in itertools.chain(_fields(extra), _fields(info.extra)):
        if kind == 1 and packed == _FULL == size:
            size, packed = struct.unpack("<QQ", value[:16])
        if kind == _UNICODE_PATH and value[5:].decode("utf-8") != info.orig_filename:
            raise ValueError(f"member {who} has a second name")
    said, true = (crc, packed, size), (info.CRC, info.compress_size, info.file_size)
    later = flags & _DESCRIBED and all(
        s in (0, t, _FULL) for s, t in zip(said, true, strict=True)
    )
    if said != true and not later:
        raise ValueError(f"member {who} has another size or checksum in its own head")
    return at + 30 + n + m


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if at + 4 + size > len(extra):
            raise ValueError("an extra field is longer than its place")
        yield kind, extra[at + 4 : at + 4 + size]
        at += 4 + size


def _descriptor(data: bytes, at: int, info: zipfile.ZipInfo) -> int:
    """Check what stands after a member's bytes; gives how many bytes it takes."""
    for mark, numbers in itertools.product((_DESCRIPTOR, b""), ("<3L", "<LQQ")):
        if info.compress_size > _FULL and numbers == "<3L":
            continue
        said = mark + struct.pack(numbers, info.CRC, info.compress_size, info.file_size)
        if data[at : at + len(said)] == said:
            return len(said)
    raise ValueError(f"member {info.orig_filename!r} has another size after its bytes")


def _end(data: bytes, archive: zipfile.ZipFile, infos: Sequence[zipfile.ZipInfo]) -> None:
    """Check that the end record speaks of this directory and stands right behind it."""
    at = len(data) - 22 - len(archive.comment)
    if at < 0 or data[at : at + 4] != _END:
        raise ValueError("bytes stand after its end")
    disk, first, here, count, size, start = struct.unpack_from("<4H2L", data, at + 4)
    behind = at
    if data[max(0, at - 20) : max(0, at - 16)] == _LOCATOR:
        behind = at - 76
        if behind < 0 or data[behind : behind + 4] != _END_64:
            raise ValueError("its two end records do not stand together")
        disk, first, here, count, size, start = struct.unpack_from("<2L4Q", data, behind + 16)
    if (disk, first, here, count) != (0, 0, len(infos), len(infos)):
        raise ValueError(f"its end speaks of {count} members, its directory of {len(infos)}")
    if start != archive.start_dir or start + size != behind:
        raise ValueError("its directory is not where its end says")


def unpacked(data: bytes, begin: int, info: zipfile.ZipInfo) -> bytes:
    """The bytes of one member.

    Raises:
        ValueError: more or fewer than it says, another checksum, or bytes after its stream.
    """
    packed = data[begin : begin + info.compress_size]
    if info.compress_type == zipfile.ZIP_STORED:
        found = packed
    else:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        found = stream.decompress(packed, info.file_size + 1)
        if len(found) <= info.file_size and (not stream.eof or stream.unused_data):
            raise ValueError(f"member {info.orig_filename!r} does not end where it says")
    if len(found) != info.file_size:
        raise ValueError(f"member {info.orig_filename!r} has another size than it says")
    if zlib.crc32(found) != info.CRC:
        raise ValueError(f"Bad CRC-32 for member {info.orig_filename!r}")
    return found
