"""Toy stage of the workflow's tests: rests in the middle of its work.

RESPIKE_TOY_SLEEP_S makes it rest before it writes, RESPIKE_TOY_WRITE_S in the middle of its
largest file. Words in RESPIKE_TOY_OFF switch layers of the fence off, one by one:
`parent-death`, `parent-check`. With RESPIKE_TOY_GATE it waits until that file is there; with
RESPIKE_TOY_APPEND it then appends to the final name, as a writer would that knows no fence.
"""

import os
import sys
import time

import numpy as np

from respike.core import job as frame
from respike.core import lock
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
    gate(job)
    if os.environ.get("RESPIKE_TOY_WRITE_S"):
        write_slowly(float(os.environ["RESPIKE_TOY_WRITE_S"]))
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


def gate(job: Job) -> None:
    """Wait for a file, and become a careless writer if so told."""
    path = os.environ.get("RESPIKE_TOY_GATE")
    end = time.monotonic() + 120
    while path and not os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.01)
    if os.environ.get("RESPIKE_TOY_APPEND"):
        with open(job._outputs["model"], "ab") as file:
            file.write(b"late")
        sys.exit(0)


def write_slowly(rest_s: float) -> None:
    """Rest after half of the model's bytes are in its temporary file."""
    whole = frame.io.write_bytes

    def write(path, data):
        if ".model.safetensors." in str(path):
            path.write_bytes(data[: len(data) // 2])
            time.sleep(rest_s)
            path.unlink()
        whole(path, data)

    frame.io.write_bytes = write


def switch_off(layers: list[str]) -> None:
    """Take layers of the fence away, so that the others are seen alone."""
    if "parent-death" in layers:
        frame.die_with_parent = lambda: None
    if "parent-check" in layers:
        whole = lock.Attempt._check_owner

        def check(attempt):
            attempt._parent = os.getppid()
            whole(attempt)

        lock.Attempt._check_owner = check


if __name__ == "__main__":
    switch_off(os.environ.get("RESPIKE_TOY_OFF", "").split())
    sys.exit(main(os.path.basename(__file__)[:-3], run))
