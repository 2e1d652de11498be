"""The one reader and the one writer of artifacts: safetensors, npz, JSON, CSV, stored zip.

Writing gives the same bytes for the same values, whatever the folder, time zone, hash
seed or order of keys. Reading takes bytes that were hashed first, and refuses all that
its format does not allow: no pickle, no NaN in JSON, no gap in a tensor file.
"""

import csv
import errno
import hashlib
import io as _io
import json
import math
import os
import re
import struct
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from respike.core import disk, stored
from respike.core.errors import DamagedFile, RespikeError

Arrays = dict[str, np.ndarray]
METADATA = "respike"  # the one metadata key of a safetensors file

# ------------------------------------------------------------------ hashes


def sha256(data: bytes) -> str:
    """SHA-256 of bytes, 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def content_sha256(value: Any) -> str:
    """Hash of what a value says, whatever file format holds it.

    Arrays: name, dtype, shape and little-endian bytes of each, in the order of names.
    All else: its canonical JSON text; a zip's members are bytes and hashed as such.
    """
    h = hashlib.sha256()
    if (
        isinstance(value, Mapping)
        and value
        and all(isinstance(v, np.ndarray) for v in value.values())
    ):
        for name in sorted(value):
            array = _plain(name, value[name])
            h.update(f"{name}\0{array.dtype.str}\0{array.shape}\0".encode())
            h.update(array.tobytes())
    elif (
        isinstance(value, Mapping)
        and value
        and all(isinstance(v, bytes) for v in value.values())
    ):
        for name in sorted(value):
            h.update(f"{name}\0{len(value[name])}\0".encode() + value[name])
    else:
        h.update(json.dumps(value, sort_keys=True, allow_nan=False).encode())
    return h.hexdigest()


# ------------------------------------------------------------------ formats


def _plain(name: str, array: Any) -> np.ndarray:
    array = np.asarray(array)
    if array.dtype.kind not in "biufcSU":
        raise RespikeError(
            f"array '{name}' has dtype {array.dtype}; "
            "artifacts hold numbers, booleans and text only"
        )
    if array.dtype.byteorder == ">" or (
        array.dtype.byteorder == "=" and sys.byteorder == "big"
    ):
        array = array.astype(array.dtype.newbyteorder("<"))
    return np.ascontiguousarray(array).reshape(array.shape)


def _check_names(names: Any, what: str) -> None:
    for name in names:
        if not isinstance(name, str) or not name or "\0" in name:
            raise RespikeError(f"{what} has the name {name!r}; names are texts without NUL")


def _dump_zip(value: Mapping[str, bytes]) -> bytes:
    _check_names(value, "a zip member")
    for name in value:
        if not _stays_inside(name):
            raise RespikeError(f"a zip member has the name {name!r}, which leaves its folder")
    return stored.dump([(name, bytes(value[name])) for name in sorted(value)])


def _load_zip(data: bytes) -> dict[str, bytes]:
    found = stored.load(data)
    _check_order(found)
    for name in found:
        if not _stays_inside(name):
            raise ValueError(f"member {name!r} has a name that leaves its folder")
    return {name: bytes(member) for name, member in found.items()}


def _stays_inside(name: str) -> bool:
    steps = name.split("/")
    short = len(name) <= 1000 and all(len(step.encode()) <= 255 for step in steps)
    plain = name.isprintable() and not {"\\", ":"} & set(name)
    return short and plain and not {"", ".", ".."} & set(steps)


def _check_order(names: Any) -> None:
    if list(names) != sorted(names):
        raise ValueError("its members are not in the order of their names")


def _dump_npz(value: Mapping[str, Any]) -> bytes:
    _check_names(value, "an array")
    members = []
    for name in sorted(value):
        array = _plain(name, value[name])
        members.append((f"{name}.npy", _npy_head(array.dtype, array.shape) + array.tobytes()))
    return stored.dump(members)


def _load_npz(data: bytes) -> Arrays:
    found = {}
    for name, member in stored.load(data).items():
        if not name.endswith(".npy"):
            raise ValueError(f"member '{name}' is no array")
        found[name.removesuffix(".npy")] = _load_npy(name, member)
    _check_order(found)
    return found


def _npy_head(dtype: np.dtype, shape: tuple[int, ...]) -> bytes:
    buffer = _io.BytesIO()
    said = {"descr": dtype.str, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, said)
    return buffer.getvalue()


_NPY = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<|][biufcSU][0-9]{1,9})', 'fortran_order': False, "
    rb"'shape': \(([0-9, ]{0,999})\), \} *\n",
    re.DOTALL,
)


def _load_npy(name: str, member: memoryview) -> np.ndarray:
    """Our own reader: numpy's evaluates the header, and may load pickles."""
    match = _NPY.match(member)
    if match is None:
        raise ValueError(
            f"member '{name}' is no array as we write it; Object arrays cannot be loaded, nor "
            "other orders of bytes or axes"
        )
    dtype = np.dtype(match[1].decode())
    shape = tuple(int(n) for n in match[2].decode().split(",") if n.strip())
    if member[: match.end()] != _npy_head(dtype, shape):
        raise ValueError(f"member '{name}' has a header that is not written so")
    size = math.prod(shape) * dtype.itemsize
    if len(member) != match.end() + size:
        more = len(member) > match.end() + size
        raise ValueError(f"member '{name}' has bytes after its array" if more else "it is cut")
    array = np.frombuffer(member, dtype, math.prod(shape), match.end()) if size else None
    array = np.zeros(shape, dtype) if array is None else array.reshape(shape).copy()
    _check_values(name, array)
    return array


