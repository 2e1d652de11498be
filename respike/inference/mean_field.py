"""Mean-field inference: the fixed point of dm/dt = -m + tanh(J m + h) from m = 0.

Source: arXiv:1902.08411 (its mean-field equation); Euler steps of dt_tau time constants. A
strongly coupled field has several fixed points; this is the one the dynamics reach.
"""

from typing import NamedTuple

import numpy as np


class FixedPoint(NamedTuple):
    """Where the dynamics came to rest.

    Attributes:
        probability: P(x = 1) = (m + 1) / 2, the shape of the field's bias.
        converged: for each graph or grid, whether the last change was below `tolerance`.
    """

    probability: np.ndarray
    converged: np.ndarray


def fixed_point(
    field,
    *,
    start: np.ndarray | None = None,
    dt_tau: float = 0.2,
    most_steps: int = 2000,
    tolerance: float = 1e-7,
) -> FixedPoint:
    """Follow the mean-field dynamics until no variable changes.

    Args:
        field: GraphField or GridField.
        start: m to begin with; 0 everywhere if None.
        dt_tau: length of an Euler step in time constants.
        most_steps: steps after which it stops in any case.
        tolerance: largest |dm/dt| of a graph that counts as at rest.
    """
    m = np.zeros_like(field.bias) if start is None else start
    axes = tuple(range(1, m.ndim))
    for _ in range(most_steps):
        change = np.tanh(field.drive(m)) - m
        m = m + dt_tau * change
        converged = np.abs(change).max(axis=axes) < tolerance
        if converged.all():
            break
    return FixedPoint((m + 1) / 2, converged)
