"""Only regular files come out of an archive; everything else refuses the whole of it."""

import gzip
import io
import stat
import struct
import tarfile
import zipfile

import pytest

from respike.core.errors import RespikeError
from respike.datasets.archives import Caps, extract, gunzip


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    """A zip of (name, bytes) or (ZipInfo, bytes)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(*members, mode="w:gz", kind=tarfile.REGTYPE, target=""):
    """A tar of (name, bytes), all of one kind."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=tarfile.PAX_FORMAT) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            info.size = len(data) if kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def unix(name, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", zipped(("x/", b""), ("x/1.txt", b"one"), ("x/2.txt", b"two"))),
        ("a.whl", zipped(("x/1.txt", b"one"), ("x/2.txt", b"two"))),
        ("a.tar.gz", tarred(("x/1.txt", b"one"), ("x/2.txt", b"two"))),
        ("a.tgz", tarred(("./x/1.txt", b"one"), ("./x/2.txt", b"two"))),
        ("a.tar", tarred(("x/1.txt", b"one"), ("x/2.txt", b"two"), mode="w:")),
    ],
)
def test_every_kind_of_archive_gives_its_files(name, data):
    assert extract(data, name) == {"x/1.txt": b"one", "x/2.txt": b"two"}


def test_only_what_is_wanted_is_read():
    data = zipped(("a", b"one"), ("b", b"two"))

    assert extract(data, "a.zip", only=["b"]) == {"b": b"two"}


def test_a_wanted_member_that_is_absent_is_named_with_the_nearest():
    with pytest.raises(RespikeError, match=r"no member 'images\.bin'\. Did you mean"):
        extract(zipped(("image.bin", b"")), "a.zip", only=["images.bin"])


NAMES = {
    "../up": "leaves its folder",
    "a/../../up": "leaves its folder",
    "a//b": "leaves its folder or has an empty step",
    "/etc/passwd": "absolute path",
    "C:/x": "a drive",
    "a\\b": "backslash",
    "con": "is a device",
    "a/Nul.txt": "is a device",
    "COM1": "is a device",
    "name.": "changes on some disks",
    "stream:x": "changes on some disks",
    "bell\x07": "control character",
    "x" * 256: "longer than 255 bytes",
}


@pytest.mark.parametrize("form", ["zip", "tar"])
@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_could_do_harm_refuses_the_whole_archive(form, name):
    members = (("good.txt", b"good"), (name, b"bad"))
    data = zipped(*members) if form == "zip" else tarred(*members, mode="w:")

    with pytest.raises(RespikeError, match=rf"{NAMES[name]}.*; the archive is refused"):
        extract(data, f"a.{form}", only=["good.txt"])


PAIRS = {
    "twice": ("a.txt", "a.txt"),
    "in another case": ("a.txt", "A.TXT"),
    "in another case of a folder": ("a/1", "A/2"),
    "composed and decomposed": ("\u00e4", "a\u0308"),
    "a ligature": ("\ufb01le", "file"),
    "sharp s": ("stra\u00dfe", "strasse"),
}


@pytest.mark.parametrize("kind", PAIRS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_meet_on_some_disks_are_refused(kind):
    one, other = PAIRS[kind]

    with pytest.raises(RespikeError, match="on some disks; the archive is refused"):
        extract(zipped((one, b"1"), (other, b"2")), "a.zip")


def test_a_file_that_is_also_a_folder_is_refused():
    with pytest.raises(RespikeError, match="'a' is a file and a folder"):
        extract(zipped(("a", b"1"), ("a/b", b"2")), "a.zip")


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE],
)
def test_links_and_devices_in_a_tar_are_refused(kind):
    with pytest.raises(RespikeError, match="member 'x' is a link or a device"):
        extract(tarred(("x", b""), kind=kind, target="/etc/passwd"), "a.tar.gz")


