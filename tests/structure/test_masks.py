"""Counting connections and sharing them out exactly."""

import hypothesis.strategies as st
import pytest
import torch
from hypothesis import given

from respike.core.errors import RespikeError
from respike.structure.masks import (
    density,
    exact_count,
    live,
    live_by_layer,
    lowest,
    nonzero_share,
    share_out,
)

MASKS = {"a": torch.tensor([[True, False], [True, True]]), "b": torch.tensor([[False]])}


def test_counts_by_hand():
    assert live_by_layer(MASKS) == {"a": 3, "b": 0}
    assert live(MASKS) == 3
    assert density(MASKS) == 0.6


def test_a_weight_of_zero_is_a_connection_and_no_nonzero():
    weights = {"a": torch.tensor([[0.5, 0.0], [0.0, -2.0]]), "b": torch.tensor([[0.0]])}

    assert nonzero_share(weights) == 0.4


@pytest.mark.parametrize(("asked", "count"), [(0.1, 2), (0.125, 2), (0.25, 5), (1.0, 20)])
def test_a_density_is_a_whole_number_of_connections(asked, count):
    assert exact_count(asked, 20, "density") == count


@pytest.mark.parametrize("asked", [0.0, -0.1, 1.5, float("nan")])
def test_a_density_that_is_none_is_refused(asked):
    with pytest.raises(
        RespikeError, match=r"^structure.density is .*; it must lie in \(0, 1\]$"
    ):
        exact_count(asked, 20, "structure.density")


def test_a_density_that_leaves_nothing_is_refused():
    with pytest.raises(
        RespikeError, match=r"^density 0.01 leaves none of 20 connections; raise"
    ):
        exact_count(0.01, 20, "density")


def test_shares_are_in_proportion_and_a_full_layer_gives_the_rest_away():
    assert share_out(6, {"a": 1, "b": 2}, {"a": 9, "b": 9}) == {"a": 2, "b": 4}
    assert share_out(6, {"a": 1, "b": 2}, {"a": 9, "b": 3}) == {"a": 3, "b": 3}


def test_fractions_go_to_the_largest_remainder_then_to_the_first():
    assert share_out(5, {"a": 4, "b": 3, "c": 3}, {"a": 9, "b": 9, "c": 9}) == {
        "a": 2,
        "b": 2,
        "c": 1,
    }


@given(
    st.lists(st.tuples(st.floats(0.01, 100), st.integers(1, 50)), min_size=1, max_size=6),
    st.floats(0, 1),
)
def test_shares_always_sum_and_never_exceed_the_room(layers, part):
    wanted = {str(i): weight for i, (weight, _) in enumerate(layers)}
    room = {str(i): places for i, (_, places) in enumerate(layers)}
    count = round(part * sum(room.values()))

    shares = share_out(count, wanted, room)

    assert sum(shares.values()) == count
    assert all(0 <= shares[name] <= room[name] for name in room)


def test_the_lowest_candidates_are_marked_and_ties_go_to_the_first():
    scores = torch.tensor([[3.0, 1.0, 1.0], [0.0, 1.0, 2.0]])
    candidates = torch.tensor([[True, True, True], [False, True, True]])

    marked = lowest(scores, candidates, 2)

    assert marked.tolist() == [[False, True, True], [False, False, False]]
