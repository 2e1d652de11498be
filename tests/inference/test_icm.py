"""Iterated conditional modes on pixels counted by hand."""

import numpy as np

from respike.inference.fields import GridField
from respike.inference.icm import modes


def test_a_lone_pixel_is_turned_and_a_block_stays():
    noisy = -np.ones((1, 5, 5))
    noisy[0, 2, 2] = 1
    block = -np.ones((1, 5, 5))
    block[0, 1:4, 1:4] = 1

    # J = 1 and h = 0.5: four neighbours outweigh a pixel's own evidence; a corner of the
    # block has two on either side, so its evidence decides
    assert (modes(GridField(1.0, 0.5 * noisy), noisy) == -1).all()
    assert np.array_equal(modes(GridField(1.0, 0.5 * block), block), block)


def test_a_tie_keeps_its_value():
    start = np.array([[[1.0, -1.0]]])

    assert modes(GridField(0.0, np.zeros((1, 1, 2))), start).tolist() == start.tolist()


def test_no_single_change_would_be_better():
    rng = np.random.Generator(np.random.PCG64(0))
    noisy = np.where(rng.random((2, 8, 8)) < 0.5, 1.0, -1.0)
    field = GridField(0.6, 0.4 * noisy)

    found = modes(field, noisy)

    assert (found * field.drive(found) >= 0).all()
