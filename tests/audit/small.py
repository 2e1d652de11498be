"""A small finished run of respike in a checkout of its own, made by the real harness.

Six kinds of job on three data sets: one that may be handed on, one that may not, and one that
could not be had. The arrays are tiny and nothing is learned; records, keys and lists are those
of any run.
"""

import os
import shutil
from pathlib import Path

import numpy as np

from respike.core import code, io, layout, lock
from respike.core.config import Config
from respike.core.job import Job, main
from respike.report import sums
from respike.stages.report import behind

ROOT = Path(__file__).resolve().parents[2]
BUDGET = "smoke"
TRAIN = (
    "train: {network: {mlp: {hidden: 4, time_steps: 1}}, neuron: {lif: {tau_steps: 2.0, "
    "v_threshold: 1.0, surrogate: atan}}, learning: bptt, loss: tet, epochs: 1, batch: 1, "
    "learning_rate: 0.1, decay: cosine, selection: last, input_levels: 16, "
    "split: {train: 1, validation: 1, test: 1}}"
)
PRUNE = (
    "prune: {from: dense, drop: {magnitude: {scope: layer}}, schedule: {cubic: {interval: 1, "
    "stop: 0.5}}, density: 0.1, learning: bptt, loss: tet, epochs: 1, batch: 1, "
    "learning_rate: 0.1, decay: cosine, selection: last}"
)
STUDY = f"""\
id: small
title: A small study
paper: {{arxiv: "0000.00000", version: 1, title: A small paper}}
dataset: open-set
seeds: {{smoke: 2, desk: 2, paper: 2}}
variants:
  dense: {{{TRAIN}}}
  pruned: {{{PRUNE}}}
  closed: {{dataset: closed-set, {TRAIN}}}
  absent: {{dataset: absent-set, {TRAIN}}}
claims:
  - id: small-claim
    says: the pruned network is as good as the dense network
    scope: analogue
    not_run: a small study has no claim to judge
"""
ROW = """\
  {name}:
    title: A small data set
    data_kind: synthetic
    source: https
    licence: {licence}
    attribution: nobody
    redistribute: {redistribute}
    optional: true
    cite: nobody
    reader: digits
    files: [{{name: a.csv, urls: ["https://localhost/a.csv"]}}]
"""
LICENCES = {"open-set": "CC0-1.0", "closed-set": "MIT", "absent-set": "CC-BY-4.0"}


def sources(licences: dict[str, str], closed: str = "closed-set") -> str:
    """Text of sources.yaml; one data set may not be handed on."""
    rows = [
        ROW.format(name=name, licence=licence, redistribute=str(name != closed).lower())
        for name, licence in licences.items()
    ]
    return "version: 1\ndatasets:\n" + "".join(rows)


def make(folder: Path) -> Path:
    """Make checkout and run in a folder that is not there yet."""
    checkout(folder)
    config = Config(folder, {"budget": BUDGET})
    before = Path.cwd()
    os.chdir(folder)
    try:
        for dataset in LICENCES:
            _do(config, "fetch", _fetch, dataset=dataset)
            _do(config, "prepare", _prepare, dataset=dataset)
        for variant in ("dense", "closed", "absent", "pruned"):
            for seed in ("0", "1"):
                stage = "prune" if variant == "pruned" else "train"
                _do(config, stage, _train, study="small", variant=variant, seed=seed)
        _do(config, "judge", _judge, study="small")
        _do(config, "report", _report)
    finally:
        lock.release(folder)
        os.environ.pop(lock.EPOCH, None)
        os.chdir(before)
    return folder


def checkout(folder: Path) -> Path:
    """The files of a checkout, without any result."""
    for name in ("workflow", "envs"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("Snakefile", "CITATION.cff", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    (folder / "respike/datasets").mkdir(parents=True)
    (folder / "respike/datasets/sources.yaml").write_text(sources(LICENCES))
    (folder / "studies").mkdir()
    (folder / "studies/small.yaml").write_text(STUDY)
    (folder / "config.yaml").write_text("version: 1\nbudget: smoke\nstudies: [small]\n")
    return folder


def _do(config: Config, stage: str, work, **place: str) -> None:
    place = {"budget": BUDGET, **place}
    row = layout.STAGES[stage]
    names = (*row.content, *row.evidence)
    paths = [layout.output(stage, name).format(**place) for name in names]
    record = layout.record(stage).format(**place)
    arguments = ["--settings", config.told(stage, place)]
    arguments += ["--code", config.code(stage, place), "--env", config.env("base")]
    for name, files in config.inputs(stage, place).items():
        if row.scope in {"data", "run"}:
            arguments += ["--in", name, *files]
    assert main(stage, work, [*arguments, "--out", *paths, record]) == 0
    for path in layout.told(record):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(f"what {stage} said\n")


def _fetch(job: Job) -> None:
    if job.settings["dataset"] == "absent-set":
        job.not_run("the mirror is down; run again")
    job.write("source", {"a.csv": job.settings["dataset"].encode()})


def _prepare(job: Job) -> None:
    name = np.frombuffer(job.read("source")["a.csv"], np.uint8)
    job.write("data", {"item": np.arange(len(name)), "image": name})


def _train(job: Job) -> None:
    image = job.read("data")["image"]
    before = job.read("model")["weight"] if job.has("model") else np.float32(0)
    job.write("model", {"weight": image.astype(np.float32) + job.seed + before})
    job.write("predictions", {"predicted": image, "label": image})
    job.write("metrics", {"accuracy": 1.0})
    job.write("curve", [{"epoch": 1, "loss": 0.5}])
    job.write("trace", {"spikes": np.zeros(3, np.uint8)})


def _judge(job: Job) -> None:
    evidence = []
    for path in job.paths("records"):
        if job.read_path(path)["status"] == "done":
            predictions = path.with_name("predictions.npz")
            job.read_path(predictions)
            evidence.append({"path": str(predictions), "sha256": job.sha256(predictions)})
    row = {"study": "small", "claim": "small-claim", "verdict": "holds", "evidence": evidence}
    job.write("verdicts", {"study": "small", "budget": BUDGET, "verdicts": [row]})
    job.write("resolved", job.settings["resolved"])


def _report(job: Job) -> None:
    """Like the real page's stage, but for the page."""
    claims = [row for path in job.paths("verdicts") for row in job.read_path(path)["verdicts"]]
    kept = {path: job.read_path(path) for path in job.paths("records")}
    everything = {**kept, **behind(job, kept)}
    written = {
        "verdict": {"budget": BUDGET, "claims": claims, "studies": ["small"]},
        "table": [{"claim": "small-claim", "verdict": "holds"}],
        "page": "<!doctype html><title>small</title>",
        "code": code.table(everything.values(), "report", job.settings),
    }
    for name, value in written.items():
        job.write(name, value)
    job.write_extra("film/small.jpg", b"a still")
    found = sums.files(everything, {path: job.sha256(path) for path in everything})
    found |= sums.own(BUDGET, written, {"film/small.jpg": b"a still"})
    told = [str(path) for record in everything for path in layout.told(record)]
    found |= {path: job.digest(path) for path in told}

    def last(record: bytes):
        own = layout.record("report").format(budget=BUDGET)
        text = sums.listing({**found, own: io.sha256(record)})
        return {"sums": text, "manifest": sums.manifest(BUDGET, text, everything)}

    job.write_last(last)
