"""Child process that parses one foreign file: bytes on standard input, npz on standard output.

Run as `python -m respike.core.foreign .mat`; only `respike.core.io.parse_foreign` does so.
"""

import io
import resource
import sys
from typing import Any

import numpy as np

from respike.core.io import dump

MAX_MEMORY_BYTES = 8 * 2**30


def flatten(value: Any, name: str, found: dict[str, np.ndarray]) -> None:
    """Put a MATLAB value into `found` as named arrays: `struct.field`, `cell[i]`."""
    array = np.asarray(value)
    if array.dtype.names:
        single = array.size == 1
        for i, row in enumerate(array.ravel(order="F")):
            for field in array.dtype.names:
                flatten(
                    row[field],
                    f"{name}.{field}" if single else f"{name}[{i}].{field}",
                    found,
                )
    elif array.dtype == object:
        if array.size == 1:
            flatten(array.ravel()[0], name, found)
        else:
            for i, inner in enumerate(array.ravel(order="F")):
                flatten(inner, f"{name}[{i}]", found)
    else:
        found[name] = array


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    if sys.argv[1:] != [".mat"]:
        sys.stderr.write(f"no reader for '{' '.join(sys.argv[1:])}'; known: .mat\n")
        return 2
    from scipy.io import loadmat

    data = sys.stdin.buffer.read()
    try:
        raw = loadmat(
            io.BytesIO(data),
            chars_as_strings=True,
            verify_compressed_data_integrity=True,
        )
    except Exception as error:  # any failure of a foreign parser is a damaged file to us
        sys.stderr.write(f"{type(error).__name__}: {' '.join(str(error).split())}\n")
        return 1
    found: dict[str, np.ndarray] = {}
    for name, value in raw.items():
        if not name.startswith("__"):
            flatten(value, name, found)
    sys.stdout.buffer.write(dump("foreign.npz", found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
