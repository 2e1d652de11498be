"""Losses: by hand, against spikingjelly, and what all of them keep."""

import math

import pytest
import torch
from spikingjelly.activation_based import functional

from respike.core import parts
from respike.core.errors import RespikeError
from respike.losses import rate_cross_entropy, squared_error, tet


def logits(steps=5, items=7, classes=4):
    return torch.randn(steps, items, classes, generator=torch.Generator().manual_seed(1))


LABEL = torch.tensor([0, 1, 2, 3, 0, 1, 2])


def test_tet_is_the_mean_over_steps_of_the_cross_entropy():
    # p(label) = 1/2 at the first step and 1/4 at the second
    z = torch.tensor([[[0.0, 0.0]], [[0.0, math.log(3)]]])

    loss = tet.build(mse_share=0.0)(z, torch.tensor([0]))

    assert loss.item() == pytest.approx((math.log(2) + math.log(4)) / 2)


def test_tets_squared_term_draws_every_logit_to_its_target():
    z = torch.tensor([[[1.0, 3.0]]])

    loss = tet.build(mse_share=0.25, mse_target=2.0)(z, torch.tensor([1]))

    entropy = math.log(1 + math.exp(-2))
    assert loss.item() == pytest.approx(0.75 * entropy + 0.25 * 1.0)


def test_without_that_term_tet_is_spikingjellys():
    theirs = functional.temporal_efficient_training_cross_entropy(logits(), LABEL)

    assert tet.build(mse_share=0.0)(logits(), LABEL).item() == pytest.approx(theirs.item())


def test_the_rate_loss_averages_before_it_asks():
    z = torch.tensor([[[0.0, 0.0]], [[0.0, math.log(9)]]])

    loss = rate_cross_entropy.build()(z, torch.tensor([0]))

    assert loss.item() == pytest.approx(math.log(4))


def test_the_squared_error_is_that_of_the_mean_output_from_one_and_zero():
    # means 0.5 and 1.0 where 1 and 0 are wanted, then 0 and 0 where 0 and 1 are
    z = torch.tensor([[[0.0, 2.0], [1.0, 0.0]], [[1.0, 0.0], [-1.0, 0.0]]])

    loss = squared_error.build()(z, torch.tensor([0, 1]))

    assert loss.item() == pytest.approx((0.25 + 1.0 + 0.0 + 1.0) / 2)


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_outside_its_range_is_refused(share):
    with pytest.raises(RespikeError) as error:
        tet.build(mse_share=share)

    assert str(error.value) == f"loss.tet.mse_share is {share}; it must lie in [0, 1)"


@pytest.mark.parametrize("name", parts.names("loss"))
def test_every_loss_is_a_finite_scalar_that_falls_along_its_gradient(name):
    loss = parts.load("loss", name)()
    z = logits().requires_grad_()

    value = loss(z, LABEL)
    value.backward()

    assert value.shape == ()
    assert bool(torch.isfinite(z.grad).all())
    assert loss(z.detach() - 0.1 * z.grad, LABEL) < value


@pytest.mark.parametrize("name", parts.names("loss"))
def test_every_loss_prefers_the_right_answer_and_treats_classes_alike(name):
    loss = parts.load("loss", name)()
    right = torch.nn.functional.one_hot(LABEL, 4).float().expand(3, -1, -1)
    order = torch.tensor([2, 0, 3, 1])

    assert loss(right, LABEL) < loss(right.roll(1, dims=2), LABEL)
    moved = torch.argsort(order)[LABEL]
    assert loss(logits()[..., order], moved).item() == pytest.approx(
        loss(logits(), LABEL).item(), rel=1e-6
    )
