"""Take regular files out of a zip, wheel or tar, and nothing else.

The standard extractors follow links and have been bypassed again and again; none of them is
called here. Names are checked for the whole archive before the first byte is read.
"""

import io
import re
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from respike.core.errors import RespikeError, did_you_mean
from respike.datasets import ziplayout

_DEVICE = re.compile(r"(?i:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?\Z")
_CHUNK = 1 << 20
_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")  # not shown, or turn round what is
_MAX_PATH = 1024
_BLOCK = 512
# what zipfile and tarfile raise on damaged bytes, as fuzzing showed
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    struct.error,
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
)


@dataclass(frozen=True)
class Caps:
    """What an archive may hold: members, bytes unpacked, and bytes unpacked per byte packed."""

    members: int = 100_000
    bytes: int = 16 * 2**30
    ratio: int = 200

    def allowed(self, packed: int) -> int:
        """Bytes that an archive of `packed` bytes may unpack to; 1 MiB is always allowed."""
        return min(self.bytes, max(self.ratio * packed, 1 << 20))


def extract(
    data: bytes, name: str, only: Iterable[str] | None = None, caps: Caps | None = None
) -> dict[str, bytes]:
    """Return the regular files of an archive.

    Args:
        data: the archive's bytes, already hashed.
        name: its file name; the suffix says the format (.zip, .whl, .tar, .tar.gz, .tgz).
        only: members wanted; None takes all. The names of all others are checked as well.
        caps: limits; None takes the defaults.

    Returns:
        Member name ('/' between folders, no leading './') -> bytes.

    Raises:
        RespikeError: not an archive, a member that is no regular file or folder, a name that
            could leave the folder or meet another name, a cap passed, a wanted member absent.
    """
    caps = caps or Caps()
    wanted = None if only is None else set(only)
    try:
        if name.endswith((".zip", ".whl")):
            found = _unzip(data, name, wanted, caps)
        elif name.endswith((".tar.gz", ".tgz")):
            found = _untar(gunzip(data, name, caps), name, wanted, caps)
        elif name.endswith(".tar"):
            found = _untar(data, name, wanted, caps)
        else:
            raise RespikeError(
                f"{name}: not an archive we read; known: .zip, .whl, .tar, .tar.gz, .tgz"
            )
    except _DAMAGE as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise RespikeError(f"{name} is damaged: {why}; fetch it again") from None
    return found


def gunzip(data: bytes, name: str, caps: Caps | None = None) -> bytes:
    """Decompress a .gz file, which may be several joined.

    Raises:
        RespikeError: damaged, cut short, with bytes after its end, or beyond the caps.
    """
    caps = caps or Caps()
    room = caps.allowed(len(data))
    parts, total, at, streams = [], 0, 0, 0
    while at < len(data):
        stream, streams = zlib.decompressobj(wbits=31), streams + 1
        if streams > caps.members:
            raise RespikeError(f"{name} joins more than {caps.members:,} streams; refused")
        while not stream.eof:
            packed = stream.unconsumed_tail
            if not packed:
                packed = data[at : at + _CHUNK]
                at += len(packed)
            try:
                part = stream.decompress(packed, _CHUNK)
            except zlib.error as error:
                raise RespikeError(f"{name} is damaged: {error}; fetch it again") from None
            total += len(part)
            parts.append(part)
            if total > room:
                raise RespikeError(
                    f"{name} unpacks to more than {room:,} bytes; refused as a bomb"
                )
            if not part and not packed:
                raise RespikeError(f"{name} ends in the middle; fetch it again")
        at -= len(stream.unused_data)
    return b"".join(parts)


def _unzip(
    data: bytes, archive_name: str, wanted: set[str] | None, caps: Caps
) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        kinds = []
        if len(infos) > caps.members:
            raise _too_many(archive_name, caps)
        for info in infos:
            kind = stat.S_IFMT(info.external_attr >> 16)
            folder = info.orig_filename.endswith("/")
            if kind not in (0, stat.S_IFDIR if folder else stat.S_IFREG):
                raise _refused(archive_name, info.filename, "is a link or a device")
            if info.flag_bits & 1:
                raise _refused(archive_name, info.filename, "is encrypted")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise _refused(
                    archive_name, info.filename, "is compressed in a way not read here"
                )
            # the raw name: zipfile cuts at a NUL and turns backslashes in silence
            kinds.append((info.orig_filename, folder, info.file_size))
        names = _checked(archive_name, kinds, caps, len(data))
        begins = ziplayout.places(data, archive)
        found = {}
        for info, name in zip(infos, names, strict=True):
            if info.is_dir() or (wanted is not None and name not in wanted):
                continue
            found[name] = ziplayout.unpacked(data, begins[info.header_offset], info)
    return _complete(found, wanted, archive_name, names)


