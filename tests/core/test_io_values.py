"""Reader and writer to the letter: bytes, types, modes and each sentence."""

import errno
import hashlib
import json
import os
import re
import stat
import struct
import zipfile
from io import BytesIO

import numpy as np
import pytest

from respike.core import io, stored
from respike.core.errors import DamagedFile, RespikeError
from tests.core.test_io import ARRAYS, VALUES, same

DTYPES = ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?")
HEADER = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
ROW = b'{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'


def exactly(sentence):
    return f"^{re.escape(sentence)}$"


def tensors(header, body=b""):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


# ------------------------------------------------------------------ bytes


@pytest.mark.parametrize(
    ("name", "sha256"),
    [
        ("x.npz", "431c8489d5d958e6aab786f3057379a876b99fd5e9f2c75c2791d60da579d9e8"),
        ("x.safetensors", "6b62c551cd7d0a1b105a29fa63afceb3d68e2db2ffb13890ccfe2897070ead4b"),
        ("x.json", "35b74833fb6cc676683127ac25133d97d34e4b1160952d0e073e51e82e1a5b37"),
        ("x.csv", "5dc8473a9dd151dcd2ab2b4e3f428f284cfeed5280144ae69c4cefcf991d3c9a"),
        ("x.zip", "20be51d38e1c55c62e95e163227b010cec817d85d443473607cb04643595d27b"),
    ],
)
def test_the_bytes_of_each_format_do_not_move_unnoticed(name, sha256):
    assert io.sha256(io.dump(name, VALUES[name])) == sha256


def test_a_content_hash_is_over_name_type_shape_and_little_endian_bytes():
    array = np.array([[1, 2], [3, 4]], dtype=">i4")
    little = array.astype("<i4").tobytes()

    parts = b"a\0<f8\0(1,)\0" + np.float64([0.5]).tobytes() + b"b\0<i4\0(2, 2)\0" + little

    value = {"b": array, "a": np.array([0.5])}
    assert io.content_sha256(value) == hashlib.sha256(parts).hexdigest()


def test_a_content_hash_of_members_is_over_name_length_and_bytes():
    parts = b"a\0" + b"3\0" + b"abc" + b"b\0" + b"0\0"

    assert io.content_sha256({"b": b"", "a": b"abc"}) == hashlib.sha256(parts).hexdigest()


@pytest.mark.parametrize("value", [{}, [], {"a": 1}, {"b": [1], "a": None}])
def test_a_content_hash_of_all_else_is_over_its_sorted_json(value):
    text = json.dumps(value, sort_keys=True)

    assert io.content_sha256(value) == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("value", [{"a": np.arange(2), "b": 1}, {"a": b"x", "b": "text"}])
def test_a_mixture_has_no_content_hash(value):
    with pytest.raises(TypeError, match="is not JSON serializable"):
        io.content_sha256(value)


def test_a_content_hash_of_nan_is_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        io.content_sha256({"a": float("nan")})


def test_members_of_an_archive_are_plain_files_that_all_may_read():
    with zipfile.ZipFile(BytesIO(io.dump("x.zip", VALUES["x.zip"]))) as archive:
        rows = archive.infolist()

    assert [row.filename for row in rows] == ["a.txt", "b/c.bin"]
    assert {row.external_attr >> 16 for row in rows} == {stat.S_IFREG | 0o644}
    assert {row.create_system for row in rows} == {3}


@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_of_number_comes_back(dtype, suffix):
    value = {"x": np.array([0, 1], dtype)}

    found = io.parse(f"x.{suffix}", io.dump(f"x.{suffix}", value))

    assert same(found, value)
    assert found["x"].flags.writeable


def test_every_tensor_type_agrees_with_the_library():
    from safetensors.numpy import load, save

    value = {dtype: np.array([0, 1, 1], dtype) for dtype in DTYPES}

    ours = io.dump("x.safetensors", value)

    assert same(load(ours), value)
    assert same(io.parse("x.safetensors", save(value)), value)


def test_tensors_begin_at_a_multiple_of_eight_and_larger_types_come_first():
    for name in ("a", "ab", "abc", "abcd", "abcde"):
        data = io.dump("x.safetensors", {name: np.zeros(3, "f4"), "z": np.zeros(1, "i8")})
        (size,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + size])

        assert size % 8 == 0
        assert header["z"]["data_offsets"] == [0, 8]
        assert header[name]["data_offsets"] == [8, 20]
        assert len(data) == 8 + size + 20


def test_metadata_is_no_tensor():
    data = io.dump("x.safetensors", ARRAYS, metadata={"network": "mlp"})

    assert same(io.parse("x.safetensors", data), ARRAYS)


