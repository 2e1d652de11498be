"""A decoder beside its controls: which numbers come out, and what is refused."""

from functools import partial

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.parts import make
from respike.core.seeds import numpy_stream
from respike.eeg import comparison
from tests.eeg.test_evaluation import DEFAULTS
from tests.eeg.toy import LINEAR, toy

ALL = [
    "mean",
    "template",
    {"phase-randomised": {"draws": 2}},
    {"permuted-lifts": {"draws": 19}},
]


def run(found, controls=ALL, decoder=None, seed=0, **changes):
    return comparison.run(
        found,
        partial(make, "decoder", decoder or {"linear": LINEAR}),
        [make("control", control) for control in controls],
        partial(numpy_stream, seed),
        **{**DEFAULTS, **changes},
    )


def test_each_control_gives_its_predictions_and_its_numbers():
    job, predicted, numbers, own = run(toy())

    assert set(predicted) == {
        "eeg", "template-eeg", "mean", "template", "phase-randomised",
        "template-phase-randomised",
    }  # fmt: skip
    assert all(p.shape == job.target.shape for p in predicted.values())
    assert all(np.isfinite(p).all() for p in predicted.values())
    assert len(numbers["worth.phase-randomised"]) == 2
    assert len(numbers["worth.permuted-lifts"]) == 19
    assert (predicted["eeg"] == own.eeg).all()


def test_a_known_signal_beats_its_controls():
    job, predicted, numbers, _ = run(toy())

    assert numbers["worth"] > 0.05
    assert numbers["worth"] > max(numbers["worth.phase-randomised"])
    assert numbers["p.permuted-lifts"] == 1 / 20
    assert numbers["leaking_samples"] == 0
    assert numbers["worth"] == pytest.approx(
        comparison.gain(job.target, predicted["template"], predicted["template-eeg"])
    )


def test_a_signal_of_noise_is_worth_nothing():
    numbers = run(toy(signal=0.0))[2]

    assert numbers["worth"] < 0.01
    assert numbers["p.permuted-lifts"] > 0.05


def test_the_mean_and_the_template_are_those_of_the_training_blocks():
    found = toy()
    job, predicted, _, _ = run(found, ["mean", "template"])

    fold = job.folds[2]
    assert np.allclose(predicted["mean"][fold.test], job.target[fold.train].mean(axis=0))
    assert (predicted["template"][fold.test] == job.template[2][fold.test]).all()


def test_without_cues_a_signal_is_worth_its_r2():
    job, predicted, numbers, own = run(
        toy(cues=False), ["mean", {"phase-randomised": {"draws": 3}}]
    )

    truth = job.target
    r2 = 1 - ((truth - predicted["eeg"]) ** 2).sum() / ((truth - truth.mean(0)) ** 2).sum()
    assert set(predicted) == {"eeg", "mean", "phase-randomised"}
    assert own.both is None
    assert numbers["worth"] == pytest.approx(r2)
    assert numbers["p.phase-randomised"] == 1 / 4


def test_shuffled_windows_make_noise_look_decodable_and_blocks_do_not():
    near = {"nearest": {"neighbours": 2, "slow_hz": [0.1, 1.0], "lags_ms": [0, 200]}}
    noise = toy(signal=0.0)

    leak = run(noise, ["mean"], near, held_out="window", step_ms=20)[2]
    held = run(noise, ["mean"], near, step_ms=20)[2]

    assert leak["worth"] > 0.5
    assert leak["leaking_samples"] > 0
    assert held["worth"] < 0.05


def test_the_same_seed_gives_the_same_surrogates_and_another_does_not():
    one, same, other = (
        run(toy(), ["mean", "template", "phase-randomised"], seed=seed)[1]["phase-randomised"]
        for seed in (0, 0, 1)
    )

    assert (one == same).all()
    assert (one != other).any()


def test_a_control_that_needs_cues_or_stands_twice_is_refused():
    with pytest.raises(RespikeError, match=r"control permuted-lifts needs cues"):
        run(toy(cues=False), ["mean", "permuted-lifts"])
    with pytest.raises(RespikeError, match=r"decode\.controls names mean twice"):
        run(toy(), ["mean", "mean"])
