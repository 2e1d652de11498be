"""The table of stages, and every path that respike reads or writes; none is made elsewhere.

    data/{dataset}/{stage}/FILE                                 scope data
    results/data/{dataset}/{stage}/record.json                  its record
    results/{budget}/{study}/{variant}/seed-{seed}/{stage}/FILE scope run
    results/{budget}/{study}/judge/FILE                         scope study
    results/{budget}/FILE                                       scope budget
    results/kernels/{kernel}/bench_kernels/FILE                 scope kernel

Logs and benchmarks stand at the same path under logs/ and benchmarks/.
"""

from pathlib import PurePosixPath
from typing import NamedTuple

BUDGETS = ("smoke", "desk", "paper")
ID = r"[a-z0-9]+(?:[.-][a-z0-9]+)*"  # data sets, studies, variants, kernels
RECORD = "record.json"
RUN = "{budget}/{study}/{variant}/seed-{seed}"
SCRATCH = "scratch-"  # prefix of variants made by --set; never judged


class Stage(NamedTuple):
    """One kind of job: what its results depend on, the files beside its record, where it runs.

    Attributes:
        scope: data, run, study, budget or kernel.
        content: name -> file; compared bit for bit.
        evidence: name -> file; may hold times and hosts, and is never compared.
        env: the pinned environment that its jobs run in: a name of envs/.
    """

    scope: str
    content: dict[str, str]
    evidence: dict[str, str]
    env: str = "base"


_SOURCE = {"source": "source.zip"}
_EVALUATED = {"predictions": "predictions.npz", "metrics": "metrics.json"}
_TRACE = {"trace": "trace.npz"}
_TRAINED = {"model": "model.safetensors", **_EVALUATED, "curve": "curve.csv", **_TRACE}

STAGES = {
    "fetch": Stage("data", _SOURCE, {}),
    "synthesize": Stage("data", _SOURCE, {}),
    "prepare": Stage("data", {"data": "arrays.npz"}, {}),
    "train": Stage("run", _TRAINED, {}),
    "prune": Stage("run", _TRAINED, {}),
    "distill": Stage("run", _TRAINED, {}),
    "connect": Stage("run", {**_EVALUATED, "curve": "curve.csv"}, {}),
    "emulate": Stage("run", {**_EVALUATED, **_TRACE}, {}),
    "simulate": Stage("run", {**_EVALUATED, **_TRACE}, {}),
    "decode": Stage("run", {"model": "model.npz", **_EVALUATED, "curve": "curve.csv"}, {}),
    "control": Stage("run", {**_EVALUATED, "trajectory": "trajectory.npz"}, {}),
    "judge": Stage("study", {"verdicts": "verdicts.json", "resolved": "settings.json"}, {}),
    "report": Stage(
        "budget",
        {"verdict": "verdict.json", "table": "results.csv"},
        {
            "page": "report.html",
            "code": "code.json",
            "sums": "SHA256SUMS",
            "manifest": "manifest.json",
        },
    ),
    "bench_kernels": Stage(
        "kernel", {"metrics": "metrics.json"}, {"times": "times.json"}, "kernels"
    ),
}
# Stages of one run, in the order of the chain; the model of a variant is its last of MODEL's.
CHAIN = (
    "train",
    "prune",
    "distill",
    "connect",
    "emulate",
    "simulate",
    "decode",
    "control",
)
MODEL = ("train", "prune", "distill")

_FOLDER = {
    "data": "data/{dataset}",
    "run": RUN,
    "study": "{budget}/{study}",
    "budget": "{budget}",
    "kernel": "kernels/{kernel}",
}


def folder(stage: str) -> str:
    """Pattern of the folder that holds a stage's record, below results/."""
    scope = STAGES[stage].scope
    return _FOLDER[scope] if scope == "budget" else f"{_FOLDER[scope]}/{stage}"


def output(stage: str, name: str) -> str:
    """Pattern of one output of a stage, by its name."""
    row = STAGES[stage]
    file = {**row.content, **row.evidence}[name]
    root = "" if row.scope == "data" else "results/"
    return f"{root}{folder(stage)}/{file}"


def record(stage: str) -> str:
    """Pattern of a stage's record."""
    return f"results/{folder(stage)}/{RECORD}"


def log(stage: str) -> str:
    """Pattern of a stage's log."""
    return f"logs/{_name(stage)}.log"


def benchmark(stage: str) -> str:
    """Pattern of a stage's benchmark (seconds, peak memory), written by Snakemake."""
    return f"benchmarks/{_name(stage)}.tsv"


def _name(stage: str) -> str:
    return "{budget}/report" if stage == "report" else folder(stage)


def told(record_path: str | PurePosixPath) -> tuple[PurePosixPath, PurePosixPath]:
    """Log and benchmark of the job that wrote a record."""
    name = PurePosixPath(*PurePosixPath(record_path).parent.parts[1:])
    if len(name.parts) == 1:
        name = name / "report"
    return PurePosixPath("logs", f"{name}.log"), PurePosixPath("benchmarks", f"{name}.tsv")


def record_of(path: str | PurePosixPath) -> PurePosixPath:
    """Where the record of the job that wrote an artifact stands.

    An artifact of scope data lies under data/, its record at the same path under
    results/; every other record lies beside what it describes.
    """
    path = PurePosixPath(path)
    if path.parts[:1] == ("data",):
        return PurePosixPath("results", *path.parts[:-1], RECORD)
    return path.parent / RECORD


def artifact(record_path: str | PurePosixPath, file: str) -> PurePosixPath:
    """Path of an output named in a record; the inverse of `record_of`."""
    folder = PurePosixPath(record_path).parent
    if folder.parts[:2] == ("results", "data"):
        return PurePosixPath(*folder.parts[1:], file)
    return folder / file


def version(name: str) -> PurePosixPath:
    """DVC's file of one part of a snapshot: a data set, a study or a page, at a budget."""
    return PurePosixPath("versions", f"{name}.dvc")


def ledger(name: str) -> PurePosixPath:
    """The ledger of a part of a snapshot: every file with its hash, and how it was made."""
    return PurePosixPath("versions", f"{name}.json")
