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


def inverse(
    q: np.ndarray, hand: np.ndarray, jacobian: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Joint speeds as a linear function of the pinch point's velocity, at a pose.

    Args:
        q: [E, 7] joint angles [rad].
        hand, jacobian: [3, 3, E] and [E, 6, 7] of `kinematics.pinch(q)`.

    Returns:
        along [E, 7, 3] [rad/m] and drift [E, 7] [rad/s]: joint speeds are
        along @ velocity + drift; the drift turns the hand downwards and draws the spare
        joint to the posture. No limit is applied.
    """
    # Right sides: three unit velocities, and what orientation and posture ask for.
    task = np.zeros((len(q), 6, 4))
    task[:, DIAGONAL[:3], DIAGONAL[:3]] = 1.0
    # Small-angle orientation error: half the sum of (axis now) x (axis wanted).
    x, y, z = hand
    pull = 0.5 * PULL_PER_S
    # x wants (1, 0, 0), y wants (0, -1, 0), z wants (0, 0, -1)
    task[:, 3, 3] = pull * (y[2] - z[1])
    task[:, 4, 3] = pull * (x[2] + z[0])
    task[:, 5, 3] = pull * (-x[1] - y[0])
    posture = POSTURE_PER_S * (POSTURE - q)
    # J# (task - J posture) + posture: the posture acts only where the task leaves room.
    task[:, :, 3] -= (jacobian @ posture[:, :, None])[:, :, 0]
    across = jacobian.transpose(0, 2, 1)
    inner = jacobian @ across
    inner[:, DIAGONAL, DIAGONAL] += DAMPING * DAMPING
    found = across @ np.linalg.solve(inner, task)
    return found[:, :, :3], posture + found[:, :, 3]


def solve(position: np.ndarray, steps: int = 300, dt_s: float = 0.02) -> np.ndarray:
    """Joint angles whose pinch point is at `position` [E, 3] with the hand down.

    Starts at the posture and ends when every point is within 1e-9 m and 1e-9 rad, or
    after `steps`; the caller checks the residue (`residue`).
    """
    q = np.tile(POSTURE, (len(position), 1))
    for _ in range(steps):
        at, hand, jacobian = kinematics.pinch(q)
        along, drift = inverse(q, hand, jacobian)
        velocity = PULL_PER_S * (position - at)
        q = q + dt_s * (drift + (along @ velocity[:, :, None])[:, :, 0])
    return q


def residue(q: np.ndarray, position: np.ndarray) -> np.ndarray:
    """How far the pinch point is from `position` [m], the hand from pointing down, [E, 2]."""
    at, hand, _ = kinematics.pinch(q)
    gap, tilt = at - position, hand - DOWN[:, :, None]
    return np.sqrt(np.stack([(gap * gap).sum(axis=1), (tilt * tilt).sum(axis=(0, 1))], axis=1))
