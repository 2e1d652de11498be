"""Synthetic hands for the tests of control: minimum-jerk lifts in the human's centimetres."""

import numpy as np

from respike.control import rollout, workspace

REST_CM, GRASP_CM = [0.0, 0.0, 0.0], [26.0, 9.0, 7.0]
TO_ROBOT = workspace.affine(REST_CM, GRASP_CM, 0.9)
REST_M = TO_ROBOT(np.array(REST_CM))
WEIGHTS_KG = (0.165, 0.330, 0.660)


def minimum_jerk(ticks):
    """Share of the way covered after each of 1..ticks ticks."""
    s = np.arange(1, ticks + 1) / ticks
    return 10 * s**3 - 15 * s**4 + 6 * s**5


def lift(grasp_off_cm=(0.0, 0.0, 0.0), rise_cm=5.8, hold_ticks=80):
    """One lift at 100 Hz [T, 3] [cm], from rest to rest."""
    rest = np.array(REST_CM)
    grasp = np.array(GRASP_CM) + np.array(grasp_off_cm)
    top = grasp + np.array([0.0, 0.0, rise_cm])
    path = [np.tile(rest, (10, 1))]
    for there, ticks, stay in (
        (grasp, 80, 60), (top, 45, hold_ticks), (grasp, 75, 55), (rest, 90, 10),
    ):  # fmt: skip
        here = path[-1][-1]
        path.append(here + minimum_jerk(ticks)[:, None] * (there - here))
        path.append(np.tile(there, (stay, 1)))
    return np.concatenate(path)


def trial(item=0, path_cm=None, decoded_cm=None, mass_kg=0.330, friction=1.0):
    """A trial whose decoded hand is the true one unless another is given."""
    true = lift() if path_cm is None else path_cm
    decoded = true if decoded_cm is None else decoded_cm
    return rollout.Trial(item, TO_ROBOT(decoded), TO_ROBOT(true), mass_kg, friction)
