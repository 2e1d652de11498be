"""Pictures as bytes that a page carries inside itself."""

import base64
import struct
import zlib

import numpy as np


def png(grey: np.ndarray) -> bytes:
    """A greyscale picture uint8 [H, W] as the bytes of a PNG file."""
    high, wide = grey.shape

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    lines = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(grey, np.uint8))
    head = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(lines, 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


def data_uri(kind: str, content: bytes) -> str:
    """Bytes as an address that needs no network."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"
