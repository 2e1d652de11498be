"""Arrays -> a network trained from scratch, dense or sparse.

Writes model.safetensors, predictions.npz (test items), metrics.json, curve.csv, trace.npz.
"""

import sys

from respike.core.job import Job, main
from respike.training.runs import Outcome, train

SETTINGS = "respike.training.runs.train"


def run(job: Job) -> None:
    """Train, write."""
    write(job, train(job.read("data"), job.seed, job.log, **job.settings["train"]))


def write(job: Job, outcome: Outcome) -> None:
    """The five outputs that train, prune and distill share."""
    job.write("model", outcome.model, metadata=outcome.description)
    job.write("predictions", outcome.predictions)
    job.write("metrics", outcome.metrics)
    job.write("curve", outcome.curve)
    job.write("trace", outcome.trace)


if __name__ == "__main__":
    sys.exit(main("train", run))
