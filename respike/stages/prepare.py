"""Files of a data set as published -> arrays, by the data set's own reader."""

import sys

from respike.core import parts
from respike.core.job import Job, main


def run(job: Job) -> None:
    """Give the files to the reader that the row names, else to the one of the set's name."""
    row, dataset = job.settings["row"], job.settings["dataset"]
    reader = {row.get("reader", dataset): row.get("prepare", {})}
    parts.check("dataset", reader, f"datasets.{dataset}.prepare")
    arrays = parts.make("dataset", reader, job.read("source"))
    shapes = (f"{name} {list(array.shape)}" for name, array in sorted(arrays.items()))
    job.log.info("%s: %s", dataset, ", ".join(shapes))
    job.write("data", arrays)


if __name__ == "__main__":
    sys.exit(main("prepare", run))
