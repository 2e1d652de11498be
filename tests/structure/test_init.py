"""First masks: exact counts, shares of the layers, uniform places."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from respike.core import parts
from respike.core.errors import RespikeError
from respike.structure.init import dense, er, erk
from respike.structure.masks import live, live_by_layer, size

SHAPES = {"hidden1": (256, 64), "readout": (10, 256)}


def draw(key=1):
    return np.random.Generator(np.random.Philox(key=key))


def test_erdos_renyi_gives_a_layer_its_two_sizes_share():
    # (256 + 64) : (10 + 256) of 1,894, by hand 1034.3 and 859.7
    found = er.build()(SHAPES, 0.1, draw())

    assert live_by_layer(found) == {"hidden1": 1034, "readout": 860}


def test_a_kernel_counts_in_erk_and_not_in_er():
    shapes = {"conv": (2, 2, 3, 3), "fc": (5, 5)}  # 36 and 25 places

    assert live_by_layer(er.build()(shapes, 28 / 61, draw())) == {"conv": 8, "fc": 20}
    assert live_by_layer(erk.build()(shapes, 28 / 61, draw())) == {"conv": 14, "fc": 14}


def test_er_and_erk_agree_on_linear_layers():
    one, other = er.build()(SHAPES, 0.1, draw()), erk.build()(SHAPES, 0.1, draw())

    assert all(torch.equal(one[name], other[name]) for name in SHAPES)


def test_places_are_uniform():
    counts = sum(er.build()({"a": (4, 5)}, 0.3, draw(key))["a"].int() for key in range(400))

    # each place lives with chance 0.3: 120 of 400, sd 9
    assert counts.min() > 80
    assert counts.max() < 160


def test_a_small_layer_is_filled_before_its_share_is_given_away():
    found = er.build()({"wide": (100, 100), "tiny": (2, 2)}, 0.9, draw())

    assert bool(found["tiny"].all())
    assert live(found) == round(0.9 * 10_004)


def test_dense_keeps_everything_and_refuses_less():
    assert bool(dense.build()({"a": (2, 3)}, 1.0, draw())["a"].all())
    with pytest.raises(RespikeError) as error:
        dense.build()({"a": (2, 3)}, 0.5, draw())
    assert str(error.value) == (
        "structure.init dense has density 1 and structure.density is 0.5; use init: er, or the"
        " stage prune"
    )


@pytest.mark.parametrize("name", parts.names("structure.init"))
@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("abc"), st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1
    ),
    st.floats(0.05, 1),
    st.integers(0, 99),
)
def test_every_init_has_exactly_the_density_and_repeats(name, shapes, density, key):
    init = parts.load("structure.init", name)()
    density = 1.0 if name == "dense" else density
    total = sum(a * b for a, b in shapes.values())
    if round(density * total) == 0:
        density = 1.0

    found, again = init(shapes, density, draw(key)), init(shapes, density, draw(key))

    assert live(found) == round(density * size(found))
    assert {name: tuple(mask.shape) for name, mask in found.items()} == shapes
    assert all(mask.dtype == torch.bool for mask in found.values())
    assert all(torch.equal(found[layer], again[layer]) for layer in found)


@pytest.mark.parametrize("name", ["er", "erk"])
@pytest.mark.parametrize("density", [0.0, 1.1])
def test_a_density_out_of_range_is_refused(name, density):
    with pytest.raises(RespikeError, match=r"^structure.density is .*\(0, 1\]$"):
        parts.load("structure.init", name)()(SHAPES, density, draw())
