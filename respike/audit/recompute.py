"""The claims of a finished run, judged again from what is stored: is each verdict what it was?

Everything comes from the folder: the studies and seeds from each judge's record, the numbers
from predictions, metrics and trajectories. Only the code that judges is ours. Which commit
registered a claim is git's to say and is taken as stored.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from respike.audit import jobs
from respike.claims import grammar, page
from respike.claims.runs import Runs, verdicts
from respike.core import code, fingerprint, io, layout, records, strict
from respike.core.errors import ConfigError, DamagedFile

ROUNDING = 1e-9  # relative: what another numpy or CPU may change in the last digits
EQUAL, CLOSE, DIFFERS = "equal", "equal but for rounding", "differs"
FIRST = ("verdict", "measured", "interval", "evidence")  # fields that are named first
LIBRARIES = ("numpy", "scipy")


class Difference(NamedTuple):
    """One field of a verdict that is not what it was; `rounding` if by its last digits only."""

    field: str
    stored: Any
    again: Any
    rounding: bool


class Claim(NamedTuple):
    """One verdict, stored and judged again."""

    name: str
    differences: list[Difference]

    @property
    def level(self) -> str:
        """equal, equal but for rounding, or differs."""
        if not self.differences:
            return EQUAL
        return CLOSE if all(d.rounding for d in self.differences) else DIFFERS


class Result(NamedTuple):
    """All claims of a budget, and what may be behind a difference.

    Attributes:
        budget: of the run.
        claims: in the order of verdict.json.
        files: how many files were read and hashed.
        code: what judged -> modules that changed; "" where they are not known.
        libraries: package -> (version that judged, version here), where they differ.
    """

    budget: str
    claims: list[Claim]
    files: int
    code: dict[str, list[str]]
    libraries: dict[str, tuple[str | None, str | None]]

    @property
    def passed(self) -> bool:
        """Whether every verdict is what the stored files give."""
        return all(claim.level != DIFFERS for claim in self.claims)


def recompute(folder: Path, budget: str) -> Result:
    """Judge every claim of a finished run or bundle again and compare.

    Args:
        folder: what `check.verify` has found to be what its records say.
        budget: of the run.

    Raises:
        DamagedFile: a file that is needed is missing or not what its record says.
        ConfigError: a stored claim that cannot be judged by this version.
    """
    store = _Store(folder)
    at = layout.output("report", "verdict").format(budget=budget)
    stored = store.value(PurePosixPath(at))
    wrong = strict.problems(stored, "verdict")
    if wrong:
        raise DamagedFile(f"{at} is no document of verdicts: {wrong[0]}")
    judges = {study: _judge(store, budget, study) for study in stored["studies"]}
    kept: dict[str, Any] = {}
    again = []
    for study, record in judges.items():
        path = _beside("judge", "verdicts", budget, study)
        with _of_our_form(path):
            kept |= _by_name(store.value(path)["verdicts"])
        with _of_our_form(f"what is stored of {study}"):
            again.append(_judged(store, record))
    registered: dict[str, dict[str, str]] = {}
    for row in stored["claims"]:
        registered.setdefault(row["study"], {})[row["claim"]] = row["registered"]
    document = page.finish(again, registered)
    judged = _by_name([row for study in again for row in study["verdicts"]])
    claims = compared(stored, document, kept, judged)
    report = store.record(layout.record("report").format(budget=budget))
    made = {**{f"judge of {study}": r for study, r in judges.items()}, "the page": report}
    return Result(
        budget=budget,
        claims=claims,
        files=len(store.read),
        code=code_changes(made.items(), store.code(budget)),
        libraries=_libraries([record["numerics"] for record in judges.values()]),
    )


# ---------------------------------------------------------------- what is stored


class _Store:
    """The files of a folder, each checked against its record."""

    def __init__(self, folder: Path):
        self._folder = folder
        self.read: dict[PurePosixPath, str] = {}

    def record(self, path: str | PurePosixPath) -> dict[str, Any]:
        jobs.place(path)
        return records.load(self._folder / path)

    def file(self, path: PurePosixPath) -> tuple[Any, str]:
        jobs.place(layout.record_of(path))
        data, _ = records.read_verified(self._folder, path)
        self.read[path] = io.sha256(data)
        return io.parse(str(path), data), self.read[path]

    def value(self, path: PurePosixPath) -> Any:
        return self.file(path)[0]

    def code(self, budget: str) -> dict[str, dict[str, str]]:
        """Fingerprint -> module -> digest, as far as code.json is there and is right."""
        try:
            path = layout.output("report", "code").format(budget=budget)
            found = self.value(PurePosixPath(path))["code"]
        except DamagedFile:
            return {}
        return {k: rows for k, rows in found.items() if fingerprint.combined(rows) == k}


def _beside(stage: str, name: str, budget: str, study: str) -> PurePosixPath:
    return PurePosixPath(layout.output(stage, name).format(budget=budget, study=study))


def _judge(store: _Store, budget: str, study: str) -> dict[str, Any]:
    """Record of a study's judge, whose settings are those that stand beside it."""
    path = layout.record("judge").format(budget=budget, study=study)
    record = store.record(path)
    settings = record["settings"]
    beside = _beside("judge", "resolved", budget, study)
    told = {"stage": "judge", "budget": budget, "study": study}
    if any(settings.get(k) != v for k, v in told.items()):
        raise DamagedFile(f"{path} is the record of another job than its path says")
    if store.value(beside) != settings["resolved"]:
        raise DamagedFile(f"{beside} is not the study that {path} was told")
    return record


