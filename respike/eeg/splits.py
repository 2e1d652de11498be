"""Which samples train and which are tested, and the audit that no sample does both.

The unit of a split is a block (a recorded series, or a contiguous part of one recording).
Shuffled windows ignore that; they show what a leak looks like, and never pass the audit.
Source: Roberts et al. 2017 (blocked cross-validation); Kaufman et al. 2012 (leakage).
"""

from typing import NamedTuple

import numpy as np

from respike.core.errors import RespikeError

HELD_OUT = ("block", "window")


class Fold(NamedTuple):
    """Sample numbers [S] of one fold; samples in neither part are purged."""

    train: np.ndarray
    test: np.ndarray


class Support(NamedTuple):
    """What each sample saw, in raw samples of its recording, both ends included.

    Attributes:
        recording: int64 [S]; samples of two recordings never overlap.
        begin: int64 [S], first raw sample that entered the features.
        end: int64 [S], last one: the moment that is decoded.
    """

    recording: np.ndarray
    begin: np.ndarray
    end: np.ndarray


def by_block(block: np.ndarray, folds: int | None = None) -> list[Fold]:
    """Hold out each block once, or `folds` groups of blocks dealt in turn.

    Args:
        block: block of each sample, int64 [S].
        folds: number of groups; None leaves out one block at a time.

    Raises:
        RespikeError: fewer than two blocks, or more folds than blocks.
    """
    blocks = np.unique(block)
    count = len(blocks) if folds is None else folds
    if not 2 <= count <= len(blocks):
        raise RespikeError(
            f"decode.folds is {count}, of {len(blocks)} blocks; it must lie in 2..{len(blocks)}"
        )
    found = []
    for k in range(count):
        held = np.isin(block, blocks[k::count])
        found.append(Fold(np.flatnonzero(~held), np.flatnonzero(held)))
    return found


def shuffled(samples: int, folds: int, generator: np.random.Generator) -> list[Fold]:
    """Deal samples at random, blind to time: neighbours land on both sides. A leak."""
    order = generator.permutation(samples)
    return [
        Fold(np.sort(np.delete(order, np.arange(k, samples, folds))), np.sort(order[k::folds]))
        for k in range(folds)
    ]


def purged(fold: Fold, support: Support, gap: int) -> Fold:
    """Drop train samples whose support comes within `gap` raw samples of a test sample's."""
    keep = ~_touches(support, fold.test, fold.train, gap)
    return Fold(fold.train[keep], fold.test)


def audit(folds: list[Fold], support: Support) -> int:
    """Count test samples that a training window has seen.

    A test sample leaks where its own moment, or any raw sample that it is decoded from, lies
    in the support of a train sample of its fold.

    Returns:
        Leaking samples over all folds; 0 is a clean split.

    Raises:
        RespikeError: a sample is tested twice, or is in both parts of a fold.
    """
    tested = np.concatenate([fold.test for fold in folds])
    if len(np.unique(tested)) != len(tested):
        raise RespikeError("a sample is tested in two folds; each sample may be tested once")
    leaking = 0
    for k, fold in enumerate(folds):
        both = np.intersect1d(fold.train, fold.test)
        if len(both):
            raise RespikeError(f"fold {k}: sample {both[0]} is trained and tested")
        leaking += int(_touches(support, fold.train, fold.test, 0).sum())
    return leaking


def require_clean(folds: list[Fold], support: Support) -> None:
    """Refuse a split that leaks.

    Raises:
        RespikeError: how many test samples are seen by train windows.
    """
    leaking = audit(folds, support)
    if leaking:
        tested = sum(len(fold.test) for fold in folds)
        raise RespikeError(
            f"the split leaks: {leaking} of {tested} test samples lie in the window of a "
            f"training sample; split by block, and purge where blocks touch"
        )


def _touches(support: Support, seen: np.ndarray, asked: np.ndarray, gap: int) -> np.ndarray:
    """Which of the samples `asked` share a raw sample (within `gap`) with any of `seen`."""
    found = np.zeros(len(asked), dtype=bool)
    for recording in np.unique(support.recording[asked]):
        there = np.flatnonzero(support.recording[asked] == recording)
        mine = seen[support.recording[seen] == recording]
        if not len(mine):
            continue
        length = int(max(support.end[mine].max(), support.end[asked[there]].max())) + gap + 2
        edges = np.zeros(length + 1, dtype=np.int64)
        np.add.at(edges, np.maximum(support.begin[mine] - gap, 0), 1)
        np.add.at(edges, np.minimum(support.end[mine] + gap + 1, length), -1)
        covered = np.concatenate([[0], np.cumsum(np.cumsum(edges)[:-1] > 0)])
        begin, end = support.begin[asked[there]], support.end[asked[there]]
        found[there] = covered[end + 1] - covered[begin] > 0
    return found
