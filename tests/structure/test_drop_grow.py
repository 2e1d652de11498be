"""Drop and grow: by hand, and what all parts of both kinds keep."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from respike.core import parts
from respike.core.errors import RespikeError
from respike.structure.drop import magnitude
from respike.structure.grow import gradient, random
from respike.structure.masks import live_by_layer


def draw(key=1):
    return np.random.Generator(np.random.Philox(key=key))


def every(weights):
    return {name: torch.ones_like(w, dtype=torch.bool) for name, w in weights.items()}


WEIGHTS = {"a": torch.tensor([[3.0, -4.0], [0.5, 0.0]]), "b": torch.tensor([[0.1, -5.0]])}


def test_the_smallest_weights_of_each_layer_go():
    dropped = magnitude.build()(WEIGHTS, every(WEIGHTS), {"a": 2, "b": 1}, draw())

    assert dropped["a"].tolist() == [[False, False], [True, True]]
    assert dropped["b"].tolist() == [[True, False]]


def test_the_smallest_weights_of_all_layers_together_go():
    drop = magnitude.build(scope="global")

    dropped = drop(WEIGHTS, every(WEIGHTS), {"a": 1, "b": 1}, draw())

    assert dropped["a"].tolist() == [[False, False], [False, True]]
    assert dropped["b"].tolist() == [[True, False]]


def test_what_does_not_live_is_not_dropped_though_its_weight_is_0():
    masks = every(WEIGHTS)
    masks["a"][1, 1] = False

    dropped = magnitude.build()(WEIGHTS, masks, {"a": 1, "b": 0}, draw())

    assert dropped["a"].tolist() == [[False, False], [True, False]]


def test_an_unknown_scope_is_refused():
    with pytest.raises(
        RespikeError, match=r"^drop.magnitude.scope is 'all'; allowed: layer, gl"
    ):
        magnitude.build(scope="all")


def test_the_largest_gradients_of_absent_connections_grow():
    masks = {"a": torch.tensor([[True, False], [False, False]])}
    gradients = {"a": torch.tensor([[9.0, 0.1], [-3.0, 2.0]])}

    grown = gradient.build()(masks, {"a": 2}, gradients, draw())

    assert grown["a"].tolist() == [[False, False], [True, True]]


def test_random_growth_reaches_every_absent_place_alike():
    masks = {"a": torch.tensor([[True, False], [False, False]])}

    counts = sum(
        random.build()(masks, {"a": 1}, {}, draw(key))["a"].int() for key in range(300)
    )

    assert counts[0, 0] == 0
    assert counts.sum() == 300
    assert (counts.flatten()[1:] > 70).all()


def state(key, shapes):
    rng = draw(key)
    weights = {n: torch.from_numpy(rng.normal(size=s)).float() for n, s in shapes.items()}
    masks = {n: torch.from_numpy(rng.random(s) < 0.5) for n, s in shapes.items()}
    counts = {n: int(rng.integers(0, int(m.sum()) + 1)) for n, m in masks.items()}
    return weights, masks, counts


SHAPES = st.dictionaries(
    st.sampled_from("abc"), st.tuples(st.integers(1, 8), st.integers(1, 8)), min_size=1
)


@pytest.mark.parametrize("name", parts.names("structure.drop"))
@settings(max_examples=30, deadline=None)
@given(SHAPES, st.integers(0, 999))
def test_every_drop_takes_exactly_that_many_living_connections(name, shapes, key):
    weights, masks, counts = state(key, shapes)
    before = {n: w.clone() for n, w in weights.items()}

    dropped = parts.load("structure.drop", name)()(weights, masks, counts, draw(key))

    assert live_by_layer(dropped) == counts
    assert all(not bool((dropped[n] & ~masks[n]).any()) for n in masks)
    assert all(torch.equal(before[n], weights[n]) for n in weights)


@settings(max_examples=30, deadline=None)
@given(SHAPES, st.integers(0, 999))
def test_a_global_drop_takes_exactly_the_sum(shapes, key):
    weights, masks, counts = state(key, shapes)

    dropped = magnitude.build(scope="global")(weights, masks, counts, draw(key))

    assert sum(live_by_layer(dropped).values()) == sum(counts.values())
    assert all(not bool((dropped[n] & ~masks[n]).any()) for n in masks)


@pytest.mark.parametrize("name", parts.names("structure.grow"))
@settings(max_examples=30, deadline=None)
@given(SHAPES, st.integers(0, 999))
def test_every_growth_takes_exactly_that_many_absent_connections(name, shapes, key):
    weights, living, counts = state(key, shapes)
    masks = {n: ~m for n, m in living.items()}

    grown = parts.load("structure.grow", name)()(masks, counts, weights, draw(key))

    assert live_by_layer(grown) == counts
    assert all(not bool((grown[n] & masks[n]).any()) for n in masks)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
@pytest.mark.parametrize("name", ["magnitude", "random"])
def test_a_drop_does_not_ask_for_the_sign_of_a_weight(name, sign):
    weights, masks, counts = state(5, {"a": (6, 6)})
    drop = parts.load("structure.drop", name)()
    turned = {n: sign * w for n, w in weights.items()}

    assert torch.equal(
        drop(weights, masks, counts, draw())["a"], drop(turned, masks, counts, draw())["a"]
    )
