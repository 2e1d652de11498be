"""A copilot that doubts: decoded positions that a slow hand could not have reached are dropped.

A constant-velocity predictor an episode, its process noise set by the task phase; a decoded
position is accepted while its innovation d2 = (y - p)' S^-1 (y - p) lies below the chi-square
quantile with 3 degrees of freedom. A rejected position is replaced: the estimate stands still
while the object is loaded or held, else it is carried on for at most 150 ms and then stands.
While positions are rejected the predictor's variance grows, so that a hand that did move is
believed after a while.

Source: the abstract of arXiv:2603.27492 (a critic aware of the motion state inside a
finite-state machine); its critic is not described there, so this one is ours. Gate: Bar-Shalom
and Fortmann 1988, section 5.4. Shared autonomy: `assistance` blends the estimate with the known
grasp point while the hand is near it (Dragan and Srinivasa 2013); 0 is none, 1 is autonomous.
The gate is told the decoder's spread (`sigma_cm`): a setting of the study, never taken from
test trials.
"""

import numpy as np
from scipy.stats import chi2

from respike.control import phases
from respike.control.copilots.answer import Answer
from respike.control.workspace import GRASP_M
from respike.core.errors import RespikeError

# Standard deviation of the hand's acceleration [m/s2], by phase: nearly still or on its way.
# Chosen on tuning seeds 2000 and 2001 of the synthetic set, among five such lists.
ACCELERATION = {
    phases.REST: 2.0, phases.REACH: 5.0, phases.LOAD: 1.0, phases.LIFT: 3.0, phases.HOLD: 0.8,
    phases.REPLACE: 2.0, phases.RELEASE: 1.0, phases.RETURN: 5.0, phases.SAFE_HOLD: 1.0,
}  # fmt: skip
STILL = (phases.LOAD, phases.HOLD, phases.RELEASE)
ASSISTED = (phases.REACH, phases.LOAD)
CARRY_S = 0.15


class InnovationGate:
    """Gated constant-velocity estimate of E hands, blended with the object where declared."""

    def __init__(self, sigma_m, quantile, assistance, radius_m):
        self.assistance = assistance
        self._radius_m = radius_m
        self._noise = sigma_m * sigma_m
        self._gate = float(chi2.ppf(quantile, 3))
        spread = np.array([ACCELERATION[s] for s in range(len(phases.NAMES))])
        # Independent accelerations each tick of 10 ms.
        self._drive = spread * spread * phases.TICK_S
        self._still = np.isin(np.arange(len(phases.NAMES)), STILL)
        self._assisted = np.isin(np.arange(len(phases.NAMES)), ASSISTED)

    def start(self, hand: np.ndarray, step_s: float) -> None:
        """Begin with hands at rest.

        Args:
            hand: [E, 3] robot world [m].
            step_s: time between two decoded positions.
        """
        count = len(hand)
        self._step_s = step_s
        self._at, self._speed = hand.copy(), np.zeros_like(hand)
        # Variance of position, covariance, variance of speed; the three axes share them.
        self._pp = np.full(count, self._noise)
        self._pv = np.zeros(count)
        self._vv = np.full(count, 0.01)
        self._missed_s = np.zeros(count)

    def step(self, decoded: np.ndarray, state: np.ndarray) -> Answer:
        """Take one decoded position [E, 3] [m] an episode, in task phase `state` [E]."""
        dt = self._step_s
        drive = self._drive[state]
        moving = ~(self._still[state] & (self._missed_s > 0)) & (self._missed_s <= CARRY_S)
        self._speed = np.where(moving[:, None], self._speed, 0.0)
        ahead = self._at + dt * self._speed
        pp = self._pp + 2 * dt * self._pv + dt * dt * self._vv + drive * dt * dt * dt / 3
        pv = self._pv + dt * self._vv + drive * dt * dt / 2
        vv = self._vv + drive * dt

        innovation = decoded - ahead
        total = pp + self._noise
        accepted = (innovation * innovation).sum(axis=1) < self._gate * total
        gain_p = np.where(accepted, pp / total, 0.0)
        gain_v = np.where(accepted, pv / total, 0.0)
        self._at = ahead + gain_p[:, None] * innovation
        self._speed = self._speed + gain_v[:, None] * innovation
        self._vv = vv - gain_v * pv
        self._pv = pv - gain_p * pv
        self._pp = pp - gain_p * pp
        self._missed_s = np.where(accepted, 0.0, self._missed_s + dt)
        return Answer(self._at, self._blend(state), accepted)

    def _blend(self, state: np.ndarray) -> np.ndarray:
        gap = self._at - GRASP_M
        far = np.sqrt((gap * gap).sum(axis=1)) / self._radius_m
        near = np.minimum(np.maximum(2.0 - far, 0.0), 1.0)  # 1 within the radius, 0 at twice it
        share = self.assistance * near * self._assisted[state]
        return self._at - share[:, None] * gap


def build(
    *,
    sigma_cm: float = 1.0,
    quantile: float = 0.99,
    assistance: float = 0.5,
    radius_cm: float = 3.0,
) -> InnovationGate:
    """The gate.

    Args:
        sigma_cm: standard deviation of a decoded coordinate around the hand, in robot way.
        quantile: share of honest positions that pass.
        assistance: blend with the grasp point in reach and load, in [0, 1].
        radius_cm: full blend within this distance of the grasp point, none beyond twice it.

    Raises:
        RespikeError: a setting outside its range.
    """
    if not sigma_cm > 0 or not radius_cm > 0:
        raise RespikeError(
            f"innovation-gate: sigma_cm is {sigma_cm}, radius_cm {radius_cm}; both must be > 0"
        )
    if not 0 < quantile < 1:
        raise RespikeError(f"innovation-gate: quantile is {quantile}; it must lie in (0, 1)")
    if not 0 <= assistance <= 1:
        raise RespikeError(
            f"innovation-gate: assistance is {assistance}; it must lie in [0, 1]"
        )
    return InnovationGate(sigma_cm / 100, quantile, assistance, radius_cm / 100)
