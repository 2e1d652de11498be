"""Energy is an interval with its sources, and the break-even rule follows from the prices."""

import pytest

from respike.core.errors import RespikeError
from respike.targets.energy import MODELS, compute_nj, memory_nj, model, report, traffic


def test_a_thousand_operations_on_loihi_cost_23_6_nj():
    assert compute_nj(model("loihi"), 1000, 0) == pytest.approx(23.6)


def test_a_graded_input_costs_a_multiply_add_in_arithmetic_and_a_synop_on_a_chip():
    assert compute_nj(model("45nm-float32"), 0, 1000) == pytest.approx(4.6)
    assert compute_nj(model("loihi"), 0, 1000) == pytest.approx(23.6)


def test_the_worked_example_of_33_804_operations():
    # an MLP 64-100-10 over 16 steps; its dense pass has 7,400 multiply-adds
    got = report(33_804, 0, 110 * 16, 7_400, 32, 32)

    prices = dict(zip(got["energy_models"], got["energy_nj"], strict=True))
    assert prices["45nm-float32"] == pytest.approx(30.4, abs=0.05)
    assert prices["loihi"] == pytest.approx(798, abs=0.5)
    assert prices["spinnaker2"] == pytest.approx(338, abs=0.5)
    assert got["ann_energy_nj"] == pytest.approx(34.0, abs=0.05)
    assert got["ann_memory_nj"] + got["ann_energy_nj"] == pytest.approx(773, abs=1)
    assert got["memory_nj"] == pytest.approx(3375 + 351, abs=1)
    assert got["memory_share_float"] > 0.98


def test_the_interval_spans_every_model_and_names_its_ends():
    got = report(1000, 0, 0, 1000, 8, 16)

    assert (got["energy_low_model"], got["energy_high_model"]) == ("45nm-int8", "spinnaker")
    assert got["energy_nj_low"] == pytest.approx(0.03)
    assert got["energy_nj_high"] == pytest.approx(45.0)
    assert len(got["energy_sources"]) == len(got["energy_nj"]) == len(MODELS)


@pytest.mark.parametrize(("synops", "pays"), [(5_100, True), (5_120, False)])
def test_spikes_pay_below_5_11_operations_for_each_multiply_add(synops, pays):
    got = report(synops, 0, 0, 1_000, 8, 16)

    assert got["break_even"] == pytest.approx(4.6 / 0.9)
    assert (got["steps_times_activity"] < got["break_even"]) is pays
    assert (got["energy_over_ann"] < 1) is pays


def test_bytes_are_weights_once_and_states_twice():
    moved = traffic(synops=10, graded=6, updates=3, weight_bits=4, state_bits=16)

    assert (moved.weights, moved.state) == (8, 12)
    assert memory_nj(moved) == pytest.approx(20 * 24.96 / 1000)


def test_loihi_2_has_no_published_price_and_is_refused():
    with pytest.raises(RespikeError, match=r"no energy model named 'loihi2'. Known: loihi, "):
        model("loihi2")
