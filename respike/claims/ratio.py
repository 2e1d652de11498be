"""Ratios of two arms: t on the logarithms of the seeds' ratios.

Counted costs (SynOps, live connections) give one number per seed; per-item values add the
item part of `paired`, carried through the logarithm by the delta method.
"""

import numpy as np

from respike.claims.estimate import Estimate
from respike.claims.paired import _centred, from_residues, over_seeds


def of_totals(of: np.ndarray, against: np.ndarray) -> Estimate:
    """log(of / against) from one positive number per seed and arm, [..., seed]."""
    return over_seeds(np.log(of) - np.log(against))


def of_items(
    of: np.ndarray,
    against: np.ndarray,
    present: np.ndarray | None = None,
    *,
    step: float = 0.0,
) -> Estimate:
    """log of the ratio of two arms' mean per-item values, [..., seed, item].

    The item's residue is its relative deviation in one arm less that in the other; the
    floor is one `step` of one item of the smaller arm.
    """
    top, top_residues, fewest = _centred(of, present)
    bottom, bottom_residues, _ = _centred(against, present)
    residues = top_residues / top[..., None] - bottom_residues / bottom[..., None]
    smaller = np.minimum(top.mean(axis=-1), bottom.mean(axis=-1))
    floor = step / fewest / smaller
    return from_residues(np.log(top) - np.log(bottom), residues, fewest, floor=floor)
