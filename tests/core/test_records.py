"""Records: what they hold, who is named, and which file may be believed."""

import json
import platform
import re
import sys
from importlib import metadata
from types import SimpleNamespace

import numpy as np
import pytest

from respike.core import io, records
from respike.core.errors import DamagedFile

RECORD = {
    "schema": records.SCHEMA,
    "stage": "prepare",
    "settings": {"dataset": "d"},
    "key": "k" * 64,
    "outputs": {"arrays.npz": {"sha256": io.sha256(b"data")}},
    "extras": {"film.mp4": {"sha256": io.sha256(b"film")}},
}


@pytest.fixture
def folder(tmp_path):
    """A folder of results with one artifact, one extra and their record."""
    for name in ("data/d/prepare", "results/data/d/prepare"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "results/data/d/prepare/record.json").write_bytes(records.dump(RECORD))
    (tmp_path / "data/d/prepare/arrays.npz").write_bytes(b"data")
    (tmp_path / "data/d/prepare/film.mp4").write_bytes(b"film")
    return tmp_path


def refused(sentence, call, *args):
    with pytest.raises(DamagedFile, match=f"^{re.escape(sentence)}$"):
        call(*args)


@pytest.mark.parametrize(("name", "data"), [("arrays.npz", b"data"), ("film.mp4", b"film")])
def test_an_artifact_is_read_if_it_is_what_its_record_says(name, data, folder):
    assert records.read_verified(folder, f"data/d/prepare/{name}") == (data, RECORD)


def test_a_file_that_its_record_does_not_name_is_refused(folder):
    (folder / "data/d/prepare/other.npz").write_bytes(b"data")

    refused(
        "data/d/prepare/other.npz is not named in results/data/d/prepare/record.json; "
        "remove it and run again",
        records.read_verified,
        folder,
        "data/d/prepare/other.npz",
    )


def test_a_record_without_extras_is_enough(folder):
    path = folder / "results/data/d/prepare/record.json"
    without = {k: v for k, v in RECORD.items() if k != "extras"}
    path.write_bytes(records.dump(without))

    assert records.read_verified(folder, "data/d/prepare/arrays.npz") == (b"data", without)
    with pytest.raises(DamagedFile, match="is not named in"):
        records.read_verified(folder, "data/d/prepare/film.mp4")


def test_other_bytes_are_refused_with_the_producers_name(folder):
    (folder / "data/d/prepare/arrays.npz").write_bytes(b"tada")

    with pytest.raises(DamagedFile, match=r"arrays\.npz is not what prepare of d wrote: "):
        records.read_verified(folder, "data/d/prepare/arrays.npz")


def test_a_missing_record_says_what_cannot_be_trusted(tmp_path):
    path = tmp_path / "record.json"

    refused(
        f"{path} is missing, so that what lies beside it cannot be trusted; run again",
        records.load,
        path,
    )


@pytest.mark.parametrize("text", ["[]", "{}", '"x"', '{"schema": "respike-record/1"}'])
def test_a_file_of_another_schema_is_no_record(text, tmp_path):
    path = tmp_path / "record.json"
    path.write_text(text)

    refused(
        f"{path} is no respike-record/2; remove its folder and run again", records.load, path
    )


@pytest.mark.parametrize("field", sorted(RECORD.keys() - {"schema"}))
def test_a_record_that_was_edited_is_refused(field, folder):
    path = folder / "results/data/d/prepare/record.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), field: {}}))

    refused(
        f"{path} was edited after it was written; remove its folder and run again",
        records.load,
        path,
    )


def test_a_record_without_its_seal_is_refused(tmp_path):
    (tmp_path / "record.json").write_text(json.dumps(RECORD))

    with pytest.raises(DamagedFile, match="was edited after it was written"):
        records.load(tmp_path / "record.json")


def test_the_seal_is_plain_json_hashed_so_that_any_language_can_check_it():
    text = json.dumps({"a": [1, 0.1], "b": "ü"}, sort_keys=True)

    assert records.seal({"b": "ü", "a": [1, 0.1], "seal": "x"}) == io.sha256(text.encode())


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"study": "s", "variant": "v", "seed": 3, "dataset": "d"}, "x of s/v seed 3"),
        ({"dataset": "d"}, "x of d"),
        ({"study": "s", "budget": "desk"}, "x of s"),
        ({"budget": "desk"}, "x of the page"),
        ({}, "x of the page"),
    ],
)
def test_a_producer_is_named_by_what_it_works_on(settings, words):
    assert records.producer({"stage": "x", "settings": settings}) == words


def test_a_producer_without_settings_is_the_page():
    assert records.producer({"stage": "report"}) == "report of the page"


def test_an_output_has_size_hash_and_for_content_a_hash_of_its_values():
    arrays = {"a": np.arange(3)}

    assert records.describe(b"abc", "x.npz", arrays) == {
        "bytes": 3,
        "sha256": io.sha256(b"abc"),
        "content_sha256": io.content_sha256(arrays),
    }
    for name in ("x.safetensors", "x.zip"):
        assert "content_sha256" in records.describe(b"", name, arrays)


