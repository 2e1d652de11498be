"""Toy stage of the workflow's tests."""

import os
import sys

from respike.core.job import Job, main


def run(job: Job) -> None:
    if os.environ.get("RESPIKE_TOY_ABSENT"):
        job.not_run("the toy data cannot be had; unset RESPIKE_TOY_ABSENT")
    job.write("source", {"digits.csv": b"0,1,2,3\n" * 50})


if __name__ == "__main__":
    sys.exit(main("fetch", run))
