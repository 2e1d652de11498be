"""Recordings -> decoded movement, held out block by block, beside every control.

Writes predictions.npz, metrics.json, curve.csv, model.npz (the first fold's decoder).
"""

import sys
from functools import partial
from typing import Any

import numpy as np

from respike.core.job import Job, main
from respike.core.parts import make, split
from respike.core.seeds import numpy_stream
from respike.eeg import comparison, scores
from respike.eeg.recording import recording

SETTINGS = "respike.stages.decode.decode"


def decode(
    job: Job,
    *,
    decoder: str | dict,
    controls: list,
    truth: str = "target",
    blocks: int | None = None,
    held_out: str = "block",
    folds: int | None = None,
    step_ms: float = 40.0,
    purge_ms: float = 0.0,
) -> dict[str, Any]:
    """Decode one recording; its outputs by name.

    Args:
        job: data are read from it.
        decoder: part of kind decoder.
        controls: parts of kind control.
        truth: array that is decoded.
        blocks: into how many parts a recording without blocks of its own is cut.
        held_out: block, or window: shuffled windows, a leak on purpose.
        folds: groups of blocks held out in turn; None leaves out one at a time.
        step_ms: distance of two decoded moments.
        purge_ms: training moments whose window comes so near to a tested one are dropped.
    """
    found = recording(job.read("data"), truth, blocks)
    task, predicted, numbers, own = comparison.run(
        found,
        partial(make, "decoder", decoder),
        [make("control", control) for control in controls],
        partial(numpy_stream, job.seed),
        held_out=held_out,
        folds=folds,
        step_ms=step_ms,
        purge_s=purge_ms / 1000,
    )
    tested = np.sort(np.concatenate([fold.test for fold in task.folds]))
    predicted = {name: values[tested] for name, values in predicted.items()}
    target, block = task.target[tested], task.block[tested]
    return {
        "predictions": {
            "block": block,
            "item": task.item[tested],
            "time_s": found.time_s[task.rows[tested]],
            "target": target.astype(np.float32),
            **{f"predicted.{name}": v.astype(np.float32) for name, v in predicted.items()},
        },
        "metrics": {
            **numbers,
            **scores.table(target, predicted, block, step_ms),
            "decoder": split(decoder)[0],
            "moments": len(tested),
            "blocks": len(np.unique(block)),
            "folds": len(task.folds),
            "parameters": sum(values.size for values in own.state.values()),
        },
        "curve": own.curve,
        "model": own.state,
    }


def run(job: Job) -> None:
    """Decode, say what it is worth, write it."""
    made = decode(job, **job.settings["decode"])
    numbers = made["metrics"]
    names = [
        key.removeprefix("r2.")
        for key in numbers
        if key.startswith("r2.") and key.count(".") == 1
    ]
    job.log.info("R2: %s", ", ".join(f"{name} {numbers[f'r2.{name}']:.4f}" for name in names))
    for name, value in made.items():
        job.write(name, value)


if __name__ == "__main__":
    sys.exit(main("decode", run))
