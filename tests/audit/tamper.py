"""Faults for a finished run or a bundle: each changes a file, and says if it changed anything.

Size and mtime are kept where the fault allows it. `Reference.restore` brings all back.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from respike.core import io, layout, records

BUDGET = "smoke"
AT = f"results/{BUDGET}"


class Reference:
    """A folder that is changed and brought back; `older` is an earlier one of the same job."""

    def __init__(self, folder: Path, older: Path):
        self.folder, self.older = folder, older
        self._bytes = {path: path.read_bytes() for path in _below(folder)}
        self._times = {path: path.stat().st_mtime_ns for path in self._bytes}
        self._touched: set[str] = set()

    def files(self) -> list[str]:
        """Paths of all files, relative to the folder."""
        return [path.relative_to(self.folder).as_posix() for path in self._bytes]

    def restore(self) -> None:
        """Undo every change that was made with `put`, `remove` or `rehash`."""
        for path in self._touched:
            at = self.folder / path
            at.unlink(missing_ok=True)
            if at in self._bytes:
                at.write_bytes(self._bytes[at])
                os.utime(at, ns=(self._times[at],) * 2)
            elif at.parent.is_dir() and not any(at.parent.iterdir()):
                at.parent.rmdir()
        self._touched.clear()

    def put(self, path: str, data: bytes) -> None:
        """Give a file other bytes; its mtime stays."""
        self.remove(path)
        at = self.folder / path
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(data)
        if at in self._times:
            os.utime(at, ns=(self._times[at],) * 2)

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        self._touched.add(path)
        (self.folder / path).unlink(missing_ok=True)

    def bytes(self, path: str) -> bytes:
        """What a file held at first."""
        return self._bytes[self.folder / path]


def _below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())


def bit_flip(at: Reference, path: str) -> bool:
    """Flip one bit, at a place that the path decides."""
    data = bytearray(at.bytes(path))
    if not data:
        return False
    place = int(hashlib.sha256(path.encode()).hexdigest(), 16)
    data[place % len(data)] ^= 1 << (place // len(data) % 8)
    at.put(path, bytes(data))
    return True


def truncate(at: Reference, path: str) -> bool:
    """Cut the last byte off."""
    data = at.bytes(path)
    at.put(path, data[:-1])
    return bool(data)


def empty(at: Reference, path: str) -> bool:
    """Leave nothing in the file."""
    at.put(path, b"")
    return bool(at.bytes(path))


def swap(at: Reference, path: str) -> bool:
    """Exchange the file with another one: of the same name if there is one, else any."""
    name = path.rpartition("/")[2]
    others = [p for p in at.files() if at.bytes(p) != at.bytes(path)]
    others.sort(key=lambda p: (p.rpartition("/")[2] != name, p < path))
    at.put(path, at.bytes(others[0]))
    at.put(others[0], at.bytes(path))
    return True


def delete(at: Reference, path: str) -> bool:
    """Remove the file."""
    at.remove(path)
    return True


def add(at: Reference, path: str) -> bool:
    """Put a file of no record beside it."""
    at.put(f"{path.rpartition('/')[0]}/added.json".removeprefix("/"), b"{}\n")
    return True


def replay(at: Reference, path: str) -> bool:
    """Put the older run's file of that name in its place."""
    older = at.older / path
    if not older.exists() or older.read_bytes() == at.bytes(path):
        return False
    at.put(path, older.read_bytes())
    return True


FAULTS: dict[str, Callable[[Reference, str], bool]] = {
    fault.__name__.replace("_", " "): fault
    for fault in (bit_flip, truncate, empty, swap, delete, add, replay)
}


# ---------------------------------------------------------------- consistent forgery


def rehash(at: Reference) -> None:
    """Make every record, list and manifest of a run, and of a bundle, say what is there now."""
    folder = at.folder
    listed = [line[66:] for line in (folder / AT / "SHA256SUMS").read_text().splitlines()]
    for path in (path for path in listed if path.endswith(("verdicts.json", "verdict.json"))):
        value = json.loads((folder / path).read_bytes())
        for row in value.get("claims", value.get("verdicts")):
            for piece in row["evidence"]:
                piece["sha256"] = _hash(folder / piece["path"])
        at.put(path, io.dump(path, value))
    found = {
        p: json.loads((folder / p).read_bytes()) for p in listed if p.endswith("record.json")
    }
    for path in _in_order(found):
        record = found[path]
        record.pop(records.SEAL)
        for name, row in {**record["outputs"], **record["extras"]}.items():
            _look(folder / layout.artifact(path, name), row)
        for row in (row for rows in record["inputs"].values() for row in rows):
            _look(folder / row["path"], row)
            row["key"] = found[str(layout.record_of(row["path"]))]["key"]
        record["key"] = records.key(record)
        at.put(path, records.dump(record))
    manifest = json.loads((folder / AT / "manifest.json").read_bytes())
    manifest["root"]["sha256"] = _list(at, f"{AT}/SHA256SUMS")
    for path, row in manifest["records"].items():
        row["key"] = found[path]["key"]
    at.put(f"{AT}/manifest.json", io.dump("manifest.json", manifest))
    if (folder / "bundle.json").exists():
        bundle = json.loads((folder / "bundle.json").read_bytes())
        bundle["manifest"]["sha256"] = _hash(folder / AT / "manifest.json")
        for study in bundle["studies"]:
            bundle["studies"][study] = _hash(folder / f"studies/{study}.yaml")
        bundle["sums"]["sha256"] = _list(at, "SHA256SUMS")
        at.put("bundle.json", io.dump("bundle.json", bundle))


def _hash(path: Path) -> str:
    return io.sha256(path.read_bytes())


def _look(path: Path, row: dict) -> None:
    if path.exists():  # a bundle withholds some
        row |= {"bytes": path.stat().st_size, "sha256": _hash(path)}


def _list(at: Reference, path: str) -> str:
    lines = []
    for line in (at.folder / path).read_text().splitlines():
        file = at.folder / line[66:]
        lines.append(f"{_hash(file) if file.exists() else line[:64]}{line[64:]}\n")
    at.put(path, "".join(lines).encode())
    return _hash(at.folder / path)


def _in_order(found: dict[str, dict]) -> list[str]:
    """Records, each after those whose files it read."""
    order: list[str] = []

    def visit(path: str) -> None:
        if path not in order:
            rows = [row for rows in found[path]["inputs"].values() for row in rows]
            for before in {str(layout.record_of(row["path"])) for row in rows} - {path}:
                visit(before)
            order.append(path)

    for path in sorted(found):
        visit(path)
    return order


def copy(folder: Path, target: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(folder, target, symlinks=True))
