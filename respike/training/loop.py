"""The one training loop: sparse or dense, with or without a teacher, spiking or not.

Connections that a mask keeps out get no gradient, so that their weight and Adam's moments
stay 0; where a mask changes, both are set to 0.
"""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from respike.core.errors import RespikeError
from respike.structure import masks as count
from respike.structure.masks import Tensors
from respike.training.adam import Adam
from respike.training.evolution import Evolution
from respike.training.examples import Examples
from respike.training.model import parameters, weights
from respike.transfer.rule import Signals, Transfer

LOG_EVERY_S = 30.0
SELECTIONS = ("validation", "last")
DECAYS = ("none", "cosine")


@dataclass(frozen=True)
class Recipe:
    """How long and how to train.

    Attributes:
        epochs: passes over the training items, >= 1.
        batch: items a step; the last batch of an epoch may be smaller.
        learning_rate: of Adam, in the first epoch.
        decay: `none` keeps the learning rate, `cosine` lowers it from epoch to epoch to
            learning_rate / 2 (1 + cos(pi epochs done / epochs)).
        selection: `validation` keeps the first epoch of best validation accuracy among
            those whose masks have the density asked for, `last` the last epoch.
        reset_moments: whether Adam's moments are set to 0 where a connection changed;
            False is a control, weights are set to 0 all the same.
    """

    epochs: int
    batch: int
    learning_rate: float
    decay: str = "none"
    selection: str = "validation"
    reset_moments: bool = True

    def __post_init__(self) -> None:
        """Refuse values that cannot train."""
        for key in ("epochs", "batch"):
            if getattr(self, key) < 1:
                raise RespikeError(f"{key} is {getattr(self, key)}; it must be >= 1")
        if not 0 < self.learning_rate <= 1:
            raise RespikeError(f"learning_rate is {self.learning_rate}; it must lie in (0, 1]")
        if self.decay not in DECAYS:
            raise RespikeError(f"decay is {self.decay!r}; allowed: {', '.join(DECAYS)}")
        if self.selection not in SELECTIONS:
            raise RespikeError(
                f"selection is {self.selection!r}; allowed: {', '.join(SELECTIONS)}"
                " (never test: that is what the result is measured on)"
            )

    def rate(self, epoch: int) -> float:
        """Learning rate of an epoch, from 1."""
        if self.decay == "none":
            return self.learning_rate
        done = (epoch - 1) / self.epochs
        return self.learning_rate / 2 * (1 + math.cos(math.pi * done))

    def steps(self, items: int) -> int:
        """Training steps in all, for so many training items."""
        return self.epochs * math.ceil(items / self.batch)


@dataclass(frozen=True)
class Methods:
    """The parts the loop is made of; see the folders of their kinds."""

    learning: Callable[[torch.Tensor, Tensors], Tensors]
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    transfer: Transfer | None = None
    teacher: torch.nn.Module | None = None
    arithmetic: Any = None


@dataclass(frozen=True)
class Trained:
    """What training left; the network itself holds the selected weights.

    Attributes:
        masks: those of the selected epoch.
        epoch: the selected epoch, from 1.
        curve: one row per epoch.
        train_accuracy: on the training items during the last epoch.
        validation_accuracy: of the selected epoch.
    """

    masks: Tensors
    epoch: int
    curve: list[dict[str, Any]]
    train_accuracy: float
    validation_accuracy: float


def fit(
    network: torch.nn.Module,
    train: Examples,
    validation: Examples,
    recipe: Recipe,
    methods: Methods,
    evolution: Evolution,
    order: np.random.Generator,
    log: logging.Logger,
) -> Trained:
    """Train a network in place.

    Args:
        network: its weights must be 0 where the masks are.
        train: items that gradients come from.
        validation: items that an epoch is chosen by.
        recipe: how long and how.
        methods: learning rule, loss, and what is taken from a teacher.
        evolution: masks and what happens to them; an empty plan keeps them.
        order: stream of one permutation of the training items per epoch.
        log: gets one line an epoch, at most one in 30 s.

    Returns:
        See Trained. The network keeps the weights of the selected epoch.

    Raises:
        RespikeError: the loss is no number any more, or no epoch had the density asked for.
    """
    loop = _Loop(network, methods, recipe, evolution)
    best: tuple[float, int, Tensors, Tensors] | None = None
    curve, told = [], time.monotonic()
    if evolution.due(0):
        loop.change({})
    for epoch in range(1, recipe.epochs + 1):
        places = torch.from_numpy(order.permutation(len(train)))
        loss, accuracy = loop.epoch(train, places, epoch)
        checked = evaluate(network, validation).accuracy
        row = _row(epoch, loss, accuracy, checked, evolution, weights(network))
        curve.append(row)
        eligible = evolution.at_last_density
        newest = recipe.selection == "last" or best is None or checked > best[0]
        if eligible and newest:
            kept = {k: p.detach().clone() for k, p in parameters(network).items()}
            best = (checked, epoch, kept, dict(evolution.masks))
        if time.monotonic() - told > LOG_EVERY_S or epoch == recipe.epochs:
            told = time.monotonic()
            log.info(
                "epoch %d/%d  loss %.3f  train %.1f %%  validation %.1f %%  density %.3f",
                epoch, recipe.epochs, loss, 100 * accuracy, 100 * checked, row["density"],
            )  # fmt: skip
    if best is None:
        raise RespikeError(
            f"masks reached the density asked for in none of {recipe.epochs} epochs; train"
            " longer, or lower the schedule's stop"
        )
    _, epoch, kept, masks = best
    with torch.no_grad():
        for name, parameter in parameters(network).items():
            parameter.copy_(kept[name])
    return Trained(masks, epoch, curve, curve[-1]["train_accuracy"], best[0])


