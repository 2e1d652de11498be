"""Binary Markov random fields: many graphs at once, or many grids of pixels.

A field knows the drive J x + h of each variable and its classes: sets of variables that
share no edge, which may be visited together.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from respike.core.errors import RespikeError

STRUCTURES = ("tree", "ring", "sparse", "complete")


@dataclass(frozen=True)
class GraphField:
    """G graphs of n variables each.

    Attributes:
        couplings: [G, n, n], symmetric, 0 on the diagonal.
        bias: [G, n].
    """

    couplings: np.ndarray
    bias: np.ndarray

    def __post_init__(self) -> None:
        """Refuse couplings that are not symmetric or act on their own variable."""
        swapped = self.couplings.transpose(0, 2, 1)
        own = np.diagonal(self.couplings, axis1=1, axis2=2)
        if not np.array_equal(self.couplings, swapped) or np.any(own != 0):
            raise RespikeError("couplings must be symmetric with 0 on the diagonal")

    def drive(self, x: np.ndarray) -> np.ndarray:
        """J x + h, [G, n]."""
        return np.einsum("gij,gj->gi", self.couplings, x) + self.bias

    @cached_property
    def classes(self) -> list[np.ndarray]:
        """One mask [n] for each variable: nothing is known of the graph's colouring."""
        return list(np.eye(self.bias.shape[1], dtype=bool))


@dataclass(frozen=True)
class GridField:
    """G grids whose neighbours (up, down, left, right) share one coupling; borders are free.

    Attributes:
        coupling: J of every edge.
        bias: [G, H, W].
    """

    coupling: float
    bias: np.ndarray

    def drive(self, x: np.ndarray) -> np.ndarray:
        """J x + h, [G, H, W]."""
        return self.coupling * neighbours(x) + self.bias

    @cached_property
    def classes(self) -> list[np.ndarray]:
        """The two colours of a chessboard, [H, W] each."""
        rows, columns = np.indices(self.bias.shape[1:])
        white = (rows + columns) % 2 == 0
        return [white, ~white]


def neighbours(x: np.ndarray) -> np.ndarray:
    """Sum of the up to four neighbours of each pixel, [G, H, W]."""
    total = np.zeros_like(x)
    total[:, 1:] += x[:, :-1]
    total[:, :-1] += x[:, 1:]
    total[:, :, 1:] += x[:, :, :-1]
    total[:, :, :-1] += x[:, :, 1:]
    return total


def edges(structure: str, nodes: int, rng: np.random.Generator) -> np.ndarray:
    """Edges of one random graph.

    Args:
        structure: `tree` (each node joined to one earlier node, drawn at random), `ring`,
            `sparse` (each pair with chance 1/2) or `complete`.
        nodes: number of variables n.
        rng: stream that trees and sparse graphs are drawn from.

    Returns:
        Symmetric bool [n, n], False on the diagonal.

    Raises:
        RespikeError: an unknown structure.
    """
    found = np.zeros((nodes, nodes), dtype=bool)
    if structure == "tree":
        for node in range(1, nodes):
            found[node, rng.integers(node)] = True
    elif structure == "ring":
        found[np.arange(nodes), (np.arange(nodes) + 1) % nodes] = True
    elif structure == "sparse":
        found = np.triu(rng.random((nodes, nodes)) < 0.5, 1)
    elif structure == "complete":
        found = np.triu(np.ones((nodes, nodes), dtype=bool), 1)
    else:
        raise RespikeError(
            f"no graph structure named '{structure}'. Known: {', '.join(STRUCTURES)}"
        )
    return found | found.T


def random_graphs(
    structures: list[str], graphs: int, nodes: int, coupling: float, bias: float, rng
) -> GraphField:
    """Draw graphs whose couplings and biases are normal with mean 0.

    Args:
        structures: names, dealt to the graphs in turn.
        graphs: number G.
        nodes: variables of each.
        coupling: standard deviation of an edge's J.
        bias: standard deviation of a variable's h.
        rng: stream they are drawn from.
    """
    couplings = np.zeros((graphs, nodes, nodes))
    for g in range(graphs):
        drawn = np.triu(rng.standard_normal((nodes, nodes)) * coupling, 1)
        joined = edges(structures[g % len(structures)], nodes, rng)
        couplings[g] = (drawn + drawn.T) * joined
    return GraphField(couplings, rng.standard_normal((graphs, nodes)) * bias)