@contextmanager
def _of_our_form(what: object) -> Iterator[None]:
    """A sentence where a value has not the form that respike gives it."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        said = jobs.plain(f"{type(error).__name__}: {error}")
        raise DamagedFile(f"{what} has not the form that respike writes: {said}") from None


def _judged(store: _Store, record: Mapping[str, Any]) -> dict[str, Any]:
    strict.check(record["settings"]["resolved"], "study")
    grammar.check(record["settings"]["resolved"])
    paths = [PurePosixPath(row["path"]) for row in record["inputs"]["records"]]
    runs = Runs({path: store.record(path) for path in paths}, store.file)
    return verdicts(record["settings"], runs)


# ---------------------------------------------------------------- the comparison


def compared(
    stored: Mapping[str, Any],
    again: Mapping[str, Any],
    kept: Mapping[str, Any],
    judged: Mapping[str, Any],
) -> list[Claim]:
    """Every claim, stored and judged again: on the page, and alone as its study judged it.

    Args:
        stored: of verdict.json.
        again: the same, judged again.
        kept: study/claim -> verdict, as verdicts.json of each study has it.
        judged: the same, judged again.
    """
    page_rows, page_again = _by_name(stored["claims"]), _by_name(again["claims"])
    found = []
    for name in dict.fromkeys([*page_rows, *page_again, *kept]):
        of_page = differences(page_rows.get(name), page_again.get(name))
        of_study = differences(kept.get(name), judged.get(name))
        in_study = [d._replace(field=f"verdicts.json {d.field}".strip()) for d in of_study]
        found.append(Claim(name, of_page or in_study))
    rest = differences(_rest(stored), _rest(again))
    return [*found, *([Claim("the page's counts and family", rest)] if rest else [])]


def _by_name(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {f"{row['study']}/{row['claim']}": row for row in rows}


def _rest(document: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in document.items() if k != "claims"}


def differences(stored: Any, again: Any) -> list[Difference]:
    """Where two JSON values differ, the fields that matter most first."""
    found = list(_walk(stored, again, ""))
    rank = {name: place for place, name in enumerate(FIRST)}
    return sorted(found, key=lambda d: rank.get(d.field.split(".")[0], len(FIRST)))


def _walk(stored: Any, again: Any, field: str) -> Iterator[Difference]:
    if isinstance(stored, dict) and isinstance(again, dict):
        for key in dict.fromkeys([*stored, *again]):
            yield from _walk(stored.get(key), again.get(key), f"{field}.{key}".lstrip("."))
    elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        for place, (one, other) in enumerate(zip(stored, again, strict=True)):
            yield from _walk(one, other, f"{field}.{place}".lstrip("."))
    elif type(stored) is not type(again) or stored != again:
        yield Difference(field, stored, again, _close(stored, again))


def _close(stored: Any, again: Any) -> bool:
    numbers = all(isinstance(v, float | int) and type(v) is not bool for v in (stored, again))
    return numbers and math.isclose(stored, again, rel_tol=ROUNDING)


# ---------------------------------------------------------------- what may be behind it


def code_changes(
    made: Iterable[tuple[str, Mapping[str, Any]]], known: Mapping[str, Mapping[str, str]]
) -> dict[str, list[str]]:
    """What judged with other code than is here -> its modules that changed, if known.

    Args:
        made: pairs of a name and a record.
        known: fingerprint -> module -> digest, of code.json.
    """
    found = {}
    for name, record in made:
        try:
            modules = code.modules(record["stage"], record["settings"])
        except ConfigError as error:
            found[name] = [str(error)]
            continue
        if fingerprint.fingerprint(*modules) != record["code"]:
            before = known.get(record["code"])
            now = fingerprint.digests(*modules)
            found[name] = [] if before is None else jobs.changed(before, now)
    return found


def _libraries(classes: list[Mapping[str, Any]]) -> dict[str, tuple[str | None, str | None]]:
    found = {}
    for package in LIBRARIES:
        here = metadata.version(package)
        for numerics in classes:
            before = numerics.get("versions", {}).get(package)
            if before != here:
                found[package] = (before, here)
    return found
