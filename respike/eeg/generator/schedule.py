"""When a lift's events happen and where the hand goes: conditions, times, way points.

Times are frames of 10 ms since the start of the series, places are ticks of 2**-12 cm.
Source: the phases and their order are those of Luciw et al. 2014 (10.1038/sdata.2014.47);
LED on 2 s after a window's start and off 4.5 to 5.5 s later. Durations are ours.
"""

from typing import NamedTuple

import numpy as np

from respike.eeg.generator import tables
from respike.eeg.generator.noise import SD, normal, pieces

CM = 4096  # ticks
WEIGHTS_G = (165, 330, 660)
WEIGHT_CODES = (1, 2, 4)
SURFACES = ("sandpaper", "suede", "silk")
BLOCK_TYPES = {"weight": 1, "surface": 2, "mixed": 3}
BLOCKS = (
    "weight",
    "weight",
    "mixed",
    "surface",
    "weight",
    "weight",
    "mixed",
    "surface",
    "weight",
)
BEFORE_LED = 200  # a trial's window starts 2 s before its LED goes on
_DRAWS = 16


class Lift(NamedTuple):
    """One lift: conditions as indices, times in frames, way points in ticks."""

    weight: int
    surface: int
    led_on: int
    hand_start: int
    touch_index: int
    touch_thumb: int
    load_start: int
    lift_off: int
    top: int
    led_off: int
    down_start: int
    replace: int
    release_index: int
    release_thumb: int
    retract: int
    hand_stop: int
    grasp: tuple[int, int, int]
    height: int
    rest: tuple[int, int, int]

    @property
    def touch(self) -> int:
        """When both digits have touched the object."""
        return max(self.touch_index, self.touch_thumb)

    @property
    def released(self) -> int:
        """When both digits have left the object."""
        return max(self.release_index, self.release_thumb)


def conditions(seed: int, use: str, block: str, lifts: int) -> list[tuple[int, int]]:
    """Weight and surface of each lift of a series, balanced over every six lifts.

    In a weight series the surface is sandpaper, in a surface series the weight 330 g; a
    mixed series has 165 and 330 g on sandpaper and on silk.
    """
    six = {
        "weight": [(w, 0) for w in (0, 1, 2, 0, 1, 2)],
        "surface": [(1, s) for s in (0, 1, 2, 0, 1, 2)],
        "mixed": [(0, 0), (0, 2), (1, 0), (1, 2), (0, 0), (1, 2)],
    }[block]
    found: list[tuple[int, int]] = []
    draws = pieces(seed, use, 6 * (lifts // 6 + 1))
    for start in range(0, lifts, 6):
        order = np.argsort(draws[start : start + 6], kind="stable")
        found += [six[int(i)] for i in order]
    return found[:lifts]


def lifts(
    seed: int, use: str, cues: str, block: str, count: int, first: int = 250
) -> list[Lift]:
    """The lifts of one series.

    Args:
        seed: of the recording.
        use: stream of the movement; two uses with equal `cues` give two movements that
            share nothing but the cues.
        cues: stream of conditions and lights.
        block: weight, surface or mixed.
        count: number of lifts.
        first: frame of the first LED.

    Returns:
        Lifts in order; a longer series begins with a shorter one.
    """
    reaction = tables.table_reaction_frames()
    on = first
    previous = 1
    found = []
    for number, (weight, surface) in enumerate(conditions(seed, f"{cues}/order", block, count)):
        # the light goes on again only when even the slowest movement has come to rest
        cue = pieces(seed, f"{cues}/lift-{number}", 2)
        off = on + 450 + int(cue[0]) * 100 // 65536
        found.append(
            _lift(seed, f"{use}/lift-{number}", weight, surface, previous, on, off, reaction)
        )
        on = off + 460 + int(cue[1]) * 40 // 65536
        previous = weight
    return found


def _lift(seed, use, weight, surface, previous, on, off, reaction) -> Lift:
    z = normal(seed, use, _DRAWS)
    index = pieces(seed, f"{use}/reaction", 2) >> 6

    def around(k: int, mean: int, sd: int) -> int:
        return mean + int(z[k]) * sd // SD

    start = on + int(reaction[index[0]])
    touch = start + around(0, 100, 15)
    load = touch + 4 + around(1, (6, 9, 14)[surface], 1)
    # the load phase is planned for the previous weight, then corrected
    surprise = 8 if weight > previous else 0
    off_table = load + around(2, (25, 35, 50)[weight], 5) + surprise
    top = off_table + around(3, 45, 6)
    down = off + int(reaction[index[1]])
    replace = down + around(4, 75, 15)
    release = replace + around(5, 30, 6)
    retract = release + around(6, 12, 2)
    stop = retract + around(7, 100, 15)
    second, last = around(14, 3, 1) % 5, around(15, 3, 1) % 5
    return Lift(
        weight, surface, on, start, touch, touch + second, load + second, off_table + second,
        top + second, off, down, replace, release, release + last, retract + last, stop + last,
        grasp=(around(8, 26 * CM, CM * 3 // 5), around(9, 9 * CM, CM * 3 // 5),
               around(10, 7 * CM, CM * 3 // 5)),
        height=around(11, (26, 23, 21)[weight] * CM // 4, CM * 7 // 10),
        rest=(around(12, 0, CM // 2), around(13, 0, CM // 2), 0),
    )  # fmt: skip


def length(series: list[Lift]) -> int:
    """Frames of a series with these lifts."""
    return series[-1].led_off + 460
