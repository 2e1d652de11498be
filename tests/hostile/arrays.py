"""npy, npz and safetensors that lie, carry pickles, or ask for memory that is not there."""

import io
import json
import pickle
import struct
import zipfile

import numpy as np

from tests.hostile.pickles import MARK, payloads


def npy(header: str, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    """An npy file with a header of one's own."""
    text = header.encode("latin1") + b"\n"
    size = struct.pack("<H" if version[0] == 1 else "<I", len(text))
    return b"\x93NUMPY" + version + size + text + body


def npz(members: dict[str, bytes]) -> bytes:
    """A stored zip of members, as np.savez writes it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return buffer.getvalue()


def header(descr: str, shape: str, fortran: str = "False") -> str:
    """The text of an npy header."""
    return f"{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}"


def safetensors(head: object, body: bytes = b"", size: int | None = None) -> bytes:
    """A safetensors file with a header of one's own (a value, or the bytes of its text)."""
    text = head if isinstance(head, bytes) else json.dumps(head).encode()
    return struct.pack("<Q", len(text) if size is None else size) + text + body


def tensor(dtype: object, shape: object, begin: object, end: object) -> dict[str, object]:
    """The row of one tensor."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def files() -> dict[str, bytes]:
    """Hostile .npy, .npz and .safetensors files."""
    objects = io.BytesIO()
    np.lib.format.write_array(
        objects, np.array([payloads()["system"]], dtype=object), allow_pickle=True
    )
    run = f"__import__('os').system('touch {MARK}')"
    members = {
        "object": objects.getvalue(),
        "header-eval": npy(f"{{'descr': {run}, 'fortran_order': False, 'shape': (1,), }}"),
        "header-call": npy(run),
        "header-deep": npy("(" * 9000 + ")" * 9000),
        "header-long": npy(header("'<f8'", "(1,)") + " " * 200_000, bytes(8), b"\x02\x00"),
        "header-power": npy(header("'<f8'", "(9**9**9,)"), bytes(8)),
        "shape-huge": npy(header("'<f8'", f"({2**60},)"), bytes(8)),
        "shape-overflow": npy(header("'<f8'", f"({2**32}, {2**32})"), bytes(8)),
        "shape-negative": npy(header("'<f8'", "(-1,)"), bytes(8)),
        "shape-true": npy(header("'<f8'", "(True,)"), bytes(8)),
        "void-huge": npy(header("'|V999999999999'", "(1,)"), bytes(8)),
        "zero-size-items": npy(header("'|S0'", f"({2**62},)")),
        "object-field": npy(header("[('a', '|O')]", "(1,)"), pickle.dumps([1])),
        "version-9": npy(header("'<f8'", "(1,)"), bytes(8), b"\x09\x00"),
    }
    found = {f"npz-{name}.npz": npz({"a.npy": data}) for name, data in members.items()}
    found["npy-object.npy"] = objects.getvalue()
    found["npz-raw-pickle.npz"] = pickle.dumps(payloads()["exec"])
    found["npz-pickle-member.npz"] = npz({"a.pkl": pickle.dumps(payloads()["exec"])})
    one = tensor("F32", [1], 0, 4)
    found |= {
        "safetensors-header-2-63.safetensors": safetensors({"a": one}, bytes(4), 2**63),
        "safetensors-header-long.safetensors": safetensors({"a": one}, bytes(4), 2**20),
        "safetensors-overlap.safetensors": safetensors({"a": one, "b": one}, bytes(4)),
        "safetensors-gap.safetensors": safetensors(
            {"a": one, "b": tensor("F32", [1], 8, 12)}, bytes(12)
        ),
        "safetensors-beyond.safetensors": safetensors(
            {"a": tensor("F32", [2**20], 0, 2**22)}, bytes(4)
        ),
        "safetensors-overflow.safetensors": safetensors(
            {"a": tensor("F32", [2**62, 2**62], 0, 4)}, bytes(4)
        ),
        "safetensors-empty-huge.safetensors": safetensors(
            {"a": tensor("F32", [0, 2**62, 2**62], 0, 0)}
        ),
        "safetensors-100-axes.safetensors": safetensors(
            {"a": tensor("F32", [1] * 100, 0, 4)}, bytes(4)
        ),
        "safetensors-negative.safetensors": safetensors(
            {"a": tensor("F32", [-1], 4, 0)}, bytes(4)
        ),
        "safetensors-text-shape.safetensors": safetensors(
            {"a": tensor("F32", ["1"], 0, 4)}, bytes(4)
        ),
        "safetensors-dtype-list.safetensors": safetensors(
            {"a": tensor(["F32"], [1], 0, 4)}, bytes(4)
        ),
        "safetensors-row-text.safetensors": safetensors({"a": "F32"}, bytes(4)),
        "safetensors-twice.safetensors": safetensors(
            b'{"a":' + json.dumps(one).encode() + b',"a":' + json.dumps(one).encode() + b"}",
            bytes(4),
        ),
        "safetensors-deep.safetensors": safetensors(b"[" * 200_000),
        "safetensors-metadata-list.safetensors": safetensors(
            {"__metadata__": ["respike"], "a": one}, bytes(4)
        ),
        "safetensors-metadata-number.safetensors": safetensors(
            {"__metadata__": {"respike": 3}, "a": one}, bytes(4)
        ),
        "safetensors-name-nul.safetensors": safetensors({"a\0b": one}, bytes(4)),
        "safetensors-name-half.safetensors": safetensors(
            b'{"\\ud800":' + json.dumps(one).encode() + b"}", bytes(4)
        ),
        "safetensors-tail.safetensors": safetensors({"a": one}, bytes(4) + b"#!/bin/sh"),
        "safetensors-bool-2.safetensors": safetensors(
            {"a": tensor("BOOL", [2], 0, 2)}, b"\x01\x02"
        ),
    }
    return found