class _Loop:
    """One network, its optimiser and its masks, step by step."""

    def __init__(self, network, methods: Methods, recipe: Recipe, evolution: Evolution):
        self.network = network
        self.methods = methods
        self.recipe = recipe
        self.evolution = evolution
        self.masked = {f"{name}.weight": name for name in evolution.masks}
        self.trained = parameters(network)
        if methods.transfer is not None:
            self.trained |= methods.transfer.weights
        self.adam = Adam(self.trained)
        self.own = None
        if methods.arithmetic is not None:
            self.own = methods.arithmetic.begin(network, methods.loss)
        self.step = 0
        self._keep()

    def _keep(self) -> None:
        self.keep = {
            key: self.evolution.masks[name].to(torch.float32)
            for key, name in self.masked.items()
            if not bool(self.evolution.masks[name].all())
        }

    @torch.no_grad()
    def _mask(self) -> None:
        for key, keep in self.keep.items():
            self.trained[key].mul_(keep)

    def epoch(self, train: Examples, places: torch.Tensor, epoch: int) -> tuple[float, float]:
        """One pass; mean loss and accuracy over its items, each before its own step."""
        self.rate = self.recipe.rate(epoch)
        loss_sum, correct = 0.0, 0
        for batch in places.split(self.recipe.batch):
            label = train.label[batch]
            loss, signals = self.one_step(train.inputs(batch), label)
            if not math.isfinite(loss):
                raise RespikeError(
                    f"the loss is {loss} in epoch {epoch}, step {self.step}: training ran away;"
                    f" lower learning_rate (now {self.recipe.learning_rate:g}), or look at the"
                    " neuron's surrogate and the inputs"
                )
            loss_sum += loss * len(batch)
            correct += int((signals.score.argmax(1) == label).sum())
        return loss_sum / len(train), correct / len(train)

    def one_step(self, x: torch.Tensor, label: torch.Tensor) -> tuple[float, Signals]:
        """Forward, gradients, one update of the weights, and of the masks where due."""
        if self.own is not None:
            self.step += 1
            return self.own.step(x, label, self.rate)
        signals = self.network(x)
        loss = self.methods.loss(signals.logits, label)
        if self.methods.transfer is not None:
            with torch.no_grad():
                taught = self.methods.teacher(x)
            loss = self.methods.transfer(loss, signals, taught, label)
        dense = self.methods.learning(loss, self.trained)
        kept = {key: dense[key] * keep for key, keep in self.keep.items()}
        self.adam.step(dense | kept, self.rate)
        self._mask()
        self.step += 1
        if self.evolution.due(self.step):
            self.change({name: dense[key] for key, name in self.masked.items()})
        return loss.item(), signals

    @torch.no_grad()
    def change(self, gradients: Tensors) -> None:
        """Carry out the masks' next update; what changed starts from 0."""
        weight = {name: self.trained[key] for key, name in self.masked.items()}
        changed = self.evolution.apply(weight, gradients)
        for key, name in self.masked.items():
            self.trained[key].masked_fill_(changed[name], 0)
            if self.recipe.reset_moments:
                self.adam.forget(key, changed[name])
        self._keep()


def _row(epoch, loss, accuracy, checked, evolution: Evolution, weight: Tensors) -> dict:
    return {
        "epoch": epoch,
        "loss": loss,
        "train_accuracy": accuracy,
        "validation_accuracy": checked,
        "density": count.density(evolution.masks),
        "live_connections": count.live(evolution.masks),
        "nonzero_share": count.nonzero_share(weight),
        "itop_rate": evolution.itop,
        "exchanged": evolution.exchanged,
    }


@dataclass(frozen=True)
class Evaluation:
    """Answers to a set of items.

    Attributes:
        logits: [N, classes], averaged over time.
        predicted: [N], the first of the largest logits.
        accuracy: share of right answers.
        rates: mean activity of each hidden layer, spikes per unit and step.
    """

    logits: torch.Tensor
    predicted: torch.Tensor
    accuracy: float
    rates: tuple[float, ...]


@torch.no_grad()
def evaluate(network: torch.nn.Module, examples: Examples, chunk: int = 512) -> Evaluation:
    """Run a network on items without changing it."""
    logits, active = [], []
    for places in torch.arange(len(examples)).split(chunk):
        signals = network(examples.inputs(places))
        logits.append(signals.score)
        active.append([float(h.mean()) * len(places) for h in signals.hidden])
    score = torch.cat(logits)
    predicted = torch.from_numpy(score.numpy().argmax(1))
    return Evaluation(
        score,
        predicted,
        int((predicted == examples.label).sum()) / len(examples),
        tuple(sum(layer) / len(examples) for layer in zip(*active, strict=True)),
    )
