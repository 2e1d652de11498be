"""Pictures: enlarged in whole numbers, flipped, and counted."""

import math

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.seeds import numpy_stream
from respike.inference.denoising import binary_pictures, correct_percent, flipped, posterior


def test_an_edge_between_dark_and_light_stays_half_way():
    image = np.array([[[0, 16]]])

    # centres at -1/4, 1/4, 3/4, 5/4: 0, 4, 12, 16 of 16
    assert binary_pictures(image, 2, 16).tolist() == [[[-1, -1, 1, 1]] * 2]


def test_exactly_half_counts_as_light():
    assert binary_pictures(np.array([[[8, 7]]]), 1, 16).tolist() == [[[1, -1]]]


def test_pictures_follow_linear_interpolation():
    image = numpy_stream(0, "image").integers(0, 17, (3, 8, 8))
    centre = np.clip((np.arange(32) + 0.5) / 4 - 0.5, 0, 7)
    along = np.stack([[np.interp(centre, np.arange(8), r) for r in im] for im in image])
    grey = np.stack([[np.interp(centre, np.arange(8), c) for c in im.T] for im in along])

    assert np.array_equal(
        binary_pictures(image, 4, 16), np.where(grey.transpose(0, 2, 1) >= 8, 1, -1)
    )


def test_about_the_asked_for_share_is_flipped():
    picture = np.ones((10, 32, 32))

    share = (flipped(picture, 0.2, numpy_stream(1, "noise")) < 0).mean()

    assert share == pytest.approx(0.2, abs=4 * math.sqrt(0.2 * 0.8 / picture.size))


def test_the_evidence_of_a_pixel_is_the_likelihood_of_a_flip():
    field = posterior(np.array([[[1.0, -1.0]]]), flip=0.2, coupling=0.0)

    # P(x = 1 | y = 1) without neighbours is 1 - flip
    assert (np.tanh(field.bias) + 1) / 2 == pytest.approx(np.array([[[0.8, 0.2]]]))


def test_one_wrong_pixel_of_four():
    picture = np.array([[[1.0, 1.0], [-1.0, -1.0]]])

    got = correct_percent(np.array([[[0.9, 0.5], [0.1, 0.6]]]), picture)

    assert got.tolist() == [75.0]


@pytest.mark.parametrize("flip", [0.0, 0.5, -0.1, float("nan")])
def test_a_chance_that_says_nothing_is_refused(flip):
    with pytest.raises(RespikeError, match=r"flip is .*; it must lie between 0 and 0.5"):
        flipped(np.ones((1, 2, 2)), flip, numpy_stream(2, "noise"))


def test_an_enlargement_out_of_range_is_refused():
    with pytest.raises(RespikeError, match=r"upscale is 0; it must be from 1 to 16"):
        binary_pictures(np.zeros((1, 2, 2), int), 0, 16)
