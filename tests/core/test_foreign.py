"""Foreign files: read alike by those who wrote them, and nothing of the caller at risk."""

import os
import re
import struct
import subprocess
import sys
from io import BytesIO

import h5py
import numpy as np
import pytest

from respike.core import foreign
from respike.core.errors import DamagedFile
from respike.core.foreign import parse_foreign
from respike.core.parsers import child
from tests.hostile.recordings import edf


def hdf5(fill, **options):
    buffer = BytesIO()
    with h5py.File(buffer, "w", **options) as file:
        fill(file)
    return buffer.getvalue()


def exactly(sentence):
    return "^" + re.escape(sentence) + "$"


# ------------------------------------------------------------------ MATLAB


def test_a_matlab_file_comes_back_flattened_from_a_child_process(tmp_path, monkeypatch):
    from scipy.io import savemat

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    buffer = BytesIO()
    wins = np.zeros(2, dtype=[("eeg", object), ("id", object)])
    wins[0] = (np.arange(3.0), 1)
    wins[1] = (np.arange(2.0), 2)
    savemat(buffer, {"ws": {"name": "x", "win": wins}}, do_compression=True)

    found = parse_foreign("a.mat", buffer.getvalue())

    assert found["ws.win[1].eeg"].ravel().tolist() == [0.0, 1.0]
    assert found["ws.win[0].id"].item() == 1
    assert found["ws.name"].tolist() == ["x"]


def test_a_matlab_7_3_file_is_read_with_its_axes_and_its_text():
    def fill(file):
        file["x"] = np.arange(6.0).reshape(3, 2)
        text = file.create_dataset("s/name", data=np.array([[104], [105]], np.uint16))
        text.attrs["MATLAB_class"] = np.bytes_("char")

    data = hdf5(fill, userblock_size=512)
    head = b"MATLAB 7.3 MAT-file".ljust(124) + struct.pack("<HH", 0x0200, 0x4D49)

    found = parse_foreign("a.mat", head + data[128:])

    assert found["x"].tolist() == [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]
    assert found["s.name"].tolist() == ["hi"]


def test_real_matlab_files_are_read(shared_data):
    found = parse_foreign("a.mat", (shared_data / "retina/motionSteps.mat").read_bytes())

    assert found["stimulus"].shape == (2, 27001)


# ------------------------------------------------------------------ HDF5


def test_an_hdf5_file_gives_its_arrays_rows_and_text():
    def fill(file):
        file.create_dataset("g/x", data=np.eye(40), compression="gzip", shuffle=True)
        file["n"] = np.array([[1, 2], [3, 4]], np.int16)
        rows = file.create_dataset("spikes/times", (2,), h5py.vlen_dtype(np.float16))
        rows[0], rows[1] = [0.5], [0.25, 0.75]
        file["keys"] = ["ü", "two"]

    found = parse_foreign("a.h5", hdf5(fill))

    assert np.array_equal(found["g/x"], np.eye(40))
    assert found["n"].dtype == np.int16
    assert found["spikes/times[1]"].tolist() == [0.25, 0.75]
    assert found["keys"].tolist() == ["ü", "two"]
    assert len(found) == 5


# ------------------------------------------------------------------ EDF and BDF


def test_an_edf_file_is_read_as_its_specification_says():
    raw = np.arange(16, dtype="<i2").reshape(2, 2, 4)  # record, signal, sample

    found = parse_foreign("a.edf", edf(duration_s="0.5"))

    # physical = (digital + 32768) x (3276.7 + 3276.8) / 65535 - 3276.8
    wanted = (raw[:, 1].ravel() + 32768.0) * (6553.5 / 65535) - 3276.8
    assert np.array_equal(found["signal[1]"], wanted)
    assert np.allclose(found["signal[1]"], raw[:, 1].ravel() / 10, atol=1e-9, rtol=0)
    assert found["label"].tolist() == ["EEG 0", "EEG 1"]
    assert found["dimension"].tolist() == ["uV", "uV"]
    assert found["rate_hz"].tolist() == [8.0, 8.0]
    assert found["duration_s"].item() == 1.0