def _check_values(name: str, array: np.ndarray) -> None:
    """Refuse bits that are no value of their type: a boolean of 2, a broken character."""
    if array.dtype.kind == "b" and array.size and array.view(np.uint8).max() > 1:
        raise ValueError(f"'{name}' has a boolean that is neither true nor false")
    if array.dtype.kind == "U" and array.size and array.dtype.itemsize:
        codes = np.ascontiguousarray(array).reshape(-1).view("<u4")
        if ((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes < 0xE000))).any():
            raise ValueError(f"'{name}' has a character that does not exist")


_SAFE = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "|i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_SAFE_NAME = {dtype: name for name, dtype in _SAFE.items()}


def _dump_safetensors(value: Mapping[str, Any], metadata: Any = None) -> bytes:
    _check_names(value, "a tensor")
    arrays = {name: _plain(name, value[name]) for name in value}
    # the format's order: larger types first, so that every tensor stays aligned, then names
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    header: dict[str, Any] = {}
    if metadata is not None:
        header["__metadata__"] = {METADATA: _finite_json(metadata, separators=(",", ":"))}
    offset = 0
    for name in order:
        array = arrays[name]
        if name == "__metadata__" or array.dtype.str not in _SAFE_NAME:
            raise RespikeError(
                f"tensor '{name}' of type {array.dtype} cannot go into safetensors"
            )
        header[name] = {
            "dtype": _SAFE_NAME[array.dtype.str],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(arrays[n].tobytes() for n in order)


def _load_safetensors(data: bytes) -> Arrays:
    header, body = _safetensors_header(data)
    whole = dict(header)
    header.pop("__metadata__", None)
    found, spans = {}, []
    for name, row in header.items():
        if set(row) != {"dtype", "shape", "data_offsets"} or row["dtype"] not in _SAFE:
            raise ValueError(f"tensor '{name}' has a header that is not allowed")
        dtype, shape, (begin, end) = (
            np.dtype(_SAFE[row["dtype"]]),
            row["shape"],
            row["data_offsets"],
        )
        numbers = [begin, end, *shape]
        if any(isinstance(n, bool) or not isinstance(n, int) or n < 0 for n in numbers):
            raise ValueError(
                f"tensor '{name}' has a shape or place that is no whole number >= 0"
            )
        if end - begin != math.prod(shape) * dtype.itemsize or end > len(body):
            raise ValueError(f"tensor '{name}' does not fit its place")
        spans.append((begin, end))
        found[name] = np.frombuffer(body[begin:end], dtype).reshape(shape).copy()
        _check_values(name, found[name])
    edge = 0
    for begin, end in spans:
        if begin != edge:
            raise ValueError("tensors overlap or leave a gap")
        edge = end
    if edge != len(body):
        raise ValueError("there are bytes after the last tensor")
    _check_written_so(whole, data[: len(data) - len(body)])
    return found


def _safetensors_header(data: bytes) -> tuple[dict[str, Any], bytes]:
    if len(data) < 8:
        raise ValueError("shorter than a header")
    (size,) = struct.unpack("<Q", data[:8])
    if size > len(data) - 8 or size > 2**26:
        raise ValueError("the header is longer than the file")
    header = _strict_json(data[8 : 8 + size])
    if not isinstance(header, dict):
        raise ValueError("the header is no object")
    said = header.get("__metadata__", {})
    if not isinstance(said, dict) or not all(isinstance(v, str) for v in said.values()):
        raise ValueError("its metadata is no table of texts")
    if any(not isinstance(v, dict) for k, v in header.items() if k != "__metadata__"):
        raise ValueError("a tensor has a header that is not allowed")
    for name in header:
        if not name or "\0" in name:
            raise ValueError(f"a tensor has the name {name!r}; names are texts without NUL")
    return header, data[8 + size :]


def _check_written_so(header: dict[str, Any], given: bytes) -> None:
    """Refuse a header with blanks, an order or an escape that no writer of the format makes."""
    for ascii_only in (True, False):  # ours, and the library's
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=ascii_only).encode()
        text += b" " * (-len(text) % 8)
        if struct.pack("<Q", len(text)) + text == given:
            return
    raise ValueError("the header is not written as the format's writers write it")


