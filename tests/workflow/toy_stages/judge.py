"""Toy stage of the workflow's tests: the mean accuracy of each variant."""

import sys

from respike.core.job import Job, main
from respike.core.layout import artifact


def run(job: Job) -> None:
    found = {}
    for path in job.paths("records"):
        record = job.record(path)
        if record["status"] != "done":
            found[str(path)] = record["reason"]
        else:
            found[str(path)] = job.read_path(artifact(path, "metrics.json"))["accuracy"]
    verdicts = [
        {
            "study": job.settings["study"], "claim": "toy-claim", "says": "toys are toys",
            "verdict": "holds", "scope": "analogue", "dataset": "digits", "data_kind": "real",
            "budget": job.settings["budget"], "evidence": [], "seeds": [0],
        }
    ]  # fmt: skip
    job.write("verdicts", {"verdicts": verdicts, "found": found})
    job.write("resolved", job.settings["resolved"])


if __name__ == "__main__":
    sys.exit(main("judge", run))
