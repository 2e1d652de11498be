"""The spiking network: rates of free neurons, and mean field's equation in populations."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.seeds import numpy_stream
from respike.inference import exact, mean_field
from respike.inference.fields import STRUCTURES, GridField, random_graphs
from respike.inference.spiking import fire_probability, run
from tests.inference.fields_by_hand import free, pair

LONG = {"tau_steps": 20.0, "steps": 4000, "burn_in": 200}


def test_the_chance_of_a_spike_is_the_logistic_function_of_twice_the_drive():
    u = np.array([-1.0, 0.0, 0.5, 400.0])

    with np.errstate(over="raise"):
        got = fire_probability(u)

    assert got == pytest.approx([1 / (1 + np.exp(2)), 0.5, 1 / (1 + np.exp(-1)), 1.0])


@pytest.mark.parametrize("neurons", [1, 20])
def test_without_edges_the_rates_are_the_exact_marginals(neurons):
    field = free(np.linspace(-1, 1, 12)[None])

    got = run(field, numpy_stream(0, "spikes"), neurons=neurons, **LONG)

    # four standard errors of the mean of neurons * steps coin flips
    bound = 4 * 0.5 / np.sqrt(neurons * 4000)
    assert np.abs(got.probability - exact.marginals(field)).max() < bound


def test_a_large_population_gives_mean_fields_marginals():
    field = random_graphs(list(STRUCTURES), 12, 10, 0.15, 0.5, numpy_stream(1, "graphs"))

    got = run(field, numpy_stream(1, "spikes"), neurons=200, **LONG)

    assert np.abs(got.probability - mean_field.fixed_point(field).probability).max() < 0.01


def test_more_neurons_come_nearer():
    field = random_graphs(list(STRUCTURES), 40, 10, 0.15, 0.5, numpy_stream(2, "graphs"))
    wanted = mean_field.fixed_point(field).probability

    errors = [
        np.abs(run(field, numpy_stream(2, "s"), neurons=n, **LONG).probability - wanted).mean()
        for n in (1, 4, 16)
    ]

    # noise of a mean falls with the root of the number: halves with four times as many
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.25)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.25)


def test_the_raster_is_the_first_graphs_and_its_mean_is_the_answer():
    got = run(pair(), numpy_stream(3, "s"), neurons=4, tau_steps=5.0, steps=50, burn_in=10)

    assert got.raster.shape == (60, 2)
    assert set(np.unique(got.raster)) <= {0, 0.25, 0.5, 0.75, 1}
    assert got.raster[10:].mean(axis=0) == pytest.approx(got.probability[0])


def test_pixels_of_a_grid_spike_as_their_evidence_says_without_coupling():
    field = GridField(0.0, np.full((1, 4, 4), 0.5))

    got = run(field, numpy_stream(4, "s"), neurons=20, tau_steps=2.0, steps=2000, burn_in=50)

    assert got.probability == pytest.approx(np.full((1, 4, 4), 0.7311), abs=0.012)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"neurons": 0}, r"a population has 0 neurons; it must be 1 or more"),
        ({"tau_steps": 0.5}, r"tau_steps is 0.5; it must be 1 or more"),
    ],
)
def test_a_network_that_cannot_be_is_refused(changed, message):
    given = {"neurons": 1, "tau_steps": 20.0, "steps": 10, "burn_in": 0} | changed

    with pytest.raises(RespikeError, match=message):
        run(pair(), numpy_stream(5, "s"), **given)
