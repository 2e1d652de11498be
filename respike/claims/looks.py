"""More seeds without more error: two registered looks, at a fifth and four fifths of the level.

Look 1 at n1 seeds spends .01, look 2 at n2 seeds (all of them) spends .04. A union bound, so
valid for any statistic and any reason to stop.
"""

import numpy as np

from respike.claims.estimate import Decision

SHARES = (0.2, 0.8)


def first(decision: Decision) -> Decision:
    """State look 1's p-values for both looks together; its decision was at SHARES[0]."""
    return decision._replace(
        p_holds=np.minimum(1.0, decision.p_holds / SHARES[0]),
        p_differs=np.minimum(1.0, decision.p_differs / SHARES[0]),
    )


def both(one: Decision, two: Decision) -> Decision:
    """Put two looks together: where the first decided, it stands.

    Args:
        one: decision at SHARES[0] on the first n1 seeds.
        two: decision at SHARES[1] on all n2 seeds.
    """
    stopped = one.holds | one.differs
    one = first(one)
    return Decision(
        np.where(stopped, one.holds, two.holds),
        np.where(stopped, one.differs, two.differs),
        _later(stopped, one.p_holds, two.p_holds),
        _later(stopped, one.p_differs, two.p_differs),
    )


def _later(stopped, early, late):
    return np.where(stopped, early, np.minimum(early, late / SHARES[1]))
