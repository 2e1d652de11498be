"""Two trained networks -> error along the line between them, and how alike their layers are.

Writes predictions.npz (test items, the network in the middle), metrics.json, curve.csv.
"""

import sys

from respike.core.job import Job, main
from respike.training.connection import connect

SETTINGS = "respike.training.connection.connect"


def run(job: Job) -> None:
    """Walk the line, write what was found."""
    settings = {k: v for k, v in job.settings["connect"].items() if k not in ("from", "with")}
    ends = [(job.read(name), job.read_metadata(name)) for name in ("model", "other")]
    data = job.read("data")
    outcome = connect(data, job.seed, job.log, *ends[0], *ends[1], **settings)
    job.write("predictions", outcome.predictions)
    job.write("metrics", outcome.metrics)
    job.write("curve", outcome.curve)


if __name__ == "__main__":
    sys.exit(main("connect", run))
