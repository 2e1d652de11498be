"""What a study may set for control, and the numbers it gets."""

import numpy as np
import pytest

from respike.control import arm, session
from respike.core.errors import RespikeError
from respike.core.seeds import numpy_stream
from tests.control import hands
from tests.control.test_grip import TIME_S, squeezes


def recorded(items=4):
    """Arrays of prepare and predictions of decode, every 40 ms: synthetic lifts, one block."""
    generator = np.random.default_rng(11)
    paths = [hands.lift(0.4 * generator.standard_normal(3)) for _ in range(items)]
    ticks = [len(p) for p in paths]
    since = np.concatenate([np.arange(n) / 100 - 0.1 for n in ticks])
    count = sum(ticks)
    codes = np.repeat(np.resize([1, 2, 4], items), ticks)
    data = {
        "block": np.full(count, 7), "item": np.repeat(np.arange(items) + 700, ticks),
        "time_s": np.arange(count) / 100, "since_on": since, "since_off": since - 4.0,
        "condition": np.stack([codes, np.ones(count, int)], axis=1),
    }  # fmt: skip
    rows = np.arange(0, count, 4)
    target = np.concatenate(paths)[rows].astype(np.float32)
    still = np.tile(np.float32(hands.REST_CM), (len(rows), 1))
    predictions = {
        **{name: data[name][rows] for name in ("block", "item", "time_s")},
        "target": target, "predicted.eeg": target + np.float32(0.2), "predicted.mean": still,
    }  # fmt: skip
    return predictions, data


def controlled(seed=0, made=None, **settings):
    predictions, data = made or recorded()
    given = {"predictor": "target", "episodes": 3, **settings}
    return session.control(predictions, data, lambda use: numpy_stream(seed, use), **given)


@pytest.fixture(scope="module")
def true_hand():
    """The episodes of the true hand, no copilot."""
    return controlled()


def test_the_true_hand_succeeds_with_each_trials_own_weight(true_hand):
    made, numbers = true_hand.predictions, true_hand.metrics

    assert numbers["hold_rate"] == numbers["replace_rate"] == numbers["lift_rate"] == 1.0
    assert numbers["episodes"] == 3
    assert numbers["unhandled_violations"] == 0
    assert set(made["mass_kg"]) <= {0.165, 0.33, 0.66}
    assert made["item"].dtype.kind == "i"
    assert made["held"].dtype == bool
    assert all(len(values) == 3 for values in made.values())


def test_numbers_say_what_was_followed_and_how_much_it_was_helped(true_hand):
    helped = controlled(copilot={"innovation-gate": {"assistance": 0.25}}, predictor="eeg")

    said = ("task", "predictor", "copilot", "assistance", "phases_from")
    assert [true_hand.metrics[k] for k in said] == ["lift", "target", "none", 0.0, "decoded"]
    assert [helped.metrics[k] for k in said] == [
        "lift", "eeg", "innovation-gate", 0.25, "decoded",
    ]  # fmt: skip
    assert "rejected.reach" in helped.metrics
    assert "lift by eeg, copilot innovation-gate" in session.sentence(helped.metrics)


def test_a_predictor_without_movement_lifts_nothing():
    assert controlled(predictor="mean").metrics["lift_rate"] == 0.0


def test_one_seed_gives_one_result_and_arms_share_trials_and_noise():
    settings = {"noise_cm": 0.5, "bursts_per_s": 0.5, "record": 1}
    one, again = controlled(seed=3, **settings), controlled(seed=3, **settings)
    gate = controlled(seed=3, copilot="innovation-gate", **settings)
    other = controlled(seed=4, **settings)

    for name, values in one.predictions.items():
        assert values.tolist() == again.predictions[name].tolist(), name
    assert one.metrics == again.metrics
    assert gate.predictions["item"].tolist() == one.predictions["item"].tolist()
    assert gate.trajectory["decoded_m"].tolist() == one.trajectory["decoded_m"].tolist()
    assert other.trajectory["decoded_m"].tolist() != one.trajectory["decoded_m"].tolist()


def test_trials_and_noise_have_streams_of_their_own():
    asked = []

    def stream(use):
        asked.append(use)
        return numpy_stream(0, use)

    session.control(*recorded(), stream, predictor="mean", episodes=1, noise_cm=1.0)

    assert sorted(asked) == ["decode-noise", "episodes"]


def test_an_oracle_is_labelled():
    found = controlled(predictor="eeg", phases_from="oracle", episodes=1)

    assert found.metrics["phases_from"] == "oracle"
    assert "phases oracle" in session.sentence(found.metrics)


def test_a_weight_may_be_set_and_must_be_known():
    predictions, data = recorded()
    del data["since_on"]

    found = controlled(made=(predictions, data), weight_g=660, episodes=1)

    assert found.predictions["mass_kg"].tolist() == [0.66]
    with pytest.raises(RespikeError, match=r"weight_g is 0, but trial 70\d has no weight code"):
        controlled(made=(predictions, data), episodes=1)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"task": "throw"}, "task is 'throw'; allowed: lift, grip"),
        ({"phases_from": "clock"}, "phases_from is 'clock'; allowed: decoded, oracle"),
        ({"predictor": "ecg"}, "predictor is 'ecg'. Did you mean 'eeg'?"),
        ({"scale": 3.0}, r"scale is 3.0; it must lie in \[0.1, 1.2\]"),
        ({"share": 0.99}, r"share is 0.99; it must lie in \[0.1, 0.95\]"),
        ({"friction": float("nan")}, "friction is nan"),
        ({"rest_cm": [8.0, 0, 0]}, r"rest_cm is \[8.0, 0, 0\], but the hands of these trials"),
        ({"grasp_cm": [20.0, 9, 7]}, r"grasp_cm is .* set rest_cm and grasp_cm for this data"),
        ({"grip_on": 0.2, "grip_off": 0.3}, "0 < grip_off <= grip_on < 1"),
        ({"episodes": 9}, "episodes is 9; there are 4"),
        ({"task": "grip"}, "task 'grip' follows 1 numbers a moment; 'target' has 3"),
    ],
)
def test_a_wrong_setting_is_refused(settings, said):
    with pytest.raises(RespikeError, match=said):
        controlled(**settings)


def test_a_violation_that_nothing_ended_fails_the_run(monkeypatch):
    # a box so small that the arm is outside from the start, where no stop helps
    monkeypatch.setattr(arm, "BOX_SLACK_M", -0.15)

    with pytest.raises(RespikeError, match=r"broke a limit for .* \(violations.workspace\)"):
        controlled(episodes=1)


# ------------------------------------------------------------------ grip


def gripped(**settings):
    rows = np.arange(0, len(TIME_S), 2)
    force = squeezes()[rows, None].astype(np.float32)
    predictions = {
        "block": rows // 200, "item": rows // 200, "time_s": TIME_S[rows],
        "target": force, "predicted.eeg": force, "predicted.mean": 0 * force,
    }  # fmt: skip
    given = {"predictor": "eeg", "task": "grip", **settings}
    return session.control(predictions, {}, lambda use: numpy_stream(0, use), **given)


def test_a_decoded_force_closes_the_gripper():
    found = gripped()

    assert found.metrics["hold_rate"] == 1.0
    assert found.metrics["quiet_rate"] == 1.0
    assert found.metrics["release_rate"] == 1.0
    assert found.metrics["follow_rate"] == 1.0
    assert found.metrics["episodes"] == 3
    assert "grip by eeg" in session.sentence(found.metrics)


def test_a_force_that_never_comes_closes_nothing():
    assert gripped(predictor="mean").metrics["hold_rate"] == 0.0
