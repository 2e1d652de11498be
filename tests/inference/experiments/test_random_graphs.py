"""Experiment random-graphs: what it leaves, and that a seed fixes it."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.inference import mean_field
from respike.inference.experiments.random_graphs import error, nearest_solution
from tests.inference.experiments.runs import GRAPHS, run
from tests.inference.fields_by_hand import pair


def test_a_seed_fixes_every_array():
    one, same, other = run(GRAPHS), run(GRAPHS), run(GRAPHS, seed=1001)

    for name, array in one.predictions.items():
        assert np.array_equal(array, same.predictions[name]), name
    assert one.metrics == same.metrics
    assert not np.array_equal(
        one.predictions["error_snn1_mf"], other.predictions["error_snn1_mf"]
    )


def test_traces_are_small_and_hold_rasters():
    trace = run(GRAPHS).trace

    assert trace["spikes.single"].dtype == np.uint8
    assert sum(array.nbytes for array in trace.values()) < 1_000_000


def test_graphs_of_two_seeds_are_other_items():
    ids = [run(GRAPHS, seed).predictions["item"].tolist() for seed in (1000, 1001)]

    assert not set(ids[0]) & set(ids[1])


def test_the_error_is_the_mean_difference_of_a_graphs_variables():
    assert error(np.array([[0.1, 0.5]]), np.array([[0.2, 0.8]])) == pytest.approx([0.2])


def test_the_nearest_solution_is_the_one_the_answer_lies_by():
    field = pair(coupling=2.0, first=0.05, second=0.05)
    answer = np.array([[0.1, 0.1]])  # beside the other solution, not mean field's own

    assert mean_field.fixed_point(field).probability[0, 0] > 0.9
    assert nearest_solution(field, answer)[0, 0] < 0.1


def test_another_solution_is_counted_where_a_marginal_lies_elsewhere():
    got = run({"random-graphs": {"coupling": 1.2, "graphs": 40, "steps": 300}}, seed=1003)

    rows = got.predictions
    assert 0 < rows["other_snn1"].sum() < 40
    # an answer at mean field's own solution is near mean field, one at another is not
    for name in ("snn1", "snn20"):
        same = ~rows[f"other_{name}"]
        assert rows[f"error_{name}_mf"][same].max() < 0.1
        assert (rows[f"error_{name}_mf"] - rows[f"error_{name}_own"])[~same].min() > 0.005


def test_errors_against_the_exact_marginals_put_the_methods_in_order():
    got = run({"random-graphs": {"coupling": 0.3, "graphs": 40, "steps": 500}}).metrics

    assert got["error_bp_exact"] < got["error_mf_exact"] < got["error_half_exact"]
    assert got["error_snn20_mf"] < got["error_snn1_mf"]


def test_means_by_structure_average_to_the_mean():
    got = run({"random-graphs": {"coupling": 0.3, "graphs": 8, "steps": 100}}).metrics

    assert got["structures"] == ["tree", "ring", "sparse", "complete"]
    assert np.mean(got["error_mf_exact.by_structure"]) == pytest.approx(got["error_mf_exact"])


@pytest.mark.parametrize(
    ("experiment", "message"),
    [
        ({"random-graphs": {"coupling": 0.3, "graphs": 0}}, r"graphs 0 and population 20"),
        ({"random-graphs": {"coupling": 0.3, "population": 1}}, r"a population of 2"),
    ],
)
def test_what_cannot_be_run_is_refused(experiment, message):
    with pytest.raises(RespikeError, match=message):
        run(experiment)
