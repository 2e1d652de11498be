"""Stage decode: what it writes, what it refuses, and that a seed is a seed."""

import json
from pathlib import Path

import numpy as np
import pytest

from respike.core import layout
from respike.eeg import splits
from respike.stages import decode
from tests.eeg.toy import LINEAR, toy
from tests.stages.run_jobs import PLACE, lay, run

BLOCK = {
    "decoder": {"linear": LINEAR},
    "controls": ["mean", "template", "phase-randomised", {"permuted-lifts": {"draws": 9}}],
}


def arrays(**settings):
    found = toy(**settings)
    return {
        "eeg": found.signal.astype(np.float32),
        "target": found.target,
        "rate_hz": np.array([found.rate_hz]),
        "block": found.block,
        "item": found.item,
        "time_s": found.time_s,
        "since_on": found.cues.since_on,
        "since_off": found.cues.since_off,
        "condition": found.cues.condition,
    }


def decoded(block, data=None, seed=3):
    path = layout.output("prepare", "data").format(**PLACE)
    inputs = {"data": lay(path, arrays() if data is None else data)}
    return run("decode", decode.run, block, inputs, seed=seed)


def test_predictions_stand_beside_the_truth_for_every_control(data_folder):
    code, found = decoded(BLOCK)

    assert code == 0
    predictions, metrics = found["predictions"], found["metrics"]
    n = len(predictions["item"])
    assert {k for k in predictions if k.startswith("predicted.")} == {
        f"predicted.{name}"
        for name in (
            "eeg", "template-eeg", "mean", "template", "phase-randomised",
            "template-phase-randomised",
        )
    }  # fmt: skip
    assert all(len(v) == n for v in predictions.values())
    assert predictions["target"].dtype == np.float32
    assert predictions["block"].dtype == predictions["item"].dtype == np.int64
    assert metrics["leaking_samples"] == 0
    assert metrics["moments"] == n
    assert (metrics["blocks"], metrics["folds"], metrics["decoder"]) == (6, 6, "linear")
    truth, both = predictions["target"], predictions["predicted.template-eeg"]
    r2 = 1 - ((truth - both) ** 2).sum() / ((truth - truth.mean(axis=0)) ** 2).sum()
    assert metrics["r2.template-eeg"] == pytest.approx(r2, abs=1e-5)
    assert metrics["r2.template-eeg"] > metrics["r2.template"]
    assert found["curve"][0] == {
        "fold": "0",
        "member": "0",
        "epoch": "0",
        "loss": found["curve"][0]["loss"],
    }
    assert len(found["curve"]) == 6
    assert found["model"]["weights"].shape == (12, 4)


def test_moments_of_a_trial_are_even_steps_in_time(data_folder):
    predictions = decoded({**BLOCK, "step_ms": 80})[1]["predictions"]

    inside = predictions["item"] == 7
    assert np.allclose(np.diff(predictions["time_s"][inside]), 0.08)


def test_a_recording_without_blocks_or_cues_is_cut_and_purged(data_folder):
    given = {k: v for k, v in arrays(cues=True).items() if k in {"eeg", "rate_hz"}}
    given["grip"] = toy().target[:, 0]

    code, found = decoded(
        {
            **BLOCK,
            "controls": ["mean", {"phase-randomised": {"draws": 4}}],
            "truth": "grip",
            "blocks": 6,
            "purge_ms": 200,
        },
        given,
    )

    assert code == 0
    assert found["predictions"]["target"].shape[1] == 1
    assert np.unique(found["predictions"]["block"]).tolist() == list(range(6))
    assert found["metrics"]["leaking_samples"] == 0
    assert np.allclose(np.diff(found["predictions"]["time_s"]), 0.04)


def test_two_runs_are_equal_and_another_seed_has_other_surrogates(data_folder):
    block = {**BLOCK, "controls": ["mean", "template", "phase-randomised"]}
    (_, one), (_, same), (_, other) = (decoded(block, seed=seed) for seed in (3, 3, 4))

    name = "predicted.phase-randomised"
    assert all(np.array_equal(v, same["predictions"][k]) for k, v in one["predictions"].items())
    assert one["metrics"] == same["metrics"]
    assert np.array_equal(
        one["predictions"]["predicted.eeg"], other["predictions"]["predicted.eeg"]
    )
    assert not np.array_equal(one["predictions"][name], other["predictions"][name])


def test_shuffled_windows_run_and_say_how_many_leak(data_folder):
    block = {"decoder": "nearest", "controls": ["mean"], "held_out": "window"}

    code, found = decoded(block)

    assert code == 0
    assert found["metrics"]["leaking_samples"] > 0.9 * found["metrics"]["moments"]
    assert found["model"] == {}


def test_a_split_that_was_not_purged_fails_the_stage(data_folder, capsys, monkeypatch):
    given = {**arrays(), "recording": np.zeros(6 * 5 * 4 * 50, np.int64)}
    monkeypatch.setattr(splits, "purged", lambda fold, seen, gap: fold)

    code, _ = decoded(BLOCK, given)

    assert code != 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert "the split leaks:" in last
    assert "purge where blocks touch" in last
    assert not list(Path("results/smoke").rglob("*.npz"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"decoder": "linea"}, "no decoder part named 'linea'. Did you mean 'linear'?"),
        ({"held_out": "trial"}, "decode.held_out is 'trial'; allowed: block, window"),
        ({"folds": 9}, "decode.folds is 9, of 6 blocks; it must lie in 2..6"),
        ({"step_ms": 30}, "step_ms is 30; at 50 Hz it must be a multiple of 20 ms"),
        ({"truth": "grip"}, "the prepared data has no 'grip'"),
    ],
)
def test_what_cannot_be_decoded_ends_with_its_sentence(data_folder, capsys, change, sentence):
    code, _ = decoded({**BLOCK, **change})

    assert code != 0
    assert sentence in capsys.readouterr().err.splitlines()[-1]
    assert not list(Path("results/smoke").rglob("*.npz"))


def test_metrics_are_plain_json_without_nan(data_folder):
    metrics = decoded(BLOCK)[1]["metrics"]

    json.dumps(metrics, allow_nan=False)
    for name, value in metrics.items():
        assert isinstance(value, int | float | str | list), name
