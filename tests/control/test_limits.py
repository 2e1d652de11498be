"""Whatever is asked for, the limits hold; what they held back is counted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from respike.control import limits
from respike.control.limits import DT_S, HITS, Guide, Limiter
from respike.control.workspace import HIGH_M, LOW_M

BOUNDS = limits.joint_bounds(0.9)
MIDDLE = (BOUNDS.low + BOUNDS.high) / 2


def played(requests, share=0.9):
    """A limiter after requests [T, E, D], and what it gave: position to jerk."""
    limiter = Limiter(limits.joint_bounds(share), np.tile(MIDDLE, (requests.shape[1], 1)))
    rows = []
    for asked in requests:
        limiter.step(asked)
        rows.append((limiter.position, limiter.speed, limiter.acceleration))
    position, speed, acceleration = (np.array(values) for values in zip(*rows, strict=True))
    start = np.zeros_like(acceleration[:1])
    jerk = np.diff(np.concatenate([start, acceleration]), axis=0) / DT_S
    return limiter, position, speed, acceleration, jerk


@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.sampled_from([0.5, 3.0, 50.0, 1e6]),
    keep=st.sampled_from([1, 20, 400]),
)
@settings(max_examples=40, deadline=None)
def test_no_request_brings_a_joint_past_any_limit(seed, size, keep):
    generator = np.random.default_rng(seed)
    requests = size * generator.standard_normal((1200 // keep, 3, 7)).repeat(keep, axis=0)

    _, position, speed, acceleration, jerk = played(requests)

    assert (position >= limits.Q_LOW).all()
    assert (position <= limits.Q_HIGH).all()
    assert (abs(speed) <= BOUNDS.speed * (1 + 1e-9)).all()
    assert (abs(acceleration) <= BOUNDS.acceleration * (1 + 1e-9)).all()
    assert (abs(jerk) <= BOUNDS.jerk * (1 + 1e-9)).all()


def test_full_speed_towards_the_end_stops_before_it():
    limiter, position, speed, *_ = played(np.full((2500, 1, 7), 100.0))

    assert np.abs(position[-1] - BOUNDS.high).max() < 1e-3
    assert np.abs(speed[-1]).max() < 1e-3
    assert (position <= BOUNDS.high).all()
    assert limiter.hits[0][HITS.index("position")] > 100


@pytest.mark.parametrize(
    ("asked", "kind"),
    [(100.0, "speed"), (0.5, "acceleration")],
)
def test_a_hit_is_counted_by_its_kind(asked, kind):
    requests = np.zeros((20, 2, 7))
    requests[:, 0] = asked

    limiter, *_ = played(requests)

    assert limiter.hits[0][HITS.index(kind)] > 0
    assert limiter.hits[1].tolist() == [0, 0, 0, 0]


def test_a_gentle_request_is_followed_and_hits_nothing():
    t = np.arange(1000) * DT_S
    requests = 0.3 * np.sin(2 * t)[:, None, None] * np.ones((1, 1, 7))

    limiter, _, speed, *_ = played(requests)

    assert np.abs(speed - requests).max() < 1e-12
    assert limiter.hits.sum() == 0


def test_a_start_outside_the_range_is_a_bug():
    with pytest.raises(ValueError, match="starts inside"):
        Limiter(BOUNDS, BOUNDS.high[None] + 0.1)


def test_a_jerk_limit_too_low_to_brake_is_a_bug():
    with pytest.raises(ValueError, match="jerk limit too low"):
        Limiter(BOUNDS._replace(jerk=BOUNDS.jerk / 2), MIDDLE[None])


# ------------------------------------------------------------------ guide


def guided(targets, lag_s=0.08, start=(0.45, 0.0, 0.15)):
    """Path [T, 3] of an ideal pinch point that does what the guide says."""
    guide = Guide(1, LOW_M, HIGH_M, lag_s)
    at, speed = np.array([start]), np.zeros((1, 3))
    path = []
    for target in targets:
        speed = guide.step(at, speed, np.asarray(target)[None])
        at = at + DT_S * speed
        path.append(at[0])
    return np.array(path), guide


def test_a_far_target_is_reached_without_overshoot():
    path, _ = guided(np.tile([0.62, 0.0, 0.15], (1500, 1)))

    assert path[-1] == pytest.approx([0.62, 0.0, 0.15], abs=1e-4)
    assert path[:, 0].max() < 0.62 + 5e-4


@pytest.mark.parametrize("lag_s", [0.05, 0.08, 0.2])
def test_a_steady_target_is_followed_one_lag_behind(lag_s):
    t = np.arange(900) * DT_S
    targets = np.stack([0.40 + 0.1 * t, 0 * t, 0.15 + 0 * t], axis=1)

    path, _ = guided(targets, lag_s, start=(0.40, 0.0, 0.15))

    assert (targets[-1, 0] - path[-1, 0]) / 0.1 == pytest.approx(lag_s, abs=0.004)


@given(seed=st.integers(0, 2**32 - 1), size=st.sampled_from([0.02, 0.3, 5.0]))
@settings(max_examples=20, deadline=None)
def test_no_target_brings_it_out_of_the_box(seed, size):
    generator = np.random.default_rng(seed)
    targets = 0.45 + size * generator.standard_normal((300, 3)).repeat(8, axis=0)

    path, guide = guided(targets)

    assert (path > LOW_M - 1e-3).all()
    assert (path < HIGH_M + 1e-3).all()
    outside = ((targets < LOW_M) | (targets > HIGH_M)).any(axis=1).sum()
    assert guide.hits["workspace"][0] == outside
    speed = np.diff(path, axis=0) / DT_S
    assert np.abs(speed).max() < limits.AXIS_SPEED * 1.05


def test_an_arm_that_brakes_softly_still_stays_in_the_box():
    guide = Guide(1, LOW_M, HIGH_M, 0.08)
    at, speed, lowest = np.array([[0.45, 0.0, 0.30]]), np.zeros((1, 3)), 1.0

    for _ in range(1500):
        wanted = guide.step(at, speed, np.array([[0.45, 0.0, -1.0]]))
        speed = speed + np.clip(wanted - speed, -1.0 * DT_S, 1.0 * DT_S)  # 1 m/s2, no more
        at = at + DT_S * speed
        lowest = min(lowest, at[0, 2])

    assert lowest > LOW_M[2] - 0.002
    assert guide.hits["hand-position"][0] > 0
