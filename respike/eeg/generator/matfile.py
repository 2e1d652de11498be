"""MATLAB level 5 files as bytes: struct, cell, text and numeric arrays, never compressed.

The first 116 bytes, where MATLAB and SciPy put a date and a platform, are a text given by
the caller, so that equal content is an equal file.
"""

import struct
from typing import Any

import numpy as np

from respike.core.errors import RespikeError

_INT8, _UINT16, _INT32, _UINT32, _MATRIX = 1, 4, 5, 6, 14
_CELL, _STRUCT, _CHAR = 1, 2, 4
# dtype -> class of the array, type of its data
_NUMERIC = {"<f8": (6, 9), "<f4": (7, 7), "<i2": (10, 3), "<i4": (12, 5), "|u1": (9, 2)}


def matfile(variables: dict[str, Any], text: str) -> bytes:
    """A file with these variables.

    Args:
        variables: name -> dict (a struct), list (a column of cells), ASCII str, int, float or
            array of dtype <f8, <f4, <i2, <i4 or |u1, at most two axes.
        text: what the file says of itself, at most 116 ASCII characters.

    Raises:
        RespikeError: a text too long, or a value of another type.
    """
    head = text.encode("ascii")
    if len(head) > 116:
        raise RespikeError(f"the text of a .mat file has {len(head)} bytes; at most 116 fit")
    body = b"".join(_matrix(name, value) for name, value in variables.items())
    return head.ljust(116) + bytes(8) + struct.pack("<HH", 0x0100, 0x4D49) + body


def _element(kind: int, data: bytes) -> bytes:
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def _head(kind: int, shape: tuple[int, int], name: str) -> bytes:
    return (
        _element(_UINT32, struct.pack("<II", kind, 0))
        + _element(_INT32, struct.pack("<ii", *shape))
        + _element(_INT8, name.encode("ascii"))
    )


def _matrix(name: str, value: Any) -> bytes:
    if isinstance(value, dict):
        width = max(map(len, value)) + 1
        names = b"".join(key.encode("ascii").ljust(width, b"\0") for key in value)
        body = _head(_STRUCT, (1, 1), name) + struct.pack("<HHI", _INT32, 4, width)
        body += _element(_INT8, names) + b"".join(_matrix("", v) for v in value.values())
    elif isinstance(value, list):
        body = _head(_CELL, (len(value), 1), name) + b"".join(_matrix("", v) for v in value)
    elif isinstance(value, str):
        body = _head(_CHAR, (1, len(value)), name)
        body += _element(_UINT16, value.encode("ascii").decode().encode("utf-16-le"))
    else:
        array = np.asarray(value)
        if array.dtype.str == "<i8" and array.ndim == 0:
            array = array.astype("<f8")
        if array.dtype.str not in _NUMERIC or array.ndim > 2:
            raise RespikeError(
                f"'{name or 'a field'}' is {array.dtype} with {array.ndim} axes; a .mat file "
                f"here holds {', '.join(_NUMERIC)} with at most two"
            )
        array = np.atleast_2d(array)
        kind, data = _NUMERIC[array.dtype.str]
        body = _head(kind, array.shape, name) + _element(data, array.tobytes("F"))
    return _element(_MATRIX, body)
