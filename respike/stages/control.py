"""Decoded movement -> episodes of the robot, one a trial.

Reads the prepared arrays and a decoder's predictions; writes predictions.npz, metrics.json,
trajectory.npz.
"""

import sys

from respike.control import session
from respike.core.job import Job, main
from respike.core.seeds import numpy_stream

SETTINGS = "respike.control.session.control"


def run(job: Job) -> None:
    """Run the episodes, say what came out, write it."""
    given = {k: v for k, v in job.settings["control"].items() if k != "from"}
    data = job.read("data") if job.has("data") else {}
    found = session.control(
        job.read("decoded"), data, lambda use: numpy_stream(job.seed, use), **given
    )
    job.log.info("%s", session.sentence(found.metrics))
    job.write("predictions", found.predictions)
    job.write("metrics", found.metrics)
    job.write("trajectory", found.trajectory)


if __name__ == "__main__":
    sys.exit(main("control", run))
