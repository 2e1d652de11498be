"""A GPU kernel -> is it right, what do compilers make of it, and how fast where there is a GPU.

Writes metrics.json (the same whenever it runs again in one environment) and times.json. Of
packages it needs those of the environment `kernels` alone: numpy, torch, triton.
"""

import sys

from respike.core.job import Job, main
from respike.kernels import bench


def run(job: Job) -> None:
    """Measure, say what was found, write it; a broken kernel fails the job."""
    found = bench.measure(job.settings["kernel"])
    for sentence in bench.sentences(found):
        job.log.info("%s: %s", job.settings["kernel"], sentence)
    job.write("metrics", found.metrics)
    job.write("times", found.times)


if __name__ == "__main__":
    sys.exit(main("bench_kernels", run))
