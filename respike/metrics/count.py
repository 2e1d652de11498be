"""A whole number >= 0 of metrics.json, by its name: overflows, operations, connections."""

from collections.abc import Callable, Mapping

from respike.core.errors import RespikeError
from respike.metrics._arrays import entry

LABEL = "count"
UNIT = "any"
EVIDENCE = "metrics.json"
SHAPE = "value"


def build(*, name: str) -> Callable[[Mapping[str, object]], int]:
    """Make the function from metrics to the count.

    Args:
        name: its key in metrics.json.
    """

    def value(metrics):
        found = entry(metrics, name)
        if isinstance(found, bool) or not isinstance(found, int) or found < 0:
            raise RespikeError(f"'{name}' is {found!r}; count takes an integer >= 0")
        return found

    return value
