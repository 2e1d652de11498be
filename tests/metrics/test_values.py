"""Metrics of single values: number, count, ratio, live_connections, array."""

import re

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.parts import make

METRICS = {
    "energy": 3.0,
    "right": 4,
    "none": 0,
    "word": "er",
    "live_connections": [5, 5],
    "on": True,
}


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ({"number": {"name": "energy"}}, 3.0),
        ({"number": {"name": "word"}}, "er"),
        ({"count": {"name": "right"}}, 4),
        ({"count": {"name": "none"}}, 0),
        ({"ratio": {"over": "energy", "under": "right"}}, 0.75),
        ("live-connections", [5, 5]),
    ],
)
def test_values_of_metrics_json(metric, value):
    assert make("metric", metric)(METRICS) == value


@pytest.mark.parametrize(
    ("metric", "sentence"),
    [
        (
            {"number": {"name": "energie"}},
            "holds no number 'energie'. Did you mean 'energy'? It holds",
        ),
        ({"count": {"name": "energy"}}, "'energy' is 3.0; count takes an integer >= 0"),
        ({"count": {"name": "on"}}, "'on' is True; count takes an integer >= 0"),
        (
            {"ratio": {"over": "energy", "under": "none"}},
            "'none' is 0; ratio cannot divide by it",
        ),
    ],
)
def test_what_cannot_be_read_is_said(metric, sentence):
    with pytest.raises(RespikeError, match=re.escape(sentence)):
        make("metric", metric)(METRICS)


def test_a_negative_count_is_refused():
    with pytest.raises(RespikeError, match=r"'x' is -1; count takes an integer >= 0"):
        make("metric", {"count": {"name": "x"}})({"x": -1})


def test_an_empty_file_holds_nothing():
    with pytest.raises(RespikeError, match=r"no number 'live_connections'. It holds nothing."):
        make("metric", "live-connections")({})


def test_an_array_comes_in_the_order_of_the_file():
    found = make("metric", {"array": {"field": "spikes"}})(
        {"spikes": np.array([[1, 0], [0, 1]])}
    )

    assert found == [1, 0, 0, 1]
