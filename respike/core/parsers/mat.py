"""MATLAB files: versions 4 to 7 by scipy, version 7.3 by h5py; flattened to named arrays.

A field of a struct is `struct.field`, an element of a cell or struct array `name[i]`, a text a
text array.
"""

import io
from typing import Any

import numpy as np

from respike.core.parsers import hdf5

_HDF5_AT = 512
_NO_ARRAYS = {"cell", "function_handle"}


def is_hdf5(data: bytes) -> bool:
    """Whether a file is of version 7.3, which is HDF5 behind a block of text."""
    return data[_HDF5_AT : _HDF5_AT + 8] == hdf5.SIGNATURE


def prepare(data: bytes) -> None:
    """Import what parsing needs; afterwards no file can be opened."""
    if is_hdf5(data):
        hdf5.prepare(data)
    else:
        import scipy.io.matlab
        import scipy.sparse  # noqa: F401


def parse(data: bytes, room: int) -> dict[str, np.ndarray]:
    """Named arrays of a MATLAB file; see respike.core.foreign.

    Raises:
        Exception: whatever the parser meets in a damaged file.
    """
    if is_hdf5(data):
        return _version_7_3(data, room)
    from scipy.io import loadmat

    raw = loadmat(
        io.BytesIO(data), chars_as_strings=True, verify_compressed_data_integrity=True
    )
    found: dict[str, np.ndarray] = {}
    for name, value in raw.items():
        if not name.startswith("__"):
            flatten(value, name, found)
    return found


def flatten(value: Any, name: str, found: dict[str, np.ndarray]) -> None:
    """Put a MATLAB value into `found` as named arrays.

    Raises:
        ValueError: two values of one name, a sparse matrix, or what is no array (a function).
    """
    if type(value).__name__ in {"MatlabFunction", "MatlabOpaque", "MatlabObject"}:
        raise ValueError(f"'{name}' is a function or an object of a class; save it as arrays")
    if hasattr(value, "tocoo"):
        raise ValueError(f"'{name}' is a sparse matrix; save it as three arrays")
    array = np.asarray(value)
    if array.dtype.names is not None:
        single = array.size == 1
        for i, row in enumerate(array.ravel(order="F")):
            for field in array.dtype.names:
                inner = f"{name}.{field}" if single else f"{name}[{i}].{field}"
                flatten(row[field], inner, found)
    elif array.dtype == object:
        if array.size == 1:
            flatten(array.ravel()[0], name, found)
        else:
            for i, inner in enumerate(array.ravel(order="F")):
                flatten(inner, f"{name}[{i}]", found)
    elif array.dtype.kind not in "biufcSU":
        raise ValueError(f"'{name}' holds {array.dtype}; read here: numbers, booleans and text")
    elif name in found:
        raise ValueError(f"'{name}' is there twice")
    else:
        found[name] = array


def _version_7_3(data: bytes, room: int) -> dict[str, np.ndarray]:
    found = {}
    for path, dataset, array in hdf5.arrays(data, room):
        kind = dataset.attrs.get("MATLAB_class", b"")
        kind = kind.decode() if isinstance(kind, bytes) else str(kind)
        if path.startswith("#"):
            raise ValueError("it holds cells or objects, by reference; save them as arrays")
        if kind in _NO_ARRAYS or "MATLAB_empty" in dataset.attrs:
            raise ValueError(f"'{path}' is of class {kind or 'unknown'}; save it as an array")
        if "MATLAB_sparse" in dataset.parent.attrs:
            raise ValueError(f"'{path}' is a part of a sparse matrix; save it as three arrays")
        found[path.replace("/", ".")] = _turned(array, kind)
    return found


def _turned(array: np.ndarray, kind: str) -> np.ndarray:
    """HDF5 holds MATLAB's arrays with their axes in reverse order, and text as numbers."""
    if kind == "char":
        return np.array([bytes(row.astype("<u2")).decode("utf-16-le") for row in array.T])
    return np.ascontiguousarray(array.T != 0 if kind == "logical" else array.T)
