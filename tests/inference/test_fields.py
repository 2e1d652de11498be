"""Fields: drives, classes without edges, and the structures drawn."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.seeds import numpy_stream
from respike.inference.fields import (
    STRUCTURES,
    GraphField,
    GridField,
    edges,
    neighbours,
    random_graphs,
)


def test_each_pixel_adds_up_its_neighbours_and_borders_are_free():
    x = np.arange(1.0, 7).reshape(1, 2, 3)  # 1 2 3 / 4 5 6

    assert neighbours(x).tolist() == [[[6, 9, 8], [6, 12, 8]]]


def test_a_grid_drives_like_the_graph_with_the_same_edges():
    rng = numpy_stream(0, "grid")
    bias, x = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 3, 4))
    places = [(r, c) for r in range(3) for c in range(4)]
    apart = [[abs(a - c) + abs(b - d) for c, d in places] for a, b in places]
    couplings = np.repeat(0.7 * (np.array(apart) == 1)[None], 2, axis=0)

    grid = GridField(0.7, bias).drive(x)
    graph = GraphField(couplings, bias.reshape(2, 12)).drive(x.reshape(2, 12))

    assert np.allclose(grid.reshape(2, 12), graph, rtol=0, atol=1e-12)


def test_the_classes_of_a_grid_hold_no_neighbours_and_all_pixels():
    white, black = GridField(1.0, np.zeros((1, 4, 5))).classes

    assert np.array_equal(white, ~black)
    for colour in (white, black):
        assert not (neighbours(colour[None].astype(float))[0] * colour).any()


@pytest.mark.parametrize("name", STRUCTURES)
def test_edges_are_symmetric_and_never_join_a_node_to_itself(name):
    found = edges(name, 10, numpy_stream(1, name))

    assert np.array_equal(found, found.T)
    assert not found.diagonal().any()


@pytest.mark.parametrize(("name", "number"), [("tree", 9), ("ring", 10), ("complete", 45)])
def test_a_structure_has_its_number_of_edges(name, number):
    assert edges(name, 10, numpy_stream(2, name)).sum() == 2 * number


def test_a_tree_reaches_every_node():
    found = edges("tree", 10, numpy_stream(3, "tree")) + np.eye(10, dtype=int)

    assert (np.linalg.matrix_power(found, 10) > 0).all()


def test_graphs_are_dealt_to_the_structures_in_turn():
    field = random_graphs(["ring", "complete"], 4, 6, 1.0, 0.5, numpy_stream(4, "graphs"))

    assert ((field.couplings != 0).sum(axis=(1, 2)) / 2).tolist() == [6, 15, 6, 15]


def test_a_stronger_coupling_scales_the_same_graphs():
    weak, strong = (
        random_graphs(list(STRUCTURES), 8, 6, c, 0.5, numpy_stream(5, "graphs"))
        for c in (0.25, 0.5)
    )

    assert np.array_equal(2 * weak.couplings, strong.couplings)
    assert np.array_equal(weak.bias, strong.bias)


def test_an_unknown_structure_names_the_known_ones():
    with pytest.raises(
        RespikeError, match=r"named 'star'. Known: tree, ring, sparse, complete"
    ):
        edges("star", 5, numpy_stream(6, "star"))


@pytest.mark.parametrize("matrix", [[[0, 1], [2, 0]], [[1, 0], [0, 0]]])
def test_couplings_that_are_no_field_are_refused(matrix):
    with pytest.raises(RespikeError, match=r"couplings must be symmetric with 0 on the diag"):
        GraphField(np.array([matrix], dtype=float), np.zeros((1, 2)))
