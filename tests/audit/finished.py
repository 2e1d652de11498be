"""A small finished run, made by the frame of the stages: two arms, their judge, a bare page.

Everything has a record as the real stages write it; only the numbers are drawn, not trained.
"""

import atexit
import contextlib
import json
import logging
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path, PurePosixPath

import numpy as np

from respike.claims import page, table
from respike.core import code, io, job, layout, lock, records
from respike.report import sums
from respike.stages import judge

BUDGET = "desk"
RUN = "results/desk/demo/{}/seed-{}/{}"
SEEDS = 4
COMMIT = "f" * 40
CLAIMS = [
    {"id": "lead", "says": "a is right more often than b", "scope": "analogue",
     "test": {"metric": "accuracy", "of": "a", "against": "b", "kind": "better", "unit": "pp",
              "primary": True}},
    {"id": "same", "says": "a counts the same at every step", "scope": "analogue",
     "test": {"metric": {"number": {"name": "counts"}}, "of": "a/simulate", "kind": "exact"}},
    {"id": "absent", "says": "a does well on another data set", "scope": "analogue",
     "not_run": "the data set is not published"},
]  # fmt: skip
STUDY = {
    "id": "demo", "title": "A demo", "seeds": SEEDS, "dataset": "digits",
    "paper": {"arxiv": "0000.00000", "version": 1, "title": "A demo"},
    "variants": {
        "a": {"simulate": {"experiment": "denoising"}},
        "b": {"simulate": {"experiment": "random-graphs"}},
    },
    "claims": CLAIMS,
}  # fmt: skip


def copy(folder: Path) -> Path:
    """Put a copy of the run into a folder; it is made once for all tests."""
    shutil.copytree(_made(), folder, dirs_exist_ok=True)
    return folder


@cache
def _made() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="respike-finished-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    log = logging.getLogger("respike")
    before = log.handlers, log.propagate, log.level
    with contextlib.chdir(folder):
        prepared()
        arms = (("a", 80), ("b", 40))
        for variant, right in arms:
            for seed in range(SEEDS):
                simulate(variant, seed, right + seed)
        judged()
        report()
        lock.release(folder)
    os.environ.pop(lock.EPOCH, None)
    shutil.rmtree(folder / ".respike")
    log.handlers, log.propagate = before[:2]
    log.setLevel(before[2])
    return folder


def prepared() -> str:
    """The data set; path of its record."""
    row = {"data_kind": "real", "source": "package"}
    settings = {"stage": "prepare", "dataset": "digits", "row": row}

    def run(j: job.Job) -> None:
        j.write("data", {"item": np.arange(100)})

    out = ["data/digits/prepare/arrays.npz", "results/data/digits/prepare/record.json"]
    return _run("prepare", run, settings, out)


def simulate(variant: str, seed: int, right: int) -> str:
    """One run with `right` of 100 items right; path of its record."""

    def run(j: job.Job) -> None:
        hit = np.random.default_rng(seed).permutation(100) < right
        items = {
            "item": np.arange(100),
            "label": np.ones(100, int),
            "predicted": hit.astype(int),
        }
        j.write("predictions", items)
        j.write("metrics", {"counts": [right, right]})
        j.write("trace", {})

    data = "data/digits/prepare/arrays.npz"
    settings = {
        "stage": "simulate", "budget": BUDGET, "study": "demo", "variant": variant,
        "seed": seed, "dataset": "digits", "simulate": STUDY["variants"][variant]["simulate"],
    }  # fmt: skip
    return stage("simulate", run, settings, RUN.format(variant, seed, "simulate"), data=[data])


def judged() -> str:
    """The judge of the study; path of its record."""
    settings = {
        "stage": "judge", "budget": BUDGET, "study": "demo", "seeds": SEEDS,
        "resolved": STUDY,
    }  # fmt: skip
    return stage("judge", judge.run, settings, "results/desk/demo/judge")


