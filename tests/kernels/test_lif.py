"""Multi-step LIF: the reference against spikingjelly's, every backend against the reference."""

import re
import sys
import types

import pytest
import torch

from respike.core.errors import RespikeError
from respike.kernels import bench
from respike.kernels.lif import SURROGATES, Neuron, backend, limits, parity
from respike.neurons import lif as layers
from tests.kernels.programs import PYTHON, needs_triton


@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize("surrogate", SURROGATES)
def test_the_reference_is_spikingjellys_neuron(surrogate, detach):
    g = torch.Generator().manual_seed(3)
    x, grad = torch.randn(6, 5, 4, generator=g) + 0.4, torch.randn(6, 5, 4, generator=g)
    layer = layers.build(tau_steps=4.0, surrogate=surrogate, alpha=1.5, detach_reset=detach)()
    neuron = Neuron(0.75, 1.0, surrogate, 1.5, detach)
    mine, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()

    spikes, wanted = backend("naive")(mine, neuron), layer(theirs)

    assert 0 < spikes.sum() < spikes.numel()
    assert torch.equal(spikes, wanted)
    gradient = torch.autograd.grad(spikes, mine, grad)[0]
    assert torch.allclose(gradient, torch.autograd.grad(wanted, theirs, grad)[0], atol=1e-6)


def test_three_steps_by_hand():
    x = torch.tensor([[0.75], [0.75], [0.5]], requires_grad=True)

    spikes = backend("naive")(x, Neuron(retention=0.5, surrogate="triangle", alpha=1.0))
    (gradient,) = torch.autograd.grad(spikes, x, torch.ones_like(x))

    # h is 0.75, 1.125, 0.5; the triangle is 1 - |h - 1|; the spike of step 1 cuts the past off
    assert spikes.ravel().tolist() == [0, 1, 0]
    assert gradient.ravel().tolist() == [0.75 + 0.5 * 0.875, 0.875, 0.5]


@pytest.mark.parametrize(
    ("x", "neuron", "sentence"),
    [
        (
            torch.zeros(2, 3, dtype=torch.float64),
            Neuron(),
            "takes float32 [T, ...] with T >= 1",
        ),
        (torch.zeros(0, 3), Neuron(), "it got torch.float32 [0, 3]"),
        (torch.zeros(2, 3), Neuron(retention=1.5), "retention lies in [0, 1]"),
        (torch.zeros(2, 3), Neuron(alpha=0), "v_threshold and alpha are > 0"),
        (torch.zeros(2, 3), Neuron(v_threshold=-1), "v_threshold and alpha are > 0"),
        (torch.zeros(2, 3), Neuron(surrogate="atam"), "Did you mean 'atan'? Known: atan, "),
    ],
)
def test_what_no_backend_computes_is_refused(x, neuron, sentence):
    with pytest.raises(RespikeError, match=re.escape(sentence)):
        backend("naive")(x, neuron)


def test_a_backend_that_is_not_known_is_answered_with_the_nearest():
    with pytest.raises(
        RespikeError, match=r"no backend 'tritn' of lif\. Did you mean 'triton'"
    ):
        backend("tritn")


def test_a_backend_whose_package_is_absent_is_an_error_and_no_other_backend(monkeypatch):
    monkeypatch.delitem(sys.modules, "respike.kernels.lif.triton", raising=False)
    monkeypatch.setitem(sys.modules, "triton", None)

    with pytest.raises(RespikeError, match=r"'triton' of lif needs triton, .* `kernels`"):
        backend("triton")


def broken(monkeypatch, lif):
    module = types.ModuleType("respike.kernels.lif.triton")
    module.lif = lif
    monkeypatch.setitem(sys.modules, "respike.kernels.lif.triton", module)
    return parity.compare("triton")


def test_parity_finds_no_difference_between_equals(monkeypatch):
    rows = broken(monkeypatch, backend("naive"))

    assert len(rows) == len(parity.SHAPES) * len(SURROGATES) * 2
    assert {row["unequal_spikes"] for row in rows} == {0}
    assert {row["gradient_error"] for row in rows} == {0.0}
    assert sum(row["spikes"] for row in rows) > 1000


def test_parity_finds_one_spike_too_many(monkeypatch):
    def lif(x, neuron):
        return backend("naive")(x + 1 / 256, neuron)

    rows = broken(monkeypatch, lif)

    assert max(row["unequal_spikes"] for row in rows) > 0


def test_parity_finds_a_gradient_that_is_never_written(monkeypatch):
    class Forgetful(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, spikes):
            return spikes

        @staticmethod
        def backward(ctx, grad):
            return torch.empty_like(grad), None

    def lif(x, neuron):
        return Forgetful.apply(x, backend("naive")(x.detach(), neuron))

    rows = broken(monkeypatch, lif)

    assert {row["gradient_error"] for row in rows} == {float("inf")}


@needs_triton
def test_triton_gives_what_naive_gives_under_its_interpreter(monkeypatch):
    monkeypatch.setattr(bench.sys, "executable", PYTHON)

    rows = bench.program("lif", "parity", TRITON_INTERPRET="1")

    assert len(rows) == len(parity.SHAPES) * len(SURROGATES) * 2
    assert {row["unequal_spikes"] for row in rows} == {0}
    assert max(row["gradient_error"] for row in rows) <= limits.GRADIENT_ERROR
