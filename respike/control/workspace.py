"""Where the human's hand is in the robot's world: one stated affine map, and the box kept to.

    robot_m = scale * Rz(-heading) (hand_cm - grasp_cm) / 100 + GRASP_M

`heading` is the direction of the human's reach, so that the robot reaches along its own x
axis with one finger on each side of the object. Height stays height.
"""

from typing import NamedTuple

import numpy as np

from respike.core.errors import RespikeError

GRASP_M = np.array([0.60, 0.0, 0.10])  # pinch point on the object's sides, object at rest
LOW_M = np.array([0.30, -0.25, 0.03])  # box of the pinch point; finger tips reach 9 mm lower
HIGH_M = np.array([0.68, 0.25, 0.35])


class Affine(NamedTuple):
    """robot_m = matrix @ hand_cm + offset_m."""

    matrix: np.ndarray
    offset_m: np.ndarray

    def __call__(self, hand_cm: np.ndarray) -> np.ndarray:
        """Map hand positions [..., 3] [cm] to the robot's world [m]."""
        x, y, z = hand_cm[..., 0, None], hand_cm[..., 1, None], hand_cm[..., 2, None]
        m = self.matrix
        return x * m[:, 0] + y * m[:, 1] + z * m[:, 2] + self.offset_m


def affine(rest_cm: list[float], grasp_cm: list[float], scale: float) -> Affine:
    """The map that takes the human's grasp to GRASP_M and the human's reach to +x.

    Args:
        rest_cm: where the hand rests between lifts, human frame, z up.
        grasp_cm: midpoint of thumb and index on the object at rest.
        scale: robot way per human way.

    Raises:
        RespikeError: landmarks above one another, or a rest outside the robot's box.
    """
    rest, grasp = np.asarray(rest_cm, float), np.asarray(grasp_cm, float)
    if rest.shape != (3,) or grasp.shape != (3,):
        raise RespikeError("control.rest_cm and control.grasp_cm are [x, y, z] in centimetres")
    reach = grasp[:2] - rest[:2]
    length = float(np.sqrt(reach @ reach))
    if length < 1.0:
        raise RespikeError(
            f"control.rest_cm {rest_cm} and control.grasp_cm {grasp_cm} are less than 1 cm "
            f"apart on the table; the reach needs a direction"
        )
    cos, sin = reach / length
    turn = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    matrix = scale / 100 * turn
    found = Affine(matrix, GRASP_M - matrix @ grasp)
    start = found(rest)
    if np.any(start < LOW_M) or np.any(start > HIGH_M):
        raise RespikeError(
            f"control.rest_cm {rest_cm} falls at {start.round(3).tolist()} m in the robot's "
            f"world, outside {LOW_M.tolist()} to {HIGH_M.tolist()}; lower control.scale"
        )
    return found
