"""The stated map from the human's table to the robot's."""

import numpy as np
import pytest

from respike.control import workspace
from respike.control.workspace import GRASP_M
from respike.core.errors import RespikeError


def test_the_grasp_lands_on_the_object_and_the_reach_points_along_x():
    found = workspace.affine([0, 0, 0], [26, 9, 7], 0.9)

    grasp = found(np.array([26.0, 9.0, 7.0]))
    rest = found(np.zeros(3))

    length = np.hypot(26, 9) * 0.9 / 100
    assert grasp == pytest.approx(GRASP_M)
    assert rest == pytest.approx(GRASP_M - np.array([length, 0, 0.063]))


def test_height_stays_height_and_right_angles_stay():
    found = workspace.affine([1, 2, 0], [20, -8, 5], 0.8)
    matrix = found.matrix

    assert found(np.array([20.0, -8.0, 15.0]))[2] - GRASP_M[2] == pytest.approx(0.08)
    assert matrix @ matrix.T == pytest.approx(np.eye(3) * 0.008**2)
    assert np.linalg.det(matrix) > 0


def test_one_formula_for_one_point_and_for_many():
    found = workspace.affine([0, 0, 0], [26, 9, 7], 0.9)
    points = np.random.default_rng(0).normal(size=(5, 4, 3))

    assert found(points)[3, 2] == pytest.approx(found.matrix @ points[3, 2] + found.offset_m)


def test_a_rest_above_the_grasp_is_refused():
    with pytest.raises(RespikeError, match="less than 1 cm apart on the table"):
        workspace.affine([26, 9, 20], [26, 9, 7], 1.0)


def test_a_scale_that_leaves_the_box_is_refused():
    with pytest.raises(RespikeError, match=r"outside .* lower control\.scale"):
        workspace.affine([0, 0, 0], [26, 9, 7], 1.2)


def test_a_landmark_with_two_numbers_is_refused():
    with pytest.raises(RespikeError, match=r"\[x, y, z\] in centimetres"):
        workspace.affine([0, 0], [26, 9, 7], 0.9)
