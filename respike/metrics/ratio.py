"""Ratio of two numbers of one metrics.json: energy per correct answer, spikes per operation."""

from collections.abc import Callable, Mapping

from respike.core.errors import RespikeError
from respike.metrics._arrays import entry

LABEL = "ratio"
UNIT = "any"
EVIDENCE = "metrics.json"
SHAPE = "value"


def build(*, over: str, under: str) -> Callable[[Mapping[str, object]], float]:
    """Make the function from metrics to over / under.

    Args:
        over: key of the numerator.
        under: key of the denominator, which must not be 0.
    """

    def value(metrics):
        top, bottom = entry(metrics, over), entry(metrics, under)
        if bottom == 0:
            raise RespikeError(f"'{under}' is 0; ratio cannot divide by it")
        return top / bottom

    return value
