"""A stand-in for a conda channel, made by the standard library; none of its packages is real.

Its `python` is a pyvenv.cfg and a link to the interpreter that runs the tests, so that a prefix
made from it is a virtual environment in conda's clothing. No public channel was ever reached by
these tests (docs/known-bugs.md).
"""

import bz2
import contextlib
import hashlib
import http.server
import io
import json
import struct
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

VERSION = ".".join(map(str, sys.version_info[:3]))
SITE = "site-packages"
BLOCK = 2**16


class Channel:
    """A folder of packages with its repodata.json."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.rows: dict[str, dict[str, dict]] = {"linux-64": {}, "noarch": {}}
        self.index()

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    def python(self) -> None:
        """The interpreter of the tests as a package."""
        base = Path(getattr(sys, "_base_executable", sys.executable))
        config = f"home = {base.parent}\ninclude-system-site-packages = false\n"
        self.add(
            "python",
            VERSION,
            "host_0",
            {"pyvenv.cfg": f"{config}version = {VERSION}\n"},
            links={"bin/python": str(base), "bin/python3": "python"},
            noarch=False,
        )

    def module(
        self, name: str, version: str, depends=("python",), suffix: str = ".tar.bz2"
    ) -> Path:
        """A noarch package of one Python module that says its version."""
        said = f"version = {version!r}\n"
        info = f"{SITE}/{name}-{version}.dist-info"
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        files = {
            f"{SITE}/{name}.py": said,
            f"{info}/METADATA": head,
            f"{info}/RECORD": "",
            f"{info}/INSTALLER": "conda\n",
            f"etc/conda/activate.d/{name}.sh": f"export ACTIVATED_{name.upper()}=1\n",
        }
        return self.add(name.replace("_", "-"), version, "0", files, depends, suffix=suffix)

    def add(
        self,
        name: str,
        version: str,
        build: str,
        files: Mapping[str, str],
        depends=(),
        links: Mapping[str, str] | None = None,
        noarch: bool = True,
        called: str | None = None,
        suffix: str = ".tar.bz2",
    ) -> Path:
        """Write one package and name it in the index; `called` is the name of its file."""
        subdir = "noarch" if noarch else "linux-64"
        row = {"name": name, "version": version, "build": build, "build_number": 0}
        row |= {"depends": list(depends), "subdir": subdir}
        row |= {"noarch": "python"} if noarch else {}
        members = {path: text.encode() for path, text in files.items()}
        entries = [
            {
                "_path": path,
                "path_type": "hardlink",
                "sha256": hashlib.sha256(data).hexdigest(),
                "size_in_bytes": len(data),
            }
            for path, data in members.items()
        ]
        entries += [{"_path": path, "path_type": "softlink"} for path in links or {}]
        info = {
            "info/index.json": json.dumps(row).encode(),
            "info/paths.json": json.dumps({"paths_version": 1, "paths": entries}).encode(),
            "info/files": "".join(f"{entry['_path']}\n" for entry in entries).encode(),
        }
        stem = f"{called or name}-{version}-{build}"
        path = self.folder / subdir / f"{stem}{suffix}"
        if suffix == ".conda":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
                archive.writestr(f"info-{stem}.tar.zst", zstd(tar(info, {})))
                archive.writestr(f"pkg-{stem}.tar.zst", zstd(tar(members, links or {})))
        else:
            path.write_bytes(bz2.compress(tar({**info, **members}, links or {})))
        data = path.read_bytes()
        row |= {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        row |= {"md5": hashlib.md5(data, usedforsecurity=False).hexdigest()}
        self.rows[subdir][path.name] = row
        self.index()
        return path

    def index(self) -> None:
        for subdir, rows in self.rows.items():
            (self.folder / subdir).mkdir(parents=True, exist_ok=True)
            value: dict = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": {}}
            for file, row in rows.items():
                kind = "packages.conda" if file.endswith(".conda") else "packages"
                value[kind][file] = row
            (self.folder / subdir / "repodata.json").write_text(json.dumps(value))


def tar(members: Mapping[str, bytes], links: Mapping[str, str]) -> bytes:
    """The bytes of an archive."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for member, data in members.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for member, target in links.items():
            entry = tarfile.TarInfo(member)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            archive.addfile(entry)
    return held.getvalue()


def zstd(data: bytes) -> bytes:
    """A frame of Zstandard (RFC 8878) whose blocks are raw: nothing is compressed."""
    frame = struct.pack("<IBI", 0xFD2FB528, 0xA0, len(data))  # one segment, size in 4 bytes
    for start in range(0, len(data), BLOCK):
        block = data[start : start + BLOCK]
        last = start + BLOCK >= len(data)
        frame += struct.pack("<I", last | len(block) << 3)[:3] + block
    return frame


@contextlib.contextmanager
def served(channel: Channel) -> Iterator[str]:
    """The channel over http, on a port of its own."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *given):
            super().__init__(*given, directory=str(channel.folder))

        def log_message(self, *given):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
