"""Mutants of the formats read: none crashes its reader, none passes for the file it was.

What is asserted:

- through the verified reader (records.read_verified) a mutant is refused, always: by its hash;
- npz, zip and CSV alone: a mutant is refused, or writing its value gives its own bytes;
- safetensors: the same, but that its tensors may stand in another order;
- JSON and YAML: a mutant is refused, or its value can be written and read again as it is;
- mat, edf, bdf, h5, pt: the child refuses, dies or reads; its caller is told in one sentence.
"""

import json
import os
from collections import Counter
from io import BytesIO

import numpy as np
import pytest

from respike.core import io, layout, records, strict, yaml
from respike.core.errors import ConfigError, DamagedFile
from tests.hostile import forks, recordings
from tests.hostile.mutants import mutants
from tests.stages import run_jobs

SEED = int(os.environ.get("RESPIKE_FUZZ_SEED", "0"))
PIPELINE = {".npz": 300, ".safetensors": 300, ".zip": 250, ".json": 250, ".csv": 200}
TEXTS = {".yaml": 200, "sources": 100}
FOREIGN = {".mat": 120, ".edf": 100, ".bdf": 40, ".h5": 100, ".pt": 40}
LONG = 25  # times as many in the campaign

ARRAYS = {
    "layer.0.weight": np.arange(12, dtype=np.float32).reshape(3, 4) / 7,
    "spikes": np.array([[True, False, True]]),
    "label": np.array(["one", "zwölf"]),
    "n": np.array(5, np.int64),
    "empty": np.zeros((0, 2), np.uint8),
}
TENSORS = {name: value for name, value in ARRAYS.items() if name != "label"}
ROWS = [
    {"epoch": 1, "loss": 0.1, "says": 'a "b", c\nd'},
    {"epoch": 2, "loss": 0.25, "says": ""},
]
VALUE = {"accuracy": 0.9123, "runs": [1, 2, {"a": None, "b": "ü\u2028"}], "ok": True, "z": -0.0}


def good(suffix):
    """Two files of a format that its writer made."""
    made = {
        ".npz": lambda: [io.dump("x.npz", ARRAYS), io.dump("x.npz", {"a": np.eye(3)})],
        ".safetensors": lambda: [
            io.dump("x.safetensors", TENSORS, metadata={"epoch": 3, "a": "ü"}),
            io.dump("x.safetensors", {"a": np.eye(3)}),
        ],
        ".zip": lambda: [
            io.dump("x.zip", {"a/b.csv": b"1,2\n", "ü.bin": bytes(range(99))}),
            io.dump("x.zip", {"one": b""}),
        ],
        ".json": lambda: [io.dump("x.json", VALUE), b'{"a": [1.5, "b"]}'],
        ".csv": lambda: [io.dump("x.csv", ROWS), b"a\n1\n"],
        ".yaml": lambda: [
            file.read_bytes() for file in sorted((forks.ROOT / "studies").glob("*.yaml"))[:3]
        ],
        "sources": lambda: [(forks.ROOT / "respike/datasets/sources.yaml").read_bytes()[:6000]],
        ".edf": lambda: [recordings.edf(), recordings.edf(signals=1, reserved="EDF+C")],
        ".bdf": lambda: [recordings.edf(bdf=True), recordings.edf(bdf=True, signals=1)],
        ".mat": _mat,
        ".h5": _hdf5,
        ".pt": _pt,
    }
    return made[suffix]()


def _mat():
    from scipy.io import savemat

    found = []
    wins = np.zeros((1, 2), dtype=[("eeg", object), ("id", object)])
    wins[0, 0], wins[0, 1] = (np.arange(3.0), "x"), (np.arange(2, dtype=np.uint8), 2)
    for packed in (False, True):
        buffer = BytesIO()
        savemat(
            buffer, {"ws": {"name": "x", "win": wins}, "c": [[1, 2]]}, do_compression=packed
        )
        head = b"MATLAB 5.0 MAT-file".ljust(124)  # scipy puts the date there
        found.append(head + buffer.getvalue()[124:])
    return found


def _hdf5():
    import h5py

    found = []
    for options in ({}, {"compression": "gzip", "shuffle": True, "fletcher32": True}):
        buffer = BytesIO()
        with h5py.File(buffer, "w") as file:
            file.create_dataset("g/x", data=np.eye(20), **options)
            file["n"] = np.arange(5, dtype=np.int16)
            file.create_dataset("r", (1,), h5py.vlen_dtype(np.int32))[0] = [1, 2, 3]
            file["s"] = ["one", "two"]
        found.append(buffer.getvalue())
    return found


def _pt():
    import torch

    buffer = BytesIO()
    value = {"w": torch.arange(6.0).reshape(2, 3), "o": {"s": [torch.tensor(3)]}}
    torch.save(value, buffer)
    return [buffer.getvalue()]


# ------------------------------------------------------------------ our own formats


def attempt(read, refusal):
    """The value of a call and None, or None and its refusal; all else is the test's failure."""
    try:
        return read(), None
    except refusal as error:
        return None, str(error)


