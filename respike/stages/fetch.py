"""Nothing -> the files of one data set as published, each compared with its pin."""

import sys

from respike.core.job import Job, main
from respike.datasets.fetching import fetch
from respike.datasets.sources import Unreachable


def run(job: Job) -> None:
    """Fetch every file of the data set; one that may be missing ends the stage `not run`."""
    dataset, row = job.settings["dataset"], job.settings["row"]
    job.log.info("%s (%s, %s)", row["title"], row["data_kind"], row["licence"])
    try:
        files = fetch(dataset, row)
    except Unreachable as error:
        if not row.get("optional", False):
            raise
        job.not_run(str(error))
    job.write("source", files)


if __name__ == "__main__":
    sys.exit(main("fetch", run))
