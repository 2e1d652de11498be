"""HDF5 files: each dataset becomes an array named by its path, `group/name`.

What could read another file or run foreign code is refused before a value is read: links out of
the file (soft links too), virtual datasets, external storage, filters other than HDF5's own
deflate, shuffle and fletcher32, references. Rows of variable length become `name[i]`.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

SIGNATURE = b"\x89HDF\r\n\x1a\n"
MAX_DEPTH = 64
MAX_ARRAYS = 100_000
_FILTERS = {1: "deflate", 2: "shuffle", 3: "fletcher32"}


def prepare(data: bytes) -> None:
    """Import what parsing needs; afterwards no file can be opened."""
    import h5py  # noqa: F401


def parse(data: bytes, room: int) -> dict[str, np.ndarray]:
    """Named arrays of an HDF5 file; see respike.core.foreign.

    Args:
        data: the file.
        room: bytes that the arrays may take together.

    Raises:
        ValueError: something in the file is refused; the sentence names it.
        Exception: whatever the parser meets in a damaged file.
    """
    found: dict[str, np.ndarray] = {}
    for path, _, array in arrays(data, room):
        if array.dtype != object:
            found[path] = array
            continue
        for i, row in enumerate(array.ravel()):
            found[f"{path}[{i}]"] = np.asarray(row)
            if len(found) > MAX_ARRAYS:
                raise ValueError(f"there are more than {MAX_ARRAYS:,} arrays in it")
    return found


def arrays(data: bytes, room: int) -> Iterator[tuple[str, Any, np.ndarray]]:
    """Path, h5py dataset and values of each dataset in a file, in the order of their names."""
    import h5py

    if SIGNATURE not in (data[:8], data[512:520]):
        raise ValueError("it does not begin as an HDF5 file does")
    try:
        image = h5py.File(h5py.h5f.open_file_image(data))
    except ValueError:
        raise ValueError("HDF5 cannot open it: cut short, or changed on its way") from None
    with image as file:
        datasets = list(_datasets(file, "", 0, set()))
        total = 0
        for path, dataset in datasets:
            _check_storage(path, dataset)
            total += math.prod(dataset.shape) * max(dataset.dtype.itemsize, 1)
            if total > room:
                raise ValueError(f"it unpacks to more than {room:,} bytes; refused as a bomb")
        for path, dataset in datasets:
            yield path, dataset, _values(path, dataset)


def _datasets(group: Any, path: str, depth: int, seen: set[Any]) -> Iterator[tuple[str, Any]]:
    import h5py

    if depth > MAX_DEPTH:
        raise ValueError(f"groups lie more than {MAX_DEPTH} deep in it")
    for name in sorted(group):
        here = f"{path}{name}"
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"'{here}' is a link that could leave the file; copy the data in")
        item = group[name]
        place = h5py.h5o.get_info(item.id)
        if (place.fileno, place.addr) in seen:
            raise ValueError(f"'{here}' is there under another name too")
        seen.add((place.fileno, place.addr))
        if len(seen) > MAX_ARRAYS:
            raise ValueError(f"there are more than {MAX_ARRAYS:,} objects in it")
        if isinstance(item, h5py.Group):
            yield from _datasets(item, f"{here}/", depth + 1, seen)
        elif isinstance(item, h5py.Dataset):
            yield here, item
        else:
            raise ValueError(f"'{here}' is a {type(item).__name__.lower()}, not a dataset")


def _check_storage(path: str, dataset: Any) -> None:
    import h5py

    kept = dataset.id.get_create_plist()
    if kept.get_external_count():
        raise ValueError(f"'{path}' keeps its values in another file; copy them in")
    if kept.get_layout() == h5py.h5d.VIRTUAL:
        raise ValueError(f"'{path}' is virtual: its values lie in other files; copy them in")
    for i in range(kept.get_nfilters()):
        number = kept.get_filter(i)[0]
        if number not in _FILTERS:
            raise ValueError(
                f"'{path}' needs the filter {number}; read here: {', '.join(_FILTERS.values())}"
            )
    if dataset.shape is None:
        raise ValueError(f"'{path}' has no shape")


def _values(path: str, dataset: Any) -> np.ndarray:
    import h5py

    dtype = dataset.dtype
    text, row = h5py.check_string_dtype(dtype), h5py.check_vlen_dtype(dtype)
    if text is not None:
        values = np.asarray(dataset.asstr(errors="strict")[()], dtype=object)
        joined = [str(v) for v in values.ravel()]
        if any("\0" in t for t in joined):
            raise ValueError(f"'{path}' holds a text with NUL")
        return np.array(joined, dtype=str).reshape(dataset.shape)
    if row is not None:
        if not isinstance(row, np.dtype) or row.kind not in "biuf":
            raise ValueError(f"'{path}' holds rows of {row}; read here: rows of numbers")
        return np.asarray(dataset[()], dtype=object)
    if dtype.kind not in "biufc":
        raise ValueError(
            f"'{path}' holds {dtype}; read here: numbers, booleans, text and rows of numbers"
        )
    return np.asarray(dataset[()])
