"""Decoding fold by fold: no test moment is ever trained, and what is known is found."""

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.parts import make
from respike.core.seeds import numpy_stream
from respike.eeg import evaluation
from respike.eeg.controls.template import Template
from tests.eeg.toy import LINEAR, toy

DEFAULTS = {"held_out": "block", "folds": None, "step_ms": 40, "purge_s": 0.0}


def linear():
    return make("decoder", {"linear": LINEAR}, numpy_stream(0, "decoder"))


def task_of(found, template=None, **changes):
    choices = {**DEFAULTS, **changes}
    return evaluation.task(
        found, linear(), template, generator=numpy_stream(0, "split"), **choices
    )


def test_velocity_is_the_slope_of_the_target_inside_its_block():
    found = toy(blocks=2, lifts=1)
    found = found._replace(target=np.arange(400.0)[:, None] * 3 + 500 * found.block[:, None])

    slope = evaluation.velocity(found, np.array([0, 100, 199, 200, 399]))

    assert np.allclose(slope[:, 0], 150)


def test_every_moment_is_tested_once_by_blocks_and_none_leaks():
    job, leaking = task_of(toy())

    tested = np.sort(np.concatenate([fold.test for fold in job.folds]))
    assert tested.tolist() == list(range(len(job.rows)))
    assert len(job.folds) == 6
    assert leaking == 0


def test_shuffled_windows_are_counted_as_leaks_and_let_through():
    job, leaking = task_of(toy(), held_out="window")

    assert leaking > 0.99 * len(job.rows)
    assert len(job.folds) == 5


def test_contiguous_blocks_need_a_purge_and_get_it():
    found = toy(cues=False)
    found = found._replace(recording=np.zeros_like(found.block))

    job, leaking = task_of(found, purge_s=0.2)

    edge = np.flatnonzero(np.diff(found.block))[0]
    near = job.rows[job.folds[0].train]
    assert leaking == 0
    assert near.min() > edge + 0.2 * 50


def test_an_unknown_way_to_hold_out_is_refused():
    with pytest.raises(
        RespikeError, match=r"decode\.held_out is 'trial'; allowed: block, window"
    ):
        task_of(toy(), held_out="trial")


def test_a_hand_in_the_signal_is_decoded_and_added_to_the_template():
    found = toy()
    job, _ = task_of(found, Template(40, 2.0))

    done = evaluation.decode(found, found.signal, job, linear())

    template = np.full_like(job.target, np.nan)
    for k, fold in enumerate(job.folds):
        template[fold.test] = job.template[k][fold.test]
    error = [((job.target - p) ** 2).mean() for p in (template, done.both)]
    assert error[1] < 0.75 * error[0]
    assert np.corrcoef(done.eeg[:, 0], job.target[:, 0])[0, 1] > 0.5


def test_a_signal_of_noise_adds_nothing_to_the_template():
    found = toy(signal=0.0)
    job, _ = task_of(found, Template(40, 2.0))

    done = evaluation.decode(found, found.signal, job, linear())

    template = np.concatenate([job.template[k][f.test] for k, f in enumerate(job.folds)])
    truth = np.concatenate([job.target[f.test] for f in job.folds])
    both = np.concatenate([done.both[f.test] for f in job.folds])
    gain = ((truth - template) ** 2).sum() - ((truth - both) ** 2).sum()
    assert gain < 0.01 * ((truth - truth.mean(0)) ** 2).sum()


def test_a_block_s_predictions_do_not_hang_on_its_own_truth():
    found = toy()
    moved = found._replace(target=found.target + 1000.0 * (found.block == 2)[:, None])

    one, other = (
        evaluation.decode(f, f.signal, task_of(f, Template(40, 2.0))[0], linear())
        for f in (found, moved)
    )
    inside = task_of(found)[0].block == 2

    assert (one.eeg[inside] == other.eeg[inside]).all()
    assert (one.both[inside] == other.both[inside]).all()
    assert (one.eeg[~inside] != other.eeg[~inside]).any()


def test_permuted_truth_gains_less_than_the_true_pairing():
    found = toy()
    job, _ = task_of(found, Template(40, 2.0))
    control = make("control", {"permuted-lifts": {"draws": 9}})
    draw = numpy_stream(0, "pairing")
    pairs = [control.pairs(job.item, job.block, job.cues, draw) for _ in range(9)]

    done = evaluation.decode(found, found.signal, job, linear(), pairs)

    base = ((job.target - job.target.mean(0)) ** 2).sum()
    template = np.concatenate([job.template[k][f.test] for k, f in enumerate(job.folds)])
    truth = np.concatenate([job.target[f.test] for f in job.folds])
    both = np.concatenate([done.both[f.test] for f in job.folds])
    reached = (((truth - template) ** 2).sum() - ((truth - both) ** 2).sum()) / base
    assert done.null.shape == (9,)
    assert done.null.max() < reached


def test_the_null_gain_of_the_true_pairing_is_the_gain_itself():
    found = toy()
    job, _ = task_of(found, Template(40, 2.0))

    done = evaluation.decode(found, found.signal, job, linear(), [np.arange(len(job.rows))])

    left = sum(
        ((job.target[f.test] - job.template[k][f.test]) ** 2).sum()
        - ((job.target[f.test] - done.both[f.test]) ** 2).sum()
        for k, f in enumerate(job.folds)
    )
    assert done.null[0] == pytest.approx(left / ((job.target - job.target.mean(0)) ** 2).sum())
