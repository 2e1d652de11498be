"""Loopy belief propagation on graphs: the baseline that mean field is held against.

Source: Pearl 1988; for spins, the message from i to j is the field
u_ij = atanh(tanh(J_ij) tanh(h_i + sum over k != j of u_ki)) (Mezard & Montanari 2009,
chapter 14). Exact on trees. Damped, since it need not converge on loops.
"""

from typing import NamedTuple

import numpy as np

from respike.inference.fields import GraphField


class Beliefs(NamedTuple):
    """P(x = 1) [G, n], and which graphs converged [G]."""

    probability: np.ndarray
    converged: np.ndarray


def marginals(
    field: GraphField,
    *,
    damping: float = 0.5,
    most_sweeps: int = 1000,
    tolerance: float = 1e-8,
) -> Beliefs:
    """Pass messages until none changes.

    Args:
        field: graphs.
        damping: share of the old message that is kept.
        most_sweeps: sweeps after which it stops in any case.
        tolerance: largest change of a message of a graph at rest.
    """
    strength = np.tanh(field.couplings)
    messages = np.zeros_like(field.couplings)  # [g, i, j]: from i to j
    for _ in range(most_sweeps):
        total = field.bias + messages.sum(axis=1)
        cavity = total[:, :, None] - messages.transpose(0, 2, 1)
        new = np.arctanh(strength * np.tanh(cavity))
        change = new - messages
        messages = messages + (1 - damping) * change
        converged = np.abs(change).max(axis=(1, 2)) < tolerance
        if converged.all():
            break
    total = field.bias + messages.sum(axis=1)
    return Beliefs((np.tanh(total) + 1) / 2, converged)
