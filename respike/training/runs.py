"""From arrays and settings to everything that a train, prune or distill job leaves.

A seed fixes the split, the first weights, the order of the items and what structure learning
draws, each from a stream of its own: two variants of one seed differ in their settings only.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from respike.core.errors import RespikeError
from respike.core.io import content_sha256
from respike.core.parts import make
from respike.core.parts import split as part_and_settings
from respike.core.seeds import numpy_stream
from respike.structure import masks as count
from respike.training import model as models
from respike.training.evolution import Evolution
from respike.training.examples import Examples, examples, split
from respike.training.loop import Methods, Recipe, Trained, evaluate, fit

Arrays = Mapping[str, np.ndarray]
TRACED_ITEMS = 3


@dataclass(frozen=True)
class Outcome:
    """The outputs of one job, by name; see the layout of stages."""

    model: dict[str, np.ndarray]
    description: dict[str, Any]
    predictions: dict[str, np.ndarray]
    metrics: dict[str, Any]
    curve: list[dict[str, Any]]
    trace: dict[str, np.ndarray]


def train(
    arrays: Arrays,
    seed: int,
    log: logging.Logger,
    *,
    network: str | dict,
    loss: str | dict,
    epochs: int,
    batch: int,
    learning_rate: float,
    split: dict,
    input_levels: int,
    neuron: str | dict | None = None,
    learning: str | dict = "bptt",
    arithmetic: str | dict | None = None,
    structure: dict | None = None,
    decay: str = "none",
    selection: str = "validation",
) -> Outcome:
    """Train a network from scratch; with `structure`, a sparse one.

    Args:
        arrays: prepared data.
        seed: of the run.
        log: the stage's logger.
        network: part of kind network.
        loss: part of kind loss.
        epochs: passes over the training items.
        batch: items a step.
        learning_rate: of Adam, in the first epoch.
        split: how many items go to train, validation and test.
        input_levels: greatest value of an input; inputs are divided by it.
        neuron: part of kind neuron, for a network that spikes.
        learning: part of kind learning.
        arithmetic: part of kind arithmetic; without it, torch's in float32.
        structure: init and density, and drop, grow, schedule where masks evolve;
            reset_moments: false keeps Adam's moments where connections change.
        decay: none or cosine, of the learning rate over epochs.
        selection: validation or last.
    """
    structure = structure or {}
    own = None if arithmetic is None else make("arithmetic", arithmetic)
    if own is not None:
        named = {"network": network, "neuron": neuron, "learning": learning, "loss": loss}
        own.check(
            **{
                kind: None if part is None else part_and_settings(part)[0]
                for kind, part in named.items()
            },
            structure="given" if structure else None,
            decay=decay,
        )
    sets = _sets(arrays, split, input_levels, seed)
    net = _fresh(network, neuron, sets, seed)
    if own is not None:
        own.prepare(net, numpy_stream(seed, "weights"))
    recipe = Recipe(
        epochs, batch, learning_rate, decay, selection, structure.get("reset_moments", True)
    )
    evolution = _evolving(net, structure, recipe.steps(len(sets["train"])), seed)
    methods = Methods(make("learning", learning), make("loss", loss), arithmetic=own)
    return _run(net, sets, recipe, methods, evolution, seed, log)


def prune(
    arrays: Arrays,
    seed: int,
    log: logging.Logger,
    model: Arrays,
    description: dict[str, Any],
    *,
    drop: str | dict,
    schedule: str | dict,
    density: float,
    loss: str | dict,
    epochs: int,
    batch: int,
    learning_rate: float,
    grow: str | dict | None = None,
    learning: str | dict = "bptt",
    decay: str = "none",
    selection: str = "validation",
    noise: int = 0,
) -> Outcome:
    """Prune a trained network and fine-tune it on the items it was trained on.

    Args:
        arrays: prepared data, those the model was trained on.
        seed: of the run; must be the model's, or its test items would be trained on.
        log: the stage's logger.
        model: tensors of the model file.
        description: its metadata.
        drop: part of kind structure.drop.
        schedule: part of kind structure.schedule: when, and how fast.
        density: share of all connections that live at the end.
        loss: part of kind loss.
        epochs: passes over the training items.
        batch: items a step.
        learning_rate: of Adam, in the first epoch.
        grow: part of kind structure.grow, for schedules that exchange.
        learning: part of kind learning.
        decay: none or cosine, of the learning rate over epochs.
        selection: validation or last; only epochs at the density asked for count.
        noise: which stream the order of the items is drawn from. Runs that differ in it
            alone share split, masks and first weights: repeats of one fine-tuning.
    """
    if noise < 0:
        raise RespikeError(f"prune.noise is {noise}; it must be a whole number >= 0")
    sets = same_sets(arrays, description, seed)
    net, masks = models.unpack(model, description)
    recipe = Recipe(epochs, batch, learning_rate, decay, selection)
    steps = recipe.steps(len(sets["train"]))
    total = count.size(masks)
    target = count.exact_count(density, total, "prune.density")
    plan = make("structure.schedule", schedule)(
        steps, count.live(masks) / total, target / total
    )
    evolution = Evolution(
        masks,
        plan,
        make("structure.drop", drop),
        None if grow is None else make("structure.grow", grow),
        numpy_stream(seed, "structure"),
    )
    before = evaluate(net, sets["test"]).accuracy
    methods = Methods(make("learning", learning), make("loss", loss))
    order = numpy_stream(seed, f"order-{noise}" if noise else "order")
    outcome = _run(net, sets, recipe, methods, evolution, seed, log, order)
    outcome.metrics["accuracy_before"] = before
    return outcome


def distill(
    arrays: Arrays,
    seed: int,
    log: logging.Logger,
    teacher: Arrays,
    teacher_description: dict[str, Any],
    model: Arrays | None = None,
    description: dict[str, Any] | None = None,
    *,
    loss: str | dict,
    transfer: str | dict,
    epochs: int,
    batch: int,
    learning_rate: float,
    network: str | dict | None = None,
    neuron: str | dict | None = None,
    learning: str | dict = "bptt",
    structure: dict | None = None,
    decay: str = "none",
    selection: str = "validation",
) -> Outcome:
    """Train a student with a teacher; from scratch, or from a trained model.

    Args:
        arrays: prepared data, those the teacher was trained on.
        seed: of the run; must be the teacher's.
        log: the stage's logger.
        teacher: tensors of the teacher's model file.
        teacher_description: its metadata; split and input_levels are taken from it.
        model: tensors of a model to start from; its network, neuron and masks are kept.
        description: its metadata.
        loss: part of kind loss, the student's own task.
        transfer: part of kind transfer.
        epochs: passes over the training items.
        batch: items a step.
        learning_rate: of Adam, in the first epoch.
        network: part of kind network; needed without a model, refused with one.
        neuron: part of kind neuron, for a network that spikes.
        learning: part of kind learning.
        structure: as in `train`; refused with a model, whose masks stay as they are.
        decay: none or cosine, of the learning rate over epochs.
        selection: validation or last.
    """
    sets = same_sets(arrays, teacher_description, seed)
    structure = structure or {}
    recipe = Recipe(
        epochs, batch, learning_rate, decay, selection, structure.get("reset_moments", True)
    )
    if model is None:
        if network is None:
            raise RespikeError("distill.network is missing; name one, or start from: a model")
        net = _fresh(network, neuron, sets, seed)
        evolution = _evolving(net, structure, recipe.steps(len(sets["train"])), seed)
    else:
        given = [k for k, v in (("network", network), ("structure", structure)) if v]
        if given:
            raise RespikeError(
                f"distill.{given[0]} and distill.from are both given; the model that from names"
                " has a network and masks of its own, so remove one of the two"
            )
        net, masks = models.unpack(model, description)
        evolution = Evolution(masks, [], None, None, numpy_stream(seed, "structure"))
    wise, _ = models.unpack(teacher, teacher_description)
    inner = [found.description["sizes"][1:-1] for found in (net, wise)]
    methods = Methods(
        make("learning", learning),
        make("loss", loss),
        make("transfer", transfer, *inner, numpy_stream(seed, "align")),
        wise,
    )
    outcome = _run(net, sets, recipe, methods, evolution, seed, log)
    outcome.metrics["teacher_accuracy"] = evaluate(wise, sets["test"]).accuracy
    return outcome


def _sets(arrays: Arrays, sizes: dict, levels: int, seed: int) -> dict[str, Examples]:
    found = examples(arrays, levels)
    places = split(len(found), sizes, numpy_stream(seed, "split"))
    return {name: found.take(at) for name, at in places.items()}


def same_sets(arrays: Arrays, description: dict, seed: int) -> dict[str, Examples]:
    """The split of the model this job builds on, refused where its seed is another."""
    if description["seed"] != seed:
        raise RespikeError(
            f"this run has seed {seed} and the model it builds on has seed"
            f" {description['seed']}, so their test items are not the same; name a model of"
            " the same seed"
        )
    return _sets(arrays, description["split"], description["input_levels"], seed)


def _fresh(network, neuron, sets: dict[str, Examples], seed: int) -> torch.nn.Module:
    classes = 1 + max(int(part.label.max()) for part in sets.values())
    features = sets["train"].features
    return models.build(network, neuron, features, classes, numpy_stream(seed, "weights"))


def _evolving(
    net: torch.nn.Module, structure: dict[str, Any], steps: int, seed: int
) -> Evolution:
    """Masks of a fresh network, with its weights set to 0 outside them."""
    density = structure.get("density", 1.0)
    weights = models.weights(net)
    draw = numpy_stream(seed, "structure")
    init = make("structure.init", structure.get("init", "dense"))
    masks = init({name: tuple(w.shape) for name, w in weights.items()}, density, draw)
    with torch.no_grad():
        for name, weight in weights.items():
            weight.mul_(masks[name])
    changing = [key for key in ("drop", "grow", "schedule") if structure.get(key) is not None]
    if changing and len(changing) < 3:
        raise RespikeError(
            f"structure has {', '.join(changing)}; connections that evolve need drop, grow and"
            " schedule, a mask that stays needs none of them"
        )
    plan, drop, grow = [], None, None
    if changing:
        plan = make("structure.schedule", structure["schedule"])(steps, density, density)
        drop = make("structure.drop", structure["drop"])
        grow = make("structure.grow", structure["grow"])
    return Evolution(masks, plan, drop, grow, draw)


def _run(
    net: torch.nn.Module,
    sets: dict[str, Examples],
    recipe: Recipe,
    methods: Methods,
    evolution: Evolution,
    seed: int,
    log: logging.Logger,
    order: np.random.Generator | None = None,
) -> Outcome:
    test = sets["test"]
    steps = recipe.steps(len(sets["train"]))
    log.info(
        "%s: %d connections (%.1f %% live), %d train, %d validation, %d test items,"
        " %d epochs of %d steps, %d mask updates; %s",
        "-".join(map(str, net.description["sizes"])),
        count.size(evolution.masks), 100 * count.density(evolution.masks),
        *(len(part) for part in sets.values()),
        recipe.epochs, steps // recipe.epochs, len(evolution.plan), _neuron(net.description),
    )  # fmt: skip
    order = order or numpy_stream(seed, "order")
    trained = fit(
        net, sets["train"], sets["validation"], recipe, methods, evolution, order, log
    )
    answer = evaluate(net, test)
    description = {
        **net.description,
        "time_steps": test.frames or net.time_steps,
        "input": "frames" if test.frames else "image",
        "input_levels": test.levels,
        "layers": list(net.layers),
        "seed": seed,
        "split": {name: len(part) for name, part in sets.items()},
    }
    _warn_of_silence(net, answer, log)
    log.info("test %.1f %% with the weights of epoch %d", 100 * answer.accuracy, trained.epoch)
    model = models.pack(net, trained.masks)
    own = {} if methods.arithmetic is None else _identity(model)
    return Outcome(
        model,
        description,
        {
            "item": test.item.numpy(),
            "label": test.label.numpy(),
            "predicted": answer.predicted.numpy(),
            "logits": answer.logits.numpy(),
        },
        {**_numbers(net, trained, evolution, steps), **_activity(net, answer), **own},
        trained.curve,
        _trace(net, test.take(np.arange(min(TRACED_ITEMS, len(test)))), evolution),
    )


def _identity(model: Arrays) -> dict[str, str]:
    """Hash of the content of the trained weights, for an identity claim."""
    weights = {name: tensor for name, tensor in model.items() if name.endswith(".weight")}
    return {"weights_sha256": content_sha256(weights)}


def _neuron(description: dict[str, Any]) -> str:
    neuron = description["neuron"]
    if neuron is None:
        return "no spikes"
    (name,) = neuron["part"]
    return f"{name} keeps {neuron['retention']:.3f} of its membrane each step"


def _numbers(
    net: torch.nn.Module, trained: Trained, evolution: Evolution, steps: int
) -> dict[str, Any]:
    totals = [sum(row.values()) for row in evolution.history]
    found: dict[str, Any] = {
        "train_accuracy": trained.train_accuracy,
        "validation_accuracy": trained.validation_accuracy,
        "epoch_selected": trained.epoch,
        "steps": steps,
        "connections": count.size(trained.masks),
        "density": count.density(trained.masks),
        "nonzero_share": count.nonzero_share(models.weights(net)),
        "itop_rate": evolution.itop,
        "mask_updates": len(evolution.history) - 1,
        "connections_exchanged": evolution.exchanged,
        "live_connections": totals,
    }
    for name in evolution.masks:
        found[f"live_connections.{name}"] = [row[name] for row in evolution.history]
    return found


def _warn_of_silence(net: torch.nn.Module, answer, log: logging.Logger) -> None:
    """Name a layer that says the same of every item: what comes after it hears nothing."""
    if net.description["neuron"] is None:
        return
    for name, rate in zip(list(net.layers)[:-1], answer.rates, strict=True):
        if rate in (0.0, 1.0):
            did, turn = (
                ("never fired", "lower") if rate == 0 else ("fired in every step", "raise")
            )
            log.warning(
                "layer %s %s on the test items: the accuracy is that of the output's bias; "
                "%s the neuron's threshold, or look at the weights and the inputs",
                name, did, turn,
            )  # fmt: skip


def _activity(net: torch.nn.Module, answer) -> dict[str, Any]:
    hidden = list(net.layers)[:-1]
    found = {"accuracy": answer.accuracy}
    neuron = net.description["neuron"]
    if neuron is not None:
        found["retention"] = neuron["retention"]
        found |= {f"firing_rate.{n}": r for n, r in zip(hidden, answer.rates, strict=True)}
    return found


@torch.no_grad()
def _trace(net: torch.nn.Module, few: Examples, evolution: Evolution) -> dict[str, np.ndarray]:
    """Rasters of a few test items one after another, and connections over training."""
    found = {
        "item": few.item.numpy(),
        "mask_step": np.array(evolution.steps, dtype=np.int64),
        "live_connections": np.array(
            [sum(row.values()) for row in evolution.history], dtype=np.int64
        ),
    }
    if net.description["neuron"] is not None:
        signals = net(few.inputs())
        for name, spikes in zip(net.layers, signals.hidden, strict=False):
            raster = spikes.transpose(0, 1).reshape(-1, spikes.shape[-1])
            found[f"spikes.{name}"] = raster.numpy().astype(np.uint8)
    return found
