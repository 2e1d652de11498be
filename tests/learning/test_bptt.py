"""Backpropagation through time, and what every learning rule gives."""

import pytest
import torch

from respike.core import parts
from respike.learning.bptt import build


def test_it_is_the_gradient_by_hand():
    w, v = torch.tensor([3.0], requires_grad=True), torch.tensor([2.0], requires_grad=True)

    found = build()((w * w * v).sum(), {"w": w, "v": v})

    assert {name: g.tolist() for name, g in found.items()} == {"w": [12.0], "v": [9.0]}


@pytest.mark.parametrize("name", parts.names("learning"))
def test_every_rule_gives_a_gradient_of_each_weight_and_leaves_the_weights_alone(name):
    weights = {
        "a": torch.ones(2, 3, requires_grad=True),
        "b": torch.ones(3, requires_grad=True),
    }
    loss = (weights["a"] * weights["b"]).square().sum()

    found = parts.load("learning", name)()(loss, weights)

    assert {n: g.shape for n, g in found.items()} == {n: w.shape for n, w in weights.items()}
    assert all(bool(torch.isfinite(g).all()) for g in found.values())
    assert all(bool((w == 1).all()) and w.grad is None for w in weights.values())
