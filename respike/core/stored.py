"""A zip of stored members, written one way only and read only if it was written that way.

What is read is compared with what would be written, byte for byte, but for the members' own
bytes: nothing is compressed, doubled, overlapping, hidden in between or behind, or called by
two names. So a file that parses is the file that its value writes.
"""

import io
import stat
import struct
import unicodedata
import zipfile
import zlib

MAX_MEMBER_BYTES = 4 * 2**30
_PLAIN_BYTES = zipfile.ZIP64_LIMIT // 2  # below it no part of the zip needs 64 bits
_EPOCH = (1980, 1, 1, 0, 0, 0)
_MODE = (stat.S_IFREG | 0o644) << 16
_LOCAL = struct.Struct("<4s5H3L2H")
_UTF_8 = 1 << 11


def dump(members: list[tuple[str, bytes]]) -> bytes:
    """Bytes of a zip of named members, in the order given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, date_time=_EPOCH)
            info.external_attr, info.create_system = _MODE, 3
            archive.writestr(info, data)
    return buffer.getvalue()


def load(data: bytes) -> dict[str, memoryview]:
    """Members of a zip that `dump` wrote, in its order; not copied.

    Raises:
        ValueError: any byte that `dump` would not have written so.
    """
    members = _walk(memoryview(data)) if len(data) < _PLAIN_BYTES else _large(data)
    folded: set[str] = set()
    for name in members:
        fold = unicodedata.normalize("NFKC", name).casefold()
        if fold in folded:
            raise ValueError(f"member '{name}' is there twice")
        folded.add(fold)
    return members


def _walk(data: memoryview) -> dict[str, memoryview]:
    members: dict[str, memoryview] = {}
    directory, at = [], 0
    while data[at : at + 4] == b"PK\x03\x04" and len(data) >= at + _LOCAL.size:
        row = _LOCAL.unpack_from(data, at)
        method, crc, size, n = row[3], row[6], row[8], row[9]
        begin = at + _LOCAL.size + n
        name = bytes(data[begin - n : begin]).decode("utf-8")
        if method:
            raise ValueError(f"member '{name}' is compressed or too large")
        body = data[begin : begin + size]
        head = _head(name, crc, size)
        if data[at:begin] != b"PK\x03\x04" + head or len(body) != size:
            raise ValueError(f"member '{name}' has a head that is not written so, or is cut")
        if zlib.crc32(body) != crc:
            raise ValueError(f"Bad CRC-32 for member '{name}'")
        if name in members:
            raise ValueError(f"member '{name}' is there twice")
        members[name] = body
        directory.append(_row(name, head, at))
        at = begin + size
    rows = b"".join(directory)
    count = len(members)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(rows), at, 0)
    if data[at:] != rows + end:
        raise ValueError("its directory is cut, or is not the one that its members make")
    return members


def _head(name: str, crc: int, size: int) -> bytes:
    """What a member's head and its row of the directory share, with the name."""
    flags = 0 if name.isascii() else _UTF_8
    text = name.encode("utf-8")
    # versions, flags, method, time, date (1 January 1980), checksum, sizes, lengths
    return struct.pack("<5H3L2H", 20, flags, 0, 0, 0x21, crc, size, size, len(text), 0) + text


def _row(name: str, head: bytes, at: int) -> bytes:
    fixed = _LOCAL.size - 4
    rest = struct.pack("<3H2L", 0, 0, 0, _MODE, at)
    return b"PK\x01\x02" + struct.pack("<H", 3 << 8 | 20) + head[:fixed] + rest + head[fixed:]


def _large(data: bytes) -> dict[str, memoryview]:
    """The same for more than a gigabyte, where 64-bit fields come in: written anew."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        for info in infos:
            if info.compress_type or info.file_size > MAX_MEMBER_BYTES:
                raise ValueError(f"member '{info.filename}' is compressed or too large")
        members = {info.filename: archive.read(info) for info in infos}
    if len(members) != len(infos) or dump(list(members.items())) != data:
        raise ValueError("it is not written as we write it")
    return {name: memoryview(member) for name, member in members.items()}
