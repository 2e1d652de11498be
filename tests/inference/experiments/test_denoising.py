"""Experiment denoising: what it leaves, and that a seed fixes it."""

from functools import partial

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.parts import make
from respike.core.seeds import numpy_stream
from tests.inference.experiments.runs import PICTURES, run


def test_a_seed_fixes_every_array():
    one, same, other = run(PICTURES), run(PICTURES), run(PICTURES, seed=1001)

    for name, array in one.predictions.items():
        assert np.array_equal(array, same.predictions[name]), name
    assert one.metrics == same.metrics
    assert not np.array_equal(
        one.predictions["error_snn1_mf"], other.predictions["error_snn1_mf"]
    )


def test_traces_are_small_and_hold_rasters():
    trace = run(PICTURES).trace

    assert trace["spikes.single"].dtype == np.uint8
    assert sum(array.nbytes for array in trace.values()) < 1_000_000


def test_pictures_keep_the_ids_of_the_data():
    items = run(PICTURES).predictions["item"]

    assert len(set(items.tolist())) == 3
    assert set(items.tolist()) <= set(range(500, 520))


def test_mean_field_restores_squares_and_the_noise_is_what_was_asked_for():
    got = run({"denoising": {"flip": 0.2, "images": 10}}).metrics

    assert got["correct_noisy"] == pytest.approx(80, abs=1.7)
    assert got["correct_mf"] > got["correct_icm"] > got["correct_noisy"]
    assert got["correct_mf"] > 97
    assert got["correct_snn20"] == pytest.approx(got["correct_mf"], abs=1)


def test_pictures_without_a_data_set_are_refused():
    with pytest.raises(
        RespikeError, match=r"needs a data set with images; add dataset: digits"
    ):
        make("experiment", PICTURES)(partial(numpy_stream, 0), 0, None)


@pytest.mark.parametrize(
    ("experiment", "message"),
    [
        ({"denoising": {"flip": 0.2, "images": 21}}, r"asks for 21 images; the data have 20"),
        ({"denoising": {"flip": 0.2, "images": 0}}, r"denoising has images 0 and population"),
    ],
)
def test_what_cannot_be_run_is_refused(experiment, message):
    with pytest.raises(RespikeError, match=message):
        run(experiment)
