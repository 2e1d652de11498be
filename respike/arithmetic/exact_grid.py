"""Backpropagation through time and Adam whose weights are the same bits on every CPU.

Float64 throughout. Weights lie on a grid of 2^-weight_bits, gradients are rounded to
2^-gradient_bits before each product of matrices, and every sum is exact (see `grid`). The
rest is separate + - * / and comparison, each of which IEEE 754 rounds correctly, and a square
root by NumPy, which rounds it correctly as well (torch's does not). First weights are whole
numbers from the run's stream. So neither the number of threads nor instruction set nor
vendor can move a bit; tests/arithmetic/test_every_cpu.py has the hash.

What is computed is BPTT of the spiking mlp with lif neurons, reset detached, surrogate
1 / (1 + alpha x^2), squared error, and Adam with torch's constants (Kingma and Ba 2014,
arXiv:1412.6980, algorithm 1). Where we differ: the weights are rounded to their grid after
each step.
"""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

from respike.arithmetic.grid import (
    Grid,
    assert_exact,
    exact_matmul,
    exact_sum,
    greatest,
    on_grid,
    to_grid,
)
from respike.core.errors import RespikeError

LIMIT = 4  # of |weight|: 2 + 22 bits are the 24 that the model file's float32 holds
INPUT_BITS = 8  # inputs are whole numbers of 2^-8, as pixels and small counts are
BETA, BETA_SQUARED, EPSILON = 0.9, 0.999, 1e-8
# what a study may write beside it
TAKES = {
    "network": "mlp",
    "neuron": "lif",
    "learning": "bptt",
    "loss": "squared-error",
    "structure": None,
    "decay": "none",
}


def build(*, weight_bits: int = 18, gradient_bits: int = 24) -> "ExactGrid":
    """Make the arithmetic.

    Args:
        weight_bits: weights are whole numbers of 2^-weight_bits, 1 to 22.
        gradient_bits: gradients are rounded to whole numbers of 2^-gradient_bits, 1 to 40.

    Raises:
        RespikeError: bits out of range.
    """
    for name, value, most in (
        ("weight_bits", weight_bits, 22),
        ("gradient_bits", gradient_bits, 40),
    ):
        if not 1 <= value <= most:
            raise RespikeError(
                f"arithmetic.exact-grid.{name} is {value}; it must lie in 1 to {most}"
            )
    return ExactGrid(weight_bits, gradient_bits)


