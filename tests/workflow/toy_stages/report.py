"""Toy stage of the workflow's tests: the lists of files are those of the real page."""

import sys

from respike.core import code, io, layout
from respike.core.job import Job, main
from respike.report import sums
from respike.report.runs import data_records


def run(job: Job) -> None:
    budget = job.settings["budget"]
    found = [row for path in job.paths("verdicts") for row in job.read_path(path)["verdicts"]]
    records = {path: job.read_path(path) for path in job.paths("records")}
    todo = [layout.record_of(path) for path in job.paths("verdicts")]
    todo += [path for record in records.values() for path in data_records(record)]
    while todo:
        path = todo.pop()
        records[path] = job.read_path(path)
        todo += data_records(records[path])
    written = {
        "verdict": {"claims": found},
        "table": [{"claims": len(found)}],
        "page": "<!doctype html><title>toy</title>",
        "code": code.table(list(records.values()), "report", job.settings),
    }
    for name, value in written.items():
        job.write(name, value)
    files = sums.files(records, {path: job.sha256(path) for path in records})
    files |= sums.own(budget, written, {})
    told = [path for record in records for path in layout.told(record)]
    files |= {str(path): digest for path in told if (digest := job.digest(path))}

    def last(record: bytes) -> dict:
        own = layout.record("report").format(budget=budget)
        listing = sums.listing({**files, own: io.sha256(record)})
        return {"sums": listing, "manifest": sums.manifest(budget, listing, records)}

    job.write_last(last)


if __name__ == "__main__":
    sys.exit(main("report", run))
