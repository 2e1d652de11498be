"""Any number (or list) of metrics.json, by its name; its unit is the one the claim states."""

from collections.abc import Callable, Mapping

from respike.metrics._arrays import entry

LABEL = "number"
UNIT = "any"
EVIDENCE = "metrics.json"
SHAPE = "value"


def build(*, name: str) -> Callable[[Mapping[str, object]], object]:
    """Make the function from metrics to the entry.

    Args:
        name: its key in metrics.json.
    """

    def value(metrics):
        return entry(metrics, name)

    return value
