"""Task phases REST .. RETURN, told from the hand's estimate and simulated contact alone.

Source: the states and their order are those of the lifts' events in WAY-EEG-GAL (Luciw et al.
2014); thresholds are ours. No state is told from a true event: `hand` is whatever estimate
the caller gives (in oracle mode the true hand, and every output then says so).

The machine opens and closes the gripper, and asks the arm to stand still while the fingers
close on the object or open, and after an object was lost (SAFE_HOLD).
"""

from typing import NamedTuple

import numpy as np

from respike.control.workspace import GRASP_M

NAMES = (
    "rest", "reach", "load", "lift", "hold", "replace", "release", "return", "safe-hold",
)  # fmt: skip
REST, REACH, LOAD, LIFT, HOLD, REPLACE, RELEASE, RETURN, SAFE_HOLD = range(len(NAMES))
TICK_S = 0.01

LEAVE_M = 0.04  # hand this far from rest: a reach has begun
NEAR_M = 0.025  # pinch point this near the grasp point ...
SLOW_M_S = 0.06  # ... and this slow: the fingers may close
AWAY_M = 0.07  # hand this far from the object: the grasp is given up
UP_M = 0.010  # hand risen: lift; fallen back to half of it: not yet
HELD_M = 0.020  # pinch risen: hold
DOWN_M = 0.028  # hand low again: replace; 1 cm higher again: still hold
TABLE_M = 0.015  # hand this low with the object standing: release ...
LOW_M = 0.008  # ... or this low for LINGER_S, should it hang a little above its plinth
LINGER_S = 0.3
FIRM_N = 0.5  # a finger touches
OPEN_M = 0.034  # aperture per finger that counts as open
DWELL_S = 0.08  # contact or its loss counts after this time
GIVE_UP_S = 1.0  # closing without touching


class Senses(NamedTuple):
    """What the machine sees of E robots.

    Attributes:
        hand: [E, 3] estimate of the human's hand, robot world [m].
        pinch: [E, 3] the robot's pinch point [m].
        speed: [E] speed of the arm's reference [m/s].
        touch: [E, 2] normal force on each finger pad [N].
        standing: [E] the object touches its plinth.
        aperture: [E] opening per finger [m].
    """

    hand: np.ndarray
    pinch: np.ndarray
    speed: np.ndarray
    touch: np.ndarray
    standing: np.ndarray
    aperture: np.ndarray


class Phases:
    """State machines of E episodes, stepped every 10 ms.

    Attributes:
        state: [E] index into NAMES.
        closed: [E] the gripper is asked to close.
        still: [E] the arm is asked to stand.
    """

    def __init__(self, rest: np.ndarray):
        """Args: rest: [E, 3] where the arm starts [m]."""
        count = len(rest)
        self.rest = rest
        self.state = np.zeros(count, int)
        self.closed = np.zeros(count, bool)
        self.still = np.zeros(count, bool)
        self._since = np.zeros(count)  # time in the state
        self._firm = np.zeros(count)  # time both fingers touch
        self._lost = np.zeros(count)  # time neither does
        self._stood = np.zeros(count)  # time standing and nearly down
        self._low = np.zeros(count)  # time down
        self._level = np.zeros(count)  # hand's height when the fingers closed

    def step(self, senses: Senses) -> np.ndarray:
        """Move on by one tick; at most one transition an episode. Returns the states."""
        s, state = senses, self.state
        touching = (s.touch >= FIRM_N).all(axis=1)
        self._firm = np.where(touching, self._firm + TICK_S, 0.0)
        self._lost = np.where((s.touch < FIRM_N).all(axis=1), self._lost + TICK_S, 0.0)
        firm, lost = self._firm >= DWELL_S, self._lost >= DWELL_S
        gone = _length((s.hand - GRASP_M)[:, :2])
        gap = _length(s.pinch - GRASP_M)
        left = _length((s.hand - self.rest)[:, :2])
        rise = s.hand[:, 2] - self._level
        self._stood = np.where(s.standing & (rise < TABLE_M), self._stood + TICK_S, 0.0)
        self._low = np.where(rise < LOW_M, self._low + TICK_S, 0.0)
        down = (self._stood >= DWELL_S) | (self._low >= LINGER_S)

        carrying = (state == LIFT) | (state == HOLD) | (state == REPLACE)
        rules = (
            (REST, REACH, left > LEAVE_M),
            (REACH, REST, left < 0.5 * LEAVE_M),
            (REACH, LOAD, (gap < NEAR_M) & (s.speed < SLOW_M_S) & (s.aperture > OPEN_M)),
            (LOAD, REACH, (gone > AWAY_M) | (~firm & (self._since > GIVE_UP_S))),
            (LOAD, LIFT, firm & (rise > UP_M)),
            (LIFT, LOAD, rise < 0.5 * UP_M),
            (LIFT, HOLD, s.pinch[:, 2] - GRASP_M[2] > HELD_M),
            (HOLD, REPLACE, rise < DOWN_M),
            (REPLACE, HOLD, rise > DOWN_M + 0.01),
            (REPLACE, RELEASE, down),
            (RELEASE, RETURN, s.aperture > OPEN_M),
            (RETURN, REST, gone > 2 * AWAY_M),
        )
        new = state.copy()
        free = np.ones(len(state), bool)
        for where, to, when in ((None, SAFE_HOLD, carrying & lost), *rules):
            go = free & when if where is None else free & when & (state == where)
            new[go] = to
            free &= ~go
        entered = new != state
        self._level = np.where(
            entered & (new == LOAD) & (state == REACH), s.hand[:, 2], self._level
        )
        self._since = np.where(entered, 0.0, self._since + TICK_S)
        self.state = new
        self.closed = (new == LOAD) | (new == LIFT) | (new == HOLD) | (new == REPLACE)
        self.closed |= (new == SAFE_HOLD) & ~entered
        self.still = ((new == LOAD) & ~firm) | (new == RELEASE) | (new == SAFE_HOLD)
        return new


def _length(v: np.ndarray) -> np.ndarray:
    return np.sqrt((v * v).sum(axis=1))
