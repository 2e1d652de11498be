"""Episodes: outcomes against the true hand, and what the episodes leave behind."""

import numpy as np
import pytest

from respike.control import phases, rollout
from respike.control.disturbance import Disturbance
from respike.control.panda import OBJECT
from respike.control.workspace import GRASP_M
from respike.core.errors import RespikeError
from respike.core.parts import make
from tests.control import hands

MOTION = {"lag_s": 0.08, "share": 0.9}


def ran(trials, copilot="none", **more):
    return rollout.run(trials, make("copilot", copilot), hands.REST_M, **{**MOTION, **more})


def shaken(noise_cm, seed, bursts_per_s=0.0, count=6):
    """Trials whose decoded hand is the true one and declared errors."""
    generator = np.random.default_rng(seed)
    made = []
    for item in range(count):
        true = hands.lift(0.4 * generator.standard_normal(3))
        decoded = Disturbance(noise_cm, bursts_per_s).added(true, 0.01, generator)
        made.append(hands.trial(item, true, decoded))
    return made


@pytest.fixture(scope="module")
def clean():
    """Three weights, hand decoded without error; the first episode recorded."""
    made = [hands.trial(k, mass_kg=m) for k, m in enumerate(hands.WEIGHTS_KG)]
    return ran(made, record=1)


def test_a_hand_decoded_without_error_lifts_holds_and_replaces_every_weight(clean):
    table = clean.table

    assert table["lifted"].tolist() == [True] * 3
    assert table["held"].tolist() == [True] * 3
    assert table["replaced"].tolist() == [True] * 3
    assert table["servo_error_mm"].max() < 1.0
    assert table["hand_error_mm"].max() < 40
    assert table["unhandled"].sum() == 0
    assert table["stopped"].sum() == 0


def test_phases_of_a_clean_episode_come_in_order(clean):
    state = clean.frames["state"]

    seen = [phases.NAMES[s] for s in state[np.concatenate([[True], np.diff(state) != 0])]]

    assert seen[:8] == list(phases.NAMES[:8])


def test_the_recording_is_the_first_episode_every_40_ms(clean):
    frames, ticks = clean.frames, len(hands.lift())

    assert len(frames["qpos"]) == -(-ticks // 4)
    assert set(frames["item"]) == {0}
    assert frames["time_s"][:3] == pytest.approx([0, 0.04, 0.08])
    assert frames["qpos"][:, OBJECT][:, 2].max() > GRASP_M[2] + 0.02
    assert frames["true_m"] == pytest.approx(hands.TO_ROBOT(hands.lift())[::4])
    assert frames["accepted"].all()


def test_a_hand_that_never_comes_lifts_nothing_and_an_untouched_object_is_not_replaced():
    still = np.tile(np.array(hands.REST_CM), (len(hands.lift()), 1))

    table = ran([hands.trial(decoded_cm=still)]).table

    assert not table["lifted"][0]
    assert not table["held"][0]
    assert not table["replaced"][0]
    assert table["held_share"][0] == 0
    assert table["lift_s"][0] == -1


def test_holding_for_part_of_the_time_is_no_hold():
    true = hands.lift(hold_ticks=300)
    # the decoded hand goes down 1.5 s before the true one
    decoded = np.concatenate([hands.lift(hold_ticks=150), np.tile(true[-1], (150, 1))])

    table = ran([hands.trial(0, true, decoded)]).table

    assert table["lifted"][0]
    assert table["replaced"][0]
    assert not table["held"][0]
    assert 0.3 < table["held_share"][0] < 0.9


def test_an_object_that_is_thrown_up_is_not_lifted():
    trial = hands.trial(path_cm=hands.lift(hold_ticks=5))
    ticks = len(trial.decoded)
    log = rollout._Log(ticks, 1)
    log.object_m[200:220, 0, 2] = 0.5  # high, between no fingers
    end = rollout._End(np.array([0, 0, 0, 1.0, 0, 0, 0]), True, 0.04, {})

    table = rollout._judge([trial], log, trial.true[:, None], np.zeros((1, 7)), {0: end})

    assert not table["lifted"][0]
    log.touch[200:220] = 5.0
    table = rollout._judge([trial], log, trial.true[:, None], np.zeros((1, 7)), {0: end})
    assert table["lifted"][0]


def test_true_hold_is_the_top_fifth_of_the_rise():
    rise = np.array([0.0, 0.03, 0.045, 0.05, 0.041, 0.039])
    true = GRASP_M + rise[:, None] * np.array([0.0, 0.0, 1.0])

    assert rollout.holding(true).tolist() == [False, False, True, True, True, False]
    assert not rollout.holding(GRASP_M + 0.3 * (true - GRASP_M)).any()


def test_large_errors_fail_the_task_and_break_no_limit():
    table = ran(shaken(3.0, seed=1)).table

    assert table["held"].mean() < 0.5
    assert table["unhandled"].sum() == 0
    assert table["hits.hand-acceleration"].min() > 0


def test_the_gate_with_assistance_holds_more_than_no_copilot_under_bursts():
    made = shaken(0.8, seed=2, bursts_per_s=0.5, count=12)

    none = ran(made).table
    gate = ran(made, {"innovation-gate": {"sigma_cm": 0.8, "assistance": 0.5}})

    assert gate.table["held"].sum() > none["held"].sum() + 2
    assert none["rejected"].max() == 0
    assert 0.02 < gate.table["rejected"].mean() < 0.3


def test_rejections_are_told_by_phase_and_add_up():
    found = ran(shaken(0.8, seed=3, bursts_per_s=0.5, count=3), "innovation-gate")
    rejected, ticks = (sum(part) for part in zip(*found.rejected.values(), strict=True))

    assert set(found.rejected) == set(phases.NAMES)
    assert ticks == 3 * len(hands.lift())
    assert rejected / ticks == pytest.approx(found.table["rejected"].mean())


def test_phases_of_the_oracle_come_from_the_true_hand():
    # a decoded hand that stands over the object and never rises: only the oracle sees a lift
    decoded = hands.lift(rise_cm=0.0)
    trial = hands.trial(0, hands.lift(), decoded)

    own, oracle = ran([trial], record=1), ran([trial], record=1, oracle=True)

    assert phases.LIFT not in own.frames["state"]
    assert phases.LIFT in oracle.frames["state"]


def test_positions_decoded_every_40_ms_are_enough():
    true = hands.lift()
    slow = np.repeat(true[::4], 4, axis=0)[: len(true)]

    table = ran([hands.trial(0, true, slow)], every=4).table

    assert table["held"][0]
    assert table["replaced"][0]


def test_an_episode_gives_the_same_bits_again_and_among_others():
    made = shaken(1.0, seed=5, bursts_per_s=0.5, count=4)
    short = made[2]._replace(decoded=made[2].decoded[:350], true=made[2].true[:350])

    alone = ran([short], "innovation-gate").table
    among = ran([*made[:2], short, made[3]], "innovation-gate").table

    for name, values in alone.items():
        assert values[0].tolist() == among[name][2].tolist(), name


def test_no_trial_is_an_error():
    with pytest.raises(RespikeError, match="no trial to run"):
        ran([])
