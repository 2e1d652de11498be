"""Nothing, or arrays -> an experiment without training, item by item.

Writes predictions.npz, metrics.json, trace.npz.
"""

import sys
from functools import partial

from respike.core.job import Job, main
from respike.core.parts import make
from respike.core.seeds import numpy_stream
from respike.inference.outcome import Outcome

SETTINGS = "respike.stages.simulate.simulate"


def simulate(job: Job, *, experiment: str | dict) -> Outcome:
    """Run one experiment.

    Args:
        job: data are read from it, where its variant has a data set.
        experiment: part of kind experiment.
    """
    data = job.read("data") if job.has("data") else None
    return make("experiment", experiment)(partial(numpy_stream, job.seed), job.seed, data)


def run(job: Job) -> None:
    """Simulate, say what came out, write it."""
    outcome = simulate(job, **job.settings["simulate"])
    shown = {k: v for k, v in outcome.metrics.items() if isinstance(v, float)}
    job.log.info("%s", ", ".join(f"{k} {v:.4g}" for k, v in shown.items()))
    job.write("predictions", outcome.predictions)
    job.write("metrics", outcome.metrics)
    job.write("trace", outcome.trace)


if __name__ == "__main__":
    sys.exit(main("simulate", run))