def safetensors_metadata(data: bytes) -> Any:
    """What our one metadata key of a safetensors file says; None where it is absent.

    Raises:
        ValueError: the header is damaged.
    """
    try:
        header, body = _safetensors_header(data)
        _check_written_so(header, data[: len(data) - len(body)])
        text = header.get("__metadata__", {}).get(METADATA)
        return None if text is None else _strict_json(text.encode())
    except _DAMAGE as error:
        raise ValueError(_first_line(error)) from None


def _strict_json(data: bytes) -> Any:
    def pairs(items):
        found = dict(items)
        if len(found) != len(items):
            raise ValueError("a key is given twice")
        return found

    def refuse(word):
        raise ValueError(f"{word} is not allowed")

    def finite(text):
        if not math.isfinite(number := float(text)):
            raise ValueError(f"{text[:40]} is too large for a number")
        return number

    text = data.decode("utf-8")
    value = json.loads(text, object_pairs_hook=pairs, parse_constant=refuse, parse_float=finite)
    if "\\ud" in text.lower():  # half a character: it cannot be printed, hashed or saved
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def _dump_json(value: Any) -> bytes:
    return (_finite_json(value, indent=1) + "\n").encode()


def _finite_json(value: Any, **layout: Any) -> str:
    try:
        return json.dumps(_python(value), sort_keys=True, allow_nan=False, **layout)
    except ValueError:
        raise RespikeError(f"a number that is not finite: {_where_not_finite(value)}") from None


