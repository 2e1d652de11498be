"""Foreign formats (.mat, .h5, .edf, .bdf, .pt), parsed in a child process with limits.

A parser of a foreign format may crash, loop or be taken over; it must not take its caller with
it. The child gets bytes on standard input, an environment without secrets, no network, no file
to open, and limits on memory, seconds and output; npz comes back, which our own reader reads.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path, PurePosixPath

from respike.core.errors import DamagedFile
from respike.core.io import Arrays, parse
from respike.core.log import visible
from respike.core.parsers import child

_KEPT = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR")
_SET = {
    "PYTHONSAFEPATH": "1",  # no module of the working folder
    "PYTHONNOUSERSITE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "HDF5_PLUGIN_PRELOAD": "::",  # HDF5's word for: no plug-ins at all
    "HDF5_PLUGIN_PATH": os.devnull,
    "HDF5_USE_FILE_LOCKING": "FALSE",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
_SIGNALS = {
    signal.SIGKILL: "often: out of memory",
    signal.SIGXCPU: "more CPU time than allowed",
}


def environment() -> dict[str, str]:
    """The variables a child gets: an allow-list, so that no secret is among them."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {**kept, **_SET, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}


def parse_foreign(name: str, data: bytes, timeout_s: float = 300) -> Arrays:
    """Parse a foreign file in a child process, flattened to named arrays.

    MATLAB: a field of a struct is `struct.field`, an element of a cell or struct array
    `name[i]`, text a text array. HDF5: datasets by path, rows of variable length `name[i]`.
    EDF and BDF: `signal[i]`, `label`, `dimension`, `rate_hz`, `annotation.text`, ... .pt and
    .pth: the tensors of a state dict.

    Args:
        name: file name, for its suffix and for messages.
        data: the file's bytes, already hashed.
        timeout_s: how long the child may take [s].

    Raises:
        DamagedFile: no reader for it, or the child refused, crashed or took too long.
    """
    suffix, name = PurePosixPath(name).suffix.lower(), visible(name)
    if suffix not in child.READERS:
        known = ", ".join(child.READERS)
        raise DamagedFile(f"{name}: no reader for '{visible(suffix)}'; known: {known}")
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        try:
            code = subprocess.run(
                [sys.executable, "-m", child.__name__, suffix, f"{timeout_s:.3f}"],
                input=data,
                stdout=out,
                stderr=said,
                timeout=timeout_s,
                check=False,
                env=environment(),
                cwd="/",
            ).returncode
        except subprocess.TimeoutExpired:
            raise DamagedFile(
                f"{name}: parsing took more than {timeout_s:.0f} s; is it damaged?"
            ) from None
        if code:
            why = _why(code, _tail(said))
            raise DamagedFile(f"{name} is not a valid {suffix[1:]} file: {why}")
        out.seek(0)
        return parse("foreign.npz", out.read())


def _tail(said) -> str:
    said.seek(max(0, said.seek(0, os.SEEK_END) - 4096))
    lines = said.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _why(code: int, said: str) -> str:
    if code < 0:
        hint = _SIGNALS.get(-code)
        return f"the parser died with signal {-code}" + (f" ({hint})" if hint else "")
    return visible(said) or f"the parser ended with {code}"
