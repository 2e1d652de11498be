"""A run repeated under one change of its surroundings at a time: is its content the same?

All stages are declared bitwise in one numerics class, so that every file of content must be
equal under the ten variations. Two controls do change the class: they must move the weights of
a stock training, or the audit itself has failed, and none of exact arithmetic. A variation that
is not proven never counts.
"""

import contextlib
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from respike.audit import content, jobs, levels, variations
from respike.audit.variations import Ran, Row, Variation
from respike.core import io, layout, records
from respike.core.errors import ConfigError, DamagedFile, RespikeError, did_you_mean
from respike.core.history import head

SCHEMA = "respike-determinism/1"
REFERENCE = "reference"
MODEL = "model.safetensors"
EQUAL, DIFFERS = "equal", "DIFFERS"
CHANGED, UNCHANGED = "changed, as it must", "UNCHANGED"
NOT_APPLIED, SKIPPED, FAILED = "NOT APPLIED", "skipped", "FAILED"
GOOD = (EQUAL, CHANGED, SKIPPED)
BUSY_SHARE = 0.2  # of the run's seconds that busy processes must have had


class Made(NamedTuple):
    """What a run in a copy left.

    Attributes:
        ran: how it ended.
        hashes: of its content, by path.
        classes: numerics class of each job, by the path of its record.
        models: path of each trained model -> whether its arithmetic is exact.
        rows: what the processes of stages saw.
        busy_s: seconds of a processor that busy processes beside it had.
    """

    ran: Ran
    hashes: dict[str, str]
    classes: dict[str, Any]
    models: dict[str, bool]
    rows: list[Row]
    busy_s: float


class Result(NamedTuple):
    """One variation or control, and how it came out.

    Attributes:
        name, says: of the variation.
        control: whether it must change something.
        status: one of the words above.
        why: what is behind the status; empty where it says all.
        equal: how many files of content are equal.
        differing: those that are not, or are on one side only.
        seconds: of the run.
    """

    name: str
    says: str
    control: bool
    status: str
    why: str = ""
    equal: int = 0
    differing: tuple[str, ...] = ()
    seconds: float = 0.0