def same_again(name, data):
    """Refused, or read to a value that stands for the same bytes; True if it was read."""
    value, why = attempt(lambda: io.parse(name, data), DamagedFile)
    if why is not None:
        assert 0 < len(why) < 600
        assert "\n" not in why
        return False
    if name.endswith((".npz", ".zip")):
        assert io.dump(name, value) == data
    elif name.endswith(".csv"):
        assert io.dump(name, value) == data or not value
    else:
        options = {}
        if name.endswith(".safetensors"):
            metadata, why = attempt(lambda: io.safetensors_metadata(data), ValueError)
            if why is not None:
                return False
            options = {"metadata": metadata}
        again = io.parse(name, io.dump(name, value, **options))
        assert io.content_sha256(again) == io.content_sha256(value)
    return True


def fuzz_own(suffix, count, seed):
    return Counter(
        same_again(f"x{suffix}", data) for data in mutants(good(suffix), suffix, count, seed)
    )


@pytest.mark.parametrize("suffix", PIPELINE)
def test_a_good_file_is_read(suffix):
    assert all(same_again(f"x{suffix}", data) for data in good(suffix))


@pytest.mark.parametrize("suffix", PIPELINE)
def test_a_mutant_is_refused_or_stands_for_itself(suffix):
    found = fuzz_own(suffix, PIPELINE[suffix], SEED)

    assert found.total() == PIPELINE[suffix]
    assert found[False] > found[True]


@pytest.mark.parametrize("suffix", PIPELINE)
def test_a_mutant_never_passes_the_verified_reader(suffix, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = good(suffix)[0]
    path = run_jobs.lay(f"data/toy/prepare/x{suffix}", io.parse(f"x{suffix}", first))
    right = (tmp_path / path).read_bytes()
    assert records.read_verified(tmp_path, path)[0] == right

    for data in mutants([right], suffix, PIPELINE[suffix] // 3, SEED + 1):
        (tmp_path / path).write_bytes(data)
        with pytest.raises(DamagedFile, match="is not what prepare of toy wrote: recorded"):
            records.read_verified(tmp_path, path)


def test_a_mutant_of_a_record_is_refused_or_is_the_record(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = layout.record_of(run_jobs.lay("data/toy/prepare/x.csv", ROWS))
    right = (tmp_path / path).read_bytes()
    said = records.parse(path, right)

    for data in mutants([right], ".json", 200, SEED):
        value, why = attempt(lambda data=data: records.parse(path, data), DamagedFile)
        assert value == said or why.startswith(str(path))  # other blanks: the same record


# ------------------------------------------------------------------ texts


def fuzz_text(kind, count, seed):
    found = Counter()
    for data in mutants(good(kind), ".yaml", count, seed):
        text = data.decode("utf-8", errors="surrogateescape")
        document, why = attempt(lambda text=text: yaml.parse(text, "a.yaml"), ConfigError)
        found[why is None] += 1
        if why is None:
            assert json.loads(json.dumps(document.value, allow_nan=False)) == document.value
            if kind == "sources":
                problems = strict.problems(document.value, "sources", document)
                assert all(isinstance(problem, str) for problem in problems)
        else:
            assert why.startswith("a.yaml:")
    return found


@pytest.mark.parametrize("kind", TEXTS)
def test_a_mutant_of_a_text_is_refused_by_its_line_or_read(kind):
    assert fuzz_text(kind, TEXTS[kind], SEED).total() == TEXTS[kind]


# ------------------------------------------------------------------ foreign formats


def fuzz_foreign(suffix, count, seed):
    made = mutants(good(suffix), suffix, count, seed)
    said = forks.say({f"{i}{suffix}": data for i, data in enumerate(made)})
    for one in said.values():
        assert "\n" not in one.why
        assert len(one.why) < 700
        assert one.peak_mb < 2000
    return Counter(one.end for one in said.values())


@pytest.mark.parametrize("suffix", FOREIGN)
def test_a_good_foreign_file_is_read(suffix):
    said = forks.say({f"{i}{suffix}": data for i, data in enumerate(good(suffix))})

    assert [one.end for one in said.values()] == ["read"] * len(said), said


@pytest.mark.parametrize("suffix", FOREIGN)
def test_a_mutant_of_a_foreign_file_ends_in_its_child(suffix):
    found = fuzz_foreign(suffix, FOREIGN[suffix], SEED)

    assert found.total() == FOREIGN[suffix]
    assert found["refused"] + found["died"] > FOREIGN[suffix] / 4


def test_two_thousand_mutants_are_tried():
    assert sum((*PIPELINE.values(), *TEXTS.values(), *FOREIGN.values())) == 2000


# ------------------------------------------------------------------ the campaign


@pytest.mark.slow
@pytest.mark.parametrize("suffix", PIPELINE)
def test_many_mutants_are_refused_or_stand_for_themselves(suffix):
    count = LONG * PIPELINE[suffix]
    assert fuzz_own(suffix, count, SEED + 2).total() == count


@pytest.mark.slow
@pytest.mark.parametrize("kind", TEXTS)
def test_many_mutants_of_texts_are_refused_or_read(kind):
    assert fuzz_text(kind, LONG * TEXTS[kind], SEED + 2).total() == LONG * TEXTS[kind]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", FOREIGN)
def test_many_mutants_of_foreign_files_end_in_their_children(suffix):
    found = fuzz_foreign(suffix, LONG * FOREIGN[suffix], SEED + 2)

    assert found.total() == LONG * FOREIGN[suffix]
