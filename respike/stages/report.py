"""Verdicts and records of a budget -> page, verdict.json, results.csv, code, sums, manifest.

Reads beside each record what the page draws, and the records of the data behind the runs.
"""

import sys
from pathlib import Path, PurePosixPath
from typing import Any

from respike.claims import calibration, table
from respike.claims import page as verdicts
from respike.core import code, io, layout
from respike.core.history import head
from respike.core.job import Job, main
from respike.report import gather, page, sums
from respike.report.runs import Run, data_records, drawn, filmed, firsts, identity

Records = dict[PurePosixPath, dict[str, Any]]
ROOT = Path(__file__).resolve().parents[2]


def run(job: Job) -> None:
    """Put the verdicts together, draw the page, and list every file behind it."""
    budget = job.settings["budget"]
    documents = [job.read_path(path) for path in job.paths("verdicts")]
    document = verdicts.finish(documents, job.history)
    records = {path: job.read_path(path) for path in job.paths("records")}
    others = behind(job, records)
    shown = films(job, records)
    found = gather.Found(
        document=document,
        about=job.settings["studies"],
        runs=loaded(job, records),
        others=list(others.values()),
        calibration=calibration.committed(),
        film=shown,
        commit=head(ROOT),
    )
    everything = {**records, **others}
    written = {
        "verdict": document,
        "table": table.rows(document),
        "page": page.render(gather.view(found)),
        "code": code.table(everything.values(), "report", job.settings),
    }
    for name, value in written.items():
        job.write(name, value)
    for name, data in (extras := gather.film_files(shown)).items():
        job.write_extra(name, data)
    files = sums.files(everything, {path: job.sha256(path) for path in everything})
    files |= sums.own(budget, written, extras)
    told = [path for record in everything for path in layout.told(record)]
    files |= {str(path): found for path in told if (found := job.digest(path))}

    def last(record: bytes) -> dict[str, Any]:
        own = layout.record("report").format(budget=budget)
        listing = sums.listing({**files, own: io.sha256(record)})
        return {"sums": listing, "manifest": sums.manifest(budget, listing, everything)}

    job.write_last(last)
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


def films(job: Job, records: Records) -> dict[str, Any]:
    """Study -> the film of its robot, or why there is none; MuJoCo is loaded only here."""
    shown = filmed(records)
    if shown:
        from respike.report import film
    return {
        study: film.make(job.read_path(layout.artifact(path, "trajectory.npz")))
        for study, path in shown.items()
    }


if __name__ == "__main__":
    sys.exit(main("report", run))
