"""The writer, the manifest and the downloader, with the n-th call to the disk failing.

For every n until nothing fails any more: never a wrong or partial file under a final name,
never a record without its files, at most three lines, and the next plain try succeeds.
"""

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

from respike.core import io, job, layout, lock, records
from respike.core.errors import FAILED, RespikeError
from respike.datasets.cache import Cache
from respike.datasets.download import Patience
from respike.datasets.fetching import fetch
from tests.datasets.server import DATA, Server, good
from tests.faults import calls

SHA = hashlib.sha256(DATA).hexdigest()
PLACE = {"budget": "smoke", "study": "toy", "variant": "one", "dataset": "toy", "seed": 0}
MOST = 60  # no loop may run away
EVERY = pytest.mark.parametrize(
    ("kind", "how"), [(k, h) for k in calls.KINDS for h in calls.HOW]
)


@pytest.fixture
def folder(tmp_path):
    """A folder in memory where there is one: the loop syncs thousands of times."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as found:
        yield Path(found)


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv(lock.EPOCH, raising=False)


# ------------------------------------------------------------------ the stages' frame


def paths(stage):
    row = layout.STAGES[stage]
    named = {n: layout.output(stage, n).format(**PLACE) for n in (*row.content, *row.evidence)}
    return {**named, "record": layout.record(stage).format(**PLACE)}


def work_of(stage, n):
    """A stage's work: every output of a kind its format can hold, the manifest last."""
    values = {
        ".npz": {"n": np.full(500, n)},
        ".safetensors": {"w": np.full(300, n)},
        ".json": {"n": n},
        ".csv": [{"n": n}],
        ".html": f"<!doctype html>{n}",
        "": f"sums {n}\n",
    }
    last = {"sums", "manifest"} & set(paths(stage))

    def run(one):
        for name, path in paths(stage).items():
            if name not in last | {"record"}:
                one.write(name, values[Path(path).suffix])
        if last:
            one.write_last(
                lambda record: {n: values[Path(paths(stage)[n]).suffix] for n in last}
            )

    return run


def play(stage, n):
    """One plain try at the stage, under its own run as by hand: its exit code."""
    os.environ.pop(lock.EPOCH, None)
    told = {"stage": stage, **PLACE, "train": {"epochs": n}, "order": [], "studies": {}}
    words = ["--settings", json.dumps(told)]
    try:
        return job.main(stage, work_of(stage, n), [*words, "--out", *paths(stage).values()])
    finally:
        lock.release(Path.cwd())
        os.environ.pop(lock.EPOCH, None)


def files(stage):
    """Bytes of each output but the record."""
    return {n: Path(p).read_bytes() for n, p in paths(stage).items() if n != "record"}


def violations(stage, older, newer):
    """What must never be: names under which something partial or unvouched-for stands."""
    found = []
    for name in older:
        path = Path(paths(stage)[name])
        if path.exists() and path.read_bytes() not in (older[name], newer[name]):
            found.append(f"{path} is partial or wrong")
    record = Path(paths(stage)["record"])
    if record.exists():
        told = records.load(record)["outputs"]
        for file, row in told.items():
            path = record.parent / file
            if not path.exists() or io.sha256(path.read_bytes()) != row["sha256"]:
                found.append(f"a record stands without its {file}")
    return found


@pytest.mark.parametrize(
    ("again", "kind", "how"),
    [
        (again, kind, how)
        for again in (False, True)
        for kind in calls.KINDS
        for how in calls.HOW
        if not again or how in ("ENOSPC", calls.CRASH)
    ],
)
@pytest.mark.parametrize("stage", ["train", "report"])
def test_a_stage_commits_all_or_nothing_whichever_call_fails(
    stage, again, kind, how, folder, monkeypatch, capfd
):
    monkeypatch.chdir(folder)
    assert play(stage, 2) == 0
    newer = files(stage)
    assert play(stage, 1) == 0
    older = files(stage)
    tried = 0
    for n in range(1, MOST):
        if not again:
            shutil.rmtree(folder / "results")
        capfd.readouterr()

        code, hit = calls.attempt(lambda: play(stage, 2), folder, kind, n, how)

        said = capfd.readouterr().err
        assert violations(stage, older, newer) == [], f"{kind} {n}"
        if not hit:
            break
        tried += 1
        assert code in ({calls.CRASHED} if how == calls.CRASH else {0, FAILED}), f"{kind} {n}"
        if code == FAILED:
            assert "Traceback" not in said
            assert len(said.strip().splitlines()) <= 3, said
            assert "run again" in said, said
        assert play(stage, 1) == 0, f"{kind} {n}: the next try failed"
        assert files(stage) == older
        assert violations(stage, older, older) == []
        assert not [p for p in folder.rglob("*") if p.name.endswith(".part")]
        assert not list((folder / lock.FOLDER / "attempts").glob("*.json"))
    assert tried >= 5
    assert code == 0
    assert files(stage) == newer


# ------------------------------------------------------------------ the downloader


@pytest.mark.parametrize("left", [0, 150_000], ids=["from-nothing", "from-a-part"])
@EVERY
def test_a_download_keeps_the_right_bytes_or_none_whichever_call_fails(left, kind, how, folder):
    haste = Patience(tries=2, connect_s=2, read_s=2, first_wait_s=0.001)
    kept = Cache(folder).path(SHA)

    def get():
        file = {"name": "f", "bytes": len(DATA), "sha256": SHA, "urls": [server.url("file")]}
        row = {"source": "https", "files": [file]}
        return fetch("toy", row, cache=Cache(folder), patience=haste)["f"]

    def once():
        try:
            return get()
        except RespikeError as error:
            return error

    with Server(file=good()) as server:
        tried = 0
        for n in range(1, MOST):
            shutil.rmtree(folder)
            (folder / "partial").mkdir(parents=True)
            if left:
                (folder / "partial" / SHA).write_bytes(DATA[:left])

            got, hit = calls.attempt(once, folder, kind, n, how)

            assert not kept.exists() or kept.read_bytes() == DATA, f"{kind} {n}"
            if not hit:
                break
            tried += 1
            if isinstance(got, RespikeError):
                assert len(str(got).splitlines()) <= 3
                assert "run again" in str(got), got
            else:
                assert got in (DATA, calls.CRASHED), f"{kind} {n}"
            assert get() == DATA, f"{kind} {n}: the next try failed"
            assert kept.read_bytes() == DATA
            assert json.loads(kept.with_name(f"{SHA}.json").read_text())["sha256"] == SHA
    assert tried >= {"open": 4, "write": 2, "fsync": 2, "rename": 2}[kind]
    assert tried < MOST - 1


# ------------------------------------------------------------------ the loop itself


def test_a_writer_that_opens_the_final_name_is_seen(tmp_path):
    final = tmp_path / "a"

    def careless():
        final.write_text("whole")

    with pytest.raises(OSError, match="No space left"):
        calls.attempt(careless, tmp_path, "write", 1, "ENOSPC")

    assert final.read_text() == "wh"


@pytest.mark.parametrize("kind", calls.KINDS)
def test_calls_elsewhere_are_let_through(kind, tmp_path):
    (tmp_path / "here").mkdir()

    def elsewhere():
        io.write_bytes(tmp_path / "a", b"x")
        os.replace(tmp_path / "a", tmp_path / "b")

    assert calls.attempt(elsewhere, tmp_path / "here", kind, 1, "EIO") == (None, False)