def _untar(
    data: bytes, archive_name: str, wanted: set[str] | None, caps: Caps
) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        infos, kinds = [], []
        for info in archive:
            _check_tar_member(archive_name, info)
            infos.append(info)
            kinds.append((info.name + "/" * info.isdir(), info.isdir(), info.size))
            if len(infos) > caps.members:
                raise _too_many(archive_name, caps)
        names = _checked(archive_name, kinds, caps, len(data))
        found = {}
        for info, name in zip(infos, names, strict=True):
            if info.isdir() or (wanted is not None and name not in wanted):
                continue
            found[name] = data[info.offset_data : info.offset_data + info.size]
    _check_tar_end(data, infos)
    return _complete(found, wanted, archive_name, names)


def _check_tar_member(archive: str, info: tarfile.TarInfo) -> None:
    """Refuse what is no regular file or folder, and what an extended header turns into one."""
    regular = info.type in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE)
    if not regular or info.linkname:
        raise _refused(archive, info.name, "is a link or a device")
    if info.sparse is not None or any(key.startswith("GNU.sparse") for key in info.pax_headers):
        raise _refused(archive, info.name, "has holes")
    if info.size < 0 or (info.isdir() and info.size):
        raise _refused(archive, info.name, "has a size that cannot be")
    if "size" in info.pax_headers and info.size < 8 * 2**30:  # more does not fit the plain head
        raise _refused(archive, info.name, "is given two sizes")


def _check_tar_end(data: bytes, infos: list[tarfile.TarInfo]) -> None:
    """Refuse an archive cut between two members, or with bytes that others would find."""
    at = max((i.offset_data - -i.size // _BLOCK * _BLOCK for i in infos), default=0)
    rest = data[at:]
    if len(rest) < 2 * _BLOCK or rest.count(0) != len(rest):
        raise ValueError("it does not end as a tar does: two empty blocks and nothing behind")


def _too_many(archive: str, caps: Caps) -> RespikeError:
    return RespikeError(f"{archive} has more than {caps.members:,} members; refused")


def _checked(
    archive: str, members: list[tuple[str, bool, int]], caps: Caps, packed: int
) -> list[str]:
    """Return each member's clean name, or refuse the whole archive."""
    total = sum(size for _, folder, size in members if not folder)
    if total > caps.allowed(packed):
        raise RespikeError(
            f"{archive} unpacks to {total:,} bytes, {caps.allowed(packed):,} are allowed; "
            "refused as a bomb"
        )
    names, files, folders = [], {}, {}
    for raw, folder, size in members:
        name = _clean(archive, raw)
        names.append(name)
        if raw.endswith("/") and (size or not folder):
            raise _refused(archive, raw, "is called a folder and holds bytes")
        if not name:
            if not folder:
                raise _refused(archive, raw, "has an empty name")
            continue
        path = PurePosixPath(name)
        for above in (path, *path.parents)[0 if folder else 1 : -1]:
            folders.setdefault(_fold(above), str(above))
            if folders[_fold(above)] != str(above):
                raise _refused(archive, raw, f"meets '{folders[_fold(above)]}' on some disks")
        if not folder:
            if _fold(path) in files:
                raise _refused(archive, raw, f"meets '{files[_fold(path)]}' on some disks")
            files[_fold(path)] = name
    both = sorted(files.keys() & folders.keys())
    if both:
        raise _refused(archive, files[both[0]], "is a file and a folder")
    return names


def _fold(path: PurePosixPath) -> str:
    folded = unicodedata.normalize("NFKC", str(path)).casefold()
    return unicodedata.normalize("NFKC", folded)


def _clean(archive: str, raw: str) -> str:
    """Return a member's name without './' and the '/' that ends a folder, or refuse it."""
    if len(raw.encode(errors="surrogatepass")) > _MAX_PATH:
        raise _refused(archive, raw, f"has a path longer than {_MAX_PATH} bytes")
    name = raw.removesuffix("/")
    while name.startswith("./"):
        name = name[2:]
    if name in ("", "."):
        return ""
    if name.startswith("/") or "\\" in name or re.match(r"[A-Za-z]:", name):
        raise _refused(archive, raw, "has an absolute path, a drive or a backslash")
    for part in name.split("/"):
        if part in ("", ".", ".."):
            raise _refused(archive, raw, "leaves its folder or has an empty step")
        if any(unicodedata.category(c) in _HIDDEN for c in part):
            raise _refused(archive, raw, "has a control character in its name")
        if _DEVICE.match(part) or part[-1] in ". " or ":" in part:
            raise _refused(archive, raw, "has a name that is a device or changes on some disks")
        if len(part.encode()) > 255:
            raise _refused(archive, raw, "has a name longer than 255 bytes")
    return name


def _complete(
    found: dict[str, bytes], wanted: set[str] | None, archive: str, names: list[str]
) -> dict[str, bytes]:
    absent = sorted((wanted or set()) - set(found))
    if absent:
        raise RespikeError(
            f"{archive} has no member '{absent[0]}'.{did_you_mean(absent[0], names)} "
            "Correct the row in respike/datasets/sources.yaml."
        )
    return found


def _refused(archive: str, member: str, why: str) -> RespikeError:
    shown = repr(member if len(member) <= 300 else f"{member[:100]}...")
    return RespikeError(f"{archive}: member {shown} {why}; the archive is refused")