def test_text_and_bytes_go_as_they_are():
    assert io.dump("x.html", "ü") == b"\xc3\xbc"
    assert io.dump("x.mp4", b"\0film") == b"\0film"
    assert io.parse("x.html", b"\xc3\xbc") == b"\xc3\xbc"


def test_numbers_of_numpy_become_text_without_losing_a_bit():
    rows = [{"a": np.float64(0.1), "b": np.int64(3), "c": True, "d": "x,y"}]

    assert io.dump("x.csv", rows) == b'a,b,c,d\n0.1,3,True,"x,y"\n'


@pytest.mark.parametrize(
    ("name", "value"),
    [("x.json", {}), ("x.csv", []), ("x.npz", {}), ("x.safetensors", {}), ("x.zip", {})],
)
def test_an_output_that_was_not_run_is_an_empty_value(name, value):
    assert io.parse(name, io.empty(name)) == value


# ------------------------------------------------------------------ refused values


@pytest.mark.parametrize(
    ("name", "what"),
    [("x.zip", "a zip member"), ("x.npz", "an array"), ("x.safetensors", "a tensor")],
)
@pytest.mark.parametrize("key", ["", "a\0b", 3])
def test_a_name_that_is_no_text_is_refused(name, what, key):
    value = {key: b"x" if name == "x.zip" else np.zeros(1)}

    sentence = f"{what} has the name {key!r}; names are texts without NUL"
    with pytest.raises(RespikeError, match=exactly(sentence)):
        io.dump(name, value)


def test_a_tensor_cannot_take_the_name_of_the_metadata():
    sentence = "tensor '__metadata__' of type float64 cannot go into safetensors"
    with pytest.raises(RespikeError, match=exactly(sentence)):
        io.dump("x.safetensors", {"__metadata__": np.zeros(1)})


def test_an_array_of_structures_is_refused():
    array = np.zeros(1, dtype=[("a", "f4")])

    with pytest.raises(RespikeError, match=r"array 'x' has dtype \[\('a', '<f4'\)\]; artif"):
        io.dump("x.npz", {"x": array})


@pytest.mark.parametrize(
    ("value", "where"),
    [
        (float("nan"), "the value is nan"),
        ([[0.0, float("-inf")]], "0.1 is -inf"),
        ({"b": {"c": np.array([1.0, np.inf])}}, "b.c.1 is inf"),
        ({"a": np.float32("nan")}, "a is nan"),
    ],
)
def test_where_a_number_is_not_finite_is_said(value, where):
    sentence = exactly(f"a number that is not finite: {where}")
    with pytest.raises(RespikeError, match=sentence):
        io.dump("x.json", value)
    with pytest.raises(RespikeError, match=sentence):
        io.dump("x.safetensors", {}, metadata=value)


def test_a_format_that_is_not_known_names_those_that_are():
    sentence = (
        "x.pkl: no format is known for '.pkl'; known: .npz, .safetensors, .json, .csv, .zip"
    )
    with pytest.raises(RespikeError, match=exactly(sentence)):
        io.dump("x.pkl", [])


# ------------------------------------------------------------------ refused bytes


@pytest.mark.parametrize(
    ("header", "body", "why"),
    [
        ({"a": {**HEADER, "dtype": "F9"}}, 4, "tensor 'a' has a header that is not allowed"),
        ({"a": {"dtype": "F32"}}, 4, "tensor 'a' has a header that is not allowed"),
        ({"a": {**HEADER, "shape": [2]}}, 4, "tensor 'a' does not fit its place"),
        ({"a": HEADER}, 3, "tensor 'a' does not fit its place"),
        (
            {"a": {**HEADER, "shape": [1.0]}},
            4,
            "tensor 'a' has a shape or place that is no whole number >= 0",
        ),
        (
            {"a": {**HEADER, "data_offsets": [-4, 0]}},
            4,
            "tensor 'a' has a shape or place that is no whole number >= 0",
        ),
        ({"a": HEADER, "b": HEADER}, 4, "tensors overlap or leave a gap"),
        ({"a": HEADER}, 5, "there are bytes after the last tensor"),
        ({}, 1, "there are bytes after the last tensor"),
        ([1], 0, "the header is no object"),
    ],
)
def test_why_a_tensor_file_is_refused(header, body, why):
    sentence = f"x.safetensors is not a valid safetensors file: {why}"
    with pytest.raises(DamagedFile, match=exactly(sentence)):
        io.parse("x.safetensors", tensors(header, b"\0" * body))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\0" * 7, "shorter than a header"),
        (b"\0" * 8, "Expecting value: line 1 column 1"),
        (struct.pack("<Q", 3) + b"{}", "the header is longer than the file"),
        (struct.pack("<Q", 2**26 + 1) + b"{}", "the header is longer than the file"),
        (struct.pack("<Q", 2) + b"{a", "Expecting property name enclosed in double quotes"),
    ],
)
def test_why_a_torn_tensor_header_is_refused(data, why):
    with pytest.raises(
        DamagedFile, match=f"^x.safetensors is not a valid safetensors file: {why}"
    ):
        io.parse("x.safetensors", data)


