"""Mean field: its fixed points solve m = tanh(J m + h)."""

import numpy as np
import pytest

from respike.core.seeds import numpy_stream
from respike.inference import exact
from respike.inference.fields import STRUCTURES, GridField, random_graphs
from respike.inference.mean_field import fixed_point
from tests.inference.fields_by_hand import free, pair


def test_without_edges_mean_field_is_exact():
    field = free([[0.0, 1.0, -0.3]])

    assert fixed_point(field).probability == pytest.approx(exact.marginals(field), abs=1e-6)


@pytest.mark.parametrize("coupling", [0.15, 0.4, 0.8])
def test_a_graph_at_rest_solves_the_mean_field_equation(coupling):
    field = random_graphs(list(STRUCTURES), 40, 10, coupling, 0.5, numpy_stream(0, "graphs"))

    found = fixed_point(field, most_steps=5000)

    m = 2 * found.probability - 1
    residue = np.abs(m - np.tanh(field.drive(m))).max(axis=1)
    assert found.converged.mean() > 0.9
    assert residue[found.converged].max() < 1e-7


def test_a_magnet_without_bias_has_two_solutions_and_the_start_decides():
    field = pair(coupling=2.0, first=0.0, second=0.0)
    up = np.array([[0.1, 0.1]])

    solutions = [fixed_point(field, start=start).probability[0] for start in (up, -up)]

    # m = tanh(2 m): m = 0.9575
    assert solutions[0] == pytest.approx([0.97875, 0.97875], abs=1e-4)
    assert solutions[1] == pytest.approx(1 - solutions[0])


def test_a_graph_that_ran_out_of_steps_says_so():
    assert not fixed_point(pair(), most_steps=3).converged.any()


def test_a_grid_is_solved_too():
    field = GridField(0.3, numpy_stream(1, "bias").standard_normal((2, 5, 6)))

    found = fixed_point(field)

    m = 2 * found.probability - 1
    assert found.converged.tolist() == [True, True]
    assert np.abs(m - np.tanh(field.drive(m))).max() < 1e-6
