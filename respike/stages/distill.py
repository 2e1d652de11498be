"""Arrays and a teacher -> a student trained with it, from scratch or from a model.

Writes model.safetensors, predictions.npz (test items), metrics.json, curve.csv, trace.npz.
"""

import sys

from respike.core.job import Job, main
from respike.stages.train import write
from respike.training.runs import distill

SETTINGS = "respike.training.runs.distill"


def run(job: Job) -> None:
    """Distil, write."""
    settings = {
        k: v for k, v in job.settings["distill"].items() if k not in ("from", "teacher")
    }
    models = [job.read("teacher"), job.read_metadata("teacher")]
    if job.has("model"):
        models += [job.read("model"), job.read_metadata("model")]
    write(job, distill(job.read("data"), job.seed, job.log, *models, **settings))


if __name__ == "__main__":
    sys.exit(main("distill", run))
