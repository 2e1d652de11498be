"""Toy stage of the workflow's tests."""

import sys

import numpy as np

from respike.core.job import Job, main


def run(job: Job) -> None:
    size = len(job.read("source")["digits.csv"].splitlines())
    item = np.arange(size)
    job.write(
        "data", {"item": item, "label": item % 10, "image": np.zeros((size, 8, 8), np.uint8)}
    )


if __name__ == "__main__":
    sys.exit(main("prepare", run))
