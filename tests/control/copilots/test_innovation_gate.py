"""The gate: it passes what a hand could do, drops what none could, and helps as declared."""

import numpy as np
import pytest
from scipy.stats import chi2

from respike.control import phases
from respike.control.copilots.innovation_gate import build
from respike.control.workspace import GRASP_M
from respike.core.errors import RespikeError

HERE = GRASP_M - np.array([0.2, 0.0, 0.0])


def started(count=1, step_s=0.01, at=HERE, **settings):
    gate = build(**{"sigma_cm": 1.0, "assistance": 0.0, **settings})
    gate.start(np.tile(at, (count, 1)), step_s)
    return gate


def run(gate, positions, state=phases.HOLD):
    """Answers for positions [T, 3] of one episode."""
    return [gate.step(np.asarray(p)[None], np.array([state])) for p in positions]


def test_a_still_hand_with_the_noise_it_was_told_of_is_accepted():
    generator = np.random.default_rng(1)
    noisy = HERE + 0.01 * generator.standard_normal((2000, 3))

    answers = run(started(), noisy)
    accepted = np.array([a.accepted[0] for a in answers])

    # white noise of the declared size passes at the declared share, or oftener: S holds more
    assert accepted.mean() > 0.985
    error = np.array([a.hand[0] for a in answers[200:]]) - HERE
    assert error.std() < 0.5 * 0.01


@pytest.mark.parametrize("jump_m", [0.12, 0.3])
def test_a_jump_is_rejected_and_the_estimate_stands(jump_m):
    gate = started()
    run(gate, np.tile(HERE, (100, 1)))

    burst = run(gate, np.tile(HERE + np.array([0, jump_m, 0]), (10, 1)))

    assert not any(a.accepted[0] for a in burst)
    assert np.abs(burst[-1].hand[0] - HERE).max() < 1e-3


def test_a_hand_that_did_move_is_believed_in_the_end():
    gate = started()
    run(gate, np.tile(HERE, (100, 1)))

    moved = run(gate, np.tile(HERE + np.array([0, 0.12, 0]), (300, 1)))

    assert moved[-1].accepted[0]
    assert moved[-1].hand[0] == pytest.approx(HERE + np.array([0, 0.12, 0]), abs=0.01)


def test_the_gate_is_the_quantile_of_three_axes():
    # the first innovation's variance is known: started() gives pp = sigma^2 before the step
    gate = started(step_s=1e-6)
    edge = 0.01 * np.sqrt(2 * chi2.ppf(0.99, 3))

    inside, outside = started(step_s=1e-6), gate
    kept = run(inside, [HERE + np.array([0.999 * edge, 0, 0])])[0]
    dropped = run(outside, [HERE + np.array([1.001 * edge, 0, 0])])[0]

    assert kept.accepted[0]
    assert not dropped.accepted[0]


def test_a_moving_hand_is_carried_on_for_150_ms_and_then_stands():
    gate = started()
    t = np.arange(100) * phases.TICK_S
    path = HERE + np.stack([0.3 * t, 0 * t, 0 * t], axis=1)
    last = run(gate, path, phases.REACH)[-1].hand[0, 0]

    far = HERE + np.array([0.0, 0.0, 5.0])
    carried = np.array([a.hand[0, 0] for a in run(gate, [far] * 40, phases.REACH)]) - last

    assert carried[14] == pytest.approx(0.3 * 0.15, rel=0.15)
    assert carried[39] == pytest.approx(carried[15], abs=0.01)


def test_in_hold_a_moving_estimate_stands_at_once():
    gate = started()
    t = np.arange(100) * phases.TICK_S
    path = HERE + np.stack([0.1 * t, 0 * t, 0 * t], axis=1)
    last = run(gate, path, phases.REACH)[-1].hand[0, 0]

    far = HERE + np.array([0.0, 0.0, 5.0])
    carried = run(gate, [far] * 10, phases.HOLD)[-1].hand[0, 0] - last

    assert abs(carried) < 0.1 * 0.02


@pytest.mark.parametrize(
    ("assistance", "off_m", "state", "left"),
    [
        (0.5, 0.02, phases.REACH, 0.5),
        (1.0, 0.02, phases.LOAD, 0.0),
        (0.5, 0.045, phases.REACH, 0.75),  # halfway between the radius and twice it
        (0.5, 0.07, phases.REACH, 1.0),
        (1.0, 0.02, phases.HOLD, 1.0),
        (0.0, 0.02, phases.LOAD, 1.0),
    ],
)
def test_assistance_pulls_by_its_share_near_the_object_in_its_phases(
    assistance, off_m, state, left
):
    hand = GRASP_M + np.array([0.0, off_m, 0.0])
    gate = started(at=hand, assistance=assistance)

    answer = run(gate, [hand] * 5, state)[-1]

    assert answer.hand[0] == pytest.approx(hand, abs=1e-9)
    assert answer.target[0, 1] == pytest.approx(left * off_m, abs=1e-9)


def test_episodes_are_gated_apart():
    gate = started(count=2)
    for _ in range(50):
        gate.step(np.tile(HERE, (2, 1)), np.array([phases.HOLD] * 2))

    apart = HERE + np.array([[0, 0, 0], [0, 0.2, 0]])
    answer = gate.step(apart, np.array([phases.HOLD] * 2))

    assert answer.accepted.tolist() == [True, False]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"assistance": 1.5}, r"assistance is 1.5; it must lie in \[0, 1\]"),
        ({"assistance": -0.1}, r"assistance is -0.1"),
        ({"quantile": 1.0}, r"quantile is 1.0; it must lie in \(0, 1\)"),
        ({"sigma_cm": 0.0}, r"sigma_cm is 0.0, radius_cm 3.0; both must be > 0"),
        ({"sigma_cm": float("nan")}, r"both must be > 0"),
    ],
)
def test_a_setting_out_of_range_is_refused(settings, said):
    with pytest.raises(RespikeError, match=said):
        build(**settings)
