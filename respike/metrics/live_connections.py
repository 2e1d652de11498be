"""Connections that a network's masks let through, counted at the start and after each epoch."""

from collections.abc import Callable, Mapping

from respike.metrics._arrays import entry

LABEL = "live connections"
UNIT = "connections"
EVIDENCE = "metrics.json"
SHAPE = "value"


def build() -> Callable[[Mapping[str, object]], object]:
    """Make the function from metrics to the count, or the list of counts."""

    def value(metrics):
        return entry(metrics, "live_connections")

    return value
