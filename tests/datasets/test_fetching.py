"""Each scheme fetches its pinned file, and says what to do where it cannot."""

import gzip
import hashlib
import importlib
import io
import logging
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from respike.core import config
from respike.core.errors import RespikeError
from respike.datasets import fetching
from respike.datasets.cache import Cache
from respike.datasets.fetching import fetch
from respike.datasets.sources import Unreachable
from tests.datasets.server import Server, plain

ROOT = Path(__file__).resolve().parents[2]
INSIDE = b"what was measured\n"


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def row(*urls, data=INSIDE, name="data.txt"):
    file = {"name": name, "bytes": len(data), "sha256": sha256(data), "urls": list(urls)}
    return {"source": "file", "files": [file]}


def carried(url, data, **more):
    return {"url": url, "bytes": len(data), "sha256": sha256(data), **more}


def get(tmp_path, *urls, data=INSIDE):
    return fetch("toy", row(*urls, data=data), cache=Cache(tmp_path / "cache"))["data.txt"]


def wheel(folder, version="1.0", content=INSIDE):
    """A wheel that pip accepts: a module's data file and three files about it."""
    path = folder / f"toydata-{version}-py3-none-any.whl"
    about = f"toydata-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("toydata/data.txt", content)
        archive.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: toydata\nVersion: {version}\n"
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return path.read_bytes()


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder of wheels that pip sees in place of its index."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


# ------------------------------------------------------------------ package:


def test_a_file_inside_an_installed_package_is_taken_without_a_cache(tmp_path):
    digits = config.sources(ROOT).value["datasets"]["digits"]

    found = fetch("digits", digits, cache=Cache(tmp_path / "never"))

    assert sha256(found["digits.csv"]) == digits["files"][0]["sha256"]
    assert not (tmp_path / "never").exists()


