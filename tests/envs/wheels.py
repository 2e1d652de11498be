"""Tiny wheels for the tests of the set-up, made by hand."""

import base64
import hashlib
import zipfile
from pathlib import Path


def wheel(folder: Path, name: str, version: str, metadata: str = "") -> str:
    """Write a wheel of one module that says its version; return the sha256 of the file."""
    info = f"{name}-{version}.dist-info"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    members = {
        f"{name}/__init__.py": f"version = {version!r}\n",
        f"{info}/METADATA": head + metadata,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = [f"{member},{_digest(text)},{len(text)}" for member, text in members.items()]
    record = "\n".join([*rows, f"{info}/RECORD,,"]) + "\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        for member, text in {**members, f"{info}/RECORD": record}.items():
            file.writestr(zipfile.ZipInfo(member), text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256=" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def entry(name: str, version: str, *hashes: str) -> str:
    """One entry of a lock."""
    return (
        " \\\n".join([f"{name}=={version}", *(f"    --hash=sha256:{h}" for h in hashes)]) + "\n"
    )
