"""Against a published number, which is uncertain too: its run is not one of ours.

one run:             V = s^2 (kappa^2 + 1/n) + 2 c [their test items are not ours]
mean over k runs:    V = s^2/n + s_p^2/k + 2 c [not ours], Welch's degrees of freedom

On the same test items the item noise is common to both and drops out.
Source: our own simulations; kappa = 1.5 allows for authors whose spread is larger than
ours or who printed a good run.
"""

from dataclasses import replace

import numpy as np

from respike.claims.estimate import Estimate

KAPPA = 1.5


def one_run(ours: Estimate, *, same_items: bool) -> Estimate:
    """Widen our estimate by the spread of their single run.

    Args:
        ours: our estimate, with its seed and item variances.
        same_items: the paper tested on the items that we test on.
    """
    theirs = np.asarray(ours.seed_variance) * KAPPA**2
    return _widened(ours, theirs, same_items, ours.df)


def mean_of_runs(
    ours: Estimate, *, sd: float, runs: int, same_items: bool, ddof: int | None = None
) -> Estimate:
    """Widen our estimate by the standard error of their mean.

    Args:
        ours: our estimate.
        sd: the standard deviation they print, on the scale of `ours`.
        runs: how many runs it is over, at least 2.
        same_items: as in `one_run`.
        ddof: 1 if the paper says it divides by runs - 1; else sd^2 is taken as divided
            by runs and enlarged.
    """
    variance = sd * sd * (1.0 if ddof == 1 else runs / (runs - 1))
    theirs = variance / runs
    own = np.asarray(ours.seed_variance) / ours.n
    df = np.square(own + theirs) / (np.square(own) / (ours.n - 1) + theirs**2 / (runs - 1))
    return _widened(ours, theirs, same_items, df)


def _widened(ours, theirs, same_items, df):
    items = 0.0 if same_items else 2 * np.asarray(ours.item_variance)
    own = np.asarray(ours.seed_variance) / ours.n
    return replace(
        ours,
        se=np.sqrt(np.maximum(own + theirs + items, np.square(ours.floor))),
        df=df,
        item_variance=items,
        paper_variance=theirs,
    )