def test_a_package_that_is_not_installed_is_named(tmp_path):
    url = "package:no-such-package==2.0!/data.txt"

    with pytest.raises(Unreachable) as error:
        get(tmp_path, url)

    assert str(error.value) == (
        "data set toy: data.txt cannot be had. package:no-such-package==2.0: no-such-package "
        "is not installed here; python -m pip install no-such-package==2.0."
    )


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package of version 1.5 that carries data.txt."""
    about = tmp_path / "site" / "toydata-1.5.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: toydata\nVersion: 1.5\n")
    (tmp_path / "site" / "data.txt").write_bytes(INSIDE)
    monkeypatch.syspath_prepend(tmp_path / "site")
    importlib.invalidate_caches()
    return tmp_path / "site"


def test_another_version_with_the_same_file_is_taken_and_said(installed, tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        assert get(tmp_path, "package:toydata==1.4!/data.txt") == INSIDE

    assert "toydata 1.5 is installed, 1.4 was pinned; the file is the same" in caplog.text


def test_another_version_with_another_file_is_refused(installed, tmp_path):
    (installed / "data.txt").write_bytes(b"something else\n")

    with pytest.raises(
        RespikeError, match=r"toydata 1\.5 is installed, 1\.4 is expected"
    ) as error:
        get(tmp_path, "package:toydata==1.4!/data.txt")

    assert not isinstance(error.value, Unreachable)
    assert "python -m pip install --force-reinstall toydata==1.4" in str(error.value)


def test_a_file_that_the_package_lost_is_named(installed, tmp_path):
    with pytest.raises(Unreachable, match=r"gone\.txt cannot be read \(No such file"):
        get(tmp_path, "package:toydata==1.5!/gone.txt")


# ------------------------------------------------------------------ pypi:


def test_a_member_of_a_wheel_is_fetched_with_pip_once(index, tmp_path, monkeypatch):
    data = wheel(index)
    url = carried("pypi:toydata==1.0!/toydata/data.txt", data)

    first = get(tmp_path, url)
    (index / "toydata-1.0-py3-none-any.whl").unlink()
    second = get(tmp_path, url)

    assert first == second == INSIDE
    assert list((tmp_path / "cache" / "partial").iterdir()) == []


def test_a_wheel_with_another_hash_is_refused(index, tmp_path):
    pinned = wheel(index)
    wheel(index, content=b"a wheel of the same name and version, changed since\n")

    with pytest.raises(RespikeError, match="pip got a file with another hash than") as error:
        get(tmp_path, carried("pypi:toydata==1.0!/toydata/data.txt", pinned))

    assert not isinstance(error.value, Unreachable)
    assert not (tmp_path / "cache" / "sha256").exists()


def test_a_package_that_the_index_lacks_cannot_be_had(index, tmp_path):
    with pytest.raises(Unreachable, match=r"pip could not get it \(No matching distribution"):
        get(tmp_path, carried("pypi:toydata==9.9!/toydata/data.txt", b"no such wheel"))


def test_a_member_that_the_wheel_lacks_is_the_rows_mistake(index, tmp_path):
    data = wheel(index)

    with pytest.raises(RespikeError, match=r"no member 'toydata/date\.txt'\. Did you mean"):
        get(tmp_path, carried("pypi:toydata==1.0!/toydata/date.txt", data))


def test_offline_pip_is_not_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("RESPIKE_OFFLINE", "1")
    monkeypatch.setattr(fetching.subprocess, "run", lambda *a, **k: pytest.fail("asked"))

    with pytest.raises(Unreachable, match="RESPIKE_OFFLINE is set") as error:
        get(tmp_path, carried("pypi:toydata==1.0!/toydata/data.txt", b"wheel"))

    assert "or put pypi:toydata==1.0 (sha256 " in str(error.value)


# ------------------------------------------------------------------ npm:


def tarball():
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo("package/data/data.txt")
        info.size = len(INSIDE)
        archive.addfile(info, io.BytesIO(INSIDE))
    return buffer.getvalue()


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """A stand-in for npm that packs one tarball, in a folder of its own on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "toy.tgz").write_bytes(tarball())
    script = folder / "npm"
    script.write_text(
        f'#!/bin/sh\necho "$@" >> "{folder}/asked"\nfor word in "$@"; do\n'
        f'case $word in --pack-destination=*) cp "{folder}/toy.tgz" "${{word#*=}}/"; esac\n'
        "done\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def test_a_member_of_a_tarball_is_fetched_with_npm_without_its_scripts(npm, tmp_path):
    url = carried("npm:toy-data@1.2.3!/package/data/data.txt", (npm / "toy.tgz").read_bytes())

    assert get(tmp_path, url) == INSIDE
    asked = (npm / "asked").read_text()
    assert asked.startswith("pack ")
    assert " --ignore-scripts " in asked
    assert asked.strip().endswith("toy-data@1.2.3")


def test_a_tarball_with_another_hash_is_refused(npm, tmp_path):
    url = carried("npm:toy-data@1.2.3!/package/data/data.txt", b"another tarball")

    with pytest.raises(
        RespikeError, match=r"where [0-9a-f]{64} \(15 bytes\) is pinned"
    ) as error:
        get(tmp_path, url)

    assert not isinstance(error.value, Unreachable)


CLIENTS = {
    "no network": ("npm error code EAI_AGAIN", r"npm does not reach its registry \(no network"),
    "no version": (
        "npm error code ETARGET\nnpm error notarget No matching version found for a@9.\n"
        "npm error A complete log of this run is elsewhere",
        r"npm could not get it \(No matching version found for a@9\.\)",
    ),
    "silent": ("", r"npm could not get it \(it said nothing\)"),
}


@pytest.mark.parametrize("kind", CLIENTS)
def test_what_a_client_says_is_said_in_one_line(npm, tmp_path, kind):
    says, sentence = CLIENTS[kind]
    (npm / "npm").write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{says}\nEND\nexit 1\n")

    with pytest.raises(Unreachable, match=sentence):
        get(tmp_path, carried("npm:a@9!/package/data.txt", b"tarball"))


def test_without_npm_the_next_origin_is_asked(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    packed = gzip.compress(INSIDE, mtime=0)

    with Server(file=plain(200, packed)) as server:
        found = get(
            tmp_path,
            carried("npm:toy-data@1.2.3!/package/data.txt", b"tarball"),
            carried(server.url("file"), packed, unpack="gzip"),
        )

    assert found == INSIDE


def test_without_npm_or_mirror_both_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Unreachable, match=r"npm:toy-data@1\.2\.3: npm is not installed here"):
        get(tmp_path, carried("npm:toy-data@1.2.3!/package/data.txt", b"tarball"))


# ------------------------------------------------------------------ file:, and what is inside


def test_a_copy_of_ones_own_is_read_where_it_lies(tmp_path):
    (tmp_path / "mine.txt").write_bytes(INSIDE)

    assert get(tmp_path, f"file:{tmp_path}/mine.txt") == INSIDE


def test_a_copy_that_is_another_file_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_bytes(b"edited\n")

    with pytest.raises(RespikeError, match=r"it is sha256 .* is pinned"):
        get(tmp_path, f"file:{tmp_path}/mine.txt")


def test_a_copy_that_is_not_there_is_named(tmp_path):
    with pytest.raises(Unreachable, match=r"mine\.txt cannot be read \(No such file"):
        get(tmp_path, f"file:{tmp_path}/mine.txt")


def test_a_relative_place_is_refused(tmp_path):
    with pytest.raises(RespikeError, match="a file: place is absolute or begins with ~"):
        get(tmp_path, "file:mine.txt")


def test_a_wrong_pin_of_the_content_is_found_although_the_transport_is_right(tmp_path):
    packed = gzip.compress(b"what was measured later\n", mtime=0)
    (tmp_path / "data.txt.gz").write_bytes(packed)

    with pytest.raises(RespikeError, match=r"data\.txt inside it has 24 bytes and sha256"):
        get(tmp_path, carried(f"file:{tmp_path}/data.txt.gz", packed, unpack="gzip"))


# ------------------------------------------------------------------ the real ones


@pytest.mark.network
@pytest.mark.parametrize("dataset", ["ecog-grip", "mnist"])
def test_the_registries_still_have_what_is_pinned(dataset, tmp_path):
    pinned = config.sources(ROOT).value["datasets"][dataset]

    found = fetch(dataset, pinned, cache=Cache(tmp_path))

    assert {name: sha256(data) for name, data in found.items()} == {
        file["name"]: file["sha256"] for file in pinned["files"]
    }
