"""Verdicts and records of a budget -> page, verdict.json, results.csv, SHA256SUMS, manifest.

Reads beside each record what the page draws, and the records of the data behind the runs.
"""

import sys
from pathlib import PurePosixPath
from typing import Any

from respike.claims import calibration, table
from respike.claims import page as verdicts
from respike.core import io, layout
from respike.core.job import Job, main
from respike.report import gather, page, sums
from respike.report.runs import Run, drawn, firsts, identity

UNKNOWN = "unknown"


def run(job: Job) -> None:
    """Put the verdicts together, draw the page, and list every file behind it."""
    budget = job.settings["budget"]
    documents = [job.read_path(path) for path in job.paths("verdicts")]
    document = verdicts.finish(documents, job.history)
    rows = table.rows(document)
    records = {path: job.read_path(path) for path in job.paths("records")}
    others = behind(job, records)
    films = {study: filmed(arrays) for study, arrays in recorded(job, records).items()}
    found = gather.Found(
        document=document,
        about=job.settings["studies"],
        runs=loaded(job, records),
        others=list(others.values()),
        calibration=calibration.committed(),
        film=films,
        commit=job.history.get("commit", UNKNOWN),
    )
    html = page.render(gather.view(found))
    extras = {name: data for s, f in films.items() for name, data in gather.film_files(s, f)}
    for name, data in extras.items():
        job.write_extra(name, data)
    for name, value in (("verdict", document), ("table", rows), ("page", html)):
        job.write(name, value)
    own = {"verdict.json": document, "results.csv": rows, "report.html": html, **extras}
    listing = sums.listing(
        {
            **{str(path): job.sha256(path) for path in (*records, *others)},
            **{k: v for p, r in {**records, **others}.items() for k, v in sums.of_record(p, r)},
            **{f"results/{budget}/{n}": io.sha256(io.dump(n, v)) for n, v in own.items()},
        }
    )
    at = layout.output("report", "sums").format(budget=budget)
    keys = [(str(p), r["key"], r["status"]) for p, r in {**records, **others}.items()]
    job.write("sums", listing)
    job.write("manifest", sums.manifest(budget, at, listing, keys))
    counts = document["counts"]
    job.log.info("published %s; analogue %s", *map(gather.counted, counts.values()))


def loaded(job: Job, records: dict[PurePosixPath, dict[str, Any]]) -> list[Run]:
    """The runs with the files that the page draws."""
    first = firsts(records.values())
    return [
        Run(
            str(path),
            record,
            {
                file: job.read_path(layout.artifact(path, file))
                for file in drawn(record, first=identity(record) in first)
            },
        )
        for path, record in records.items()
    ]


def behind(job: Job, records: dict[PurePosixPath, dict]) -> dict[PurePosixPath, dict]:
    """Records of the judges, and of all data that the runs read, back to their source."""
    found: dict[PurePosixPath, dict] = {}
    todo = [layout.record_of(path) for path in job.paths("verdicts")]
    todo += [p for record in records.values() for p in sources(record)]
    while todo:
        path = todo.pop(0)
        if path not in found:
            found[path] = job.read_path(path)
            todo += sources(found[path])
    return found


def sources(record: dict[str, Any]) -> list[PurePosixPath]:
    """Records of the data that a job read."""
    files = [row["path"] for rows in record["inputs"].values() for row in rows]
    return [layout.record_of(file) for file in files if file.startswith("data/")]


def recorded(job: Job, records: dict[PurePosixPath, dict]) -> dict[str, dict]:
    """Study -> the recorded trajectory of its first arm: lowest seed of its first variant."""
    found: dict[str, dict] = {}
    for path, record in records.items():
        study, done = record["settings"]["study"], record["status"] == "done"
        if record["stage"] == "control" and done and study not in found:
            found[study] = job.read_path(layout.artifact(path, "trajectory.npz"))
    return found


def filmed(trajectory: dict[str, Any]) -> Any:
    """The film of a trajectory, or why there is none; loads MuJoCo only where an arm moved."""
    from respike.report import film

    return film.make(trajectory)


if __name__ == "__main__":
    sys.exit(main("report", run))
