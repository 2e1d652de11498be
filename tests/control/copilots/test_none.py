"""The copilot that does nothing."""

import numpy as np

from respike.core.parts import make


def test_it_takes_every_position_as_it_is():
    copilot = make("copilot", "none")
    decoded = np.random.default_rng(0).normal(size=(4, 3))

    copilot.start(np.zeros((4, 3)), 0.01)
    answer = copilot.step(decoded, np.zeros(4, int))

    assert answer.hand.tolist() == decoded.tolist()
    assert answer.target.tolist() == decoded.tolist()
    assert answer.accepted.all()
    assert copilot.assistance == 0
