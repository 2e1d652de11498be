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
import stat
import struct
import sys
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from respike.core import disk
from respike.core.errors import DamagedFile, RespikeError

Arrays = dict[str, np.ndarray]
METADATA = "respike"  # the one metadata key of a safetensors file
MAX_MEMBER_BYTES = 4 * 2**30
_EPOCH = (1980, 1, 1, 0, 0, 0)

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
    if array.dtype.hasobject or array.dtype.fields:
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


def _zip(members: list[tuple[str, bytes]]) -> bytes:
    buffer = _io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, date_time=_EPOCH)
            info.external_attr = (stat.S_IFREG | 0o644) << 16
            info.create_system = 3
            archive.writestr(info, data)
    return buffer.getvalue()


def _unzip(data: bytes) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    folded: set[str] = set()
    with zipfile.ZipFile(_io.BytesIO(data)) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            if stat.S_ISLNK(info.external_attr >> 16):
                raise ValueError(f"member '{info.filename}' is a link")
            if info.compress_type != zipfile.ZIP_STORED or info.file_size > MAX_MEMBER_BYTES:
                raise ValueError(f"member '{info.filename}' is compressed or too large")
            fold = unicodedata.normalize("NFKC", info.filename).casefold()
            if fold in folded:
                raise ValueError(f"member '{info.filename}' is there twice")
            folded.add(fold)
            found[info.filename] = archive.read(info)
    return found


def _dump_zip(value: Mapping[str, bytes]) -> bytes:
    _check_names(value, "a zip member")
    return _zip([(name, bytes(value[name])) for name in sorted(value)])


def _dump_npz(value: Mapping[str, Any]) -> bytes:
    _check_names(value, "an array")
    members = []
    for name in sorted(value):
        buffer = _io.BytesIO()
        np.lib.format.write_array(buffer, _plain(name, value[name]), allow_pickle=False)
        members.append((f"{name}.npy", buffer.getvalue()))
    return _zip(members)


def _load_npz(data: bytes) -> Arrays:
    found = {}
    for name, member in _unzip(data).items():
        if not name.endswith(".npy"):
            raise ValueError(f"member '{name}' is no array")
        buffer = _io.BytesIO(member)
        array = np.lib.format.read_array(buffer, allow_pickle=False)
        if buffer.read(1):
            raise ValueError(f"member '{name}' has bytes after its array")
        found[name.removesuffix(".npy")] = array
    return found


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
    edge = 0
    for begin, end in sorted(spans):
        if begin != edge:
            raise ValueError("tensors overlap or leave a gap")
        edge = end
    if edge != len(body):
        raise ValueError("there are bytes after the last tensor")
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
    return header, data[8 + size :]


def safetensors_metadata(data: bytes) -> Any:
    """What our one metadata key of a safetensors file says; None where it is absent."""
    text = _safetensors_header(data)[0].get("__metadata__", {}).get(METADATA)
    return None if text is None else _strict_json(text.encode())


def _strict_json(data: bytes) -> Any:
    def pairs(items):
        found = dict(items)
        if len(found) != len(items):
            raise ValueError("a key is given twice")
        return found

    def refuse(word):
        raise ValueError(f"{word} is not allowed")

    return json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_constant=refuse)


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
    buffer = _io.StringIO(newline="")
    columns = list(rows[0]) if rows else []
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for number, row in enumerate(rows, 1):
        if list(row) != columns:
            raise RespikeError(f"row {number} has columns {list(row)}; the first has {columns}")
        values = [v.item() if isinstance(v, np.generic) else v for v in row.values()]
        for column, v in zip(columns, values, strict=True):
            if isinstance(v, float) and not math.isfinite(v):
                raise RespikeError(
                    f"a number that is not finite: row {number}, {column} is {v}"
                )
        writer.writerow(
            ["" if v is None else repr(v) if isinstance(v, float) else v for v in values]
        )
    return buffer.getvalue().encode()


def _load_csv(data: bytes) -> list[dict[str, str]]:
    rows = list(csv.reader(_io.StringIO(data.decode("utf-8"), newline=""), strict=True))
    if not rows:
        raise ValueError("no header line")
    head, *body = rows
    if not head:
        return []
    if len(set(head)) != len(head) or any(len(row) != len(head) for row in body):
        raise ValueError("a row has another number of cells than the header")
    return [dict(zip(head, row, strict=True)) for row in body]


_FORMATS: dict[str, tuple[Callable[..., bytes], Callable[[bytes], Any]]] = {
    ".npz": (_dump_npz, _load_npz),
    ".safetensors": (_dump_safetensors, _load_safetensors),
    ".json": (_dump_json, _strict_json),
    ".csv": (_dump_csv, _load_csv),
    ".zip": (_dump_zip, _unzip),
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
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DamagedFile(f"{name} is not a valid {suffix[1:]} file: {why}") from None


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
