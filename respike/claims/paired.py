"""Means over seeds whose test items are shared: V = s^2/n + c.

s^2 is the variance of the seeds' means; c is the covariance of two seeds through the test
items they share (one test set, resplits from a pool, nested designs). A paired t over seeds
leaves c out and misses 5-33 % where it should miss 5, more with more seeds.

Source: our own simulations, kept in calibration.csv. Deterministic learners on resplits:
Nadeau & Bengio 2003, Machine Learning 52, section 3; Bouckaert & Frank 2004.
"""

import numpy as np

from respike.claims.estimate import Estimate


def paired(
    values: np.ndarray, present: np.ndarray | None = None, *, step: float = 0.0
) -> Estimate:
    """Estimate the mean over seeds of per-item values.

    Args:
        values: [..., seed, item]: the paired difference of two arms, or one arm's value.
        present: bool, same shape; False where a seed did not test the item. None: all did.
        step: smallest change of one item's value (1 for right or wrong); the standard
            error is never below one such change of one item. 0: no floor.

    Returns:
        Estimate with df = seeds - 1; `m` is the fewest items of a seed.
    """
    means, residues, fewest = _centred(values, present)
    return from_residues(means, residues, fewest, floor=step / fewest)


def from_residues(
    means: np.ndarray, residues: np.ndarray, fewest: int, *, floor: np.ndarray | float = 0.0
) -> Estimate:
    """The same from seed means and residues.

    Args:
        means: [..., seed], one number per seed.
        residues: [..., seed, item], deviation of the item divided by the items of its
            seed; 0 where the seed did not test the item.
        fewest: items of the seed with the fewest.
        floor: least standard error.
    """
    shared = np.maximum(covariance(residues), 0.0)
    return _estimate(means, shared, fewest, floor)


def _estimate(means, shared, fewest: int, floor) -> Estimate:
    """V = s^2 / n + shared, its root never below the floor."""
    n = means.shape[-1]
    spread = means.var(axis=-1, ddof=1)
    variance = np.maximum(spread / n + shared, np.square(floor))
    return Estimate(
        value=means.mean(axis=-1),
        se=np.sqrt(variance),
        df=n - 1,
        n=n,
        m=fewest,
        seed_variance=spread,
        item_variance=shared,
        floor=floor,
    )


def covariance(residues: np.ndarray) -> np.ndarray:
    """Mean covariance of two seeds' means through shared items; may come out negative.

    sum over items of ((sum over seeds r)^2 - sum over seeds r^2), over n (n - 1).
    """
    n = residues.shape[-2]
    both = np.square(residues.sum(axis=-2, dtype=float)).sum(axis=-1)
    own = np.square(residues, dtype=float).sum(axis=(-2, -1))
    return (both - own) / (n * (n - 1))


def resampled(
    values: np.ndarray, present: np.ndarray, pool: int, *, step: float = 0.0
) -> Estimate:
    """Deterministic learner on resplits of one pool: V = s^2 (1/n + m / (pool - m)).

    Args:
        values, present, step: as in `paired`.
        pool: items that training and test sets are drawn from together.
    """
    means, _, fewest = _centred(values, present)
    shared = means.var(axis=-1, ddof=1) * fewest / (pool - fewest)
    return _estimate(means, shared, fewest, step / fewest)


def over_seeds(values: np.ndarray) -> Estimate:
    """One number per seed, [..., seed], nothing shared: the plain t."""
    n = values.shape[-1]
    spread = values.var(axis=-1, ddof=1)
    return Estimate(
        value=values.mean(axis=-1),
        se=np.sqrt(spread / n),
        df=n - 1,
        n=n,
        m=0,
        seed_variance=spread,
    )


def _centred(values, present):
    if present is None:
        fewest = values.shape[-1]
        means = values.mean(axis=-1, dtype=float)
        return means, (values - means[..., None]) / fewest, fewest
    items = present.sum(axis=-1)
    means = np.where(present, values, 0.0).sum(axis=-1) / items
    residues = np.where(present, values - means[..., None], 0.0) / items[..., None]
    return means, residues, int(items.min())
