"""Gibbs sampling comes to the exact marginals."""

import numpy as np

from respike.core.seeds import numpy_stream
from respike.inference import exact, gibbs
from respike.inference.fields import STRUCTURES, GraphField, GridField, random_graphs


def test_long_chains_give_the_exact_marginals():
    field = random_graphs(list(STRUCTURES), 8, 6, 0.4, 0.5, numpy_stream(0, "graphs"))

    got = gibbs.marginals(field, numpy_stream(0, "chain"), sweeps=4000, burn_in=200)

    assert np.abs(got - exact.marginals(field)).max() < 0.03


def test_the_two_colours_of_a_grid_give_what_one_by_one_gives():
    bias = numpy_stream(1, "bias").standard_normal((1, 2, 3))
    apart = np.array(
        [[abs(i // 3 - j // 3) + abs(i % 3 - j % 3) for j in range(6)] for i in range(6)]
    )
    graph = GraphField(0.5 * (apart == 1)[None], bias.reshape(1, 6))

    got = gibbs.marginals(GridField(0.5, bias), numpy_stream(1, "c"), sweeps=4000, burn_in=100)

    assert np.abs(got.reshape(1, 6) - exact.marginals(graph)).max() < 0.03
