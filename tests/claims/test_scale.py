"""Scales of analysis."""

import math

import numpy as np
import pytest

from respike.claims.scale import LINKS, LOG, linear


@pytest.mark.parametrize("scale", [linear(100.0), LOG, *LINKS.values()])
def test_out_undoes_in(scale):
    for value in (0.05, 0.4, 0.9):
        assert scale.leave(scale.enter(value)) == pytest.approx(value)


@pytest.mark.parametrize("scale", [linear(100.0), LOG, *LINKS.values()])
def test_both_ways_increase(scale):
    values = scale.inward(np.array([0.1, 0.2, 0.5, 0.8]))

    assert (np.diff(values) > 0).all()
    assert (np.diff(scale.outward(values)) > 0).all()


def test_numbers_by_hand():
    assert linear(100.0).enter(2.5) == pytest.approx(0.025)
    assert linear(100.0).leave(0.025) == pytest.approx(2.5)
    assert linear(100.0).factor == 100.0
    assert LOG.enter(2.0) == pytest.approx(math.log(2))
    assert LOG.factor == 1.0
    assert LINKS["fisher-z"].enter(0.5) == pytest.approx(0.5493, abs=1e-4)
    assert LINKS["log-residual"].enter(0.5) == pytest.approx(math.log(2))
    assert LINKS["log-residual"].leave(-math.log(2)) == pytest.approx(-1.0)


@pytest.mark.parametrize(
    ("scale", "value", "inside"),
    [(LOG, 0.0, -math.inf), (LOG, -1.0, -math.inf), (LINKS["fisher-z"], 1.0, math.inf),
     (LINKS["fisher-z"], 1.2, math.inf), (LINKS["fisher-z"], -1.0, -math.inf),
     (LINKS["log-residual"], 1.0, math.inf), (LINKS["log-residual"], -3.0, -math.log(4)),
     (linear(1.0), math.inf, math.inf)],
)  # fmt: skip
def test_what_lies_beyond_the_unit_is_infinite(scale, value, inside):
    assert scale.enter(value) == pytest.approx(inside)


def test_names_are_the_keys():
    assert [(key, scale.name) for key, scale in LINKS.items()] == [
        ("fisher-z", "fisher-z"),
        ("log-residual", "log-residual"),
    ]
    assert (LOG.name, linear(1.0).name) == ("log", "linear")
