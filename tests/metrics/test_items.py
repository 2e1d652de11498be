"""Metrics of items: accuracy, success_rate, item_mean."""

import re

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.parts import make

PREDICTIONS = {
    "item": np.array([4, 2, 9]),
    "label": np.array([1, 0, 3]),
    "predicted": np.array([1, 1, 3]),
    "lifted": np.array([True, False, True]),
    "error": np.array([0.5, -1.25, 3], dtype=np.float32),
    "wide": np.zeros((3, 2)),
}


@pytest.mark.parametrize(
    ("metric", "values"),
    [
        ("accuracy", [1, 0, 1]),
        ({"success-rate": {"field": "lifted"}}, [1, 0, 1]),
        ({"item-mean": {"field": "error"}}, [0.5, -1.25, 3]),
    ],
)
def test_one_value_an_item_beside_its_id(metric, values):
    ids, found = make("metric", metric)(PREDICTIONS)

    assert ids.tolist() == [4, 2, 9]
    assert found.tolist() == values
    assert (ids.dtype, found.dtype) == (np.int64, np.float64)


@pytest.mark.parametrize(
    ("metric", "sentence"),
    [
        (
            {"success-rate": {"field": "error"}},
            "array 'error' is float32; success_rate takes bool",
        ),
        (
            {"success-rate": {"field": "lited"}},
            "holds no array 'lited'. Did you mean 'lifted'?",
        ),
        ({"item-mean": {"field": "wide"}}, "array 'wide' has 2 axes; item_mean takes one"),
        (
            {"item-mean": {"field": "zz"}},
            "It holds error, item, label, lifted, predicted, wide.",
        ),
    ],
)
def test_what_cannot_be_read_is_said(metric, sentence):
    with pytest.raises(RespikeError, match=re.escape(sentence)):
        make("metric", metric)(PREDICTIONS)


def test_an_empty_file_holds_nothing():
    with pytest.raises(RespikeError, match=r"holds no array 'predicted'. It holds nothing."):
        make("metric", "accuracy")({})