def report() -> str:
    """The page without its looks: verdict.json, sums and manifest over all that is there."""
    settings = {"stage": "report", "budget": BUDGET, "studies": {"demo": STUDY}}
    settings["order"] = [["demo", list(STUDY["variants"])]]
    return stage("report", _page, settings, "results/desk")


def _page(j: job.Job) -> None:
    documents = [j.read_path(path) for path in j.paths("verdicts")]
    history = {"demo": {claim["id"]: COMMIT for claim in CLAIMS}}
    document = page.finish(documents, history)
    behind = [*j.paths("records"), *map(layout.record_of, j.paths("verdicts"))]
    behind += [PurePosixPath("results/data/digits/prepare/record.json")]
    found = {path: j.read_path(path) for path in behind}
    written = {
        "verdict": document,
        "table": table.rows(document),
        "page": "<!doctype html><title>demo</title>",
        "code": code.table(found.values(), "report", j.settings),
    }
    for name, value in written.items():
        j.write(name, value)
    j.write_extra("film/demo.jpg", b"a still")
    files = sums.files(found, {path: j.sha256(path) for path in found})
    files |= sums.own(BUDGET, written, {"film/demo.jpg": b"a still"})

    def last(record: bytes):
        listing = sums.listing({**files, "results/desk/record.json": io.sha256(record)})
        return {"sums": listing, "manifest": sums.manifest(BUDGET, listing, found)}

    j.write_last(last)


def stage(name: str, run, settings: dict, folder: str, **inputs: list[str]) -> str:
    """Run a stage's work in the frame of the stages; path of its record."""
    row = layout.STAGES[name]
    files = [*row.content.values(), *row.evidence.values(), "record.json"]
    return _run(name, run, settings, [f"{folder}/{f}" for f in files], **inputs)


def _run(name: str, run, settings: dict, out: list[str], **inputs: list[str]) -> str:
    words = ["--settings", json.dumps(settings), "--code", code.of(name, settings)]
    words += ["--env", "base:" + "e" * 64]
    for word, paths in inputs.items():
        words += ["--in", word, *paths]
    assert job.main(name, run, [*words, "--out", *out]) == 0
    return out[-1]


def forge(path: str, change) -> None:
    """Change a JSON output and make every record, list and manifest above it agree."""
    value = io.parse(path, Path(path).read_bytes())
    change(value)
    Path(path).write_bytes(io.dump(path, value))
    agree(path, value)


def agree(path: str, value) -> None:
    """Make the record of an artifact say what is there now, and the page's list as well."""
    where = str(layout.record_of(path))
    record = records.load(where)
    record["outputs"][Path(path).name] = records.describe(Path(path).read_bytes(), path, value)
    seal(where, record)


def seal(where: str, record: dict) -> None:
    """Write an edited record as its job would have, and all that hashes or names it."""
    record["key"] = records.key(record)
    Path(where).write_bytes(records.dump(record))
    manifest = json.loads(Path("results/desk/manifest.json").read_text())
    for path in [*manifest["records"], "results/desk/record.json"]:
        reader = records.load(path)
        rows = [row for found in reader["inputs"].values() for row in found]
        read = [row for row in rows if str(layout.record_of(row["path"])) == where]
        before = [dict(row) for row in read]
        for row in read:
            data = Path(row["path"]).read_bytes()
            row |= {"bytes": len(data), "sha256": io.sha256(data), "key": record["key"]}
        if read != before:
            seal(path, reader)
    listed = Path("results/desk/SHA256SUMS")
    lines = [line.split("  ", 1)[1] for line in listed.read_text().splitlines()]
    listed.write_text(sums.listing({p: io.sha256(Path(p).read_bytes()) for p in lines}))
    manifest = json.loads(Path("results/desk/manifest.json").read_text())
    manifest["root"]["sha256"] = io.sha256(listed.read_bytes())
    if where in manifest["records"]:
        manifest["records"][where]["key"] = record["key"]
    Path("results/desk/manifest.json").write_bytes(io.dump("manifest.json", manifest))
