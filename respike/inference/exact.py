"""Exact marginals by enumeration of all 2^n states; for graphs of at most 16 variables."""

import numpy as np

from respike.core.errors import RespikeError
from respike.inference.fields import GraphField

MOST_NODES = 16


def states(nodes: int) -> np.ndarray:
    """All states, [2^n, n], entries -1 and 1; variable 0 changes slowest.

    Raises:
        RespikeError: more than 16 variables.
    """
    if nodes > MOST_NODES:
        raise RespikeError(
            f"a graph of {nodes} variables has 2^{nodes} states; "
            f"enumeration stops at {MOST_NODES} variables"
        )
    bits = np.arange(2**nodes)[:, None] >> np.arange(nodes)[::-1] & 1
    return 2.0 * bits - 1.0


def marginals(field: GraphField) -> np.ndarray:
    """P(x = 1) of each variable, [G, n]."""
    every = states(field.bias.shape[1])
    found = np.empty_like(field.bias)
    for g, (couplings, bias) in enumerate(zip(field.couplings, field.bias, strict=True)):
        # a pair stands twice in the symmetric matrix
        energy = ((every @ couplings) * every).sum(axis=1) / 2 + every @ bias
        weight = np.exp(energy - energy.max())
        found[g] = weight @ (every > 0) / weight.sum()
    return found
