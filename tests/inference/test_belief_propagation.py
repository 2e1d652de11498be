"""Belief propagation is exact on trees and better than mean field on loops."""

import numpy as np

from respike.core.seeds import numpy_stream
from respike.inference import exact, mean_field
from respike.inference.belief_propagation import marginals
from respike.inference.fields import random_graphs
from tests.inference.fields_by_hand import pair


def test_a_pair_is_exact():
    assert np.abs(marginals(pair()).probability - exact.marginals(pair())).max() < 1e-7


def test_trees_are_exact_at_any_coupling():
    field = random_graphs(["tree"], 20, 10, 1.5, 0.5, numpy_stream(0, "trees"))

    found = marginals(field)

    assert found.converged.all()
    assert np.abs(found.probability - exact.marginals(field)).max() < 1e-6


def test_loops_are_not_exact_but_nearer_than_mean_field():
    field = random_graphs(["sparse"], 40, 10, 0.4, 0.5, numpy_stream(1, "loops"))
    truth = exact.marginals(field)

    beliefs = np.abs(marginals(field).probability - truth).mean()
    mean = np.abs(mean_field.fixed_point(field).probability - truth).mean()

    assert 0.001 < beliefs < mean / 3
