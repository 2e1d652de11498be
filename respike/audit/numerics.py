"""What threads and instruction sets change: the same run under several numerics classes.

The reference is this machine as it is, with one thread. Each class runs the whole campaign
again in a fresh copy of the checkout; the records of its jobs are the proof that it was
applied. What is declared exact everywhere must be equal in all classes; of the rest it is
said how much differs, and what that does to the verdicts.

The chance that a verdict flips is a prediction: the measured value of one more class is the
classes' mean and spread, by Student's t with one degree of freedom less than classes. Classes
are few and chosen, not drawn, so it is a size, not a promise.
"""

import json
import math
import shutil
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from respike.audit import variations
from respike.claims.scale import LINKS, LOG
from respike.core import layout, records
from respike.core.errors import RespikeError

SCHEMA = "respike-numerics/1"
REFERENCE = "reference"
NOT_RUN = "not run"
NO_AVX512 = "X86_V4 AVX512_ICL AVX512_SPR"


class Class(NamedTuple):
    """A numerics class: threads and the variables that switch instructions off."""

    name: str
    says: str
    threads: int = 1
    variables: Mapping[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        """Variables of a run in this class."""
        if self.threads == 1:
            return dict(self.variables)
        # waiting threads sleep: on a busy machine those that spin take the others' time
        asked = {"RESPIKE_AUDIT_THREADS": str(self.threads), "OMP_WAIT_POLICY": "PASSIVE"}
        return {**self.variables, **asked}


CLASSES = (
    Class(REFERENCE, "this machine, one thread"),
    Class("threads-2", "two threads", 2),
    Class(
        "avx2",
        "one thread, no AVX-512",
        1,
        {
            "ATEN_CPU_CAPABILITY": "avx2",
            "MKL_CBWR": "AVX2",
            "NPY_DISABLE_CPU_FEATURES": NO_AVX512,
            "ONEDNN_MAX_CPU_ISA": "AVX2",
            "OPENBLAS_CORETYPE": "Haswell",
        },
    ),
    Class(
        "baseline",
        "one thread, no AVX, no FMA",
        1,
        {
            "ATEN_CPU_CAPABILITY": "default",
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2,-FMA4",
            "MKL_CBWR": "COMPATIBLE",
            "NPY_DISABLE_CPU_FEATURES": f"X86_V3 {NO_AVX512}",
            "ONEDNN_MAX_CPU_ISA": "SSE41",
            "OPENBLAS_CORETYPE": "Nehalem",
        },
    ),
)
# stages whose outputs are the same bytes on every CPU wherever their inputs are
EXACT = ("fetch", "synthesize", "prepare", "emulate")
HEADLINE = {
    "train": "accuracy",
    "prune": "accuracy",
    "distill": "accuracy",
    "connect": "accuracy",
    "emulate": "accuracy",
    "simulate": "error_snn20_mf",
    "decode": "worth",
    "control": "lift_rate",
}


# ------------------------------------------------------------------ one run, as it was found


class Artifact(NamedTuple):
    """One file of content of one job.

    Attributes:
        stage: the job's.
        exact: declared the same on every CPU wherever the job's inputs are.
        sha256: of its bytes.
        inputs: hashes of what the job read.
    """

    stage: str
    exact: bool
    sha256: str
    inputs: tuple[str, ...]


class Found(NamedTuple):
    """What one run left.

    Attributes:
        artifacts: by path.
        numbers: headline metric of each job that has one, by folder of the job.
        numerics: of each job, by path of its record.
        verdicts: by `study/claim`.
    """

    artifacts: dict[str, Artifact]
    numbers: dict[str, float]
    numerics: dict[str, dict[str, Any]]
    verdicts: dict[str, dict[str, Any]]


def collect(folder: Path, budget: str) -> Found:
    """Read the records, headline numbers and verdicts of a finished run.

    Args:
        folder: holds results/.
        budget: of the run.

    Raises:
        DamagedFile: a record that is none, or was edited.
        RespikeError: there are no verdicts.
    """
    found = Found({}, {}, {}, {})
    roots = (folder / "results/data", folder / "results" / budget)
    for path in sorted(file for root in roots for file in root.rglob(layout.RECORD)):
        place = path.relative_to(folder).as_posix()
        record = records.load(path)
        found.numerics[place] = record["numerics"]
        stage = record["stage"]
        if layout.STAGES[stage].scope not in ("data", "run"):
            continue
        rows = [row for rows in record["inputs"].values() for row in rows]
        inputs = tuple(sorted(row["sha256"] for row in rows))
        for name, row in record["outputs"].items():
            artifact = Artifact(stage, is_exact(record), row["sha256"], inputs)
            found.artifacts[str(layout.artifact(place, name))] = artifact
        number = _headline(path.parent, stage) if record["status"] == "done" else None
        if number is not None:
            found.numbers[str(PurePosixPath(place).parent)] = number
    for row in _verdicts(folder / "results" / budget):
        found.verdicts[f"{row['study']}/{row['claim']}"] = row
    return found


def is_exact(record: Mapping[str, Any]) -> bool:
    """Whether a job's outputs are declared the same on every CPU, given equal inputs."""
    stage = record["stage"]
    block = record["settings"].get(stage)
    return stage in EXACT or (isinstance(block, dict) and block.get("arithmetic") is not None)


def _headline(folder: Path, stage: str) -> float | None:
    path = folder / "metrics.json"
    if stage not in HEADLINE or not path.exists():
        return None
    value = json.loads(path.read_bytes()).get(HEADLINE[stage])
    return float(value) if isinstance(value, int | float) else None


def _verdicts(folder: Path) -> list[dict[str, Any]]:
    page = folder / "verdict.json"
    if page.exists():
        return json.loads(page.read_bytes())["claims"]
    files = sorted(folder.glob("*/judge/verdicts.json"))
    if not files:
        raise RespikeError(f"{folder} holds no verdicts; the run has not judged its claims")
    return [row for file in files for row in json.loads(file.read_bytes())["verdicts"]]


def unproven(wanted: Class, numerics: Mapping[str, Mapping[str, Any]]) -> str:
    """Why the records do not show that a class was applied; empty where they do."""
    if not numerics:
        return "no job left a record"
    for path, seen in numerics.items():
        if seen["threads"] != wanted.threads:
            return f"{path} says {seen['threads']} threads, not {wanted.threads}"
        switches = {
            name: value for name, value in seen["variables"].items() if "THREADS" not in name
        }
        if switches != dict(wanted.variables):
            return f"{path} says {switches}, not {dict(wanted.variables)}"
    return ""


# ------------------------------------------------------------------ runs against each other


def survey(
    budget: str,
    scratch: Path,
    studies: Sequence[str] = (),
    only: Sequence[str] = (),
    root: Path = variations.ROOT,
    told: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Run a campaign in every class and compare; see `document`.

    Args:
        budget: smoke, desk or paper.
        scratch: folder for the copies of the checkout; each is removed after its run.
        studies: only these; none: those of config.yaml.
        only: names of the classes beside the reference; none: all.
        root: the checkout.
        told: gets a line after each run.

    Raises:
        RespikeError: an unknown class, a run that failed, or a class not shown to be applied.
    """
    unknown = sorted(set(only) - {one.name for one in CLASSES[1:]})
    if unknown:
        known = ", ".join(one.name for one in CLASSES[1:])
        raise RespikeError(f"no numerics class named '{unknown[0]}'. Known: {known}.")
    chosen = [one for one in CLASSES if one.name in (REFERENCE, *(only or (one.name,)))]
    found, took = {}, {}
    for one in chosen:
        folder = variations.checkout(scratch / one.name, root)
        ran = variations.run(folder, budget, studies, one.environment)
        if ran.code:
            last = "\n".join(ran.said.strip().splitlines()[-3:])
            raise RespikeError(f"the run in class {one.name} ended with {ran.code}:\n{last}")
        found[one.name], took[one.name] = collect(folder, budget), ran.seconds
        why = unproven(one, found[one.name].numerics)
        if why:
            raise RespikeError(f"class {one.name} is not shown to be applied: {why}")
        told(f"{one.name}: {len(found[one.name].numerics)} jobs in {ran.seconds:.0f} s")
        shutil.rmtree(folder)
    return document(budget, chosen, found, took)


def document(
    budget: str,
    classes: Sequence[Class],
    found: Mapping[str, Found],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """What the classes change, as one JSON-able value.

    Args:
        budget: of the runs.
        classes: the reference first.
        found: what each left, by name of the class.
        seconds: how long each took.

    Returns:
        `machine`, `classes`, `stages` (a row per stage and file), `claims` (a row each) and
        `broken`: sentences on what is declared exact and is not equal; none where all is well.
    """
    reference, others = found[REFERENCE], [one.name for one in classes[1:]]
    one_job = next(iter(reference.numerics.values()))
    return {
        "schema": SCHEMA,
        "budget": budget,
        "machine": {k: v for k, v in one_job.items() if k not in ("threads", "variables")},
        "classes": [
            {
                "name": one.name,
                "says": one.says,
                "threads": one.threads,
                "variables": dict(one.variables),
                "jobs": len(found[one.name].numerics),
                "seconds": round(seconds[one.name]),
            }
            for one in classes
        ],
        "stages": _stages(found, others),
        "claims": [claim(name, _by_class(found, name)) for name in reference.verdicts],
        "broken": [sentence for name in others for sentence in broken(found, name)],
    }


def _by_class(found: Mapping[str, Found], claim_name: str) -> dict[str, dict[str, Any]]:
    return {name: run.verdicts[claim_name] for name, run in found.items()}


def broken(found: Mapping[str, Found], name: str) -> list[str]:
    """What a class changed that is declared exact; and jobs on one side only."""
    one, other = found[REFERENCE].artifacts, found[name].artifacts
    sides = sorted(one.keys() ^ other.keys())
    said = [f"{name}: {path} is not there in both runs" for path in sides]
    for path in sorted(one.keys() & other.keys()):
        if _must_be_equal(one[path], other[path]) and one[path].sha256 != other[path].sha256:
            said.append(f"{name}: {path} differs and is declared the same on every CPU")
    return said


def _must_be_equal(one: Artifact, other: Artifact) -> bool:
    return one.exact and one.inputs == other.inputs


def _stages(found: Mapping[str, Found], others: Sequence[str]) -> list[dict[str, Any]]:
    """One row per stage, file and whether it is declared exact, in the order of the stages."""
    groups: dict[tuple[str, bool, str], list[str]] = {}
    for path, artifact in found[REFERENCE].artifacts.items():
        key = (artifact.stage, artifact.exact, PurePosixPath(path).name)
        groups.setdefault(key, []).append(path)
    order = list(layout.STAGES)
    keys = sorted(groups, key=lambda key: (order.index(key[0]), key[1], key[2]))
    return [_stage(key, groups[key], found, others) for key in keys]


def _stage(key, paths, found, others) -> dict[str, Any]:
    stage, exact, file = key
    one = found[REFERENCE]
    equal, declared, change = {}, {}, {}
    for name in others:
        other = found[name]
        there = [path for path in paths if path in other.artifacts]
        equal[name] = sum(
            one.artifacts[path].sha256 == other.artifacts[path].sha256 for path in there
        )
        declared[name] = sum(
            _must_be_equal(one.artifacts[path], other.artifacts[path]) for path in there
        )
        jobs = {str(PurePosixPath(path).parent) for path in there} & one.numbers.keys()
        moved = [abs(other.numbers[job] - one.numbers[job]) for job in jobs]
        change[name] = max(moved) if file == "metrics.json" and moved else None
    return {
        "stage": stage,
        "file": file,
        "exact": exact,
        "artifacts": len(paths),
        "equal": equal,
        "must_be_equal": declared,
        "headline": HEADLINE.get(stage) if file == "metrics.json" else None,
        "greatest_change": change,
    }


# ------------------------------------------------------------------ claims


def claim(name: str, rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """How one claim fares under each class.

    Args:
        name: `study/claim`.
        rows: its verdict under each class, the reference's first.

    Returns:
        Verdicts and measured values by class, whether a verdict flips, and the chance that
        it would under one more class; `why` says why there is none.
    """
    chance, why = flip_chance(rows)
    first = rows[REFERENCE]
    verdicts = {one: row["verdict"] for one, row in rows.items()}
    return {
        "claim": name,
        "level": first["level"],
        "primary": first["primary"],
        "unit": first["unit"],
        "verdicts": verdicts,
        "measured": {one: row["measured"] for one, row in rows.items()},
        "flips": sorted(one for one in rows if verdicts[one] != verdicts[REFERENCE]),
        "chance": chance,
        "why": why,
    }


def flip_chance(rows: Mapping[str, Mapping[str, Any]]) -> tuple[float | None, str]:
    """Chance that a claim's verdict is another under one more class, or why there is none.

    A claim of several comparisons gets the sum of theirs, at most 1.
    """
    if any(row["verdict"] == NOT_RUN for row in rows.values()):
        return None, NOT_RUN
    first = rows[REFERENCE]
    if first["level"] == "identity":
        return None, "identity"
    if len(rows) < 2:
        return None, "one class alone has no spread"
    found = [row["detail"]["parts"] for row in rows.values()]
    if len({len(parts) for parts in found}) > 1 or first["interval"] is None:
        return None, "no interval in every class"
    scale = _scale(first["detail"]["scale"])
    low, high = (
        edge if value is None else scale(value)
        for value, edge in zip(first["detail"]["region"], (-math.inf, math.inf), strict=True)
    )
    total = 0.0
    for parts in zip(*found, strict=True):
        values = [scale(part["measured"]) for part in parts]
        bounds = [scale(bound) for bound in parts[0]["interval"]]
        total += leaves(values, (bounds[0], bounds[1]), (low, high))
    return min(1.0, total), ""


def _scale(name: str) -> Callable[[float], float]:
    known = {LOG.name: LOG, **LINKS}
    return known[name].enter if name in known else float


def leaves(
    values: Sequence[float], interval: tuple[float, float], region: tuple[float, float]
) -> float:
    """Chance that an interval, moved to where one more value may lie, says another word.

    Args:
        values: measured in each class, the reference's first; at least two.
        interval: around the reference's value; its width is kept.
        region: open interval of true values for which the claim holds.

    Returns:
        A probability; 0 where all values are equal.
    """
    from scipy.stats import t as student

    spread = statistics.stdev(values)
    if spread == 0:
        return 0.0
    centre, df = statistics.fmean(values), len(values) - 1
    width = spread * math.sqrt(1 + 1 / len(values))
    below, above = values[0] - interval[0], interval[1] - values[0]

    def under(edge: float) -> float:
        return float(student.cdf((edge - centre) / width, df))

    low, high = region
    holds = max(0.0, under(high - above) - under(low + below))
    differs = under(low - above) + 1 - under(high + below)
    words = {"inside": holds, "outside": differs, "over": max(0.0, 1 - holds - differs)}
    return max(0.0, min(1.0, 1 - words[_word(interval, region)]))


def _word(interval: Iterable[float], region: tuple[float, float]) -> str:
    (least, most), (low, high) = interval, region
    if low < least and most < high:
        return "inside"
    return "outside" if most < low or least > high else "over"
