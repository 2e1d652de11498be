"""Metric synops."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.parts import make

PREDICTIONS = {
    "item": np.array([1, 2]),
    "synops": np.array([10, 0]),
    "graded_ops": np.array([5, 7]),
}


@pytest.mark.parametrize(("graded", "values"), [(False, [10, 0]), (True, [15, 7])])
def test_operations_of_the_input_count_where_asked(graded, values):
    found = make("metric", {"synops": {"graded": graded}})(PREDICTIONS)

    assert found[0].tolist() == [1, 2]
    assert found[1].tolist() == values


def test_a_run_without_operations_is_refused():
    with pytest.raises(RespikeError, match=r"holds no array 'synops'"):
        make("metric", "synops")({"item": np.array([1])})
