"""Iterated conditional modes: each variable takes its likelier value until none changes.

Source: Besag 1986, doi 10.1111/j.2517-6161.1986.tb01412.x.
"""

import numpy as np


def modes(field, start: np.ndarray, *, most_sweeps: int = 50) -> np.ndarray:
    """States -1 or 1 where no single variable would change; a tie keeps its value.

    Args:
        field: GraphField or GridField.
        start: states to begin with, the shape of the bias.
        most_sweeps: sweeps after which it stops in any case.
    """
    x = np.array(start, dtype=float)
    for _ in range(most_sweeps):
        before = x.copy()
        for members in field.classes:
            drive = field.drive(x)[:, members]
            x[:, members] = np.where(drive == 0, x[:, members], np.sign(drive))
        if np.array_equal(x, before):
            break
    return x
