"""Exchange connections at constant density; the share exchanged falls like a cosine.

Source: the schedule of RigL (Evci et al. 2020, arXiv:1911.11134, section 3 (2)): fraction
alpha/2 (1 + cos(pi t / t_end)), until 75 % of training. ESL-SNNs (arXiv:2306.03693)
exchanges every T_iter steps, its values are not in the text we could read: interval and
fraction are ours.
"""

import math
from collections.abc import Callable

from respike.core.errors import RespikeError
from respike.structure.update import Update, update_steps


def build(
    *, interval: int = 15, fraction: float = 0.3, stop: float = 0.75
) -> Callable[[int, float, float], list[Update]]:
    """Make the schedule.

    Args:
        interval: training steps between two updates.
        fraction: share of the living connections exchanged at first, in (0, 1).
        stop: share of training after which masks stay.

    Returns:
        (steps, before, after) -> updates; before must equal after.

    Raises:
        RespikeError: a setting out of its range; at the call, densities that differ or a
            run too short for one update.
    """
    if not 0 < fraction < 1:
        raise RespikeError(f"schedule.constant.fraction is {fraction}; it must lie in (0, 1)")

    def plan(steps: int, before: float, after: float) -> list[Update]:
        if before != after:
            raise RespikeError(
                f"schedule constant keeps the density, which is {before} and should become"
                f" {after}; use schedule: cubic or one-shot"
            )
        end = int(stop * steps)
        return [
            Update(step, after, fraction / 2 * (1 + math.cos(math.pi * step / end)))
            for step in update_steps(steps, interval, stop, "schedule.constant")
        ]

    return plan
