"""Where the hand is and how it presses, from a list of lifts: integers at 100 Hz.

Positions are minimum-jerk segments (Flash and Hogan 1985) between way points, in ticks of
2**-12 cm; velocities are their exact derivative; forces are in 2**-10 N.
"""

from typing import NamedTuple

import numpy as np

from respike.eeg.generator.schedule import CM, WEIGHTS_G, Lift

VELOCITY_BITS = 4
NEWTON = 1024
# grip per load on one finger, 1 / (2 mu) in 1/60: friction 1.5, 1.1 and 0.7
_GRIP_PER_LOAD = (20, 27, 43)


class Movement(NamedTuple):
    """The movement of one series.

    Attributes:
        middle: midpoint of thumb and index, int64 [L, 3] [ticks].
        velocity: of the midpoint, int64 [L, 3] [2**-4 ticks per frame].
        aperture: distance of thumb and index, int64 [L] [ticks].
        height: of the object above the table, int64 [L] [ticks].
        load: total load force, int64 [L] [2**-10 N].
        grip: mean grip force of the two digits, int64 [L] [2**-10 N].
    """

    middle: np.ndarray
    velocity: np.ndarray
    aperture: np.ndarray
    height: np.ndarray
    load: np.ndarray
    grip: np.ndarray


def minimum_jerk(frames: int, distance: int) -> np.ndarray:
    """Way covered after each of 0..frames frames, rounded to the nearest tick."""
    i, n = np.arange(frames + 1, dtype="<i8"), frames
    whole = n * n * n * n * n
    shape = 10 * i * i * i * n * n - 15 * i * i * i * i * n + 6 * i * i * i * i * i
    return (2 * distance * shape + whole) // (2 * whole)


def minimum_jerk_velocity(frames: int, distance: int) -> np.ndarray:
    """Velocity at each of 0..frames frames [2**-4 ticks per frame]."""
    i, n = np.arange(frames + 1, dtype="<i8"), frames
    shape = 30 * i * i * (n - i) * (n - i)
    return (shape * distance << VELOCITY_BITS) // (n * n * n * n * n)


def move(lifts: list[Lift], frames: int) -> Movement:
    """The movement of a series with these lifts."""
    middle, velocity = np.zeros((frames, 3), "<i8"), np.zeros((frames, 3), "<i8")
    aperture, height = np.full(frames, 3 * CM, "<i8"), np.zeros(frames, "<i8")
    load, grip = np.zeros(frames, "<i8"), np.zeros(frames, "<i8")
    here = (0, 0, 0)
    for lift in lifts:
        up = (lift.grasp[0], lift.grasp[1], lift.grasp[2] + lift.height)
        way = [
            (lift.hand_start, lift.touch, lift.grasp),
            (lift.lift_off, lift.top, up),
            (lift.down_start, lift.replace, lift.grasp),
            (lift.retract, lift.hand_stop, lift.rest),
        ]
        for start, stop, there in way:
            for axis in range(3):
                distance = there[axis] - here[axis]
                _put(middle[:, axis], start, stop, here[axis], distance)
                velocity[start : stop + 1, axis] = minimum_jerk_velocity(stop - start, distance)
            here = there
        _put(height, lift.lift_off, lift.top, 0, lift.height)
        _put(height, lift.down_start, lift.replace, lift.height, -lift.height)
        _open(aperture, lift)
        _press(load, grip, lift)
    return Movement(middle, velocity, aperture, height, load, grip)


def _put(signal: np.ndarray, start: int, stop: int, base: int, distance: int) -> None:
    signal[start : stop + 1] = base + minimum_jerk(stop - start, distance)
    signal[stop + 1 :] = base + distance


def _open(aperture: np.ndarray, lift: Lift) -> None:
    wide, contact, rest = 9 * CM, 9 * CM // 2, 3 * CM
    most = lift.hand_start + (lift.touch - lift.hand_start) * 2 // 3
    _put(aperture, lift.hand_start, most, rest, wide - rest)
    _put(aperture, most, lift.touch, wide, contact - wide)
    _put(aperture, lift.replace, lift.released, contact, 2 * CM)
    _put(
        aperture,
        lift.retract + 1,
        lift.hand_stop + 1,
        contact + 2 * CM,
        rest - contact - 2 * CM,
    )


def _press(load: np.ndarray, grip: np.ndarray, lift: Lift) -> None:
    full = (WEIGHTS_G[lift.weight] * 981 * NEWTON + 50000) // 100000
    firm = full * _GRIP_PER_LOAD[lift.surface] // 60 + NEWTON
    _put(load, lift.load_start, lift.lift_off, 0, full)
    _put(grip, lift.touch, lift.lift_off, 0, firm)
    _put(load, lift.replace, lift.released, full, -full)
    _put(grip, lift.replace, lift.released, firm, -firm)
