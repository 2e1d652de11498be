"""What a student takes from a teacher: by hand, and what all parts keep."""

import math

import numpy as np
import pytest
import torch

from respike.core import parts
from respike.core.errors import RespikeError
from respike.networks.signals import Signals
from respike.transfer import both, feature, label_smoothing, none, response

TASK = torch.tensor(2.0)
LABEL = torch.tensor([0, 1])


def draw():
    return np.random.Generator(np.random.Philox(key=1))


def signals(logits, *hidden):
    return Signals(
        torch.tensor(logits, requires_grad=True),
        tuple(torch.tensor(h, requires_grad=True) for h in hidden),
    )


STUDENT = (
    [[[0.0, 0.0], [0.0, 0.0]], [[0.0, 2.0], [0.0, 0.0]]],
    [[[1.0], [0.0]], [[0.0], [0.0]]],
)
TEACHER = ([[[0.0, math.log(3)], [0.0, 0.0]]], [[[1.0, 0.0], [0.0, 0.0]]])


def test_none_is_the_task_alone():
    transfer = none.build([1], [2], draw())

    assert transfer(TASK, signals(*STUDENT), signals(*TEACHER), LABEL) is TASK
    assert transfer.weights == {}


def test_response_is_the_divergence_of_the_averaged_answers():
    # scores: student (0, 1) and (0, 0), teacher (0, log 3) and (0, 0); only the first differs
    loss = response.build([1], [2], draw(), tau=1.0, alpha=0.25)

    found = loss(TASK, signals(*STUDENT), signals(*TEACHER), LABEL)

    q1 = math.e / (1 + math.e)
    divergence = 0.75 * math.log(0.75 / q1) + 0.25 * math.log(0.25 / (1 - q1))
    assert found.item() == pytest.approx(0.75 * 2.0 + 0.25 * divergence / 2)


def test_temperature_softens_both_and_keeps_the_gradients_size():
    cold = response.build([1], [2], draw(), tau=1.0, alpha=1.0)
    warm = response.build([1], [2], draw(), tau=3.0, alpha=1.0)
    student, teacher = signals(*STUDENT), signals(*TEACHER)
    tripled = signals([[[0.0, 3 * math.log(3)], [0.0, 0.0]]], TEACHER[1])
    thrice = signals([[[0.0, 3.0], [0.0, 0.0]]], STUDENT[1])

    assert warm(TASK, thrice, tripled, LABEL).item() == pytest.approx(
        9 * cold(TASK, student, teacher, LABEL).item()
    )


def test_a_student_that_answers_as_the_teacher_is_left_in_peace():
    loss = response.build([1], [2], draw(), tau=2.0, alpha=1.0)
    student = signals(TEACHER[0], STUDENT[1])

    found = loss(TASK, student, signals(*TEACHER), LABEL)
    found.backward()

    assert found.item() == pytest.approx(0.0, abs=1e-7)
    assert student.logits.grad.abs().max() < 1e-7


def test_feature_is_the_mean_squared_distance_of_aligned_rates():
    loss = feature.build([1], [2], draw(), beta=10.0)
    with torch.no_grad():
        loss.weights["align1.weight"].copy_(torch.tensor([[2.0], [0.0]]))

    found = loss(TASK, signals(*STUDENT), signals(*TEACHER), LABEL)

    # rates 0.5 and 0 give (1, 0) and (0, 0): the teacher's features exactly
    assert found.item() == 2.0
    with torch.no_grad():
        loss.weights["align1.bias"].copy_(torch.tensor([0.0, 0.2]))
    far = loss(TASK, signals(*STUDENT), signals(*TEACHER), LABEL)
    assert far.item() == pytest.approx(2.0 + 10.0 * 0.2**2 / 2)


def test_feature_matches_last_layers_first():
    loss = feature.build([3, 4], [5, 6, 7], draw())

    shapes = {name: tuple(w.shape) for name, w in loss.weights.items()}
    assert shapes == {
        "align1.weight": (7, 4),
        "align1.bias": (7,),
        "align2.weight": (6, 3),
        "align2.bias": (6,),
    }


def test_both_is_the_sum_of_the_two():
    student, teacher = signals(*STUDENT), signals(*TEACHER)
    one = response.build([1], [2], draw(), tau=2.0, alpha=0.5)
    other = feature.build([1], [2], draw(), beta=3.0)
    together = both.build([1], [2], draw(), tau=2.0, alpha=0.5, beta=3.0)

    expected = one(TASK, student, teacher, LABEL) + other(TASK, student, teacher, LABEL) - TASK
    assert together(TASK, student, teacher, LABEL).item() == pytest.approx(expected.item())


def test_label_smoothing_is_torchs():
    logits = torch.randn(1, 6, 4, generator=torch.Generator().manual_seed(2))
    label = torch.tensor([0, 1, 2, 3, 0, 1])
    task = torch.nn.functional.cross_entropy(logits[0], label)
    theirs = torch.nn.functional.cross_entropy(logits[0], label, label_smoothing=0.2)

    found = label_smoothing.build([1], [2], draw(), epsilon=0.2)(
        task, Signals(logits, ()), Signals(logits, ()), label
    )

    assert found.item() == pytest.approx(theirs.item())


@pytest.mark.parametrize(
    ("build", "settings", "sentence"),
    [
        (response.build, {"tau": 0.0}, "transfer.response.tau is 0.0; it must be > 0"),
        (
            response.build,
            {"alpha": 1.5},
            "transfer.response.alpha is 1.5; it must lie in [0, 1]",
        ),
        (feature.build, {"beta": 0.0}, "transfer.feature.beta is 0.0; it must be > 0"),
        (both.build, {"alpha": -1.0}, "transfer.both.alpha is -1.0; it must lie in [0, 1]"),
        (
            label_smoothing.build,
            {"epsilon": 1.0},
            "transfer.label-smoothing.epsilon is 1.0; it must lie in [0, 1)",
        ),
    ],
)
def test_settings_out_of_range_are_refused(build, settings, sentence):
    with pytest.raises(RespikeError) as error:
        build([1], [2], draw(), **settings)

    assert str(error.value) == sentence


@pytest.mark.parametrize("build", [feature.build, both.build])
def test_features_need_a_hidden_layer(build):
    with pytest.raises(
        RespikeError, match=r"needs a hidden layer in the student and in the teac"
    ):
        build([], [2], draw())


@pytest.mark.parametrize("name", parts.names("transfer"))
def test_every_transfer_is_finite_and_differentiable_and_repeats_its_draw(name):
    make = parts.load("transfer", name)
    transfer, again = make([1], [2], draw()), make([1], [2], draw())
    student, teacher = signals(*STUDENT), signals(*TEACHER)
    task = student.score.square().sum() + student.hidden[0].sum()

    loss = transfer(task, student, teacher, LABEL)
    found = torch.autograd.grad(loss, [student.logits, *transfer.weights.values()])

    assert loss.shape == ()
    assert all(bool(torch.isfinite(g).all()) for g in found)
    assert found[0].abs().sum() > 0
    for key, weight in transfer.weights.items():
        assert weight.requires_grad
        assert torch.equal(weight, again.weights[key])
