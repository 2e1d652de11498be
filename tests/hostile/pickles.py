"""Pickles that would run code, bare and inside the zip form of torch.save."""

import builtins
import io
import os
import pickle
import subprocess
import zipfile

MARK = "hostile-code-ran"


class Runs:
    """An object that runs a function when it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def payloads() -> dict[str, object]:
    """Ways to run code from a pickle."""
    return {
        "system": Runs(os.system, f"touch {MARK}"),
        "exec": Runs(builtins.exec, f"open({MARK!r}, 'w').close()"),
        "eval": Runs(builtins.eval, f"open({MARK!r}, 'w').close()"),
        "popen": Runs(subprocess.Popen, ["touch", MARK]),
        "mkdir": Runs(os.mkdir, MARK),
    }


def torch_zip(data_pkl: bytes, storage: bytes = b"", name: str = "archive") -> bytes:
    """The zip that torch.save writes, around a pickle of one's own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for member, data in (
            ("data.pkl", data_pkl),
            ("byteorder", b"little"),
            ("data/0", storage),
            ("version", b"3\n"),
        ):
            archive.writestr(zipfile.ZipInfo(f"{name}/{member}", (1980, 1, 1, 0, 0, 0)), data)
    return buffer.getvalue()


def tensor_pickle(elements: int, sizes: tuple[int, ...], strides: tuple[int, ...], offset=0):
    """The pickle of {'a': tensor} as torch writes it, with numbers of one's own."""

    def numbers(values):
        return (
            b"(" + b"".join(b"J" + v.to_bytes(4, "little", signed=True) for v in values) + b"t"
        )

    storage = (
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu"
        + b"\x8a\x08" + elements.to_bytes(8, "little", signed=True) + b"tQ"
    )  # fmt: skip
    return (
        b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n("
        + storage
        + b"J" + offset.to_bytes(4, "little", signed=True)
        + numbers(sizes)
        + numbers(strides)
        + b"\x89ccollections\nOrderedDict\n)RtRs."
    )  # fmt: skip


def files() -> dict[str, bytes]:
    """Hostile .pt, .pth and .pkl files."""
    found = {}
    for name, payload in payloads().items():
        text = pickle.dumps({"weight": payload}, protocol=2)
        found[f"pickle-{name}.pt"] = torch_zip(text)
        found[f"pickle-{name}.pkl"] = text
    magic, protocol = 0x1950A86A20F9469CFC6C, 1001
    legacy = b"".join(
        pickle.dumps(part, protocol=2) for part in (magic, protocol, {"little_endian": True})
    )
    found["pickle-legacy.pth"] = legacy + pickle.dumps(payloads()["system"], protocol=2)
    found["pickle-bare.pth"] = pickle.dumps(payloads()["exec"], protocol=4)
    found["pickle-set-attribute.pt"] = torch_zip(
        b"\x80\x02cbuiltins\ngetattr\n(cos\nsystem\nX\x08\x00\x00\x00__call__tR"
        + f"(X\x16\x00\x00\x00touch {MARK}tR.".encode()
    )
    found["pickle-unknown-class.pt"] = torch_zip(b"\x80\x02crespike.cli\nmain\n)R.")
    found["pickle-jit.pt"] = torch_zip(pickle.dumps({}, 2), name="code") + b""
    found["pickle-storage-too-small.pt"] = torch_zip(
        tensor_pickle(1000, (1000,), (1,)), bytes(16)
    )
    found["pickle-tensor-beyond-storage.pt"] = torch_zip(
        tensor_pickle(4, (1000,), (1,)), bytes(16)
    )
    found["pickle-negative-stride.pt"] = torch_zip(tensor_pickle(4, (4,), (-1,)), bytes(16))
    found["pickle-offset-beyond.pt"] = torch_zip(
        tensor_pickle(4, (4,), (1,), offset=2**30), bytes(16)
    )
    found["pickle-wide-by-stride-0.pt"] = torch_zip(
        tensor_pickle(4, (2**30, 2**10), (0, 0)), bytes(16)
    )
    found["pickle-memo-bomb.pt"] = torch_zip(
        b"\x80\x02]q\x00" + b"".join(b"]" + b"h\x00a" * 2 for _ in range(50)) + b"."
    )
    found["pickle-deep.pt"] = torch_zip(b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b".")
    return found