def _python(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _python(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_python(v) for v in value]
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return value


def _where_not_finite(value: Any, path: str = "") -> str:
    value = _python(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f"{path or 'the value'} is {value}"
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, inner in items:
        found = _where_not_finite(inner, f"{path}.{key}".lstrip("."))
        if found:
            return found
    return ""


def _dump_csv(rows: list[Mapping[str, Any]]) -> bytes:
    columns = list(rows[0]) if rows else []
    table: list[list[Any]] = [columns]
    for number, row in enumerate(rows, 1):
        if list(row) != columns:
            raise RespikeError(f"row {number} has columns {list(row)}; the first has {columns}")
        values = [v.item() if isinstance(v, np.generic) else v for v in row.values()]
        for column, v in zip(columns, values, strict=True):
            if isinstance(v, float) and not math.isfinite(v):
                raise RespikeError(
                    f"a number that is not finite: row {number}, {column} is {v}"
                )
        table.append(
            ["" if v is None else repr(v) if isinstance(v, float) else v for v in values]
        )
    return _csv(table)


def _load_csv(data: bytes) -> list[dict[str, str]]:
    rows = list(csv.reader(_io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    if not rows:
        raise ValueError("no header line")
    head, *body = rows
    if len(set(head)) != len(head) or any(len(row) != len(head) for row in body):
        raise ValueError("a row has another number of cells than the header")
    if _csv(rows) != data:
        raise ValueError("its cells, quotes or line ends are not written as we write them")
    return [dict(zip(head, row, strict=True)) for row in body if head]


def _csv(rows: list[list[Any]]) -> bytes:
    buffer = _io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\n").writerows(rows)
    return buffer.getvalue().encode()


_FORMATS: dict[str, tuple[Callable[..., bytes], Callable[[bytes], Any]]] = {
    ".npz": (_dump_npz, _load_npz),
    ".safetensors": (_dump_safetensors, _load_safetensors),
    ".json": (_dump_json, _strict_json),
    ".csv": (_dump_csv, _load_csv),
    ".zip": (_dump_zip, _load_zip),
}
# what parsers raise on damaged bytes, as fuzzing showed
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
    csv.Error,
    struct.error,
    zipfile.BadZipFile,
)


def dump(name: str, value: Any, **options: Any) -> bytes:
    """Bytes of a value in the format that a file name's suffix names.

    Raises:
        RespikeError: a suffix we do not write, an array of objects, a number not finite.
    """
    suffix = PurePosixPath(name).suffix
    if suffix in _FORMATS:
        return _FORMATS[suffix][0](value, **options)
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    raise RespikeError(
        f"{name}: no format is known for '{suffix}'; known: {', '.join(_FORMATS)}"
    )


def parse(name: str, data: bytes) -> Any:
    """The value that bytes hold, by the suffix of a file name; the inverse of `dump`.

    Raises:
        DamagedFile: the bytes are not of that format; the sentence says why.
    """
    suffix = PurePosixPath(name).suffix
    if suffix not in _FORMATS:
        return data
    try:
        return _FORMATS[suffix][1](data)
    except _DAMAGE as error:
        raise DamagedFile(
            f"{name} is not a valid {suffix[1:]} file: {_first_line(error)}"
        ) from None


def _first_line(error: BaseException) -> str:
    said = str(error).splitlines()
    return said[0][:300] if said and said[0] else type(error).__name__


def empty(name: str) -> bytes:
    """The bytes of an output that was `not run`: an empty value of the file's format."""
    return dump(name, [] if PurePosixPath(name).suffix == ".csv" else {})


# ------------------------------------------------------------------ files


def read_bytes(path: Path, expected_sha256: str, producer: str) -> bytes:
    """A file's bytes, if they are the ones its producer recorded.

    Args:
        path: the file.
        expected_sha256: what the producer's record says.
        producer: who wrote it, for the message.

    Raises:
        DamagedFile: missing, unreadable or other bytes; names producer and both hashes.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DamagedFile(
            f"{path} (made by {producer}) cannot be read: {error.strerror or error}; "
            f"run again to make it anew"
        ) from None
    found = sha256(data)
    if found != expected_sha256:
        raise DamagedFile(
            f"{path} is not what {producer} wrote: recorded sha256 {expected_sha256[:12]}..., "
            f"found {found[:12]}...; remove it and run again"
        )
    return data


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file that did not exist, whole, and sync it; the caller renames it.

    Raises:
        RespikeError: the disk is full, the folder cannot be written, ...; nothing is left.
    """
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        if error.errno != errno.EEXIST:
            Path(path).unlink(missing_ok=True)
        raise RespikeError(disk.sentence(error, Path(path).parent, len(data))) from None
