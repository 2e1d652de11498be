"""Run a data stage in this process, in the current folder."""

import hashlib
import json
import os
from pathlib import Path

from respike.core import layout, lock
from respike.core.job import main

DATA = b"what was measured\n"


def row(*urls, **more):
    """A row of one file that holds DATA."""
    file = {
        "name": "data.txt",
        "bytes": len(DATA),
        "sha256": hashlib.sha256(DATA).hexdigest(),
        "urls": list(urls),
    }
    about = {"title": "A toy", "data_kind": "real", "licence": "CC0-1.0", "source": "file"}
    return {**about, "files": [file], **more}


def run(stage, work, about, dataset="toy"):
    """Exit code of a stage, and its record if it wrote one."""
    settings = {"stage": stage, "dataset": dataset, "row": about}
    content = layout.STAGES[stage].content
    named = [layout.output(stage, name).format(dataset=dataset) for name in content]
    record = Path(layout.record(stage).format(dataset=dataset))
    arguments = ["--settings", json.dumps(settings), "--out", *named, str(record)]
    if stage == "prepare":
        source = layout.output("fetch", "source").format(dataset=dataset)
        arguments += ["--in", "source", source]
    code = main(stage, work, arguments)
    lock.release(Path.cwd())
    os.environ.pop(lock.EPOCH, None)
    return code, json.loads(record.read_text()) if record.exists() else None
