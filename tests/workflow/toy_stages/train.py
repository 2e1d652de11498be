"""Toy stage of the workflow's tests: writes half of an output, rests, writes the rest."""

import os
import sys
import time

import numpy as np

from respike.core.job import Job, main
from respike.core.seeds import numpy_stream

SETTINGS = "respike.stages.train.settings"


def settings(
    *,
    network: str = "mlp",
    neuron: str = "lif",
    learning: str = "bptt",
    loss: str = "tet",
    drop: str = "magnitude",
    density: float = 1.0,
    epochs: int,
) -> None:
    """What the toy study may say; read by the strict configuration, never called."""


def run(job: Job) -> None:
    arrays = job.read("data")
    block = job.settings[job.stage]
    before = job.read("model")["weight"] if job.has("model") else 0.0
    rng = numpy_stream(job.seed, job.settings["variant"])
    weight = (rng.random((1000, 100)) * block["epochs"] + before).astype(np.float32)
    time.sleep(float(os.environ.get("RESPIKE_TOY_SLEEP_S", "0")))
    item = arrays["item"]
    label = arrays["label"]
    predicted = np.where(rng.random(len(item)) < 0.9, label, 0).astype(np.int64)
    job.write("model", {"weight": weight}, metadata={"network": "toy"})
    logits = np.zeros((len(item), 10), np.float32)
    job.write(
        "predictions", {"item": item, "label": label, "predicted": predicted, "logits": logits}
    )
    job.write("metrics", {"accuracy": float(np.mean(predicted == label))})
    job.write("curve", [{"epoch": 1, "loss": 0.5}])
    job.write("trace", {"spikes.hidden1": np.zeros((4, 8), np.uint8)})


if __name__ == "__main__":
    sys.exit(main(os.path.basename(__file__)[:-3], run))
