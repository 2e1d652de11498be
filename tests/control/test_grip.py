"""A force that closes the gripper: one episode a grip."""

import numpy as np
import pytest

from respike.control import grip

TIME_S = np.arange(1200) / 100
MOTION = {"lag_s": 0.08, "share": 0.9}


def squeezes(starts=(2.0, 6.0, 9.5), length_s=1.0, level=10.0):
    """A force at rest with a few squeezes, 100 Hz."""
    force = np.zeros(len(TIME_S))
    for start in starts:
        since = TIME_S - start
        inside = (since >= 0) & (since < length_s)
        force[inside] = level
    return force


def ran(decoded, true=None):
    true = squeezes() if true is None else true
    return grip.run(grip.grips(TIME_S, true, decoded, 0.3, 0.2), 0.33, 1.0, **MOTION)


def test_hysteresis_closes_above_one_level_and_opens_below_another():
    force = np.array([0, 4, 6, 4, 6, 2, 4, 6, 3.5])

    assert grip.closes(force, on=5, off=3).tolist() == [0, 0, 1, 1, 1, 0, 0, 1, 1]


def test_an_episode_is_a_grip_with_a_second_on_each_side():
    found = grip.grips(TIME_S, squeezes(), squeezes(), 0.3, 0.2)

    assert [g.item for g in found] == [0, 1, 2]
    assert [len(g.true) for g in found] == [300, 300, 300]
    assert [int(g.true.argmax()) for g in found] == [100, 100, 100]


def test_windows_of_near_grips_meet_halfway():
    found = grip.grips(TIME_S, squeezes((2.0, 4.0)), squeezes((2.0, 4.0)), 0.3, 0.2)

    assert [len(g.true) for g in found] == [250, 250]


def test_a_grips_own_force_sets_no_level_for_it():
    decoded = squeezes()
    decoded[(TIME_S >= 6) & (TIME_S < 6.5)] = 5.0
    decoded[(TIME_S >= 6.5) & (TIME_S < 7)] = 20.0

    found = grip.grips(TIME_S, squeezes(), decoded, 0.3, 0.2)[1].decoded

    # 5 is above 30 % of the other grips' 10; with its own 20 the level would be 6
    assert found.sum() == 100


def test_a_force_decoded_too_small_has_levels_of_its_own():
    table = ran(5.0 + 0.1 * squeezes())

    assert table["held"].all()
    assert table["quiet"].all()


def test_the_true_force_holds_and_releases_every_time():
    table = ran(squeezes())

    assert table["held"].tolist() == [True] * 3
    assert table["quiet"].tolist() == [True] * 3
    assert table["released"].tolist() == [True] * 3
    assert table["followed"].tolist() == [True] * 3
    assert table["delay_s"].max() < 0.3
    assert table["unhandled"].sum() == 0


def test_a_force_that_never_changes_holds_nothing():
    table = ran(np.full(1200, 7.0))

    assert not table["held"].any()
    assert table["released"].all()
    assert table["delay_s"].tolist() == [-1.0] * 3


def test_a_force_that_never_rests_is_neither_quiet_nor_released():
    table = ran(np.where(TIME_S < 0.9, 0.0, 10.0))

    assert table["held"].all()
    assert not table["quiet"].any()
    assert not table["released"].any()
    assert not table["followed"].any()


def test_a_late_force_loses_the_grip():
    late = np.concatenate([np.zeros(60), squeezes()[:-60]])

    table = ran(late)

    assert not table["held"].any()
    assert table["overlap"].max() < ran(squeezes())["overlap"].min()


def test_a_grip_gives_the_same_bits_whoever_runs_beside():
    found = grip.grips(TIME_S, squeezes(), squeezes(), 0.3, 0.2)

    alone = grip.run(found[1:2], 0.33, 1.0, **MOTION)
    among = grip.run(found, 0.33, 1.0, **MOTION)

    for name, values in alone.items():
        assert values[0].tolist() == among[name][1].tolist(), name


@pytest.mark.parametrize("length_s", [0.03, 0.08])
def test_a_twitch_is_no_grip(length_s):
    true = squeezes((2.0, 6.0)) + squeezes((9.0,), length_s)

    assert len(grip.grips(TIME_S, true, true, 0.3, 0.2)) == 2