def test_a_bdf_file_has_24_bits_with_sign():
    values = [-(2**23), -1, 0, 2**23 - 1]
    body = b"".join(v.to_bytes(3, "little", signed=True) for v in values)
    said = {"physical_min": str(-(2**23)), "physical_max": str(2**23 - 1), "records": "1"}

    found = parse_foreign("a.bdf", edf(body, bdf=True, signals=1, **said))

    assert found["signal[0]"].tolist() == values


def test_annotations_of_edf_plus_come_with_their_times():
    lists = b"+0\x14\x14\0+0.5\x151.5\x14T1\x14T2\x14\0".ljust(40, b"\0")
    body = struct.pack("<4h", 1, 2, 3, 4) + lists
    said = {
        "labels": ["EEG", "EDF Annotations"],
        "samples": ["4", "20"],
        "records": "1",
        "reserved": "EDF+C",
    }

    found = parse_foreign("a.edf", edf(body, **said))

    assert found["label"].tolist() == ["EEG"]
    assert found["annotation.onset_s"].tolist() == [0.5, 0.5]
    assert found["annotation.duration_s"].tolist() == [1.5, 1.5]
    assert found["annotation.text"].tolist() == ["T1", "T2"]


@pytest.mark.parametrize(
    "lists", [b"+0\x15\x14a\x14\0", b"0\x14a\x14\0", b"+0\x14a\0", b"+0\x14a\x1b[2J\x14\0"]
)
def test_an_annotation_that_is_not_as_specified_is_refused(lists):
    body = bytes(8) + lists.ljust(40, b"\0")
    said = {"labels": ["EEG", "EDF Annotations"], "samples": ["4", "20"], "records": "1"}

    with pytest.raises(DamagedFile, match=r"an annotation (has no proper|does not|holds)"):
        parse_foreign("a.edf", edf(body, **said))


def test_real_eeg_is_read_whole(shared_data):
    found = parse_foreign("a.edf", (shared_data / "eegmmidb_S001/S001R05.edf").read_bytes())

    assert found["label"].shape == (64,)
    assert set(found["rate_hz"].tolist()) == {160.0}
    kinds, counts = np.unique(found["annotation.text"], return_counts=True)
    assert dict(zip(kinds.tolist(), counts.tolist(), strict=True)) == {
        "T0": 15, "T1": 8, "T2": 7,
    }  # fmt: skip
    assert found["signal[0]"].shape == (20000,)
    assert abs(found["signal[0]"]).max() < 1000


# ------------------------------------------------------------------ PyTorch


def test_a_state_dict_flat_or_nested_becomes_arrays():
    import torch

    buffer = BytesIO()
    value = {
        "fc.weight": torch.arange(6.0).reshape(2, 3).T,
        "optimizer": {"steps": [torch.tensor(3), torch.tensor([True])]},
    }
    torch.save(value, buffer)

    found = parse_foreign("a.pt", buffer.getvalue())

    assert found["fc.weight"].tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    assert found["optimizer.steps[0]"].item() == 3
    assert found["optimizer.steps[1]"].tolist() == [True]


def bfloat16(torch):
    return {"w": torch.zeros(2, dtype=torch.bfloat16)}


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda torch: {"epoch": 3, "w": torch.zeros(1)}, "'epoch' is a int; save the state"),
        (lambda torch: torch.zeros(1), "it holds a Tensor; read here: a dict of tensors"),
        (bfloat16, "'w' is of type bfloat16; convert it to float32 where it is saved"),
        (lambda torch: {1: torch.zeros(1)}, "'' has the key 1; keys are texts"),
        (lambda torch: {"w": torch.zeros(2).to_sparse()}, "'w' is no dense tensor in memory"),
    ],
)
def test_a_checkpoint_of_more_than_dense_tensors_is_refused(make, why):
    import torch

    buffer = BytesIO()
    torch.save(make(torch), buffer)

    with pytest.raises(DamagedFile, match=re.escape(f"a.pt is not a valid pt file: {why}")):
        parse_foreign("a.pt", buffer.getvalue())


