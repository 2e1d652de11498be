"""Two registered looks."""

import numpy as np
import pytest

from respike.claims import looks
from respike.claims.estimate import Decision


def decision(holds, differs, p_holds, p_differs):
    return Decision(holds, differs, p_holds, p_differs)


def test_the_shares_are_a_fifth_and_four_fifths():
    assert looks.SHARES == (0.2, 0.8)


def test_a_first_look_alone_pays_for_both():
    found = looks.first(decision(True, False, 0.004, 0.996))

    assert found.p_holds == pytest.approx(0.02)
    assert found.p_differs == 1.0
    assert (found.holds, found.differs) == (True, False)
    assert looks.first(decision(False, True, 0.996, 0.004)).p_differs == pytest.approx(0.02)
    assert looks.first(decision(False, True, 0.996, 0.004)).p_holds == 1.0


def test_where_the_first_look_decided_it_stands():
    one, two = decision(True, False, 0.004, 0.996), decision(False, True, 0.999, 0.001)

    found = looks.both(one, two)

    assert (bool(found.holds), bool(found.differs)) == (True, False)
    assert found.p_holds == pytest.approx(0.02)
    assert found.p_differs == 1.0


def test_a_first_look_that_differs_stands_too():
    one, two = decision(False, True, 0.996, 0.004), decision(True, False, 0.001, 0.999)

    found = looks.both(one, two)

    assert (bool(found.holds), bool(found.differs)) == (False, True)
    assert found.p_differs == pytest.approx(0.02)


def test_else_the_second_decides_and_p_is_the_better_of_both():
    one, two = decision(False, False, 0.1, 0.9), decision(True, False, 0.016, 0.984)

    found = looks.both(one, two)

    assert (bool(found.holds), bool(found.differs)) == (True, False)
    assert found.p_holds == pytest.approx(0.02)
    assert found.p_differs == 1.0


def test_a_first_p_may_be_the_smaller():
    one, two = decision(False, False, 0.011, 0.989), decision(False, False, 0.5, 0.5)

    found = looks.both(one, two)

    assert found.p_holds == pytest.approx(0.055)
    assert found.p_differs == pytest.approx(0.625)


def test_claims_along_an_axis():
    one = decision(np.array([True, False]), np.array([False, False]), np.array([0.001, 0.3]),
                   np.array([0.9, 0.9]))  # fmt: skip
    two = decision(np.array([False, False]), np.array([True, True]), np.array([0.9, 0.9]),
                   np.array([0.01, 0.01]))  # fmt: skip

    found = looks.both(one, two)

    assert found.holds.tolist() == [True, False]
    assert found.differs.tolist() == [False, True]
