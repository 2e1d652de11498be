"""Adam against torch's own, bit for bit."""

import torch

from respike.training.adam import Adam


def test_two_hundred_steps_are_torchs_to_the_last_bit():
    rng = torch.Generator().manual_seed(0)
    ours = {"w": torch.randn(7, 5, generator=rng), "b": torch.randn(5, generator=rng)}
    theirs = {name: t.clone().requires_grad_() for name, t in ours.items()}
    adam, reference = Adam(ours), torch.optim.Adam(theirs.values(), lr=3e-3)

    for _ in range(200):
        gradients = {name: torch.randn(t.shape, generator=rng) for name, t in ours.items()}
        adam.step(gradients, 3e-3)
        for name, tensor in theirs.items():
            tensor.grad = gradients[name].clone()
        reference.step()

    assert all(torch.equal(ours[name], theirs[name].detach()) for name in ours)


def test_moments_are_forgotten_where_asked_and_nowhere_else():
    adam = Adam({"w": torch.zeros(2, 2)})
    adam.step({"w": torch.ones(2, 2)}, 0.1)
    kept = adam.first["w"][0, 1].item(), adam.second["w"][0, 1].item()

    adam.forget("w", torch.tensor([[True, False], [False, False]]))

    assert adam.first["w"][0, 0] == 0
    assert adam.second["w"][0, 0] == 0
    assert (adam.first["w"][0, 1].item(), adam.second["w"][0, 1].item()) == kept
    assert min(kept) > 0


def test_what_has_no_gradient_and_no_moments_stays():
    tensors = {"w": torch.tensor([0.0, 1.0])}
    adam = Adam(tensors)

    for _ in range(5):
        adam.step({"w": torch.tensor([0.0, 1.0])}, 0.1)

    assert tensors["w"][0] == 0
    assert tensors["w"][1] < 1
