"""Reader and writer: same bytes for same values, and no damaged byte accepted in silence."""

import errno
import json
import os
import struct
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from respike.core import io
from respike.core.errors import DamagedFile, RespikeError

ARRAYS = {
    "b": np.arange(6, dtype=np.float32).reshape(2, 3),
    "a": np.array([True, False]),
    "c": np.array(7, np.int64),
    "empty": np.zeros((0, 4), np.uint8),
}
VALUES = {
    "x.npz": ARRAYS,
    "x.safetensors": ARRAYS,
    "x.json": {"b": [1, 2.5, None], "a": "ü"},
    "x.csv": [{"epoch": "1", "loss": "0.5"}, {"epoch": "2", "loss": ""}],
    "x.zip": {"b/c.bin": b"\0\1", "a.txt": b"text"},
}


def same(a, b):
    if isinstance(a, dict) and a and isinstance(next(iter(a.values())), np.ndarray):
        return set(a) == set(b) and all(
            a[k].dtype == b[k].dtype
            and a[k].shape == b[k].shape
            and a[k].tobytes() == b[k].tobytes()
            for k in a
        )
    return a == b


@pytest.mark.parametrize("name", VALUES)
def test_what_was_written_is_read(name):
    assert same(io.parse(name, io.dump(name, VALUES[name])), VALUES[name])


@pytest.mark.parametrize("name", ["x.npz", "x.safetensors", "x.json", "x.zip"])
def test_the_order_of_keys_and_of_memory_does_not_change_a_byte(name):
    value = dict(reversed(VALUES[name].items()))
    if name in {"x.npz", "x.safetensors"}:
        value["b"] = np.asfortranarray(value["b"])

    assert io.dump(name, value) == io.dump(name, VALUES[name])


def test_bytes_are_the_same_in_another_process_hash_seed_and_time_zone():
    code = (
        "import numpy as np, hashlib; from respike.core import io;"
        "a = {n: np.arange(3.0) for n in {'x', 'y', 'z'}};"
        "names = ('f.npz', 'f.safetensors');"
        "print(*(hashlib.sha256(io.dump(name, a)).hexdigest() for name in names))"
    )
    root = str(Path(__file__).resolve().parents[2])
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": root, "PYTHONHASHSEED": seed, "TZ": zone},
        ).stdout
        for seed, zone in [("0", "UTC"), ("7", "Asia/Tokyo")]
    }

    assert len(said) == 1


def test_safetensors_agree_with_the_library_both_ways():
    from safetensors.numpy import load, save

    ours = io.dump("x.safetensors", ARRAYS)

    assert same(load(ours), ARRAYS)
    assert same(io.parse("x.safetensors", save(ARRAYS)), ARRAYS)


def test_npz_is_read_by_numpy_and_has_fixed_dates(tmp_path):
    path = tmp_path / "x.npz"
    path.write_bytes(io.dump("x.npz", ARRAYS))

    with np.load(path) as found:
        assert same({k: found[k] for k in found}, ARRAYS)
    with zipfile.ZipFile(path) as archive:
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {i.compress_type for i in archive.infolist()} == {zipfile.ZIP_STORED}


def test_metadata_of_a_model_is_one_sorted_text():
    data = io.dump("m.safetensors", ARRAYS, metadata={"b": 1, "a": [2]})

    assert io.safetensors_metadata(data) == {"a": [2], "b": 1}
    assert b'{"respike":"{\\"a\\":[2],\\"b\\":1}"}' in data
    assert io.safetensors_metadata(io.dump("m.safetensors", ARRAYS)) is None


@pytest.mark.parametrize("name", ["x.npz", "x.safetensors", "x.zip", "x.json"])
def test_every_truncation_is_refused(name):
    data = io.dump(name, VALUES[name])

    for size in range(len(data) - 1):
        with pytest.raises(DamagedFile, match=r"^x\.\w+ is not a valid \w+ file: ."):
            io.parse(name, data[:size])


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(["x.npz", "x.safetensors", "x.zip", "x.csv", "x.json"]),
    place=st.integers(0, 10**6),
    byte=st.integers(0, 255),
)
def test_a_changed_byte_is_refused_or_read_and_never_anything_else(name, place, byte):
    data = bytearray(io.dump(name, VALUES[name]))
    data[place % len(data)] = byte

    said = name
    try:
        io.parse(name, bytes(data))
    except DamagedFile as error:
        said = str(error)
    assert name in said


@pytest.mark.parametrize(
    ("header", "body", "why"),
    [
        (
            {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}},
            4,
            "does not fit its place",
        ),
        (
            {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}},
            8,
            "bytes after the last",
        ),
        (
            {"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}},
            8,
            "overlap or leave a gap",
        ),
        ({"a": {"dtype": "OBJ", "shape": [1], "data_offsets": [0, 4]}}, 4, "not allowed"),
        (
            {"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}},
            4,
            "no whole number >= 0",
        ),
        (
            {"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}},
            4,
            "no whole number",
        ),
        (
            {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], "x": 1}},
            4,
            "not allowed",
        ),
        ([], 0, "the header is no object"),
    ],
)
def test_a_tensor_file_with_a_false_header_is_refused(header, body, why):
    text = json.dumps(header).encode()

    with pytest.raises(DamagedFile, match=why):
        io.parse("x.safetensors", struct.pack("<Q", len(text)) + text + b"\0" * body)


def test_a_pickle_inside_an_npz_is_never_loaded():
    buffer = BytesIO()
    np.lib.format.write_array(buffer, np.array([{"x": 1}], dtype=object), allow_pickle=True)

    with pytest.raises(DamagedFile, match="Object arrays cannot be loaded"):
        io.parse("x.npz", io.dump("x.zip", {"a.npy": buffer.getvalue()}))


