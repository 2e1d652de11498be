"""Where a page's numbers come from: code, environment, machine, time, memory, settings."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from respike.report.blocks import block, table
from respike.report.runs import ORDER
from respike.report.words import count, duration, listed, name, size

STAGES = ("fetch", "synthesize", "prepare", *ORDER, "judge")
SOURCES = ("paper", "code", "ours")
NOT_SAID = "not said"


def blocks(
    records: Sequence[Mapping[str, Any]], studies: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Provenance of a page.

    Args:
        records: of every job behind it.
        studies: study id -> its resolved file; `variants` carry settings and their sources.
    """
    found = [
        cost(records),
        sources(studies),
        environment(records),
        code(records),
        data(records),
    ]
    return [b for b in found if b]


def cost(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Wall time and peak memory per stage, as the jobs themselves noted them."""
    rows = []
    for stage in STAGES:
        there = [r for r in records if r["stage"] == stage]
        notes = [r["evidence"] for r in there]
        if there:
            walls = [float(e["wall_s"]) for e in notes]
            peak = max(float(e["peak_rss_mb"]) for e in notes)
            missing = sum(r["status"] != "done" for r in there)
            written = sum(row["bytes"] for r in there for row in r["outputs"].values())
            rows.append(
                [
                    stage,
                    len(there),
                    missing,
                    duration(sum(walls)),
                    duration(max(walls)),
                    f"{peak:,.0f} MB",
                    size(written),
                ]
            )
    head = [
        "stage",
        "jobs",
        "not run",
        "wall time, sum",
        "longest job",
        "peak memory",
        "written",
    ]
    total = duration(sum(float(r["evidence"]["wall_s"]) for r in records))
    text = f"{count(len(records), 'job')}, {total} of wall time in all, each job on one thread."
    return block("Time and memory", text=text, tables=[table("time and memory", head, rows)])


def settings(about: Mapping[str, Any]) -> dict[str, set[str]]:
    """Names of the settings of a study by where they come from: paper, code, ours, not said."""
    found: dict[str, set[str]] = {source: set() for source in (*SOURCES, NOT_SAID)}
    for variant in about["variants"].values():
        said = variant.get("sources", {})
        for stage in ORDER:
            for path in leaves(variant.get(stage, {})):
                found[said_by(path, stage, said)].add(f"{stage}.{'.'.join(path)}")
    return found


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterable[tuple[str, ...]]:
    """Key paths of all settings below a value; a list is one setting."""
    if not isinstance(value, Mapping):
        yield path
        return
    for key, inner in value.items():
        yield from leaves(inner, (*path, key))


def said_by(path: tuple[str, ...], stage: str, said: Mapping[str, str]) -> str:
    """Source of one setting: by its own name, its dotted path, or a key that it lies below."""
    for length in range(len(path), 0, -1):
        dotted = ".".join(path[:length])
        for key in (f"{stage}.{dotted}", dotted, path[length - 1]):
            if key in said:
                return said[key]
    return NOT_SAID


def chosen(about: Mapping[str, Any]) -> str:
    """How many settings of a study are ours, for its heading."""
    found = settings(about)
    return f"{len(found['ours'])} of {sum(map(len, found.values()))}"


def sources(studies: Mapping[str, Any]) -> dict[str, Any]:
    """How many settings of each study the paper gives, its code gives, and we chose."""
    rows, names = [], []
    for study, about in studies.items():
        found = settings(about)
        rows.append([study, *(len(found[source]) for source in (*SOURCES, NOT_SAID))])
        names.append([study, listed(sorted(found["ours"])) or "none"])
    head = ["study", "from the paper", "from its code", "ours", NOT_SAID]
    text = (
        "A setting marked ours was chosen by respike, because paper and code do not give it or "
        "because this budget needs another value. Different settings are counted, not variants."
    )
    whole = table("settings", head, rows)
    ours = table(
        "settings of ours", ["study", "settings of ours"], names, text=(0, 1), prose=True
    )
    folded = {"title": "Names of the settings that are ours", "figures": (), "tables": [ours]}
    return block("Where the settings come from", text=text, tables=[whole], folded=folded)


def environment(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Torch build, numerics class, locks and hosts; more than one of a kind is said."""
    seen: dict[str, Counter[str]] = {}
    for record in records:
        for what, said in _machine(record):
            seen.setdefault(what, Counter())[said] += 1
    rows = [
        [what, listed([f"{said} ({count(n, 'job')})" for said, n in sorted(found.items())])]
        for what, found in seen.items()
    ]
    text = (
        "Results are bitwise comparable only within one class: the same of all that stands "
        "here but the host."
    )
    head = ["what", "value"]
    whole = table("environment", head, rows, text=(0, 1), prose=True)
    return block("Environment", text=text, tables=[whole])


def _machine(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    numerics = record["numerics"]
    versions = [f"{k} {v}" for k, v in numerics["versions"].items() if v]
    flags = " ".join(numerics["cpu_flags"]) or "none of those known"
    rows = [
        ("packages", ", ".join(versions)),
        ("Python", numerics["python"]),
        ("processor", f"{numerics['architecture']}, {numerics['cpu_vendor']}, {flags}"),
        ("C library", numerics["libc"]),
        ("threads", str(numerics["threads"])),
        ("environment lock", record["env"]),
        ("host", record["evidence"]["host"]),
    ]
    build = numerics.get("torch_build") or record["evidence"].get("torch")
    return [*rows, ("torch build", str(build))] if build else rows


def code(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Fingerprint of the code of each stage; several where variants use different parts."""
    found: dict[str, set[str]] = {}
    for record in records:
        found.setdefault(record["stage"], set()).add(record["code"])
    rows = [
        [stage, len(found[stage]), ", ".join(sorted(c[:16] for c in found[stage]))]
        for stage in STAGES
        if stage in found
    ]
    text = (
        "A hash over the meaning of a stage and of all parts it uses; comments do not count. "
        "The first 16 of 64 digits."
    )
    whole = table("code", ["stage", "fingerprints", "hash"], rows, text=(0, 2))
    folded = {"title": "Code fingerprints, stage by stage", "figures": (), "tables": [whole]}
    return block("Code", text=text, folded=folded)


def data(records: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """The data sets: kind, size and hash of what the runs read."""
    rows = []
    for record in records:
        if record["stage"] in ("fetch", "synthesize", "prepare"):
            for file, row in record["outputs"].items():
                about = [record["settings"].get("dataset", ""), record["stage"], file]
                kind = record.get("data_kind", "")
                rows.append([*about, kind, size(row["bytes"]), row["sha256"][:16]])
    if not rows:
        return None
    head = ["data set", "stage", "file", "kind", "size", "sha256, first 16"]
    whole = table("data", head, sorted(rows), text=(0, 1, 2, 3, 5))
    return block("Data", tables=[whole])


def not_run(records: Iterable[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Jobs that ended as not run, grouped by their reason."""
    reasons: dict[str, list[str]] = {}
    for record in records:
        if record["status"] != "done":
            settings = record["settings"]
            place = settings.get("study") or settings.get("dataset") or ""
            variant = settings.get("variant")
            at = f"{place}/{variant}" if variant else place
            reasons.setdefault(record["reason"], []).append(f"{name(record['stage'])} of {at}")
    if not reasons:
        return None
    rows = [[why, listed(sorted(set(where))), len(where)] for why, where in reasons.items()]
    head = ["reason", "what was not run", "jobs"]
    whole = table("not run", head, rows, text=(0, 1), prose=True)
    return block("Jobs, by reason", tables=[whole])
