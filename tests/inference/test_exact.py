"""Exact marginals against closed forms."""

import math

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.inference.exact import marginals, states
from tests.inference.fields_by_hand import free, pair


def test_two_variables_have_four_states_in_order():
    assert states(2).tolist() == [[-1, -1], [-1, 1], [1, -1], [1, 1]]


def test_a_pair_by_hand():
    weights = {
        (a, b): math.exp(0.5 * a * b + 0.3 * a - 0.2 * b) for a in (-1, 1) for b in (-1, 1)
    }
    total = sum(weights.values())

    got = marginals(pair())[0]

    assert got[0] == pytest.approx((weights[1, 1] + weights[1, -1]) / total, abs=1e-12)
    assert got[1] == pytest.approx((weights[1, 1] + weights[-1, 1]) / total, abs=1e-12)


def test_without_edges_each_variable_answers_for_itself():
    got = marginals(free([0.0, 1.0, -30.0]))[0]

    assert got == pytest.approx([0.5, 1 / (1 + math.exp(-2)), 0.0], abs=1e-12)


def test_turning_all_biases_round_turns_the_marginals_round():
    field = pair()

    assert marginals(pair(first=-0.3, second=0.2)) == pytest.approx(1 - marginals(field))


def test_strong_fields_do_not_overflow():
    assert np.isfinite(marginals(pair(coupling=500.0))).all()


def test_more_variables_than_can_be_enumerated_are_refused():
    with pytest.raises(RespikeError, match=r"17 variables has 2\^17 states; enumeration stops"):
        states(17)
