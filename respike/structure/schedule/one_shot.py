"""Lower the density once, before the first training step.

Source: Han et al. 2015, arXiv:1506.02626, section 3: prune, then train what is left.
"""

from collections.abc import Callable

from respike.structure.update import Update


def build() -> Callable[[int, float, float], list[Update]]:
    """Make the schedule; it has no settings."""
    return plan


def plan(steps: int, before: float, after: float) -> list[Update]:
    """One update at step 0.

    Args:
        steps: number of training steps, not used.
        before: density at the start, not used.
        after: density asked for.

    Returns:
        A list of one update.
    """
    return [Update(0, after, 0.0)]
