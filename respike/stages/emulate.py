"""Trained network -> its behaviour on an emulated chip, item by item.

Reads the prepared arrays and the model; writes predictions.npz, metrics.json, trace.npz.
"""

import sys

from respike.core.job import Job, main
from respike.core.parts import make
from respike.core.seeds import numpy_stream
from respike.targets.evaluation import Outcome, evaluate, held_out, lif_network

SETTINGS = "respike.stages.emulate.emulate"


def emulate(job: Job, *, target: str | dict) -> Outcome:
    """Run the model's test items on a target.

    Args:
        job: data and model are read from it.
        target: part of kind target.
    """
    core = make("target", target)
    description = job.read_metadata("model")
    network = lif_network(job.read("model"), description)
    rng = numpy_stream(description["seed"], "split")
    return evaluate(core, network, held_out(job.read("data"), description["split"], rng))


def run(job: Job) -> None:
    """Emulate, say what came out, write it."""
    given = {k: v for k, v in job.settings["emulate"].items() if k != "from"}
    outcome = emulate(job, **given)
    found = outcome.metrics
    job.log.info(
        "%s %s: %.1f %% (float %.1f %%), %.2f %% of spikes differ, %d overflows, "
        "%.0f synaptic operations, %.2f to %.0f nJ an item",
        found["label"], found["spec_hash"], 100 * found["accuracy"],
        100 * found["accuracy_float"], 100 * found["spike_mismatch"], found["overflow_count"],
        found["synops_per_item"], found["energy_nj_low"], found["energy_nj_high"],
    )  # fmt: skip
    job.write("predictions", outcome.predictions)
    job.write("metrics", outcome.metrics)
    job.write("trace", outcome.trace)


if __name__ == "__main__":
    sys.exit(main("emulate", run))
