"""Where the page's numbers come from: code, environment, machine, time and memory, and settings."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from respike.report.blocks import block, table
from respike.report.runs import ORDER
from respike.report.words import count, duration, listed, name, size

STAGES = ("fetch", "synthesize", "prepare", *ORDER, "judge")
SOURCES = ("paper", "code", "ours")


def blocks(
    records: Sequence[Mapping[str, Any]], studies: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Provenance of a page.

    Args:
        records: of every job behind it.
        studies: study id -> {title, sources: {paper|code|ours: count}, ...}.
    """
    found = [cost(records), sources(studies), environment(records), code(records), data(records)]
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
    head = ["stage", "jobs", "not run", "wall time, sum", "longest job", "peak memory", "written"]
    total = duration(sum(float(r["evidence"]["wall_s"]) for r in records))
    text = f"{count(len(records), 'job')}, {total} of wall time in all, each job on one thread."
    return block("Time and memory", text=text, tables=[table("time and memory", head, rows)])


def sources(studies: Mapping[str, Any]) -> dict[str, Any]:
    """How many settings of each study the paper gives, its code gives, and we chose."""
    rows = [
        [
            study,
            *(about["sources"].get(source, 0) for source in SOURCES),
            sum(n for source, n in about["sources"].items() if source not in SOURCES),
        ]
        for study, about in studies.items()
    ]
    head = ["study", "from the paper", "from its code", "ours", "not said"]
    text = "A setting marked ours was chosen by respike, because paper and code do not give it or because this budget needs another value."
    return block("Where the settings come from", text=text, tables=[table("settings", head, rows)])


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
    text = "Results are bitwise comparable only within one class: the same of all that stands here but the host."
    head = ["what", "value"]
    whole = table("environment", head, rows, text=(0, 1))
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
    torch = record["evidence"].get("torch")
    return [*rows, ("torch build", str(torch))] if torch else rows


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
    text = "A hash over the meaning of a stage and of all parts it uses; comments do not count. The first 16 of 64 digits."
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
    whole = table("not run", head, rows, text=(0, 1))
    return block("Not run", text="", tables=[whole])
