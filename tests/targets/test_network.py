"""Layers taken out of a model file's tensors."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.targets.network import Layer, LifNetwork, dense_layer

ROW = np.array([[0.5, 0.0, -1.0]], dtype=np.float32)


def test_without_a_mask_every_non_zero_weight_is_a_connection():
    layer = dense_layer({"hidden1.weight": ROW}, "hidden1")

    assert layer.live.tolist() == [[True, False, True]]
    assert layer.bias.tolist() == [0.0]


def test_with_a_mask_a_fresh_connection_of_weight_zero_counts():
    mask = np.array([[1, 1, 1]], dtype=np.uint8)

    layer = dense_layer({"hidden1.weight": ROW, "hidden1.mask": mask}, "hidden1")

    assert layer.live.all()


def test_a_weight_outside_its_mask_is_refused():
    mask = np.array([[1, 1, 0]], dtype=np.uint8)

    with pytest.raises(RespikeError, match=r"hidden1.weight is not 0 everywhere its mask is"):
        dense_layer({"hidden1.weight": ROW, "hidden1.mask": mask}, "hidden1")


def test_a_missing_layer_names_what_there_is():
    with pytest.raises(RespikeError, match=r"no 'readout.weight'; it holds: hidden1.weight"):
        dense_layer({"hidden1.weight": ROW}, "readout")


def test_a_convolution_is_refused():
    with pytest.raises(RespikeError, match=r"has 4 axes; this target runs dense"):
        dense_layer({"c.weight": np.zeros((2, 1, 3, 3))}, "c")


def test_layers_that_do_not_fit_together_are_refused():
    one = Layer("one", np.ones((2, 3)), np.zeros(2), np.ones((2, 3), bool))
    out = Layer("out", np.ones((1, 4)), np.zeros(1), np.ones((1, 4), bool))

    with pytest.raises(RespikeError, match=r"one has 2 outputs and out takes 4 inputs"):
        LifNetwork((one,), out, 2.0, 1.0, "zero", 4, 0)


def test_a_weight_that_is_no_number_is_refused():
    bad = Layer("out", np.array([[np.nan]]), np.zeros(1), np.ones((1, 1), bool))

    with pytest.raises(RespikeError, match=r"out holds a weight or bias that is no number"):
        LifNetwork((), bad, 2.0, 1.0, "zero", 4, 0)