@pytest.mark.parametrize("mode", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_in_a_zip_are_refused(mode):
    with pytest.raises(RespikeError, match="member 'x' is a link or a device"):
        extract(zipped((unix("x", mode | 0o777), b"/etc/passwd")), "a.zip")


def test_an_encrypted_member_is_refused():
    data = bytearray(zipped(("x", b"secret")))
    data[6] |= 1  # the flag in the local head and in the directory
    data[data.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(RespikeError, match="member 'x' is encrypted"):
        extract(bytes(data), "a.zip")


def test_a_way_of_compressing_that_is_not_read_is_refused():
    with pytest.raises(RespikeError, match="member 'x' is compressed in a way not read here"):
        extract(zipped(("x", b"1"), method=zipfile.ZIP_BZIP2), "a.zip")


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_a_bomb_is_refused_before_it_unpacks(form):
    zeros = bytes(30_000_000)
    data = zipped(("x", zeros)) if form == "zip" else tarred(("x", zeros))

    with pytest.raises(RespikeError, match="refused as a bomb"):
        extract(data, f"a.{form}")


def test_a_zip_that_says_less_than_it_unpacks_to_is_refused():
    data = bytearray(zipped(("x", bytes(5000))))
    where = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, where + 24, 100)  # the size in the directory

    with pytest.raises(RespikeError, match=r"a\.zip is damaged|longer than it says"):
        extract(bytes(data), "a.zip")


@pytest.mark.parametrize("form", ["zip", "tar.gz"])
def test_too_many_members_are_refused(form):
    members = [(f"{i}", b"") for i in range(5)]
    data = zipped(*members) if form == "zip" else tarred(*members)

    with pytest.raises(RespikeError, match="more than 4 members; refused"):
        extract(data, f"a.{form}", caps=Caps(members=4))


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar"])
def test_bytes_that_are_no_archive_are_said_to_be_damaged(name):
    with pytest.raises(RespikeError, match=rf"{name} is damaged: .*; fetch it again"):
        extract(b"<html>this is no archive, but it is long enough to look at</html>" * 20, name)


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_an_archive_cut_short_is_refused(form, share):
    content = bytes(range(256)) * 40
    data = zipped(("x", content), method=zipfile.ZIP_STORED)
    if form != "zip":
        data = tarred(("x", content), mode="w:" if form == "tar" else "w:gz")
        data = data if form == "tar.gz" else data[: 512 + len(content)]

    with pytest.raises(RespikeError, match=r"fetch it again"):
        extract(data[: int(len(data) * share)], f"a.{form}")


def test_a_flipped_bit_is_found_by_the_archives_own_check():
    data = bytearray(zipped(("x", b"abcdefgh" * 100), method=zipfile.ZIP_STORED))
    data[200] ^= 1

    with pytest.raises(RespikeError, match=r"a\.zip is damaged: Bad CRC-32"):
        extract(bytes(data), "a.zip")


def test_a_suffix_we_do_not_read_is_refused():
    with pytest.raises(RespikeError, match=r"a\.rar: not an archive we read; known: \.zip"):
        extract(b"", "a.rar")


def test_gunzip_joins_members_and_refuses_what_follows_them():
    joined = gzip.compress(b"one") + gzip.compress(b"two")

    assert gunzip(joined, "a.gz") == b"onetwo"
    with pytest.raises(RespikeError, match=r"a\.gz is damaged"):
        gunzip(joined + b"rest", "a.gz")


@pytest.mark.parametrize("upto", [5, 20, -1, -8])
def test_a_gz_cut_short_is_refused(upto):
    with pytest.raises(RespikeError, match=r"a\.gz ends in the middle; fetch it again"):
        gunzip(gzip.compress(bytes(range(256)))[:upto], "a.gz")


def test_a_gz_bomb_is_refused():
    with pytest.raises(RespikeError, match=r"a\.gz unpacks to more than 1,048,576 bytes"):
        gunzip(gzip.compress(bytes(4_000_000)), "a.gz", Caps(ratio=10))
