"""One planned change of the masks."""

from typing import NamedTuple

from respike.core.errors import RespikeError


class Update(NamedTuple):
    """What happens to the masks after one training step.

    Attributes:
        step: number of training steps done by then; 0 is before the first.
        density: share of all connections that live afterwards.
        exchange: share of the living connections that is dropped and grown anew.
    """

    step: int
    density: float
    exchange: float


def update_steps(steps: int, interval: int, stop: float, where: str) -> range:
    """Multiples of `interval` up to the share `stop` of the steps.

    Raises:
        RespikeError: an interval below 1, a stop outside (0, 1], or no update in the run.
    """
    if interval < 1:
        raise RespikeError(f"{where}.interval is {interval}; it must be >= 1")
    if not 0 < stop <= 1:
        raise RespikeError(f"{where}.stop is {stop}; it must lie in (0, 1]")
    found = range(interval, int(stop * steps) + 1, interval)
    if not found:
        raise RespikeError(
            f"{where}: no update in {int(stop * steps)} steps ({stop:.0%} of {steps}) at"
            f" interval {interval}; lower the interval or train longer"
        )
    return found
