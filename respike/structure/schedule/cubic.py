"""Lower the density along a cubic curve, fast at first.

    d(t) = d_after + (d_before - d_after) (1 - t / t_end)^3

Source: Zhu and Gupta 2017, arXiv:1710.01878, eq. 1 (gradual magnitude pruning).
"""

from collections.abc import Callable

from respike.core.errors import RespikeError
from respike.structure.update import Update, update_steps


def build(
    *, interval: int = 15, stop: float = 0.5
) -> Callable[[int, float, float], list[Update]]:
    """Make the schedule.

    Args:
        interval: training steps between two updates.
        stop: share of training after which the density is the one asked for.

    Returns:
        (steps, before, after) -> updates; the last has the density `after` exactly.

    Raises:
        RespikeError: at the call, a setting out of its range, a density that would rise,
            or a run too short for one update.
    """

    def plan(steps: int, before: float, after: float) -> list[Update]:
        if after > before:
            raise RespikeError(
                f"schedule cubic lowers the density, which is {before} and should become"
                f" {after}; lower prune.density"
            )
        found = update_steps(steps, interval, stop, "schedule.cubic")
        last = found[-1]
        return [
            Update(step, after + (before - after) * (1 - step / last) ** 3, 0.0)
            for step in found
        ]

    return plan
