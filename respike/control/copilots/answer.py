"""What every copilot answers, each tick of 10 ms."""

from typing import NamedTuple

import numpy as np


class Answer(NamedTuple):
    """One tick of E episodes.

    Attributes:
        hand: [E, 3] where the copilot believes the hand is, robot world [m]; what the human
            wants is told from it.
        target: [E, 3] where the arm is sent [m]; equal to `hand` without assistance.
        accepted: [E] the decoded position was believed.
    """

    hand: np.ndarray
    target: np.ndarray
    accepted: np.ndarray
