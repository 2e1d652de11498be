"""PyTorch checkpoints: a state dict of dense tensors, flat or nested, becomes named arrays.

Loaded with weights_only=True on the CPU, which builds tensors and containers alone. A key in a
dict in a dict is `outer.inner`, an element of a list `name[i]`. What is no tensor is refused.
"""

import contextlib
import io
import re
from typing import Any

import numpy as np

OLDEST = (2, 10)  # CVE-2026-24747: the weights_only unpickler before it corrupts memory
_TYPES = {
    "float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "bool",
    "complex64", "complex128",
}  # fmt: skip
MAX_DEPTH = 64


def prepare(data: bytes) -> None:
    """Import what parsing needs; afterwards no file can be opened.

    Raises:
        ValueError: a PyTorch whose reader is known to be unsafe.
    """
    import torch

    version = tuple(int(n) for n in torch.__version__.split("+")[0].split(".")[:2])
    if version < OLDEST:
        raise ValueError(
            f"torch {torch.__version__} reads checkpoints unsafely; install 2.10 or newer"
        )
    torch.set_num_threads(1)
    small = io.BytesIO()
    torch.save({"a": torch.zeros(1)}, small)
    for bad in (small.getvalue(), b"no checkpoint"):  # so that it imports what it needs
        with contextlib.suppress(Exception):
            torch.load(io.BytesIO(bad), map_location="cpu", weights_only=True)


def parse(data: bytes, room: int) -> dict[str, np.ndarray]:
    """Named arrays of a checkpoint; see respike.core.foreign.

    Raises:
        ValueError: something in the file is no dense tensor of a known type.
        Exception: whatever the parser meets in a damaged file.
    """
    import torch

    try:
        value = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:
        if type(error).__name__ != "UnpicklingError":
            raise
        # torch's own sentence advises to load it without the check
        asked = re.search(r"GLOBAL ([\w.]+)", str(error))
        what = f"asks for {asked[1]}" if asked else "is not what torch.save writes"
        raise ValueError(
            f"its pickle {what}; read here: tensors in dicts and lists, nothing that runs code"
        ) from None
    if not isinstance(value, dict):
        raise ValueError(f"it holds a {type(value).__name__}; read here: a dict of tensors")
    tensors: dict[str, Any] = {}
    _flatten(value, "", tensors, 0)
    if not tensors:
        raise ValueError("there is no tensor in it")
    total = sum(t.numel() * t.element_size() for t in tensors.values())
    if total > room:
        raise ValueError(f"it unpacks to {total:,} bytes; refused as a bomb")
    return {name: t.detach().contiguous().numpy() for name, t in tensors.items()}


def _flatten(value: Any, name: str, found: dict[str, Any], depth: int) -> None:
    import torch

    if depth > MAX_DEPTH:
        raise ValueError(f"its containers lie more than {MAX_DEPTH} deep")
    if isinstance(value, torch.Tensor):
        _check(value, name)
        if name in found:
            raise ValueError(f"'{name}' is there twice")
        found[name] = value
    elif isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or not key:
                raise ValueError(f"'{name}' has the key {key!r}; keys are texts")
            _flatten(inner, f"{name}.{key}" if name else key, found, depth + 1)
    elif isinstance(value, list | tuple):
        for i, inner in enumerate(value):
            _flatten(inner, f"{name}[{i}]", found, depth + 1)
    else:
        raise ValueError(
            f"'{name}' is a {type(value).__name__}; save the state dict alone "
            "(torch.save(model.state_dict(), ...))"
        )
    if len(found) > 100_000:
        raise ValueError("there are more than 100,000 tensors in it")


def _check(tensor: Any, name: str) -> None:
    import torch

    kind = str(tensor.dtype).removeprefix("torch.")
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
        raise ValueError(f"'{name}' is no dense tensor in memory")
    if kind not in _TYPES:
        raise ValueError(f"'{name}' is of type {kind}; convert it to float32 where it is saved")
    last = sum((n - 1) * s for n, s in zip(tensor.shape, tensor.stride(), strict=True))
    end = (tensor.storage_offset() + last + 1) * tensor.element_size()
    if tensor.numel() and end > tensor.untyped_storage().nbytes():
        raise ValueError(f"'{name}' reaches beyond its storage")
