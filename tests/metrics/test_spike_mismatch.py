"""Metric spike-mismatch."""

import numpy as np

from respike.claims import grammar
from respike.core.parts import make


def test_shares_become_percentage_points():
    predictions = {"item": np.array([4, 7]), "mismatch": np.array([0.25, 0.0])}

    items, values = make("metric", "spike-mismatch")(predictions)

    assert items.tolist() == [4, 7]
    assert values.tolist() == [25.0, 0.0]


def test_a_claim_states_it_in_pp():
    assert grammar.scale("spike-mismatch", "pp") == 1.0
    assert grammar.scale("spike-mismatch", "share") is None
