"""Which jobs are run again, and the chance that this catches a forger."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeVar

from respike.core.errors import ConfigError
from respike.core.seeds import numpy_stream

SHARES = (0.01, 0.05, 0.10, 0.50)  # of the jobs, forged
Name = TypeVar("Name")


def draw(stages: Mapping[str, Sequence[Name]], size: int, seed: int) -> list[Name]:
    """Draw jobs at random, without repetition: every stage gets one before any gets two.

    Args:
        stages: stage -> its jobs.
        size: how many; all of them where there are fewer.
        seed: decides the draw; the order of jobs and stages does not matter to it.

    Raises:
        ConfigError: a size below 1, or nothing to draw from.
    """
    if size < 1:
        raise ConfigError(f"--sample is {size}; it must be at least 1")
    if not any(stages.values()):
        raise ConfigError("there is no job to run again")
    rng = numpy_stream(seed, "rerun")
    left = {}
    for stage in sorted(stages):
        names = sorted(stages[stage])
        left[stage] = [names[i] for i in rng.permutation(len(names))]
    found: list[Name] = []
    while any(left.values()) and len(found) < size:
        order = [stage for stage in sorted(left) if left[stage]]
        for i in rng.permutation(len(order)):
            found.append(left[order[i]].pop())
    return found[:size]


def blind(share: float, size: int) -> float:
    """Chance that one of `size` jobs is forged, if a forger chose a share of all blindly.

    1 - (1 - share)^size; as jobs are drawn without repetition the chance is a little better.
    """
    return 1 - (1 - share) ** size


def knowing(share: float, jobs: Mapping[str, int], drawn: Mapping[str, int]) -> float:
    """The same for a forger who knows how jobs are drawn, and forges where it is drawn least.

    The chance of a miss is the product over stages of C(n - f, k) / C(n, k), n jobs, f forged,
    k drawn. Each further forgery in a stage costs more than the one before, so that taking the
    cheapest again and again finds the forger's best.

    Args:
        share: of all jobs that is forged, rounded up to whole jobs.
        jobs: stage -> how many there are.
        drawn: stage -> how many were run again.
    """
    forged = dict.fromkeys(jobs, 0)
    miss = 1.0

    def stays_hidden(stage: str) -> float:
        """Chance that one more forgery there is not drawn, if those before were not."""
        clean = jobs[stage] - forged[stage]
        return max(0.0, (clean - drawn.get(stage, 0)) / clean) if clean else -1.0

    for _ in range(math.ceil(share * sum(jobs.values()) - 1e-9)):
        stage = max(jobs, key=stays_hidden)
        miss *= stays_hidden(stage)
        forged[stage] += 1
    return 1 - miss