class ExactGrid:
    """See the head of the file."""

    def __init__(self, weight_bits: int, gradient_bits: int):
        self.weight_bits = weight_bits
        self.gradient_bits = gradient_bits

    @staticmethod
    def check(**names: str | None) -> None:
        """Refuse parts that are not known to give the same bits everywhere.

        Args:
            names: key of the study -> name of the part there, None where there is none.

        Raises:
            RespikeError: names the first that does not fit, and the one that does.
        """
        for key, name in names.items():
            if name != TAKES[key]:
                said = "a structure" if key == "structure" else f"{key} {name}"
                want = f"write {key}: {TAKES[key]}" if TAKES[key] else f"remove {key}"
                raise RespikeError(
                    f"arithmetic exact-grid does not take {said}, whose bits may differ"
                    f" between CPUs; {want}"
                )

    def prepare(self, network: torch.nn.Module, rng: np.random.Generator) -> None:
        """Put a fresh network into float64 with weights on the grid.

        Args:
            network: a spiking mlp; changed in place.
            rng: stream the weights are drawn from as whole numbers, layer after layer,
                uniform in +-1 / sqrt(fan in) as those of the other networks.

        Raises:
            RespikeError: settings of network or neuron that are not exact.
        """
        self._check_settings(network.description)
        network.double()
        for layer in network.layers.values():
            fan_in = layer.weight.shape[1]
            most = math.isqrt((1 << 2 * self.weight_bits) // fan_in)
            whole = rng.integers(-most, most, size=tuple(layer.weight.shape), endpoint=True)
            drawn = torch.from_numpy(whole.astype(np.float64)) / float(1 << self.weight_bits)
            layer.weight.data.copy_(drawn)

    def _check_settings(self, description: Mapping[str, Any]) -> None:
        network, lif = description["network"]["mlp"], description["neuron"]["part"]["lif"]
        tau = lif["tau_steps"]
        wanted = (
            ("network.mlp.bias", network["bias"], False, "false"),
            ("neuron.lif.surrogate", lif["surrogate"], "rational", "rational"),
            ("neuron.lif.detach_reset", lif["detach_reset"], True, "true"),
            ("neuron.lif.tau_steps", tau, _power_of_two_above(tau), "a power of two above 1"),
        )
        for name, value, want, words in wanted:
            if value != want:
                raise RespikeError(
                    f"{name} is {value!r} and arithmetic is exact-grid, which takes {words}"
                )

    def begin(self, network: torch.nn.Module, loss: Any) -> "Steps":
        """Start training a prepared network with a loss that says its `error`."""
        return Steps(network, loss, self.weight_bits, self.gradient_bits)


def _power_of_two_above(tau: float) -> float:
    return float(1 << max(1, int(tau).bit_length() - 1))


class Answer(NamedTuple):
    """Signals of a network: logits [T, N, classes], spikes, and the mean logits."""

    logits: torch.Tensor
    hidden: tuple[torch.Tensor, ...]
    score: torch.Tensor


class Steps:
    """Training of one network, batch by batch; the network's own weights are changed."""

    def __init__(self, network, loss, weight_bits: int, gradient_bits: int):
        self.names = list(network.layers)
        self.weights = [network.layers[name].weight for name in self.names]
        self.loss = loss
        self.weight_bits, self.gradient_bits = weight_bits, gradient_bits
        lif = network.description["neuron"]["part"]["lif"]
        self.kept = 1 - 1 / float(lif["tau_steps"])
        self.leak_bits = int(lif["tau_steps"]).bit_length() - 1
        self.threshold, self.alpha = float(lif["v_threshold"]), float(lif["alpha"])
        self.time_steps = network.time_steps
        self.first = [torch.zeros_like(w, requires_grad=False) for w in self.weights]
        self.second = [torch.zeros_like(w, requires_grad=False) for w in self.weights]
        self.beta_left, self.beta_squared_left = 1.0, 1.0

    @torch.no_grad()
    def step(self, x: torch.Tensor, label: torch.Tensor, rate: float) -> tuple[float, Answer]:
        """Train on one batch.

        Args:
            x: inputs, [N, F] still images or [T, N, F] frames.
            label: [N].
            rate: learning rate.

        Returns:
            The loss before the update, and what the network answered then.

        Raises:
            RespikeError: a sum that might round, or a weight beyond its limit.
        """
        gradients, loss, answer = self.gradients(x, label)
        self.update(gradients, rate)
        return loss, answer

    @torch.no_grad()
    def gradients(
        self, x: torch.Tensor, label: torch.Tensor
    ) -> tuple[list[torch.Tensor], float, Answer]:
        """Gradient of each layer's weight, the loss and the answer; see `step`."""
        inputs = on_grid(x.double(), INPUT_BITS, "an input")
        weights = [
            on_grid(w.detach(), self.weight_bits, f"{name}.weight")
            for name, w in zip(self.names, self.weights, strict=True)
        ]
        steps = self.time_steps if x.dim() == 2 else x.shape[0]
        sent, membranes = [inputs], []
        for name, weight in zip(self.names[:-1], weights, strict=False):
            current = self._current(sent[-1], weight, name)
            reach = LIMIT * weight.tensor.shape[1] * max(1.0, greatest(sent[-1]))
            before, spikes = self._neurons(current, steps, reach)
            membranes.append((before, spikes))
            sent.append(Grid(spikes, 0))
        logits = self._current(sent[-1], weights[-1], self.names[-1])
        score = exact_sum(logits, "the logits' sum over time").tensor / steps
        error = self.loss.error(score, label)
        loss = self._mean_of_squares(error)
        slope = to_grid(error * 2 / len(label) / steps, self.gradient_bits)
        back = Grid(slope.tensor.expand(steps, -1, -1), self.gradient_bits)
        found = [self._product(back, sent[-1], self.names[-1])]
        for place in range(len(membranes) - 1, -1, -1):
            name = self.names[place]
            flat = Grid(back.tensor.reshape(-1, back.tensor.shape[-1]), back.bits)
            to_spikes = exact_matmul(flat, weights[place + 1], f"the error sent back to {name}")
            to_spikes = to_spikes.tensor.reshape(steps, len(label), -1)
            back = to_grid(self._through_time(to_spikes, *membranes[place]), self.gradient_bits)
            found.append(self._product(back, sent[place], name))
        hidden = tuple(spikes for _, spikes in membranes)
        return found[::-1], loss, Answer(logits.tensor, hidden, score)

    def _current(self, sent: Grid, weight: Grid, name: str) -> Grid:
        """Currents [..., outputs] of what was sent [..., inputs]."""
        flat = Grid(sent.tensor.reshape(-1, sent.tensor.shape[-1]), sent.bits)
        turned = Grid(weight.tensor.t(), weight.bits)
        product = exact_matmul(flat, turned, f"the current of {name}")
        return Grid(product.tensor.reshape(*sent.tensor.shape[:-1], -1), product.bits)

    def _neurons(
        self, current: Grid, steps: int, reach: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Membranes before the reset and spikes, both [T, N, C].

        They are exact as well: by a bound that holds for any item and any weight within its
        limit, so that the network itself gives exact answers to items that it is tested on,
        whatever code adds up its membranes.
        """
        bits = current.bits + self.leak_bits * (steps - 1)
        assert_exact(reach * steps, bits, "a membrane")
        membrane, before, spikes = torch.zeros_like(current.tensor[0]), [], []
        if current.tensor.dim() == 2:
            membrane = torch.zeros_like(current.tensor)
        for step in range(steps):
            arriving = current.tensor if current.tensor.dim() == 2 else current.tensor[step]
            charged = membrane * self.kept + arriving
            fired = (charged >= self.threshold).double()
            membrane = charged * (1 - fired)
            before.append(charged)
            spikes.append(fired)
        return torch.stack(before), torch.stack(spikes)

    def _through_time(
        self, to_spikes: torch.Tensor, before: torch.Tensor, spikes: torch.Tensor
    ) -> torch.Tensor:
        """Gradient of the currents [T, N, C] from that of the spikes; the reset is detached."""
        distance = before - self.threshold
        surrogate = 1 / (distance * distance * self.alpha + 1)
        found, later = [], torch.zeros_like(to_spikes[0])
        for step in range(len(to_spikes) - 1, -1, -1):
            kept = later * self.kept * (1 - spikes[step])
            later = to_spikes[step] * surrogate[step] + kept
            found.append(later)
        return torch.stack(found[::-1])

    def _product(self, back: Grid, sent: Grid, name: str) -> torch.Tensor:
        """Gradient of a weight: the sum over steps and items of error times what was sent."""
        if sent.tensor.dim() == 2:  # a still image, the same at each step
            back = exact_sum(back, f"the error of {name} over time")
        errors = Grid(back.tensor.reshape(-1, back.tensor.shape[-1]).t(), back.bits)
        inputs = Grid(sent.tensor.reshape(-1, sent.tensor.shape[-1]), sent.bits)
        return exact_matmul(errors, inputs, f"the gradient of {name}").tensor

    def _mean_of_squares(self, error: torch.Tensor) -> float:
        squares = to_grid(error * error, self.gradient_bits)
        flat = Grid(squares.tensor.reshape(-1), squares.bits)
        return float(exact_sum(flat, "the loss").tensor) / len(error)

    def update(self, gradients: list[torch.Tensor], rate: float) -> None:
        """One step of Adam, then every weight to its grid.

        Raises:
            RespikeError: a weight beyond the limit.
        """
        self.beta_left = self.beta_left * BETA
        self.beta_squared_left = self.beta_squared_left * BETA_SQUARED
        for i, gradient in enumerate(gradients):
            self.first[i] = self.first[i] * BETA + gradient * (1 - BETA)
            self.second[i] = self.second[i] * BETA_SQUARED + gradient * gradient * (
                1 - BETA_SQUARED
            )
            mean = self.first[i] / (1 - self.beta_left)
            square = self.second[i] / (1 - self.beta_squared_left)
            root = torch.from_numpy(np.sqrt(square.numpy()))
            moved = self.weights[i].data - mean / (root + EPSILON) * rate
            moved = to_grid(moved, self.weight_bits)
            if not float(torch.max(torch.abs(moved.tensor))) <= LIMIT:
                raise RespikeError(
                    f"a weight of {self.names[i]} has left +-{LIMIT}; exact-grid clips nothing:"
                    f" lower learning_rate (now {rate:g})"
                )
            self.weights[i].data.copy_(moved.tensor)
