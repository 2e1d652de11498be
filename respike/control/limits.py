"""Limits on position, speed, acceleration and jerk that hold whatever is asked for.

A limiter is asked for a speed and gives a position: along each axis it moves at the speed
nearest to the one asked for from which it can still stop inside its range. What it held back
is a *hit*, counted by kind. A *violation* is a measured value beyond the published limit; no
run may have one, since a limiter that is right leaves none.

Source: the limits are Franka's published ones. MoveIt and libfranka's rate limiter bound the
derivatives alone; the braking speed towards the end of the range is ours.
"""

from typing import NamedTuple

import numpy as np

DT_S = 0.002  # one control step, one physics step
# Joints 1-7 of the Panda: [rad], [rad/s], [rad/s2], [rad/s3], [Nm].
Q_LOW = np.array([-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973])
Q_HIGH = np.array([2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973])
Q_SPEED = np.array([2.175, 2.175, 2.175, 2.175, 2.61, 2.61, 2.61])
Q_ACCELERATION = np.array([15.0, 7.5, 10.0, 12.5, 15.0, 20.0, 20.0])
Q_JERK = np.array([7500.0, 3750.0, 5000.0, 6250.0, 7500.0, 10000.0, 10000.0])
TORQUE_NM = np.array([87.0, 87.0, 87.0, 87.0, 12.0, 12.0, 12.0])
# What the pinch point may do along each axis [m/s], [m/s2] (ours; a reach of 25 cm in 0.8 s
# takes 0.6 and 2.2). Franka allows 1.7 and 13 along any line; the folded elbow is slower.
AXIS_SPEED = 0.6
AXIS_ACCELERATION = 2.5
# Towards the box's walls: slow enough for the joints in every direction and pose of the box.
WALL_BRAKE = 0.6

HITS = ("position", "speed", "acceleration", "jerk")


class Bounds(NamedTuple):
    """Range and derivative limits of D axes, each [D]."""

    low: np.ndarray
    high: np.ndarray
    speed: np.ndarray
    acceleration: np.ndarray
    jerk: np.ndarray


def joint_bounds(share: float) -> Bounds:
    """The arm's joints; `share` of each derivative's published limit, ends 1 degree early."""
    margin = np.pi / 180
    return Bounds(
        Q_LOW + margin, Q_HIGH - margin,
        share * Q_SPEED, share * Q_ACCELERATION, share * Q_JERK,
    )  # fmt: skip


def stoppable(room: np.ndarray, brake: np.ndarray | float) -> np.ndarray:
    """Largest speed that still stops within `room` at `brake`, after one more step at it."""
    step = brake * DT_S
    return np.sqrt(step * step + 2 * brake * np.maximum(room, 0.0)) - step


class Limiter:
    """Position, speed and acceleration of E x D axes, moved one control step at a time.

    Attributes:
        position, speed, acceleration: [E, D], the state after the last step.
        hits: [E, 4] steps in which at least one axis was held back, by kind (HITS).
    """

    def __init__(self, bounds: Bounds, position: np.ndarray):
        """Start at rest.

        Args:
            bounds: limits; the jerk must let the acceleration go from its limit to 0 in
                one step, as Franka's published values do.
            position: [E, D], inside the range.
        """
        if np.any(bounds.jerk * DT_S < bounds.acceleration * (1 - 1e-9)):
            raise ValueError("jerk limit too low for the braking speed to be safe")
        if np.any((position < bounds.low) | (position > bounds.high)):
            raise ValueError("a limiter starts inside its range")
        self.bounds = bounds
        self.position = position.astype(float)
        self.speed = np.zeros_like(self.position)
        self.acceleration = np.zeros_like(self.position)
        self.hits = np.zeros((len(position), len(HITS)), int)
        # Braking at half the limit leaves room for the steps in which the acceleration turns.
        self._brake = 0.5 * bounds.acceleration
        self._slack = 1e-9 * bounds.acceleration

    def step(self, wanted: np.ndarray) -> np.ndarray:
        """Move one step at the allowed speed nearest to the wanted one.

        Args:
            wanted: [E, D] speed asked for.

        Returns:
            [E, D] new position. Equal requests of two episodes never influence each other.
        """
        b = self.bounds
        up = stoppable(b.high - self.position, self._brake)
        down = -stoppable(self.position - b.low, self._brake)
        fast = np.minimum(np.maximum(wanted, -b.speed), b.speed)
        kept = np.minimum(np.maximum(fast, down), up)
        asked = (kept - self.speed) / DT_S
        change = np.minimum(np.maximum(asked, -b.acceleration), b.acceleration)
        most = b.jerk * DT_S
        turned = np.minimum(
            np.maximum(change, self.acceleration - most), self.acceleration + most
        )
        # The four comparisons cost as much as the rest: made only where something was held.
        if (abs(self.speed + DT_S * turned - wanted) > self._slack).any():
            held = (kept != fast, fast != wanted, abs(change - asked) > self._slack)
            for k, axes in enumerate((*held, turned != change)):
                self.hits[:, k] += axes.any(axis=1)
        self.acceleration = turned
        self.speed = self.speed + DT_S * turned
        self.position = self.position + DT_S * self.speed
        return self.position


class Guide:
    """Turns targets into smooth speeds of the pinch point, inside a box.

    A low-pass of third order with three equal poles, position error -> speed -> acceleration,
    each stage bounded; it works on the pinch point as commanded, so that what the joints
    could not do is never lost. A target of constant speed is followed `lag_s` behind.

    Attributes:
        hits: name -> [E] steps in which the box, the speed or the acceleration held back.
    """

    def __init__(self, count: int, low_m: np.ndarray, high_m: np.ndarray, lag_s: float):
        pole = 3.0 / lag_s
        self._gain, self._blend, self._turn = pole / 3.0, pole, 3.0 * pole * DT_S
        self._low, self._high = low_m, high_m
        self._pull = np.zeros((count, 3))
        names = ("workspace", "hand-position", "hand-speed", "hand-acceleration")
        self.hits = {name: np.zeros(count, int) for name in names}

    def step(self, at: np.ndarray, speed: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Speed [E, 3] [m/s] of the pinch point for the next step.

        Args:
            at, speed: [E, 3] of the pinch point as commanded.
            target: [E, 3] where it shall go; beyond the box it goes to the nearest wall.
        """
        inside = np.minimum(np.maximum(target, self._low), self._high)
        error = inside - at
        size = abs(error)
        # Far away: the speed from which half the acceleration still stops at the target.
        ask = np.minimum(self._gain * size, np.sqrt(AXIS_ACCELERATION * size))
        pull = self._blend * (np.sign(error) * np.minimum(ask, AXIS_SPEED) - speed)
        pull = self._pull + self._turn * (pull - self._pull)
        self._pull = np.minimum(np.maximum(pull, -AXIS_ACCELERATION), AXIS_ACCELERATION)
        wanted = speed + DT_S * self._pull
        up = stoppable(self._high - at, WALL_BRAKE)
        down = -stoppable(at - self._low, WALL_BRAKE)
        kept = np.minimum(np.maximum(wanted, down), up)
        held = self.hits
        held["workspace"] += (inside != target).any(axis=1)
        held["hand-position"] += (kept != wanted).any(axis=1)
        held["hand-speed"] += (ask > AXIS_SPEED).any(axis=1)
        held["hand-acceleration"] += (self._pull != pull).any(axis=1)
        return kept