@pytest.mark.parametrize(
    ("name", "value"),
    [("x.json", {"a": 1}), ("x.csv", [1]), ("x.npz", {}), ("x.npz", None), ("page.html", "x")],
)
def test_text_and_empty_outputs_have_their_file_hash_alone(name, value):
    assert set(records.describe(b"", name, value)) == {"bytes", "sha256"}


def test_a_key_is_the_hash_of_what_decides_the_outputs():
    record = {
        "stage": "s",
        "settings": {"a": 1},
        "code": "c",
        "env": "e",
        "seed": 3,
        "inputs": {"x": [{"sha256": "1", "path": "p"}, {"sha256": "2"}]},
    }

    assert records.key(record) == io.content_sha256(
        {
            "stage": "s",
            "settings": {"a": 1},
            "code": "c",
            "env": "e",
            "inputs": {"x": ["1", "2"]},
        }
    )


def test_a_record_is_sorted_json_without_nan():
    seal = records.seal({"b": 1, "a": [2]})

    assert records.dump({"b": 1, "a": [2]}) == (
        f'{{\n "a": [\n  2\n ],\n "b": 1,\n "seal": "{seal}"\n}}\n'.encode()
    )
    with pytest.raises(ValueError, match="not JSON compliant"):
        records.dump({"a": float("nan")})


# ------------------------------------------------------------------ numerics


def test_the_numerics_class_names_machine_versions_threads_and_variables(monkeypatch):
    for name in records.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("MKL_CBWR", "COMPATIBLE")

    found = records.numerics()

    assert found["architecture"] == platform.machine()
    assert found["python"] == platform.python_version()
    assert found["libc"].split() == [x for x in platform.libc_ver() if x]
    assert found["versions"]["numpy"] == np.__version__
    assert set(found["versions"]) == {"torch", "numpy", "scipy", "mujoco", "spikingjelly"}
    assert found["variables"] == {"MKL_CBWR": "COMPATIBLE", "OMP_NUM_THREADS": "1"}


def test_a_package_that_is_not_there_has_no_version(monkeypatch):
    def version(name):
        if name == "mujoco":
            raise metadata.PackageNotFoundError(name)
        return f"{name} 1.0"

    monkeypatch.setattr(records.metadata, "version", version)

    found = records.numerics()["versions"]

    assert found["mujoco"] is None
    assert found["torch"] == "torch 1.0"


def test_threads_are_torchs_where_it_is_imported_else_the_variables(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(get_num_threads=lambda: 3))
    assert records.numerics()["threads"] == 3

    monkeypatch.delitem(sys.modules, "torch")
    assert records.numerics()["threads"] == 1

    monkeypatch.delenv("OMP_NUM_THREADS")
    assert records.numerics()["threads"] == 0


def test_the_processor_is_read_from_the_kernels_list(monkeypatch):
    text = (
        "processor\t: 0\nvendor_id\t: Maker: One\nflags\t\t: fpu avx2 avx fma xyz\n\n"
        "processor\t: 1\nvendor_id\t: Other\nflags\t\t: amx_tile\n"
    )
    monkeypatch.setattr(records, "Path", lambda path: SimpleNamespace(read_text=lambda: text))
    records._cpu.cache_clear()
    try:
        found = records._cpu()
    finally:
        records._cpu.cache_clear()

    assert found == {
        "architecture": platform.machine(),
        "cpu_vendor": "Maker: One",
        "cpu_flags": ["avx", "avx2", "fma"],
    }


def test_without_a_list_of_processors_the_vendor_is_unknown(monkeypatch):
    def none(path):
        def fail():
            raise OSError

        return SimpleNamespace(read_text=fail)

    monkeypatch.setattr(records, "Path", none)
    records._cpu.cache_clear()
    try:
        found = records._cpu()
    finally:
        records._cpu.cache_clear()

    assert (found["cpu_vendor"], found["cpu_flags"]) == ("unknown", [])


def test_the_flags_that_decide_bits_are_these():
    assert records._FLAGS == (
        "sse4_2",
        "avx",
        "avx2",
        "fma",
        "avx512f",
        "avx512_bf16",
        "avx512_fp16",
        "amx_tile",
    )
    assert records.VARIABLES == (
        "ATEN_CPU_CAPABILITY",
        "GLIBC_TUNABLES",
        "MKL_CBWR",
        "MKL_ENABLE_INSTRUCTIONS",
        "MKL_NUM_THREADS",
        "NPY_DISABLE_CPU_FEATURES",
        "OMP_NUM_THREADS",
        "ONEDNN_MAX_CPU_ISA",
        "OPENBLAS_CORETYPE",
        "OPENBLAS_NUM_THREADS",
    )
