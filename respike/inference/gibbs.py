"""Gibbs sampling: each variable drawn anew given its neighbours, class by class.

Source: Geman & Geman 1984, doi 10.1109/TPAMI.1984.4767596. Marginals are means of the
conditional probabilities visited (Rao-Blackwell), which scatter less than the states.
"""

import numpy as np

from respike.inference.spiking import fire_probability


def marginals(field, rng: np.random.Generator, *, sweeps: int, burn_in: int) -> np.ndarray:
    """P(x = 1) from one chain for each graph or grid, started at random.

    Args:
        field: GraphField or GridField.
        rng: stream of the states drawn.
        sweeps: visits of every variable that count.
        burn_in: visits before them that do not.
    """
    x = np.where(rng.random(field.bias.shape) < 0.5, 1.0, -1.0)
    total = np.zeros_like(x)
    for sweep in range(burn_in + sweeps):
        for members in field.classes:
            chance = fire_probability(field.drive(x))[:, members]
            x[:, members] = np.where(rng.random(chance.shape) < chance, 1.0, -1.0)
            if sweep >= burn_in:
                total[:, members] += chance
    return total / sweeps
