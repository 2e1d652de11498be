"""Files by the hash of their content, kept between runs and shared between clones.

$RESPIKE_CACHE, or ~/.cache/respike:

    sha256/ab/abcd...        a verified file; abcd....json beside it says where it came from
    partial/abcd...          what is being fetched; a killed fetch goes on from it
    partial/abcd....bad-...  bytes that a source sent in its place, kept to be looked at
    inbox/                   files that a person put there; taken if their hash is right
    locks/abcd....lock       one process at a time fetches one file
"""

import contextlib
import errno
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock

from respike.core.errors import RespikeError

log = logging.getLogger("respike.fetch")
SPARE = 64 * 2**20  # bytes of the disk that a fetch leaves free
PATIENCE_S = 5.0


class Cache:
    """One cache folder. Nothing is created before something must be written.

    Args:
        root: the folder; None takes $RESPIKE_CACHE, else ~/.cache/respike.
    """

    def __init__(self, root: Path | None = None):
        self.root = root or Path(
            os.environ.get("RESPIKE_CACHE") or Path.home() / ".cache" / "respike"
        )

    def path(self, sha256: str) -> Path:
        """Where a verified file stands."""
        return self.root / "sha256" / sha256[:2] / sha256

    def partial(self, sha256: str) -> Path:
        """Where a file stands while it is fetched."""
        return self.root / "partial" / sha256

    def find(self, sha256: str) -> bytes | None:
        """Bytes of a kept file, hashed anew; None if it is not here or was damaged since."""
        path = self.path(sha256)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self.trouble(error) from None
        if digest(data) == sha256:
            return data
        log.warning("%s was damaged on this disk; it is fetched again", path)
        with self.guarded():
            path.unlink()
        return None

    def inbox(self, size: int, sha256: str) -> bytes | None:
        """Bytes of a file that a person put into the inbox, under any name, if it is right."""
        folder = self.root / "inbox"
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if not path.is_file() or path.stat().st_size != size:
                continue
            with self.guarded():
                data = path.read_bytes()
            if digest(data) == sha256:
                return data
            log.warning("%s is left alone: sha256 %s, not %s", path, digest(data), sha256)
        return None

    @contextlib.contextmanager
    def lock(self, sha256: str) -> Iterator[None]:
        """Hold the right to fetch one file; wait for another process that has it."""
        with self.guarded():
            (self.root / "locks").mkdir(parents=True, exist_ok=True)
            (self.root / "partial").mkdir(exist_ok=True)
            lock = filelock.FileLock(self.root / "locks" / f"{sha256}.lock")
            try:
                lock.acquire(timeout=PATIENCE_S)
            except filelock.Timeout:
                log.info("another process fetches %s...; waiting for it", sha256[:12])
                lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def check_room(self, needed: int) -> None:
        """Refuse to begin what the disk cannot hold.

        Raises:
            RespikeError: fewer than `needed` bytes and a reserve are free.
        """
        free = shutil.disk_usage(self.root).free
        if free < needed + SPARE:
            raise RespikeError(
                f"the disk is full: {needed / 1e6:.1f} MB are to be fetched into {self.root}, "
                f"{free / 1e6:.1f} MB are free (64 are kept so); free space, or set "
                "RESPIKE_CACHE to a folder on another disk, and run again"
            )

    def keep(self, part: Path, sha256: str, provenance: dict[str, Any]) -> None:
        """Move a verified file to its place, and write down where it came from."""
        final = self.path(sha256)
        with self.guarded():
            final.parent.mkdir(parents=True, exist_ok=True)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.chmod(0o444)
            note = part.with_name(f"{part.name}.note")
            note.write_text(json.dumps(provenance, sort_keys=True, indent=1) + "\n")
            note.replace(final.with_name(f"{final.name}.json"))
            part.replace(final)
            folder = os.open(final.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def quarantine(self, part: Path, found: str) -> Path:
        """Set bad bytes aside, so that they are never gone on with."""
        bad = part.with_name(f"{part.name}.bad-{found[:8]}")
        with self.guarded():
            part.replace(bad)
        return bad

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn what the disk refuses into a sentence."""
        try:
            yield
        except OSError as error:
            raise self.trouble(error) from None

    def trouble(self, error: OSError) -> RespikeError:
        """Return the sentence for an error of the disk."""
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return RespikeError(
                f"the disk is full: a file did not fit into {self.root}; what came so "
                "far is kept there and gone on with; free space and run again"
            )
        return RespikeError(
            f"the cache folder {self.root} cannot be used: {error.strerror or error}; "
            "make it writable, or set RESPIKE_CACHE to a folder that is, and run again"
        )


def digest(data: bytes) -> str:
    """SHA-256 of bytes, 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def digest_file(path: Path) -> str:
    """SHA-256 of a file of any size."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