def test_bytes_after_an_array_inside_an_npz_are_refused():
    member = io.parse("x.zip", io.dump("x.npz", {"a": np.arange(3)}))["a.npy"]

    with pytest.raises(DamagedFile, match=r"member 'a\.npy' has bytes after its array"):
        io.parse("x.npz", io.dump("x.zip", {"a.npy": member + b"\0"}))


def test_a_zip_with_a_link_a_double_or_a_compressed_member_is_refused(tmp_path):
    def zipped(*members, method=zipfile.ZIP_STORED):
        path = tmp_path / "z.zip"
        with zipfile.ZipFile(path, "w", method) as archive:
            for name, mode in members:
                info = zipfile.ZipInfo(name)
                info.external_attr, info.compress_type = mode << 16, method
                archive.writestr(info, b"x" * 100)
        return path.read_bytes()

    for data, why in [
        (zipped(("link", 0o120777)), "its directory is cut, or is not the one"),
        (zipped(("a", 0o100644), ("A", 0o100644)), "member 'A' is there twice"),
        (zipped(("a", 0), method=zipfile.ZIP_DEFLATED), "member 'a' is compressed"),
    ]:
        with pytest.raises(DamagedFile, match=why):
            io.parse("x.zip", data)


def test_json_with_nan_or_a_double_key_is_refused():
    for text, why in [(b'{"a": NaN}', "NaN is not allowed"), (b'{"a":1,"a":2}', "given twice")]:
        with pytest.raises(DamagedFile, match=why):
            io.parse("x.json", text)


def test_a_number_that_is_not_finite_is_refused_by_name():
    with pytest.raises(RespikeError, match=r"not finite: a\.1 is nan"):
        io.dump("x.json", {"a": [1.0, float("nan")]})
    with pytest.raises(RespikeError, match="not finite: row 2, loss is inf"):
        io.dump("x.csv", [{"loss": 1.0}, {"loss": float("inf")}])


def test_json_takes_numpy_numbers_and_ends_with_a_line():
    assert io.dump("x.json", {"a": np.float32(0.5), "b": np.arange(2)}) == (
        b'{\n "a": 0.5,\n "b": [\n  0,\n  1\n ]\n}\n'
    )


def test_csv_keeps_every_bit_of_a_float_and_refuses_uneven_rows():
    assert io.dump("x.csv", [{"a": 0.1 + 0.2, "b": None}]) == b"a,b\n0.30000000000000004,\n"
    with pytest.raises(RespikeError, match=r"row 2 has columns \['b'\]; the first has \['a'\]"):
        io.dump("x.csv", [{"a": 1}, {"b": 1}])
    with pytest.raises(DamagedFile, match="another number of cells than the header"):
        io.parse("x.csv", b"a,b\n1\n")


def test_objects_and_unknown_suffixes_are_refused():
    with pytest.raises(
        RespikeError, match="array 'a' has dtype object; artifacts hold numbers"
    ):
        io.dump("x.npz", {"a": np.array([{}])})
    with pytest.raises(RespikeError, match=r"x\.pkl: no format is known for '\.pkl'"):
        io.dump("x.pkl", {"a": 1})
    with pytest.raises(RespikeError, match="tensor 'a' of type <U1 cannot go into safetensors"):
        io.dump("x.safetensors", {"a": np.array(["x"])})


def test_content_hash_sees_name_type_shape_and_bytes_and_not_the_format():
    base = {"a": np.arange(6, dtype=np.int32)}
    hashes = {
        io.content_sha256(value)
        for value in (
            base,
            {"b": base["a"]},
            {"a": base["a"].astype(np.int64)},
            {"a": base["a"].reshape(2, 3)},
            {"a": base["a"][::-1]},
        )
    }

    assert len(hashes) == 5
    assert io.content_sha256({"a": base["a"].astype(">i4")}) == io.content_sha256(base)
    assert io.content_sha256(io.parse("x.npz", io.dump("x.npz", base))) == io.content_sha256(
        base
    )


def test_reading_other_bytes_names_the_producer_and_both_hashes(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"right")
    good = io.sha256(b"right")

    assert io.read_bytes(path, good, "train of x") == b"right"
    with pytest.raises(DamagedFile) as error:
        io.read_bytes(path, io.sha256(b"wrong"), "train of x")
    assert "is not what train of x wrote" in str(error.value)
    assert good[:12] in str(error.value)
    assert io.sha256(b"wrong")[:12] in str(error.value)
    with pytest.raises(DamagedFile, match=r"made by train of x.* cannot be read: No such file"):
        io.read_bytes(tmp_path / "none", good, "train of x")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (
            errno.ENOSPC,
            r"the disk is full: a file does not fit into .*; free space and run again",
        ),
        (errno.EACCES, r"the folder .* cannot be written; make it writable and run again"),
        (
            errno.EIO,
            r"cannot write in .*: Input/output error; nothing was left behind, run again",
        ),
    ],
)
def test_a_write_that_fails_is_a_sentence_and_leaves_nothing(
    number, sentence, tmp_path, monkeypatch
):
    def fail(fd):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(io.os, "fsync", fail)

    with pytest.raises(RespikeError, match=sentence):
        io.write_bytes(tmp_path / "a.bin", b"data")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_exists_is_never_written_over(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    with pytest.raises(RespikeError, match="File exists"):
        io.write_bytes(path, b"new")
    assert path.read_bytes() == b"old"


def test_an_empty_value_of_each_format_is_read_back():
    for name in VALUES:
        assert not io.parse(name, io.empty(name))
