"""Inverse kinematics finds every point of the robot's box, far from ends and singular poses."""

import numpy as np
import pytest

from respike.control import ik, kinematics, limits
from respike.control.workspace import HIGH_M, LOW_M


@pytest.fixture(scope="module")
def box():
    """A grid of 150 points with all corners, and the joint angles found for them."""
    axes = [
        np.linspace(low, high, n) for low, high, n in zip(LOW_M, HIGH_M, (6, 5, 5), strict=True)
    ]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return points, ik.solve(points)


def test_it_converges_in_the_whole_box(box):
    points, q = box

    residue = ik.residue(q, points)

    assert residue[:, 0].max() < 1e-4  # metres; the damping leaves it
    assert residue[:, 1].max() < 1e-3


def test_it_stays_inside_the_joints_and_off_singular_poses(box):
    _, q = box
    bounds = limits.joint_bounds(0.9)

    assert (q > bounds.low).all()
    assert (q < bounds.high).all()
    singular = np.linalg.svd(kinematics.pinch(q)[2], compute_uv=False)[:, -1]
    assert singular.min() > 0.05


def test_the_posture_moves_the_elbow_and_not_the_hand():
    point = np.array([[0.5, 0.1, 0.15]])
    q = ik.solve(point)
    away = q.copy()
    # along the null space: the elbow swings, the hand stays
    null = np.linalg.svd(kinematics.pinch(q)[2][0])[2][-1]
    for _ in range(50):
        null = np.linalg.svd(kinematics.pinch(away)[2][0])[2][-1] * np.sign(null[2])
        away = away + 0.006 * null
    swung = np.abs(away - q).max()

    back = away
    for _ in range(200):
        at, hand, jacobian = kinematics.pinch(back)
        along, drift = ik.inverse(back, hand, jacobian)
        back = back + 0.02 * (drift + along[0] @ (ik.PULL_PER_S * (point - at)[0]))

    assert swung > 0.1
    assert np.abs(back - q).max() < 0.05 * swung
    assert np.abs(kinematics.pinch(back)[0] - point).max() < 1e-4


def test_a_hand_that_is_turned_is_turned_back():
    point = np.array([[0.5, 0.0, 0.2]])
    q = ik.solve(point)
    q[0, 6] += 0.3
    before = ik.residue(q, point)[0, 1]

    for _ in range(100):
        at, hand, jacobian = kinematics.pinch(q)
        along, drift = ik.inverse(q, hand, jacobian)
        q = q + 0.01 * (drift + along[0] @ (ik.PULL_PER_S * (point - at)[0]))

    assert before > 0.3
    assert ik.residue(q, point)[0, 1] < 1e-3
