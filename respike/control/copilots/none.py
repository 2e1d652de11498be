"""No copilot: every decoded position is taken as it is. The arm's limits still hold."""

import numpy as np

from respike.control.copilots.answer import Answer


class PassThrough:
    """The decoded hand, untouched."""

    assistance = 0.0

    def start(self, hand: np.ndarray, step_s: float) -> None:
        """Nothing to remember."""

    def step(self, decoded: np.ndarray, state: np.ndarray) -> Answer:
        """Take the decoded positions [E, 3] as they are, whatever the task phase."""
        return Answer(decoded, decoded, np.ones(len(decoded), bool))


def build() -> PassThrough:
    """No settings."""
    return PassThrough()
