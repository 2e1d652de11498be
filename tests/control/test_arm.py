"""Simulated arms under the control loop: they follow, they lift, they stop, and they repeat."""

import numpy as np
import pytest

from respike.control import limits, panda
from respike.control.arm import VIOLATIONS, Arms
from respike.control.workspace import GRASP_M, HIGH_M, LOW_M
from tests.control import hands


def arms(count=1, mass_kg=0.33, **more):
    settings = {"lag_s": 0.08, "share": 0.9, **more}
    start = np.tile(hands.REST_M, (count, 1))
    return Arms(start, np.full(count, mass_kg), np.ones(count), **settings)


def follow(robots, path, closes_at=None, opens_at=None):
    """Send every arm along a path [T, 3]; heights of the objects [T, E]."""
    heights = []
    count = len(robots.qpos)
    for tick, point in enumerate(path):
        closed = closes_at is not None and closes_at <= tick < opens_at
        robots.tick(np.tile(point, (count, 1)), np.full(count, 0.0 if closed else 0.04))
        heights.append(robots.qpos[:, panda.OBJECT][:, 2].copy())
    return np.array(heights)


@pytest.fixture(scope="module")
def reach():
    """A lift's path in the robot's world, without its object's weight."""
    return hands.TO_ROBOT(hands.lift())


def test_the_servo_follows_within_a_millimetre_only_with_feed_forward(reach):
    with_it, without = arms(), arms(feed_forward=False)

    follow(with_it, reach)
    follow(without, reach)

    assert with_it.counts()["servo_error_mm"][0] < 1.0
    assert without.counts()["servo_error_mm"][0] > 10.0
    assert with_it.violations.sum() == 0


@pytest.mark.parametrize("mass_kg", hands.WEIGHTS_KG)
def test_each_weight_is_lifted_carried_and_put_back(reach, mass_kg):
    robots = arms(mass_kg=mass_kg)

    heights = follow(robots, reach, closes_at=110, opens_at=400)[:, 0]
    top = heights[260]
    pose = robots.qpos[0, panda.OBJECT]

    assert top - heights[0] > 0.04
    assert pose[2] == pytest.approx(heights[0], abs=0.002)
    assert np.hypot(*(pose[:2] - GRASP_M[:2])) < 0.02
    assert pose[3] ** 2 > 0.99
    assert not robots.stopped.any()


def test_friction_too_low_lets_the_object_slip(reach):
    start = np.tile(hands.REST_M, (2, 1))
    robots = Arms(start, np.full(2, 0.66), np.array([1.0, 0.05]), lag_s=0.08, share=0.9)

    heights = follow(robots, reach, closes_at=110, opens_at=400)

    assert heights[260, 0] - heights[0, 0] > 0.04
    assert heights[260, 1] - heights[0, 1] < 0.01


def test_a_heavy_object_slips_where_a_light_one_holds(reach):
    start = np.tile(hands.REST_M, (2, 1))
    light_heavy = np.array([0.165, 0.66])
    robots = Arms(start, light_heavy, np.full(2, 0.12), lag_s=0.08, share=0.9)

    heights = follow(robots, reach[:280], closes_at=110, opens_at=400)

    assert heights[260, 0] - heights[0, 0] > 0.04
    assert heights[260, 1] - heights[0, 1] < 0.03


@pytest.mark.parametrize("spread_m", [0.01, 0.05, 0.5])
def test_wild_targets_break_no_limit(spread_m):
    generator = np.random.default_rng(3)
    robots = arms(count=3)
    low, high = LOW_M - 0.01, HIGH_M + 0.01

    for _ in range(60):
        target = [0.5, 0.0, 0.2] + spread_m * generator.standard_normal((3, 3))
        for _ in range(5):
            robots.tick(target, np.full(3, 0.04))
            assert (robots.pinch > low).all()
            assert (robots.pinch < high).all()
            assert (abs(robots._qvel[:, panda.ARM]) <= limits.Q_SPEED).all()

    assert robots.unhandled.sum() == 0
    counts = robots.counts()
    if spread_m == 0.5:
        assert counts["hits.workspace"].min() > 0
        assert counts["hits.hand-acceleration"].min() > 0


def test_an_arm_that_is_blocked_stops_and_yields():
    # pressed onto its plinth from 2 cm beside the object's grasp, far below what is free
    robots = arms()
    follow(robots, np.tile(GRASP_M + np.array([0.0, 0.045, 0.06]), (150, 1)))

    follow(robots, np.tile(GRASP_M + np.array([0.0, 0.045, -0.07]), (150, 1)))

    assert robots.stopped[0]
    assert robots.violations.sum() == 0  # the motors' torque said so first
    assert robots.counts()["hits.torque"][0] > 0
    assert robots.unhandled[0] == 0
    assert robots.pinch[0, 2] > 0.03  # not forced through


def test_after_a_stop_nothing_moves_the_arm_any_more():
    robots = arms()
    robots.stopped[:] = True

    follow(robots, np.tile(GRASP_M, (50, 1)))

    assert robots.pinch[0] == pytest.approx(hands.REST_M, abs=1e-3)


def test_a_simulation_that_blows_up_is_an_unhandled_violation(caplog):
    robots = arms()

    robots._qvel[0, 0] = np.nan
    follow(robots, np.tile(hands.REST_M, (1, 1)))

    assert robots.violations[0, VIOLATIONS.index("unstable")] > 0
    assert robots.unhandled[0] > 0
    assert "unstable" in caplog.text


def test_two_runs_are_equal_to_the_last_bit_whoever_runs_beside(reach):
    alone, among = arms(count=1), arms(count=4)
    follow(alone, reach[:200], closes_at=110, opens_at=400)

    for tick, point in enumerate(reach[:200]):
        targets = np.tile(point, (4, 1))
        targets[1:, 1] += 0.05  # the others go elsewhere
        among.tick(targets, np.full(4, 0.0 if tick >= 110 else 0.04))

    assert alone.qpos[0].tolist() == among.qpos[0].tolist()
    assert alone.counts()["servo_error_mm"][0] == among.counts()["servo_error_mm"][0]
