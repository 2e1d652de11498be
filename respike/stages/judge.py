"""Records of all runs of a study -> its verdicts. Reads beside a record what a claim names."""

import sys

from respike.claims import words
from respike.claims.runs import Runs, verdicts
from respike.core.job import Job, main


def run(job: Job) -> None:
    """Judge every claim of the study and write the verdicts."""
    records = {path: job.record(path) for path in job.paths("records")}
    runs = Runs(records, lambda path: (job.read_path(path), job.sha256(path)))
    found = verdicts(job.settings, runs)
    for row in found["verdicts"]:
        job.log.info("%s/%s: %s", row["study"], row["claim"], words.sentence(row))
    job.write("verdicts", found)
    job.write("resolved", job.settings["resolved"])


if __name__ == "__main__":
    sys.exit(main("judge", run))