class Report(NamedTuple):
    """All of them, with the class and the files of the reference."""

    budget: str
    commit: str
    results: list[Result]
    left_out: list[str]
    numerics: dict[str, Any]
    files: dict[str, int]  # stage -> files of content
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether nothing differs, nothing failed and every control changed something."""
        return all(result.status in GOOD for result in self.results)


def determinism(
    budget: str,
    studies: Sequence[str] = (),
    only: Sequence[str] = (),
    say: Callable[[str], None] = lambda text: None,
    keep: bool = False,
    root: Path = variations.ROOT,
) -> Report:
    """Run the reference, the variations and the controls, one after the other.

    Args:
        budget: smoke, desk or paper.
        studies: only these, without the page; none: those of config.yaml.
        only: names of variations and controls; none: all.
        say: called with a line as each run begins and ends.
        keep: whether the copies stay; they are removed as they are compared otherwise.
        root: the checkout that is copied, as it is now.

    Raises:
        ConfigError: a name that is no variation's.
        RespikeError: the reference itself fails.
    """
    began = time.monotonic()
    chosen, left_out = _chosen(only)
    scratch = Path(tempfile.mkdtemp(prefix="respike-determinism-"))
    if keep:
        say(f"the copies stay in {scratch}")
    try:
        source = variations.checkout(scratch / "source", root)
        say(f"{REFERENCE}: {budget} in a fresh copy")
        plain = Variation(REFERENCE, "no change")
        with _made(plain, scratch, source, budget, studies, keep) as reference:
            if reference.ran.code:
                raise RespikeError(f"the reference failed: {_last(reference.ran)}")
        say(f"{REFERENCE}: {len(reference.hashes)} files, {reference.ran.seconds:.0f} s")
        results = []
        for variation, control in chosen:
            if variation.missing:
                result = Result(*variation[:2], control, SKIPPED, variation.missing)
            else:
                with _made(variation, scratch, source, budget, studies, keep) as made:
                    result = judged(variation, control, made, reference)
            say(line(result))
            results.append(result)
    finally:
        if not keep:
            shutil.rmtree(scratch, ignore_errors=True)
    stages = Counter(jobs.place(layout.record_of(path)).stage for path in reference.hashes)
    numerics = next(iter(reference.classes.values()), {})
    took = time.monotonic() - began
    return Report(budget, head(root), results, left_out, numerics, dict(stages), took)


def _chosen(only: Sequence[str]) -> tuple[list[tuple[Variation, bool]], list[str]]:
    found = [(v, False) for v in variations.ten()] + [(v, True) for v in variations.controls()]
    names = [variation.name for variation, _ in found]
    for name in only:
        if name not in names:
            hint = did_you_mean(name, names)
            raise ConfigError(f"no variation '{name}'.{hint} There are: {', '.join(names)}")
    kept = [pair for pair in found if not only or pair[0].name in only]
    return kept, [name for name in names if only and name not in only]


@contextlib.contextmanager
def _made(
    variation: Variation,
    scratch: Path,
    source: Path,
    budget: str,
    studies: Sequence[str],
    keep: bool,
) -> Iterator[Made]:
    """Run a copy under a variation; the copy is removed when the context is left."""
    place = scratch / variation.name
    place.mkdir()
    folder = variations.checkout(place / variation.folder, source)
    try:
        with variations.watched(folder, place) as env, variations.busy(variation.busy) as used:
            ran = variations.run(
                folder, budget, studies, {**env, **variation.env},
                prefix=variation.prefix, umask=variation.umask,
            )  # fmt: skip
            busy_s = used()
        classes, models = _told(folder)
        rows = variations.rows(place)
        yield Made(ran, content.hashes(folder), classes, models, rows, busy_s)
    finally:
        if not keep:
            shutil.rmtree(place, ignore_errors=True)


def _told(folder: Path) -> tuple[dict[str, Any], dict[str, bool]]:
    """What records say: the numerics class of each job, and which models are exact."""
    classes, models = {}, {}
    for path in sorted((folder / "results").rglob(layout.RECORD)):
        with contextlib.suppress(DamagedFile):
            record = records.load(path)
            name = path.relative_to(folder)
            classes[str(name)] = record["numerics"]
            if MODEL in record["outputs"] and record["status"] != records.PLACEHOLDER:
                declared = levels.tolerance(record["stage"], MODEL, record["settings"])
                models[str(name.parent / MODEL)] = declared is None
    return classes, models


def judged(variation: Variation, control: bool, made: Made, reference: Made) -> Result:
    """Say how a variation came out, from what its run and the reference left."""
    found = content.compare(reference.hashes, made.hashes)
    differing = tuple(sorted([*found.differing, *found.only_one, *found.only_other]))
    result = Result(
        *variation[:2], control, FAILED, "", len(found.equal), differing, made.ran.seconds
    )
    if made.ran.code:
        return result._replace(why=_last(made.ran))
    why = variations.unproven(variation, made.rows, reference.rows)
    if variation.busy and made.busy_s < BUSY_SHARE * made.ran.seconds:
        why = f"the busy processes had {made.busy_s:.1f} s in {made.ran.seconds:.1f} s"
    if control:
        same = [
            path for path, value in made.classes.items() if value == reference.classes[path]
        ]
        why = f"the numerics class of {same[0]} is the reference's" if same else why
    elif made.classes != reference.classes:
        why = "it ran in another numerics class than the reference"
    if why:
        return result._replace(status=NOT_APPLIED, why=why)
    if control:
        return result._replace(**_control(differing, reference.models))
    return result._replace(status=EQUAL if found.same else DIFFERS)


def _control(differing: Sequence[str], models: dict[str, bool]) -> dict[str, Any]:
    """Status of a control: stock models must move, exact ones must not."""
    stock = [path for path, exact in models.items() if not exact]
    exact = [path for path, exact in models.items() if exact]
    moved = [path for path in stock if path in differing]
    failed = [path for path in exact if path in differing]
    why = f"{len(moved)} of {len(stock)} stock models changed"
    if exact:
        why += f", {len(failed)} of {len(exact)} exact ones"
    if failed:
        return {"status": DIFFERS, "why": why, "differing": tuple(failed)}
    return {"status": CHANGED if moved else UNCHANGED, "why": why}


def _last(ran: Ran) -> str:
    said = [text for text in ran.said.splitlines() if text.strip()] or ["it said nothing"]
    return f"it ended with {ran.code}: {jobs.plain(said[-1])}"


def line(result: Result) -> str:
    """One result as a line of a table."""
    name = f"{result.name:14s}{result.status:20s}"
    if result.status == SKIPPED:
        return f"{name}{result.says}: {result.why}"
    first = f"; {', '.join(result.differing[:3])}" if result.status == DIFFERS else ""
    more = (
        f" and {len(result.differing) - 3} more" if first and len(result.differing) > 3 else ""
    )
    counted = f"{result.equal} files equal, {len(result.differing)} not, {result.seconds:.0f} s"
    why = f"; {result.why}" if result.why else ""
    return f"{name}{result.says}: {counted}{why}{first}{more}"


def document(report: Report) -> dict[str, Any]:
    """The report as a JSON value."""
    return {
        "schema": SCHEMA,
        "budget": report.budget,
        "commit": report.commit,
        "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "passed": report.passed,
        "seconds": round(report.seconds, 1),
        "numerics": report.numerics,
        "files": report.files,
        "runs": [result._asdict() for result in report.results],
        "left_out": report.left_out,
    }


def write(report: Report, folder: Path) -> Path:
    """Write the report as FOLDER/determinism-BUDGET.json, whole; gives its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"determinism-{report.budget}.json"
    temporary = folder / f".{path.name}.{os.getpid()}.part"
    temporary.write_bytes(io.dump(path.name, document(report)))
    return temporary.replace(path)
