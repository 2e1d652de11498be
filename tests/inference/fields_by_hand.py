"""Small fields whose marginals are known in closed form."""

import numpy as np

from respike.inference.fields import GraphField


def pair(coupling=0.5, first=0.3, second=-0.2) -> GraphField:
    """Two variables and one edge."""
    couplings = np.array([[[0.0, coupling], [coupling, 0.0]]])
    return GraphField(couplings, np.array([[first, second]]))


def free(bias) -> GraphField:
    """Variables without an edge: P(x = 1) = 1 / (1 + exp(-2 h)) by every method."""
    bias = np.atleast_2d(np.asarray(bias, dtype=float))
    return GraphField(np.zeros((len(bias), bias.shape[1], bias.shape[1])), bias)
