"""Arrays and a trained network -> the same network with fewer connections, fine-tuned.

Writes model.safetensors, predictions.npz (test items), metrics.json, curve.csv, trace.npz.
"""

import sys

from respike.core.job import Job, main
from respike.stages.train import write
from respike.training.runs import prune

SETTINGS = "respike.training.runs.prune"


def run(job: Job) -> None:
    """Prune, write."""
    settings = {k: v for k, v in job.settings["prune"].items() if k != "from"}
    model, description = job.read("model"), job.read_metadata("model")
    data = job.read("data")
    write(job, prune(data, job.seed, job.log, model, description, **settings))


if __name__ == "__main__":
    sys.exit(main("prune", run))
