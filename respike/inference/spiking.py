"""A network of stochastic spiking neurons whose firing rates answer for a field.

Each variable is a population of one or more leaky neurons that share their drive u:
tau du/dt = -u + J (2 s - 1) + h, with s the share of the population that spiked in this
step; each neuron fires with probability 1 / (1 + exp(-2 u)). At rest m = 2 <s> - 1 solves
m = tanh(J m + h), the mean-field equation. P(x = 1) is the mean of s after burn-in.
Source: arXiv:1902.08411, its equivalence of membrane dynamics and mean-field inference;
where we differ: discrete steps, no reset or refractory time, and populations.
"""

from typing import NamedTuple

import numpy as np

from respike.core.errors import RespikeError


class Activity(NamedTuple):
    """What the network did.

    Attributes:
        probability: P(x = 1), mean share of spiking neurons, the shape of the bias.
        raster: share that spiked [T, n] in the first graph or grid, variables flattened.
        spikes: mean number of spikes of one neuron in one step.
    """

    probability: np.ndarray
    raster: np.ndarray
    spikes: float


def fire_probability(u: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-2 u)), written so that it cannot overflow."""
    return (np.tanh(u) + 1) / 2


def run(
    field, rng: np.random.Generator, *, neurons: int, tau_steps: float, steps: int, burn_in: int
) -> Activity:
    """Run the network from u = 0.

    Args:
        field: GraphField or GridField.
        rng: stream of the spikes.
        neurons: in the population of each variable.
        tau_steps: membrane time constant.
        steps: steps that count.
        burn_in: steps before them that do not.

    Raises:
        RespikeError: no neuron, or a time constant below one step.
    """
    if neurons < 1:
        raise RespikeError(f"a population has {neurons} neurons; it must be 1 or more")
    if tau_steps < 1:
        raise RespikeError(f"tau_steps is {tau_steps}; it must be 1 or more")
    u = np.zeros_like(field.bias)
    total, raster = np.zeros_like(u), []
    for step in range(burn_in + steps):
        chance = fire_probability(u)
        drawn = rng.random((neurons, *u.shape), dtype=np.float32)
        share = (drawn < chance).sum(axis=0) / neurons
        u = u + (field.drive(2 * share - 1) - u) / tau_steps
        raster.append(share[0].ravel())
        if step >= burn_in:
            total += share
    probability = total / steps
    return Activity(probability, np.array(raster), float(probability.mean()))