# ------------------------------------------------------------------ the child


def test_a_suffix_without_a_reader_is_refused():
    with pytest.raises(
        DamagedFile, match=r"^a\.pkl: no reader for '\.pkl'; known: \.mat, \.h5, \.hdf5"
    ):
        parse_foreign("a.pkl", b"")


def test_a_parser_that_takes_too_long_is_stopped():
    sentence = "a.mat: parsing took more than 0 s; is it damaged?"
    with pytest.raises(DamagedFile, match=exactly(sentence)):
        parse_foreign("a.mat", b"", timeout_s=0.001)


@pytest.mark.parametrize(
    ("code", "said", "why"),
    [
        (1, b"first\nbad \xff\x1b[2J byte\n\n", "bad \ufffd<U+001B>[2J byte"),
        (3, b"", "the parser ended with 3"),
        (-11, b"", "the parser died with signal 11"),
        (-9, b"half a sen", "the parser died with signal 9 (often: out of memory)"),
        (-24, b"", "the parser died with signal 24 (more CPU time than allowed)"),
    ],
)
def test_the_last_words_of_a_parser_are_handed_on(code, said, why, monkeypatch):
    def run(*args, stderr, **more):
        stderr.write(said)
        return subprocess.CompletedProcess([], code)

    monkeypatch.setattr(foreign.subprocess, "run", run)

    with pytest.raises(DamagedFile, match=exactly(f"a.mat is not a valid mat file: {why}")):
        parse_foreign("a.mat", b"")


def test_a_parser_that_crashes_does_not_take_its_caller_along(monkeypatch):
    crash = "import ctypes; ctypes.string_at(0)"
    run = subprocess.run
    monkeypatch.setattr(
        foreign.subprocess, "run", lambda _, **more: run([sys.executable, "-c", crash], **more)
    )

    with pytest.raises(DamagedFile, match="the parser died with signal 11"):
        parse_foreign("a.mat", b"")


def test_a_child_gets_no_variable_but_those_on_the_list(monkeypatch):
    for name in ("AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "https_proxy", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("HDF5_PLUGIN_PATH", "/tmp")

    found = foreign.environment()

    assert "canary" not in found.values()
    assert found["HDF5_PLUGIN_PRELOAD"] == "::"
    assert found["HDF5_PLUGIN_PATH"] == os.devnull


def locked(code, before="", seconds="1", **more):
    """What code does behind the locks of a child."""
    program = (
        "import os, socket, subprocess, sys\n"
        f"from respike.core.parsers import child\n{before}\n"
        f"child.lock_down(0, {seconds})\n{code}"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **more},
        env=foreign.environment(),
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    "asks",
    [
        "open('/etc/passwd')",
        "open('/tmp/hostile-escaped', 'w')",
        "socket.socket()",
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.remove('/tmp/nothing')",
        "eval('1')",
        "exec('1')",
    ],
)
def test_a_parser_that_was_taken_over_can_do_nothing(asks):
    done = locked(f"try:\n    {asks}\nexcept OSError as error:\n    print(error)\n")

    assert "it made its parser ask for '" in done.stdout


def test_even_machine_code_can_open_no_file_and_no_socket():
    found = "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.open, libc.socket, libc.dup"
    done = locked(
        "print(libc.open(b'/etc/passwd', 0), libc.socket(2, 1, 0), libc.dup(1))", before=found
    )

    assert done.stdout == "-1 -1 -1\n"


def test_cpu_time_is_limited():
    done = locked("while True: pass", seconds="0.2")

    assert done.returncode == -24


def test_output_is_limited(tmp_path):
    with (tmp_path / "out").open("w") as out:
        done = locked("while True: print('x' * 2**20, flush=True)", stdout=out)

    assert "File too large" in done.stderr
    assert (tmp_path / "out").stat().st_size <= child.room(0) + child.SMALL_BYTES


def test_memory_is_limited_to_two_gigabytes():
    done = locked("try:\n    bytearray(2**31)\nexcept MemoryError:\n    print('refused')")

    assert done.stdout == "refused\n"
