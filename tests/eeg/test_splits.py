"""Blocks are held out whole, and the audit finds every sample that a training window saw."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.seeds import numpy_stream
from respike.eeg.splits import (
    Fold,
    Support,
    audit,
    by_block,
    purged,
    require_clean,
    shuffled,
)

BLOCK = np.array([7, 7, 7, 8, 8, 9])


def support(window=2, block=BLOCK):
    """Each sample looks `window` raw samples back within one recording."""
    end = 10 * np.arange(len(block)) + 9
    return Support(np.zeros(len(block), int), np.maximum(end - window, 0), end)


def test_each_block_is_held_out_once():
    folds = by_block(BLOCK)

    assert [fold.test.tolist() for fold in folds] == [[0, 1, 2], [3, 4], [5]]
    assert [fold.train.tolist() for fold in folds] == [[3, 4, 5], [0, 1, 2, 5], [0, 1, 2, 3, 4]]


def test_blocks_are_dealt_in_turn_to_fewer_folds():
    assert [fold.test.tolist() for fold in by_block(BLOCK, 2)] == [[0, 1, 2, 5], [3, 4]]


@pytest.mark.parametrize("folds", [1, 4])
def test_folds_that_blocks_cannot_fill_are_refused(folds):
    with pytest.raises(RespikeError, match=rf"decode.folds is {folds}, of 3 blocks; .* 2\.\.3"):
        by_block(BLOCK, folds)


def test_shuffled_samples_are_each_tested_once():
    folds = shuffled(11, 3, numpy_stream(0, "split"))

    tested = np.sort(np.concatenate([fold.test for fold in folds]))
    assert tested.tolist() == list(range(11))
    for fold in folds:
        assert np.sort(np.concatenate([fold.train, fold.test])).tolist() == list(range(11))


def test_a_split_by_block_is_clean_where_windows_end_inside_their_block():
    assert audit(by_block(BLOCK), support(window=2)) == 0
    require_clean(by_block(BLOCK), support(window=2))


def test_the_samples_that_windows_across_an_edge_saw_are_counted():
    # window 10: the first sample of a block saw the last raw sample of the block before it
    assert audit(by_block(BLOCK), support(window=10)) == 4


def test_shuffled_overlapping_windows_are_refused_with_their_number():
    folds = shuffled(6, 3, numpy_stream(0, "split"))

    with pytest.raises(RespikeError, match=r"the split leaks: 6 of 6 test samples .* by block"):
        require_clean(folds, support(window=15))


def test_windows_of_other_recordings_do_not_touch():
    seen = support(window=15)._replace(recording=BLOCK)

    assert audit(by_block(BLOCK), seen) == 0


def test_purging_drops_training_samples_near_a_tested_one_and_makes_the_split_clean():
    seen = support(window=10)

    folds = [purged(fold, seen, gap=0) for fold in by_block(BLOCK)]

    assert folds[1].train.tolist() == [0, 1]  # 2 touches 3's window, 5 looks back onto 4
    assert audit(folds, seen) == 0


def test_a_gap_widens_what_is_purged():
    folds = by_block(BLOCK)

    assert purged(folds[2], support(window=2), gap=7).train.tolist() == [0, 1, 2, 3, 4]
    assert purged(folds[2], support(window=2), gap=8).train.tolist() == [0, 1, 2, 3]


def test_an_audit_agrees_with_the_definition_on_random_windows():
    draw = numpy_stream(5, "audit")
    end = draw.integers(0, 60, 40)
    seen = Support(draw.integers(0, 2, 40), np.maximum(end - draw.integers(0, 9, 40), 0), end)
    folds = shuffled(40, 4, draw)

    slow = 0
    for fold in folds:
        for t in fold.test:
            raw = set(range(seen.begin[t], seen.end[t] + 1))
            slow += any(
                seen.recording[t] == seen.recording[s]
                and raw & set(range(seen.begin[s], seen.end[s] + 1))
                for s in fold.train
            )

    assert 0 < slow < 40
    assert audit(folds, seen) == slow


def test_a_sample_in_both_parts_or_tested_twice_is_refused():
    both = [Fold(np.array([0, 1]), np.array([1, 2]))]
    twice = [Fold(np.array([0]), np.array([1])), Fold(np.array([2]), np.array([1]))]

    with pytest.raises(RespikeError, match="fold 0: sample 1 is trained and tested"):
        audit(both, support())
    with pytest.raises(RespikeError, match="a sample is tested in two folds"):
        audit(twice, support())
