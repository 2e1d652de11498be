"""Nothing -> the files of a synthetic data set, bit for bit the same on every CPU."""

import sys
from inspect import signature

from respike.core import io, parts
from respike.core.job import Job, main
from respike.eeg.generator import recording


def run(job: Job) -> None:
    """Generate the participant that the row's `synthesize` describes."""
    settings, dataset = job.settings["row"]["synthesize"], job.settings["dataset"]
    known = {
        name: parts.Setting(given.annotation.__name__, given.default is given.empty)
        for name, given in signature(recording).parameters.items()
    }
    parts.check_settings(known, settings, f"datasets.{dataset}.synthesize")
    files = recording(**settings)
    job.log.info(
        "%s: %d files, %.1f MB, content %s", dataset, len(files),
        sum(map(len, files.values())) / 1e6, io.content_sha256(files)[:12],
    )  # fmt: skip
    job.write("source", files)


if __name__ == "__main__":
    sys.exit(main("synthesize", run))
