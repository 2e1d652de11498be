"""Masks that change: exact counts, what starts anew, what was ever tried."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from respike.core.errors import RespikeError
from respike.structure.drop import magnitude
from respike.structure.grow import gradient, random
from respike.structure.init import er
from respike.structure.masks import density, live, live_by_layer
from respike.structure.update import Update
from respike.training.evolution import Evolution


def draw(key=1):
    return np.random.Generator(np.random.Philox(key=key))


def test_one_update_by_hand():
    masks = {"a": torch.tensor([[True, True, False], [True, True, False]])}
    weights = {"a": torch.tensor([[5.0, 0.1, 0.0], [-4.0, 0.2, 0.0]])}
    gradients = {"a": torch.tensor([[0.0, 0.0, 3.0], [0.0, 0.5, 2.0]])}
    plan = [Update(7, 4 / 6, 0.5)]
    evolution = Evolution(masks, plan, magnitude.build(), gradient.build(), draw())

    assert not evolution.due(6)
    assert evolution.due(7)
    changed = evolution.apply(weights, gradients)

    # 0.1 and 0.2 go; of the four empty places the gradients 3 and 2 come
    assert evolution.masks["a"].tolist() == [[True, False, True], [True, False, True]]
    assert changed["a"].tolist() == [[False, True, True], [False, True, True]]
    assert evolution.history == [{"a": 4}, {"a": 4}]
    assert (evolution.steps, evolution.exchanged, evolution.itop) == ([0, 7], 2, 1.0)
    assert not evolution.due(7)


def test_a_connection_dropped_and_grown_again_starts_anew():
    masks = {"a": torch.tensor([[True, True]])}
    weights = {"a": torch.tensor([[1.0, 2.0]])}
    gradients = {"a": torch.tensor([[9.0, 0.0]])}
    evolution = Evolution(
        masks, [Update(1, 1.0, 0.5)], magnitude.build(), gradient.build(), draw()
    )

    changed = evolution.apply(weights, gradients)

    assert evolution.masks["a"].tolist() == [[True, True]]
    assert changed["a"].tolist() == [[True, False]]


def test_a_lower_density_keeps_the_layers_proportions():
    masks = {"a": torch.ones(4, 5, dtype=torch.bool), "b": torch.ones(2, 5, dtype=torch.bool)}
    weights = {name: torch.rand(mask.shape) for name, mask in masks.items()}
    plan = [Update(1, 0.6, 0.0), Update(2, 0.2, 0.0)]
    evolution = Evolution(masks, plan, magnitude.build(), None, draw())

    assert not evolution.at_last_density
    evolution.apply(weights, {})
    evolution.apply(weights, {})

    assert evolution.history == [{"a": 20, "b": 10}, {"a": 12, "b": 6}, {"a": 4, "b": 2}]
    assert evolution.at_last_density


@pytest.mark.parametrize("grow", [random, gradient])
@pytest.mark.parametrize("scope", ["layer", "global"])
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 999), st.floats(0.05, 0.9), st.floats(0.05, 0.9))
def test_the_number_of_connections_never_changes(grow, scope, key, share, exchange):
    rng = draw(key)
    masks = er.build()({"a": (9, 7), "b": (4, 9)}, share, rng)
    plan = [Update(step, share, exchange) for step in range(1, 6)]
    drop = magnitude.build(scope=scope)
    evolution = Evolution(masks, plan, drop, grow.build(), rng)
    before = live_by_layer(masks)
    weights = {n: torch.from_numpy(rng.normal(size=m.shape)) * m for n, m in masks.items()}

    for _ in plan:
        gradients = {n: torch.from_numpy(rng.normal(size=m.shape)) for n, m in masks.items()}
        old = evolution.masks
        changed = evolution.apply(weights, gradients)
        for name, mask in evolution.masks.items():
            assert not bool(((old[name] ^ mask) & ~changed[name]).any())
            weights[name] = (weights[name] + 0.1 * gradients[name]).masked_fill(
                changed[name], 0
            ) * mask
        assert live_by_layer(evolution.masks) == before

    assert evolution.history == [before] * 6
    assert density(masks) <= evolution.itop <= 1
    assert live(evolution.ever) >= live(evolution.masks)


@pytest.mark.parametrize(
    ("drop", "grow", "sentence"),
    [
        (
            magnitude.build(),
            None,
            "the schedule exchanges connections and nothing grows them; add structure.grow:"
            " random, or another grow part",
        ),
        (
            None,
            random.build(),
            "the schedule changes connections and nothing drops them; add drop: magnitude, or"
            " another drop part",
        ),
    ],
)
def test_a_plan_without_its_parts_is_refused(drop, grow, sentence):
    masks = {"a": torch.ones(2, 2, dtype=torch.bool)}

    with pytest.raises(RespikeError) as error:
        Evolution(masks, [Update(1, 1.0, 0.5)], drop, grow, draw())

    assert str(error.value) == sentence


def test_a_density_that_rises_is_refused():
    masks = {"a": torch.tensor([[True, False]])}
    evolution = Evolution(masks, [Update(3, 1.0, 0.0)], magnitude.build(), None, draw())

    with pytest.raises(
        RespikeError, match=r"^density 1.0 at step 3 would add connections to th"
    ):
        evolution.apply({"a": torch.ones(1, 2)}, {})
