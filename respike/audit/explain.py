"""Why would a job run again, or why does its result differ: causes by class, job by job.

Compares a record with the files that are there, with what the present checkout would tell the
job, and with this machine. Unlike Snakemake it sees contents, modules and the numerics class;
what only Snakemake keeps, such as the text of a rule, it does not see.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from respike.audit import jobs
from respike.audit.standing import Job, Now, Row
from respike.core import environment, layout
from respike.core.shells import BASE

KINDS = ("record", "file", "input", "setting", "code", "environment", "numerics")
RECORD, FILE, INPUT, SETTING, CODE, ENVIRONMENT, NUMERICS = KINDS
LONGEST = 60
MOST_SAID, MOST_JOBS = 3, 6


class Cause(NamedTuple):
    """One reason why a job would run again, or why its result would not be the same.

    Attributes:
        kind: record, file, input, setting, code, environment or numerics.
        what: the file, key path, modules, package or field.
        before: as recorded; None where there is nothing.
        now: as it is here; None where there is nothing.
        runs: whether `respike run` acts on it by itself.
        says: the same in words.
    """

    kind: str
    what: str
    before: Any
    now: Any
    runs: bool
    says: str


class Found(NamedTuple):
    """What was found of one job.

    Attributes:
        record: path of its record.
        causes: its own, in the order of KINDS.
        follows: records of jobs right before it that would run, so that it would as well.
    """

    record: str
    causes: list[Cause]
    follows: list[str]

    @property
    def runs(self) -> bool:
        """Whether `respike run` would run the job."""
        return bool(self.follows) or any(cause.runs for cause in self.causes)


def explain(
    standing: Mapping[str, Job],
    known_code: Mapping[str, Mapping[str, str]],
    numerics: Mapping[str, Any],
) -> list[Found]:
    """All jobs with their causes, ancestors before what follows from them.

    Args:
        standing: path of a record -> the job, ancestors first.
        known_code: fingerprint -> module -> digest, of code.json.
        numerics: the class that a job would have on this machine.
    """
    found: dict[str, Found] = {}
    for path, job in standing.items():
        causes = list(_causes(job, known_code, numerics))
        follows = [p for p in job.parents if p in found and found[p].runs]
        found[path] = Found(path, causes, follows)
    return list(found.values())


def _causes(job, known_code, numerics):
    if job.record is None:
        yield _no_record(job)
        return
    yield from _files(job)
    yield from _inputs(job)
    if not isinstance(job.now, Now):
        yield Cause(SETTING, "study", None, None, False, f"it would not run: {job.now}")
        return
    yield from settings(job.record["settings"], job.now.settings)
    if job.record["code"] != job.now.code:
        yield from code(job, known_code)
    if job.record["env"] != job.now.env:
        before, now = job.record["env"], job.now.env
        says = f"lock of {_env(before)} -> {_env(now)}"
        yield Cause(ENVIRONMENT, "lock", before, now, True, says)
    for row in job.record.get("environment", {}).get("differs", ()):
        says = f"not as pinned when it ran: {environment.said(row)}"
        yield Cause(ENVIRONMENT, row["package"], row["found"], row["pinned"], False, says)
    yield from _machine(job.record["numerics"], _of_its_env(job.record, numerics))


# ---------------------------------------------------------------- files


def _no_record(job: Job) -> Cause:
    there = [path for path, (_, here) in job.made.items() if here]
    if job.trouble == "is missing" and not there:
        return Cause(RECORD, job.path, None, None, True, "never made here")
    missing = job.trouble == "is missing"
    says = f"{job.path} {job.trouble}"
    says += ", so that what lies beside it is not known" if missing else "; remove it to remake"
    return Cause(RECORD, job.path, None, None, missing, says)


def _files(job: Job) -> Iterator[Cause]:
    for path, (said, here) in job.made.items():
        if here is None:
            yield Cause(FILE, path, said, None, False, f"{path} is missing")
        elif said is not None and here != said:
            says = f"{path} changed since it was written: {_hash(said)} -> {_hash(here)}"
            yield Cause(FILE, path, said, here, False, says)


def _inputs(job: Job) -> Iterator[Cause]:
    for row in job.read:
        if row.here != row.read:
            yield _changed_input(row)
        elif row.said_key is not None and row.said_key != row.read_key:
            says = (
                f"{row.path} has the same bytes, but {_maker(row.path)} has run again with "
                f"another key: {_hash(row.read_key)} -> {_hash(row.said_key)}"
            )
            yield Cause(INPUT, row.path, row.read_key, row.said_key, False, says)
    if isinstance(job.now, Now):
        beside = {row["path"] for row in job.record["inputs"].get("beside", ())}
        before = {row.path for row in job.read} - beside
        for path in sorted(set(job.now.inputs) - before):
            says = f"reads {path} of {_maker(path)} as well"
            yield Cause(INPUT, path, None, path, True, says)
        for path in sorted(before - set(job.now.inputs)):
            says = f"no longer reads {path} of {_maker(path)}"
            yield Cause(INPUT, path, path, None, True, says)


def _changed_input(row: Row) -> Cause:
    says = f"{row.path} of {_maker(row.path)} is not what it read: {_hash(row.read)} -> "
    if row.here is None:
        return Cause(INPUT, row.path, row.read, None, False, f"{says}missing")
    says += _hash(row.here)
    made_anew = row.here == row.said
    says += ", which was made anew" if made_anew else ", which nobody recorded"
    return Cause(INPUT, row.path, row.read, row.here, made_anew, says)


def _maker(path: str) -> str:
    return jobs.called(layout.record_of(path))


# ---------------------------------------------------------------- what it would be told


def settings(before: Any, now: Any, key: str = "") -> Iterator[Cause]:
    """Where two settings differ: key path, before and after."""
    if _have_ids(before) and _have_ids(now):
        before, now = ({inner["id"]: inner for inner in side} for side in (before, now))
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys([*before, *now]):
            inner = f"{key}.{name}" if key else name
            if name not in now:
                yield _setting(inner, before[name], None, f"{_short(before[name])} -> gone")
            elif name not in before:
                yield _setting(inner, None, now[name], f"new, {_short(now[name])}")
            else:
                yield from settings(before[name], now[name], inner)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for place, (one, other) in enumerate(zip(before, now, strict=True)):
            yield from settings(one, other, f"{key}.{place}")
    elif before != now or type(before) is not type(now):
        yield _setting(key, before, now, f"{_short(before)} -> {_short(now)}")


def _setting(key: str, before: Any, now: Any, says: str) -> Cause:
    return Cause(SETTING, key, before, now, True, f"{key}: {says}")


def _have_ids(value: Any) -> bool:
    """Whether it is a list of things that have ids (claims): a new one moves no other."""
    return isinstance(value, list) and all(
        isinstance(inner, Mapping) and isinstance(inner.get("id"), str) for inner in value
    )


def code(job: Job, known_code: Mapping[str, Mapping[str, str]]) -> Iterator[Cause]:
    """Which modules behind a job are not what they were."""
    was = known_code.get(job.record["code"])
    if was is None:
        both = (job.record["code"], job.now.code)
        says = f"fingerprint {_hash(both[0])} -> {_hash(both[1])}; which modules is not known: "
        yield Cause(CODE, "", *both, True, f"{says}no code.json holds the one before")
        return
    here = job.now.modules
    for name in jobs.changed(was, here):
        said = " (new)" if name not in was else " (gone)" if name not in here else ""
        yield Cause(CODE, name, was.get(name), here.get(name), True, name + said)


def _of_its_env(record: Mapping[str, Any], numerics: Mapping[str, Any]) -> Mapping[str, Any]:
    """The class here as a job of that environment sees it: `numerics` is taken in base, so
    that of Python and packages of another environment it knows nothing."""
    if record["env"].partition(":")[0] == BASE:
        return numerics
    return {**numerics, **{name: record["numerics"][name] for name in ("python", "versions")}}


def _machine(before: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[Cause]:
    """Versions of packages, then the rest of the numerics class."""
    for kind, name, was, found in _fields(before, here):
        if was != found:
            says = f"{name} {_short(was)} when it ran, {_short(found)} here"
            yield Cause(kind, name, was, found, False, says)


def _fields(before, here):
    for package in sorted({*before["versions"], *here["versions"]}):
        versions = (side["versions"].get(package) for side in (before, here))
        yield ENVIRONMENT, package, *versions
    for name in sorted({*before, *here} - {"versions", "variables"}):
        yield NUMERICS, name, before.get(name), here.get(name)
    for name in sorted({*before["variables"], *here["variables"]}):
        yield NUMERICS, name, before["variables"].get(name), here["variables"].get(name)


def _short(value: Any) -> str:
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _hash(value: str) -> str:
    return value[:12]


def _env(value: str) -> str:
    name, _, digest = value.partition(":")
    return f"{name} {_hash(digest)}"


# ---------------------------------------------------------------- in words


def lines(found: list[Found]) -> list[str]:
    """Each cause once with the jobs that have it, first causes first; then what follows."""
    said: dict[tuple[str, str], list[str]] = {}
    changes: list[Cause] = []
    for job in found:
        for cause in job.causes:
            if not (job.follows and _repeats(cause, changes)):
                said.setdefault((cause.kind, cause.says), []).append(job.record)
        changes += job.causes
    together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (kind, says), records in said.items():
        together.setdefault((kind, tuple(records)), []).append(says)
    written = []
    for (kind, records), says in together.items():
        written += _group(kind, says, _listed(records, len(found)))
    known = {record for records in said.values() for record in records}
    follow = [job.record for job in found if job.follows and job.record not in known]
    if follow:
        written.append(f"{'follows':12s}{_listed(follow, len(found))}")
    return [jobs.plain(line) for line in written]


def _group(kind: str, says: list[str], who: str) -> list[str]:
    if kind == CODE and len(says) > 1:
        says = [", ".join(says)]
    shown = says[:MOST_SAID] + (
        [f"and {len(says) - MOST_SAID} more; --json names all"] if says[MOST_SAID:] else []
    )
    heads = [kind, *[""] * (len(shown) - 1)]
    rows = [f"{head:12s}{text}" for head, text in zip(heads, shown, strict=True)]
    return [*rows, f"{'':14s}{who}"]


def _listed(records: Sequence[str], of: int) -> str:
    if len(records) == of > MOST_JOBS:
        return f"all {of} jobs"
    names = jobs.listed(records)
    more = len(names) - MOST_JOBS
    return "; ".join(names[:MOST_JOBS]) + (f"; and {more} more" if more > 0 else "")


def _repeats(cause: Cause, before: list[Cause]) -> bool:
    """Whether a judge or page says the same change of a setting again, under a longer key."""
    return cause.kind == SETTING and any(
        b.kind == SETTING
        and cause.what.endswith(f".{b.what}")
        and (b.before, b.now) == (cause.before, cause.now)
        for b in before
    )


def summary(found: list[Found]) -> str:
    """How many jobs would run again, and how many more are not as they were."""
    runs = sum(job.runs for job in found)
    others = sum(bool(job.causes) and not job.runs for job in found)
    if not runs and not others:
        return f"would not run: everything is as it was ({_jobs(len(found))})"
    parts = []
    if runs:
        parts.append(f"{runs} of {_jobs(len(found))} would run again")
    if others:
        which = "more" if runs else f"of {_jobs(len(found))}"
        parts.append(f"{others} {which} not as recorded, or not as on this machine")
    return "; ".join(parts)


def _jobs(count: int) -> str:
    return f"{count} job{'' if count == 1 else 's'}"


def document(found: list[Found]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "record": job.record,
            "job": jobs.called(job.record),
            "runs": job.runs,
            "follows": job.follows,
            "causes": [cause._asdict() for cause in job.causes],
        }
        for job in found
    ]
