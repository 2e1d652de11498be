"""The arm by Denavit and Hartenberg, by our fast form, and by MuJoCo: one answer."""

import mujoco
import numpy as np
import pytest

from respike.control import kinematics, limits, panda

# Franka's published table: a, d, alpha of each joint, then the flange (modified DH, Craig).
TABLE = [
    (0, 0.333, 0), (0, 0, -np.pi / 2), (0, 0.316, np.pi / 2), (0.0825, 0, np.pi / 2),
    (-0.0825, 0.384, -np.pi / 2), (0, 0, np.pi / 2), (0.088, 0, np.pi / 2),
]  # fmt: skip


def by_the_book(q):
    """Flange pose by 4 x 4 matrices, one arm."""
    pose = np.eye(4)
    for (a, d, alpha), theta in zip(TABLE, q, strict=True):
        c, s, ca, sa = np.cos(theta), np.sin(theta), np.cos(alpha), np.sin(alpha)
        pose = pose @ np.array([
            [c, -s, 0, a],
            [s * ca, c * ca, -sa, -d * sa],
            [s * sa, c * sa, ca, d * ca],
            [0, 0, 0, 1],
        ])  # fmt: skip
    return pose @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0.107], [0, 0, 0, 1]])


@pytest.fixture(scope="module")
def arms():
    """200 arms anywhere between the joints' ends."""
    generator = np.random.default_rng(7)
    return generator.uniform(limits.Q_LOW, limits.Q_HIGH, (200, 7))


def mujoco_pose(q, site):
    model, data = panda.model(), mujoco.MjData(panda.model())
    data.qpos[panda.ARM] = q
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    found = data.site(site)
    linear, angular = np.zeros((3, model.nv)), np.zeros((3, model.nv))
    mujoco.mj_jacSite(model, data, linear, angular, found.id)
    jacobian = np.concatenate([linear, angular])[:, panda.ARM]
    return found.xpos.copy(), found.xmat.reshape(3, 3).copy(), jacobian


def test_mujocos_flange_is_where_the_published_table_puts_it(arms):
    for q in arms:
        position, rotation, _ = mujoco_pose(q, "flange")
        book = by_the_book(q)

        assert np.abs(position - book[:3, 3]).max() < 1e-6
        assert np.abs(rotation - book[:3, :3]).max() < 1e-6


def test_the_pinch_point_is_mujocos(arms):
    position, hand, jacobian = kinematics.pinch(arms)

    for e, q in enumerate(arms):
        there, rotation, slopes = mujoco_pose(q, "pinch")
        assert np.abs(position[e] - there).max() < 1e-6
        assert np.abs(hand[:, :, e].T - rotation).max() < 1e-6
        assert np.abs(jacobian[e] - slopes).max() < 1e-6


def test_the_jacobian_is_the_slope_of_position_and_orientation(arms):
    some, step = arms[:20], 1e-6
    _, hand, jacobian = kinematics.pinch(some)

    for joint in range(7):
        moved = np.zeros(7)
        moved[joint] = step
        ahead, hand_ahead, _ = kinematics.pinch(some + moved)
        behind, hand_behind, _ = kinematics.pinch(some - moved)
        slope = (ahead - behind) / (2 * step)
        turn = (hand_ahead - hand_behind) / (2 * step)  # of each axis: omega x axis
        omega = jacobian[:, 3:, joint]

        assert np.abs(slope - jacobian[:, :3, joint]).max() < 1e-8
        for k in range(3):
            assert np.abs(np.cross(omega, hand[k].T) - turn[k].T).max() < 1e-8


def test_an_arm_does_not_notice_its_neighbours(arms):
    alone = kinematics.pinch(arms[5:6])
    among = kinematics.pinch(arms)

    assert alone[0][0].tolist() == among[0][5].tolist()
    assert alone[2][0].tolist() == among[2][5].tolist()
