"""Task phases from the hand's estimate and simulated contact, one rule at a time."""

import numpy as np
import pytest

from respike.control import phases
from respike.control.phases import NAMES, Phases, Senses
from respike.control.workspace import GRASP_M

REST_M = GRASP_M - np.array([0.25, 0.0, 0.06])
UP = np.array([0.0, 0.0, 1.0])


def seen(**changed):
    """One robot at rest, the hand at rest, the object standing; what is given differs."""
    row = {
        "hand": REST_M, "pinch": REST_M, "speed": 0.0, "touch": [0.0, 0.0],
        "standing": True, "aperture": 0.04, **changed,
    }  # fmt: skip
    return Senses(**{name: np.array([value]) for name, value in row.items()})


GRASPED = {"pinch": GRASP_M, "hand": GRASP_M, "touch": [20.0, 20.0], "aperture": 0.0225}


def at(state):
    """A machine in a state, as if it had come there by itself."""
    machine = Phases(REST_M[None])
    machine.state[:] = NAMES.index(state)
    machine._level[:] = GRASP_M[2]
    return machine


def after(machine, ticks=1, **changed):
    for _ in range(ticks):
        machine.step(seen(**changed))
    return NAMES[machine.state[0]]


def test_a_whole_lift_visits_every_phase_in_order():
    machine = Phases(REST_M[None])
    away = GRASP_M - np.array([0.2, 0, 0])
    script = [
        (1, {}),
        (3, {"hand": REST_M + np.array([0.06, 0, 0])}),
        (3, {"hand": GRASP_M, "pinch": GRASP_M}),
        (12, GRASPED),
        (3, {**GRASPED, "hand": GRASP_M + 0.02 * UP}),
        (3, {**GRASPED, "hand": GRASP_M + 0.05 * UP, "pinch": GRASP_M + 0.03 * UP}),
        (3, {**GRASPED, "hand": GRASP_M + 0.02 * UP, "pinch": GRASP_M + 0.02 * UP}),
        (12, GRASPED),
        (3, {"hand": GRASP_M, "pinch": GRASP_M}),
        (3, {"hand": away, "pinch": away}),
    ]
    visited = [NAMES[machine.state[0]]]

    for ticks, changed in script:
        for _ in range(ticks):
            name = after(machine, **changed)
            if name != visited[-1]:
                visited.append(name)

    assert visited[:9] == [*NAMES[:8], "rest"]


@pytest.mark.parametrize("name", NAMES)
def test_fingers_close_from_load_to_replace_and_nowhere_else(name):
    machine = at(name)
    held = {**GRASPED, "hand": GRASP_M + 0.035 * UP, "pinch": GRASP_M + 0.015 * UP}

    stayed = after(machine, **{**held, "aperture": 0.03}) == name

    if stayed:
        assert machine.closed[0] == (name in {"load", "lift", "hold", "replace", "safe-hold"})
    else:
        assert name in {"load", "rest", "return"}


def test_a_fast_arm_does_not_close_on_the_object():
    machine = at("reach")

    fast = after(machine, hand=GRASP_M, pinch=GRASP_M, speed=0.3)
    slow = after(machine, hand=GRASP_M, pinch=GRASP_M, speed=0.01)

    assert (fast, slow) == ("reach", "load")


def test_the_arm_stands_still_until_both_fingers_hold():
    machine = at("load")

    after(machine, ticks=3, hand=GRASP_M, pinch=GRASP_M, touch=[20.0, 0.0])
    waiting = bool(machine.still[0])
    after(machine, ticks=12, **GRASPED)

    assert waiting
    assert not machine.still[0]


def test_a_hand_that_rises_without_the_object_is_no_lift():
    machine = at("load")

    assert after(machine, ticks=20, hand=GRASP_M + 0.03 * UP, pinch=GRASP_M) == "load"


def test_a_grasp_of_nothing_is_given_up_after_a_second():
    machine = at("load")

    before = after(machine, ticks=95, hand=GRASP_M, pinch=GRASP_M, aperture=0.0)
    later = after(machine, ticks=10, hand=GRASP_M, pinch=GRASP_M, aperture=0.0)
    opened = after(machine, hand=GRASP_M, pinch=GRASP_M)

    assert before == "load"
    assert later == "reach"  # and not at once back: the fingers open first
    assert opened == "load"


def test_an_object_lost_on_the_way_ends_in_safe_hold():
    machine = at("hold")

    name = after(machine, ticks=12, hand=GRASP_M + 0.05 * UP, pinch=GRASP_M + 0.05 * UP)

    assert name == "safe-hold"
    assert machine.still[0]
    assert after(machine, ticks=50, **GRASPED) == "safe-hold"


def test_one_bad_moment_of_contact_loses_nothing():
    machine = at("hold")

    name = after(machine, ticks=3, hand=GRASP_M + 0.05 * UP, pinch=GRASP_M + 0.05 * UP)

    assert name == "hold"


@pytest.mark.parametrize(
    ("rise_m", "standing", "ticks"), [(0.012, True, 12), (0.004, False, 35)]
)
def test_the_object_is_released_when_it_stands_or_the_hand_lingers(rise_m, standing, ticks):
    machine = at("replace")
    sense = {**GRASPED, "hand": GRASP_M + rise_m * UP, "standing": standing}

    assert after(machine, ticks=3, **sense) == "replace"
    assert after(machine, ticks=ticks, **sense) in {"release", "return"}


def test_a_hand_that_rises_again_is_still_holding():
    machine = at("replace")

    assert after(machine, **{**GRASPED, "hand": GRASP_M + 0.045 * UP}) == "hold"


def test_episodes_do_not_share_a_state():
    machine = Phases(np.tile(REST_M, (2, 1)))
    rows = [seen(hand=REST_M + np.array([0.1, 0, 0])), seen()]

    machine.step(Senses(*(np.concatenate(pair) for pair in zip(*rows, strict=True))))

    assert machine.state.tolist() == [phases.REACH, phases.REST]
