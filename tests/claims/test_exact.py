"""Identities."""

import numpy as np
import pytest

from respike.claims.exact import compare, constant, plain, violation_bound


def test_equal_lists_have_no_unequal_entry():
    assert compare([1, 2, 3], [1, 2, 3]) == (3, 0, "")


def test_the_first_unequal_entry_is_named():
    assert compare([1, 5, 7], [1, 2, 3]) == (3, 2, "entry 1 is 5, not 2")


def test_a_list_against_a_number_compares_each_entry():
    assert compare([0, 0, 4], 0) == (3, 1, "entry 2 is 4, not 0")


def test_a_number_against_a_number():
    assert compare(3, 3.0) == (1, 0, "")
    assert compare(3, 4) == (1, 1, "is 3, not 4")
    assert compare("er", "ring") == (1, 1, "is 'er', not 'ring'")


def test_lists_of_other_length_are_wholly_unequal():
    assert compare([1, 2, 3], [1, 2]) == (3, 3, "3 entries against 2")
    assert compare([1], [1, 2]) == (2, 2, "1 entries against 2")


def test_there_is_no_tolerance():
    assert compare(0.1 + 0.2, 0.3).unequal == 1


def test_a_constant_list_equals_its_first_entry():
    assert constant([7, 7, 7]) == (3, 0, "")
    assert constant([7, 7, 8]) == (3, 1, "entry 2 is 8, not 7")


@pytest.mark.parametrize(("seeds", "bound"), [(1, 0.95), (8, 0.3123), (20, 0.1391)])
def test_passes_bound_the_share_of_seeds_that_would_fail(seeds, bound):
    assert violation_bound(seeds) == pytest.approx(bound, abs=1e-4)


def test_numpy_values_become_pythons_own():
    assert plain(np.array([1, 2])) == [1, 2]
    assert plain(np.float64(2.5)) == 2.5
    assert type(plain(np.int64(3))) is int
    assert plain([np.int64(3), (np.float64(1.5),)]) == [3, [1.5]]
    assert plain("word") == "word"
