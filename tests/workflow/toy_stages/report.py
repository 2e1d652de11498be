"""Toy stage of the workflow's tests."""

import sys

from respike.core.job import Job, main


def run(job: Job) -> None:
    found = [row for path in job.paths("verdicts") for row in job.read_path(path)["verdicts"]]
    job.write("verdict", {"claims": found})
    job.write("table", [{"claims": len(found)}])
    job.write("page", "<!doctype html><title>toy</title>")
    job.write("sums", "")
    job.write("manifest", {"toy": True})


if __name__ == "__main__":
    sys.exit(main("report", run))
