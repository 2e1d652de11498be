"""Verdicts and records of a budget -> page, verdict.json, results.csv, SHA256SUMS, manifest.

Reads beside each record what the page draws, and the records of the data behind the runs.
"""

import sys
from pathlib import PurePosixPath
from typing import Any

from respike.claims import calibration, table
from respike.claims import page as verdicts
from respike.core import layout
from respike.core.job import Job, main
from respike.report import gather, page, sums
from respike.report.runs import Run, data_records, drawn, firsts, identity

Records = dict[PurePosixPath, dict[str, Any]]


def run(job: Job) -> None:
    """Put the verdicts together, draw the page, and list every file behind it."""
    budget = job.settings["budget"]
    documents = [job.read_path(path) for path in job.paths("verdicts")]
    document = verdicts.finish(documents, job.history)
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
        commit=job.history.get("commit", "unknown"),
    )
    written = {
        "verdict": document,
        "table": table.rows(document),
        "page": page.render(gather.view(found)),
    }
    for name, value in written.items():
        job.write(name, value)
    extras = gather.film_files(films)
    for name, data in extras.items():
        job.write_extra(name, data)
    everything = {**records, **others}
    files = sums.files(everything, {path: job.sha256(path) for path in everything})
    listing = sums.listing({**files, **sums.own(budget, written, extras)})
    job.write("sums", listing)
    job.write("manifest", sums.manifest(budget, listing, everything))
    job.log.info("%s", gather.counted(document["counts"]))


def loaded(job: Job, records: Records) -> list[Run]:
    """The runs with the files that the page draws."""
    first = firsts(records.values())
    found = []
    for path, record in records.items():
        files = drawn(record, first=identity(record) in first)
        values = {file: job.read_path(layout.artifact(path, file)) for file in files}
        found.append(Run(str(path), record, values))
    return found


def behind(job: Job, records: Records) -> Records:
    """Records of the judges, and of all data that the runs read, back to their source."""
    found: Records = {}
    todo = [layout.record_of(path) for path in job.paths("verdicts")]
    todo += [path for record in records.values() for path in data_records(record)]
    while todo:
        path = todo.pop(0)
        if path not in found:
            found[path] = job.read_path(path)
            todo += data_records(found[path])
    return found


def recorded(job: Job, records: Records) -> dict[str, dict[str, Any]]:
    """Study -> the recorded trajectory of its first arm: lowest seed of its first variant."""
    found: dict[str, dict[str, Any]] = {}
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