def test_a_tensor_file_without_a_tensor_is_empty():
    assert io.parse("x.safetensors", io.dump("x.safetensors", {})) == {}
    assert io.safetensors_metadata(io.dump("x.safetensors", {})) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{ "a":%s}' % ROW, "the header is not written as the format's writers write it"),
        (b'{"\\u0061":%s}' % ROW, "the header is not written as the format's writers write it"),
        (b'{"a":"F32"}', "a tensor has a header that is not allowed"),
        (b'{"__metadata__":[],"a":%s}' % ROW, "its metadata is no table of texts"),
        (b'{"__metadata__":{"respike":1},"a":%s}' % ROW, "its metadata is no table of texts"),
        (b'{"":%s}' % ROW, "a tensor has the name ''; names are texts without NUL"),
    ],
)
def test_a_header_is_taken_only_as_its_writers_write_it(text, why):
    data = struct.pack("<Q", len(text)) + text + bytes(4)
    sentence = f"x.safetensors is not a valid safetensors file: {why}"

    with pytest.raises(DamagedFile, match=exactly(sentence)):
        io.parse("x.safetensors", data)
    with pytest.raises(ValueError, match=exactly(why)):
        io.safetensors_metadata(data)


def test_metadata_that_is_too_deep_is_an_error_of_value():
    deep = json.dumps({"__metadata__": {"respike": "[" * 100_000}}, separators=(",", ":"))
    text = deep.encode() + b" " * (-len(deep) % 8)

    with pytest.raises(ValueError, match="maximum recursion depth exceeded"):
        io.safetensors_metadata(struct.pack("<Q", len(text)) + text)


def test_a_member_that_is_no_array_is_refused():
    data = io.dump("x.zip", {"a.txt": b"text"})

    sentence = "x.npz is not a valid npz file: member 'a.txt' is no array"
    with pytest.raises(DamagedFile, match=exactly(sentence)):
        io.parse("x.npz", data)


def test_a_large_archive_is_written_anew_and_compared(monkeypatch):
    data = io.dump("x.zip", {"a": b"1234", "b/c": b""})
    monkeypatch.setattr(stored, "_PLAIN_BYTES", 0)
    assert io.parse("x.zip", data) == {"a": b"1234", "b/c": b""}

    for mutant in (data + b"\0", b"\0" + data, data.replace(b"a", b"A", 1)):
        with pytest.raises(DamagedFile, match=r"x\.zip is not a valid zip file: \w"):
            io.parse("x.zip", mutant)
    monkeypatch.setattr(stored, "MAX_MEMBER_BYTES", 3)
    sentence = "x.zip is not a valid zip file: member 'a' is compressed or too large"
    with pytest.raises(DamagedFile, match=exactly(sentence)):
        io.parse("x.zip", data)


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "a\\b", "a\nb", "folder/", "."])
def test_a_name_that_leaves_its_folder_is_neither_written_nor_read(name):
    with pytest.raises(RespikeError, match=r"a zip member has the name .* leaves its folder"):
        io.dump("x.zip", {name: b"x"})
    with pytest.raises(DamagedFile, match="has a name that leaves its folder"):
        io.parse("x.zip", stored.dump([(name, b"x")]))


def test_members_stand_in_the_order_of_their_names():
    data = stored.dump([("b", b"1"), ("a", b"2")])

    with pytest.raises(DamagedFile, match="its members are not in the order of their names"):
        io.parse("x.zip", data)


def npy(descr="'<f8'", order="False", shape="(2,)", body=bytes(16)):
    head = f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + body


