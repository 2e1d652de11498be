"""Run by test_every_cpu.py in a process of its own: two trainings, their hashes, and proof."""

import json
import logging
import os
import sys

import numpy as np
import torch

from respike.core.io import content_sha256
from respike.training.runs import train

BLOCK = {
    "network": {"mlp": {"hidden": 256, "time_steps": 4}},
    "epochs": 4,
    "batch": 128,
    "learning_rate": 0.005,
    "selection": "last",
    "input_levels": 16,
    "split": {"train": 512, "validation": 64, "test": 64},
}
EXACT = {
    "neuron": {"lif": {"surrogate": "rational"}},
    "loss": "squared-error",
    "arithmetic": "exact-grid",
}
STOCK = {"neuron": "lif", "loss": "tet", "batch": 512}


def arrays():
    """640 items of 8 x 8 whole numbers to 16: ten patterns and noise."""
    rng = np.random.Generator(np.random.Philox(key=5))
    patterns = rng.integers(0, 10, size=(10, 64))
    label = np.arange(640) % 10
    image = patterns[label] + rng.integers(0, 7, size=(640, 64))
    return {
        "image": image.astype(np.uint8).reshape(640, 8, 8),
        "label": label.astype(np.int64),
        "item": np.arange(640),
    }


def everything(outcome):
    """One hash over all that the stage would write as content."""
    return content_sha256(
        {
            **{f"model.{k}": v for k, v in outcome.model.items()},
            **{f"predictions.{k}": v for k, v in outcome.predictions.items()},
            **{f"trace.{k}": v for k, v in outcome.trace.items()},
            "numbers": np.frombuffer(
                json.dumps([outcome.metrics, outcome.curve], sort_keys=True).encode(), np.uint8
            ),
        }
    )


def main():
    """Print what was found as one line of JSON."""
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    log = logging.getLogger("respike.test")
    exact = train(arrays(), 7, log, **BLOCK, **EXACT)
    stock = train(arrays(), 7, log, **{**BLOCK, **STOCK})
    values = np.random.Generator(np.random.Philox(key=6)).random(1_000_003, dtype=np.float32)
    sys.stdout.write(
        json.dumps(
            {
                "exact": exact.metrics["weights_sha256"],
                "exact content": everything(exact),
                "accuracy": exact.metrics["accuracy"],
                "stock": content_sha256(stock.model),
                "threads": torch.get_num_threads(),
                "aten": torch.backends.cpu.get_cpu_capability(),
                "numpy": np.show_config("dicts")["SIMD Extensions"].get("found", []),
                "sum": float(torch.from_numpy(values).sum()),
            }
        )
    )


if __name__ == "__main__":
    main()
