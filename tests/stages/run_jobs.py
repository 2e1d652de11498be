"""Run a stage of a run in this process, its inputs laid beside it with records of their own."""

import json
import os
from pathlib import Path

from respike.core import io, layout, lock, records
from respike.core.job import main

PLACE = {"budget": "smoke", "study": "toy", "variant": "one", "dataset": "toy"}


def lay(path: str, value, **options) -> str:
    """Write an artifact and a record that vouches for it, as its producer would have."""
    data = io.dump(path, value, **options)
    record = {
        "schema": records.SCHEMA,
        "stage": "prepare",
        "status": "done",
        "data_kind": "synthetic",
        "key": "k" * 64,
        "settings": {"dataset": "toy"},
        "outputs": {Path(path).name: records.describe(data, path, value)},
    }
    for place, content in ((path, data), (layout.record_of(path), records.dump(record))):
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_bytes(content)
    return path


def run(stage: str, work, block, inputs, seed=3):
    """Exit code of a stage in the current folder, and its outputs by name if it ended well."""
    place = {**PLACE, "seed": seed}
    row = layout.STAGES[stage]
    outputs = {
        n: layout.output(stage, n).format(**place) for n in (*row.content, *row.evidence)
    }
    arguments = ["--settings", json.dumps({"stage": stage, **place, stage: block})]
    arguments += ["--out", *outputs.values(), layout.record(stage).format(**place)]
    for name, path in inputs.items():
        arguments += ["--in", name, *([path] if path else [])]
    code = main(stage, work, arguments)
    lock.release(Path.cwd())
    os.environ.pop(lock.EPOCH, None)
    return code, {n: io.parse(p, Path(p).read_bytes()) for n, p in outputs.items() if not code}
