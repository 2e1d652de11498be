"""What a job did: its key, its inputs and outputs with their hashes, and where it ran.

`record.json` is evidence: it may hold times and hosts. Its fields are those of
workflow/schemas/record.schema.yaml; a change of what one means raises the number in SCHEMA.
Each input names the key of the job that made it, so that records chain back to the data, and
each record is sealed by a hash over all it says: an edited record is refused where it is read.
"""

import json
import os
import platform
import sys
from functools import cache
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

from respike.core import io, layout
from respike.core.errors import DamagedFile

SCHEMA = "respike-record/2"
SEAL = "seal"
PLACEHOLDER = "not run"
VARIABLES = (
    "ATEN_CPU_CAPABILITY", "GLIBC_TUNABLES", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS",
    "MKL_NUM_THREADS", "NPY_DISABLE_CPU_FEATURES", "OMP_NUM_THREADS", "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS",
)  # fmt: skip
_FLAGS = (
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "avx512f",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
)


@cache
def _cpu() -> dict[str, Any]:
    rows: dict[str, str] = {}
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            rows.setdefault(name.strip(), value.strip())
    except OSError:
        pass
    flags = set(rows.get("flags", "").split())
    return {
        "architecture": platform.machine(),
        "cpu_vendor": rows.get("vendor_id", "unknown"),
        "cpu_flags": [flag for flag in _FLAGS if flag in flags],
    }


def numerics() -> dict[str, Any]:
    """The numerics class: all that decides the bits of a float result on this machine.

    Bitwise equality is claimed only between jobs of one class (design 1.11).
    """
    torch = sys.modules.get("torch")
    versions = {}
    for package in ("torch", "numpy", "scipy", "mujoco", "spikingjelly"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    return {
        **_cpu(),
        "libc": " ".join(platform.libc_ver()),
        "python": platform.python_version(),
        "versions": versions,
        "threads": torch.get_num_threads()
        if torch
        else int(os.environ.get("OMP_NUM_THREADS", "0")),
        "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def key(record: dict[str, Any]) -> str:
    """Hash of all that determines a job's outputs: what it is, its inputs and environment."""
    inputs = {
        name: [file["sha256"] for file in files] for name, files in record["inputs"].items()
    }
    decides = {k: record[k] for k in ("stage", "settings", "code", "env")}
    return io.content_sha256({**decides, "inputs": inputs})


def load(path: Path | PurePosixPath) -> dict[str, Any]:
    """Read one record.

    Raises:
        DamagedFile: missing, not JSON, of another schema, or edited since it was written.
    """
    try:
        data = Path(path).read_bytes()
    except (OSError, ValueError):  # also a name that no file can have
        raise DamagedFile(
            f"{path} is missing, so that what lies beside it cannot be trusted; run again"
        ) from None
    return parse(path, data)


def parse(path: Path | PurePosixPath, data: bytes) -> dict[str, Any]:
    """The record that bytes hold; see `load`."""
    try:
        record = io.parse(str(path), data)
    except DamagedFile as error:
        raise DamagedFile(f"{error}; remove its folder and run again") from None
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise DamagedFile(f"{path} is no {SCHEMA}; remove its folder and run again")
    if record.pop(SEAL, None) != seal(record):
        raise DamagedFile(
            f"{path} was edited after it was written; remove its folder and run again"
        )
    return record


def seal(record: dict[str, Any]) -> str:
    """Hash over all that a record says."""
    return io.content_sha256({k: v for k, v in record.items() if k != SEAL})


def read_verified(root: Path, path: str | PurePosixPath) -> tuple[bytes, dict[str, Any]]:
    """Bytes of an artifact, checked against the record of the job that made it.

    Args:
        root: folder that holds data/ and results/.
        path: the artifact, relative to it.

    Returns:
        The bytes, and the record.

    Raises:
        DamagedFile: no record, not named in the record, or other bytes than recorded.
    """
    path = PurePosixPath(path)
    record_path = layout.record_of(path)
    record = load(root / record_path)
    row = record["outputs"].get(path.name) or record.get("extras", {}).get(path.name)
    if row is None:
        raise DamagedFile(f"{path} is not named in {record_path}; remove it and run again")
    return io.read_bytes(root / path, row["sha256"], producer(record)), record


def producer(record: dict[str, Any]) -> str:
    """Who made an artifact, in words: `train of esl-snns/dense seed 3`."""
    settings = record.get("settings", {})
    if "variant" in settings:
        return (
            f"{record['stage']} of {settings['study']}/{settings['variant']} "
            f"seed {settings['seed']}"
        )
    named = (settings.get(word) for word in ("dataset", "study", "kernel"))
    return f"{record['stage']} of {next(filter(None, named), 'the page')}"


def made_on(record: dict[str, Any]) -> str:
    """The host that did a job, and the job of Slurm it was: `node7, Slurm job 4711`."""
    evidence = record.get("evidence", {})
    number = evidence.get("slurm_job_id")
    host = evidence.get("host", "an unknown host")
    return f"{host}, Slurm job {number}" if number else host


def describe(data: bytes, name: str, value: Any) -> dict[str, Any]:
    """The row of one output: bytes, file hash, and content hash where it holds content."""
    row = {"bytes": len(data), "sha256": io.sha256(data)}
    if PurePosixPath(name).suffix in {".npz", ".safetensors", ".zip"} and value:
        row["content_sha256"] = io.content_sha256(value)
    return row


def dump(record: dict[str, Any]) -> bytes:
    """Bytes of a record, sealed."""
    sealed = {**record, SEAL: seal(record)}
    return (json.dumps(sealed, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()