@pytest.mark.parametrize(
    ("member", "why"),
    [
        (npy(order="True"), "is no array as we write it"),
        (npy(descr="'>f8'"), "is no array as we write it"),
        (npy(descr="'|O'"), "is no array as we write it; Object arrays cannot be loaded"),
        (npy(descr="[('a', '<f8')]"), "is no array as we write it"),
        (npy(shape="(2 ,)"), "has a header that is not written so"),
        (npy(shape="(02,)"), "has a header that is not written so"),
        (npy(shape="(1152921504606846976,)"), "it is cut"),
        (npy(shape="(3,)"), "it is cut"),
        (npy(shape="(1,)"), "has bytes after its array"),
        (npy("'|b1'", shape="(1,)", body=b"\2"), "neither true nor false"),
        (npy("'<U1'", shape="(1,)", body=b"\0\0\x11\0"), "a character that does not exist"),
        (npy("'<U1'", shape="(1,)", body=b"\0\xd8\0\0"), "a character that does not exist"),
    ],
)
def test_an_array_that_is_not_as_we_write_it_is_refused(member, why):
    with pytest.raises(DamagedFile, match=re.escape(why)):
        io.parse("x.npz", stored.dump([("a.npy", member)]))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b'{"a": 1e999}', "1e999 is too large for a number"),
        (b'{"a": "\\uD800"}', "surrogates not allowed"),
        (b"[" * 100_000, "maximum recursion depth exceeded"),
    ],
)
def test_json_that_could_not_be_written_again_is_refused(text, why):
    with pytest.raises(DamagedFile, match=re.escape(why)):
        io.parse("x.json", text)


@pytest.mark.parametrize("data", [b"a\r\n1\r\n", b'"a"\n1\n', b"a\n1"])
def test_a_csv_is_taken_only_as_we_write_it(data):
    why = "its cells, quotes or line ends are not written as we write them"
    with pytest.raises(DamagedFile, match=exactly(f"x.csv is not a valid csv file: {why}")):
        io.parse("x.csv", data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no header line"),
        (b"a,b\n1\n", "a row has another number of cells than the header"),
        (b"a,b\n1\n1,2\n", "a row has another number of cells than the header"),
        (b"a,a\n1,2\n", "a row has another number of cells than the header"),
        (b'a\n"x\n', "unexpected end of data"),
        (
            b"a\n\xff\n",
            "'utf-8' codec can't decode byte 0xff in position 2: invalid start byte",
        ),
    ],
)
def test_why_a_table_is_refused(data, why):
    sentence = f"x.csv is not a valid csv file: {why}"
    with pytest.raises(DamagedFile, match=exactly(sentence)):
        io.parse("x.csv", data)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_a_word_that_json_does_not_know_is_named(word):
    sentence = f"x.json is not a valid json file: {word} is not allowed"
    with pytest.raises(DamagedFile, match=exactly(sentence)):
        io.parse("x.json", f'{{"a": {word}}}'.encode())


def test_a_failure_without_words_is_named_by_its_kind(monkeypatch):
    def fail(data):
        raise MemoryError

    monkeypatch.setitem(io._FORMATS, ".json", (None, fail))

    with pytest.raises(
        DamagedFile, match=exactly("x.json is not a valid json file: MemoryError")
    ):
        io.parse("x.json", b"{}")


# ------------------------------------------------------------------ files


def test_the_sentences_of_a_reader_are_whole(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"right")
    good, bad = io.sha256(b"right"), io.sha256(b"wrong")

    sentence = (
        f"{path} is not what train of x wrote: recorded sha256 {bad[:12]}..., "
        f"found {good[:12]}...; remove it and run again"
    )
    with pytest.raises(DamagedFile, match=exactly(sentence)):
        io.read_bytes(path, bad, "train of x")

    sentence = (
        f"{tmp_path} (made by train of x) cannot be read: Is a directory; "
        "run again to make it anew"
    )
    with pytest.raises(DamagedFile, match=exactly(sentence)):
        io.read_bytes(tmp_path, good, "train of x")


def test_a_file_is_whole_on_the_disk_before_it_is_synced(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(io.os, "fsync", lambda fd: seen.append(os.fstat(fd).st_size))
    path = tmp_path / "a.bin"

    io.write_bytes(path, b"twelve bytes")

    assert seen == [12]
    assert path.read_bytes() == b"twelve bytes"
    assert path.stat().st_mode & 0o111 == 0


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_says_how_much_was_needed(number, tmp_path, monkeypatch):
    def fail(fd):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(io.os, "fsync", fail)

    sentence = f"the disk is full: 1.3 MB for {tmp_path} do not fit; free space and run again"
    with pytest.raises(RespikeError, match=exactly(sentence)):
        io.write_bytes(tmp_path / "a.bin", b"\0" * 1_310_000)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_folder_that_cannot_be_written_is_named(number, tmp_path, monkeypatch):
    def fail(*args):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(io.os, "open", fail)

    sentence = f"the folder {tmp_path} cannot be written; make it writable and run again"
    with pytest.raises(RespikeError, match=exactly(sentence)):
        io.write_bytes(tmp_path / "a.bin", b"")


def test_a_folder_that_is_not_there_is_a_sentence_too(tmp_path):
    folder = tmp_path / "none"

    sentence = (
        f"cannot write in {folder}: No such file or directory; "
        "nothing was left behind, run again"
    )
    with pytest.raises(RespikeError, match=exactly(sentence)):
        io.write_bytes(folder / "a.bin", b"")
