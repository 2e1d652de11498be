"""Forward kinematics and Jacobian of the Panda arm, many arms at a time, in NumPy.

Source: Franka's published (modified) Denavit-Hartenberg table; x is the pinch point, 45 degrees
about the flange's axis and .1034 m beyond it, where Franka's own hand has its tool centre.
A test compares every number here with MuJoCo's reading of panda.xml.
"""

import numpy as np

# a (previous link) [m], d [m], alpha (previous link) [quarter turns]
DH = (
    (0.0, 0.333, 0),
    (0.0, 0.0, -1),
    (0.0, 0.316, 1),
    (0.0825, 0.0, 1),
    (-0.0825, 0.384, -1),
    (0.0, 0.0, 1),
    (0.088, 0.0, 1),
)
FLANGE_M = 0.107
PINCH_M = FLANGE_M + 0.1034
HALF = 0.7071067811865476  # cos and sin of the hand's 45 degrees
J = len(DH)


def joints(q: np.ndarray) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
    """Axes of the seven joints and the last link's frame, components first.

    Args:
        q: [E, 7] joint angles [rad].

    Returns:
        axis [3, 7, E] the joints turn about, origin [3, 7, E] [m], and the last frame's
        axes x, y, z [3, E], all in the world frame.
    """
    count = len(q)
    cos, sin = np.cos(q).T.copy(), np.sin(q).T.copy()
    axis, origin = np.empty((3, J, count)), np.empty((3, J, count))
    x, y, z = np.zeros((3, 3, count))
    x[0] = y[1] = z[2] = 1.0
    point = np.zeros((3, count))
    for joint, (a, d, turn) in enumerate(DH):
        # Rot_x(alpha) Trans_x(a) Rot_z(theta) Trans_z(d); alpha is 0 or a quarter turn
        if turn > 0:
            y, z = z, -y
        elif turn < 0:
            y, z = -z, y
        if a:
            point = point + a * x
        if d:
            point = point + d * z
        c, s = cos[joint], sin[joint]
        x, y = c * x + s * y, c * y - s * x
        axis[:, joint], origin[:, joint] = z, point
    return axis, origin, (x, y, z)


def pinch(q: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Position, orientation and Jacobian of the point between the fingertips.

    Args:
        q: [E, 7] joint angles [rad].

    Returns:
        position [E, 3] [m], hand [3, 3, E] (the hand's axes x, y, z, each by components) and
        jacobian [E, 6, 7]: rows 0-2 linear [m/rad], rows 3-5 angular, in the world frame.
    """
    axis, origin, (x, y, z) = joints(q)
    position = origin[:, -1] + PINCH_M * z
    hand = np.empty((3, 3, len(q)))
    hand[0], hand[1], hand[2] = HALF * (x - y), HALF * (x + y), z
    a, r = axis, position[:, None] - origin
    jacobian = np.empty((len(q), 6, J))
    rows = jacobian.transpose(1, 2, 0)
    rows[0] = a[1] * r[2] - a[2] * r[1]
    rows[1] = a[2] * r[0] - a[0] * r[2]
    rows[2] = a[0] * r[1] - a[1] * r[0]
    rows[3:] = axis
    return position.T, hand, jacobian
