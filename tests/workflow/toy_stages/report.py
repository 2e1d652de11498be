"""Toy stage of the workflow's tests."""

import sys

from respike.core import code
from respike.core.job import Job, main


def run(job: Job) -> None:
    found = [row for path in job.paths("verdicts") for row in job.read_path(path)["verdicts"]]
    job.write("verdict", {"claims": found})
    job.write("table", [{"claims": len(found)}])
    job.write("page", "<!doctype html><title>toy</title>")
    behind = [job.record(path) for path in (*job.paths("records"), *job.paths("verdicts"))]
    job.write("code", code.table(behind, "report", job.settings))
    job.write("sums", "")
    job.write("manifest", {"toy": True})


if __name__ == "__main__":
    sys.exit(main("report", run))
