"""Many claims on one page: Benjamini-Hochberg at q = .10 over the primary claims.

Source: Benjamini & Hochberg 1995; p of a claim = 2 min(p_holds, p_differs), then direction.
"""

from collections.abc import Sequence

import numpy as np
from scipy.stats import false_discovery_control

RATE = 0.10


def adjusted(p_holds: Sequence[float], p_differs: Sequence[float]) -> np.ndarray:
    """Adjusted p of each claim of the family; it keeps its verdict where this is <= RATE."""
    if len(p_holds) == 0:
        return np.zeros(0)
    p = np.minimum(1.0, 2 * np.minimum(p_holds, p_differs))
    return false_discovery_control(p)
