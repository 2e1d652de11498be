"""Inverse kinematics by damped least squares, with the spare joint kept near a posture.

Source: Nakamura and Hanafusa 1986 (J. Dyn. Syst. Meas. Control 108, 163-171) for the damping,
Liegeois 1977 for the null-space term. The damping is constant, where Nakamura and Hanafusa let
it grow near singular poses, because our workspace holds none (a test looks).
"""

import numpy as np

from respike.control import kinematics

POSTURE = np.array([0.0, -0.35, 0.0, -2.35, 0.0, 2.0, np.pi / 4])  # elbow up, hand down
DOWN = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]])  # the hand's x, y, z
DAMPING = 0.003
PULL_PER_S = 25.0  # how fast a position or orientation error is taken back
POSTURE_PER_S = 2.0
DIAGONAL = np.arange(6)


def speeds(
    q: np.ndarray, hand: np.ndarray, jacobian: np.ndarray, velocity: np.ndarray
) -> np.ndarray:
    """Joint speeds that give the pinch point a velocity and turn the hand downwards.

    Args:
        q: [E, 7] joint angles [rad].
        hand, jacobian: [3, 3, E] and [E, 6, 7] of `kinematics.pinch(q)`.
        velocity: [E, 3] of the pinch point [m/s].

    Returns:
        [E, 7] joint speeds [rad/s], unlimited.
    """
    task = np.empty((len(q), 6))
    task[:, :3] = velocity
    # Small-angle orientation error: half the sum of (axis now) x (axis wanted).
    x, y, z = hand
    pull = 0.5 * PULL_PER_S
    # x wants (1, 0, 0), y wants (0, -1, 0), z wants (0, 0, -1)
    task[:, 3] = pull * (y[2] - z[1])
    task[:, 4] = pull * (x[2] + z[0])
    task[:, 5] = pull * (-x[1] - y[0])
    across = jacobian.transpose(0, 2, 1)
    inner = jacobian @ across
    inner[:, DIAGONAL, DIAGONAL] += DAMPING * DAMPING
    posture = POSTURE_PER_S * (POSTURE - q)
    # J# (task - J posture) + posture: the posture acts only where the task leaves room.
    rest = task - (jacobian @ posture[:, :, None])[:, :, 0]
    return posture + (across @ np.linalg.solve(inner, rest[:, :, None]))[:, :, 0]


def solve(position: np.ndarray, steps: int = 300, dt_s: float = 0.02) -> np.ndarray:
    """Joint angles whose pinch point is at `position` [E, 3] with the hand down.

    Starts at the posture and ends when every point is within 1e-9 m and 1e-9 rad, or
    after `steps`; the caller checks the residue (`residue`).
    """
    q = np.tile(POSTURE, (len(position), 1))
    for _ in range(steps):
        at, hand, jacobian = kinematics.pinch(q)
        q = q + dt_s * speeds(q, hand, jacobian, PULL_PER_S * (position - at))
    return q


def residue(q: np.ndarray, position: np.ndarray) -> np.ndarray:
    """How far the pinch point is from `position` [m], the hand from pointing down, [E, 2]."""
    at, hand, _ = kinematics.pinch(q)
    gap, tilt = at - position, hand - DOWN[:, :, None]
    return np.sqrt(np.stack([(gap * gap).sum(axis=1), (tilt * tilt).sum(axis=(0, 1))], axis=1))
