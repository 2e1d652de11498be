"""What lies between two trained networks: error along the line, and how alike their layers are.

Both must have one architecture, one split, one seed and the same masks, so that every network
on the line has these masks too. There is no batch normalisation whose statistics to renew.

Sources. Barrier: Frankle et al. 2020, arXiv:1912.05671, section 2 (there: instability). Mode
connectivity: the authors' public code of arXiv:2305.18383 (YefanZhou/ThreeRegimePruning), 11
points, error on training items. Linear CKA: Kornblith et al. 2019, arXiv:1905.00414, section 3;
that code reads the one of the softmax of the outputs.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from respike.core.errors import RespikeError
from respike.training import model as models
from respike.training.examples import Examples
from respike.training.loop import Evaluation, evaluate
from respike.training.runs import same_sets

Arrays = Mapping[str, np.ndarray]
SAME = ("network", "neuron", "sizes", "seed", "split", "input_levels")
CHUNK = 512


@dataclass(frozen=True)
class Outcome:
    """The outputs of one job, by name; see the layout of stages."""

    predictions: dict[str, np.ndarray]
    metrics: dict[str, Any]
    curve: list[dict[str, Any]]


def connect(
    arrays: Arrays,
    seed: int,
    log: logging.Logger,
    model: Arrays,
    description: dict[str, Any],
    other: Arrays,
    other_description: dict[str, Any],
    *,
    points: int = 11,
) -> Outcome:
    """Measure the line between two networks, and the likeness of their layers.

    Args:
        arrays: prepared data, those both were trained on.
        seed: of the run; must be that of both models.
        log: the stage's logger.
        model: tensors of one model file, the start of the line.
        description: its metadata.
        other: tensors of the other, the end of the line.
        other_description: its metadata.
        points: networks evaluated along the line, both ends among them; odd, so that the
            middle is one, and >= 3.

    Returns:
        Predictions of the network in the middle on the test items; numbers; one row of the
        curve a point.

    Raises:
        RespikeError: the two do not belong together, or points is no odd number >= 3.
    """
    if points < 3 or points % 2 == 0:
        raise RespikeError(
            f"connect.points is {points}; it must be odd and at least 3, so that both ends and"
            " the middle are among them"
        )
    check_pair(model, description, other, other_description)
    sets = same_sets(arrays, description, seed)
    one, _ = models.unpack(model, description)
    two, _ = models.unpack(other, other_description)
    between, _ = models.unpack(model, description)
    curve, middle = [], None
    for place in range(points):
        mix(between, model, other, place, points - 1)
        seen, tested = evaluate(between, sets["train"]), evaluate(between, sets["test"])
        if 2 * place == points - 1:
            middle = tested
        row = {"share": place / (points - 1)}
        curve.append({**row, "train_error": _error(seen), "test_error": _error(tested)})
    metrics = _numbers(curve, one, two, sets, middle)
    log.info(
        "train error %.1f %% and %.1f %% at the ends, %.1f %% between; barrier %.1f points,"
        " CKA %.3f",
        *(100 * curve[at]["train_error"] for at in (0, -1)),
        100 * max(metrics["train_errors"]), 100 * metrics["barrier"], metrics["cka"],
    )  # fmt: skip
    test = sets["test"]
    predictions = {
        "item": test.item.numpy(),
        "label": test.label.numpy(),
        "predicted": middle.predicted.numpy(),
        "logits": middle.logits.numpy(),
    }
    return Outcome(predictions, metrics, curve)


def check_pair(
    model: Arrays, description: Mapping[str, Any], other: Arrays, others: Mapping[str, Any]
) -> None:
    """Refuse two models between which there is no line.

    Raises:
        RespikeError: says what differs.
    """
    for key in SAME:
        if description.get(key) != others.get(key):
            raise RespikeError(
                f"the two models differ in {key}: {description.get(key)} and"
                f" {others.get(key)}; connect two of one architecture, split and seed"
            )
    for name in model:
        if name.endswith(".mask") and not np.array_equal(model[name], other[name]):
            layer = name.removesuffix(".mask")
            differ = int((np.asarray(model[name]) != np.asarray(other[name])).sum())
            raise RespikeError(
                f"{differ} connections of layer {layer} live in one model and not in the other,"
                " so that networks between them would be denser than both; connect two that"
                " were pruned one-shot from the same network"
            )


@torch.no_grad()
def mix(network: torch.nn.Module, model: Arrays, other: Arrays, place: int, last: int) -> None:
    """Give a network the weights at place/last of the way from a model to another.

    Each is ((last - place) a + place b) / last in float64, rounded to float32: exact at both
    ends and between equal weights, and the same from either end.
    """
    for name, parameter in models.parameters(network).items():
        a, b = (np.asarray(tensors[name], dtype=np.float64) for tensors in (model, other))
        mixed = ((last - place) * a + place * b) / last
        parameter.copy_(torch.from_numpy(mixed.astype(np.float32)))


def barrier(errors: list[float]) -> float:
    """Greatest error along the line less the mean of the ends: Frankle's instability, >= 0."""
    ends = (errors[0] + errors[-1]) / 2
    return max(error - ends for error in errors)


def connectivity(errors: list[float]) -> float:
    """Mean of the ends less the error that is farthest from it, the sign kept.

    Below 0 there is a barrier; above 0 the line holds a better network than its ends; near 0
    they are connected. Among equal distances the first counts.
    """
    ends = (errors[0] + errors[-1]) / 2
    farthest = max(errors, key=lambda error: abs(ends - error))
    return ends - farthest


def cka(x: np.ndarray, y: np.ndarray) -> float:
    """Linear centred kernel alignment of two representations of the same items.

    |Y'X|^2 / (|X'X| |Y'Y|) with columns less their means and Frobenius norms.

    Args:
        x: [N, F] one feature a column.
        y: [N, G].

    Returns:
        A number in [0, 1]; 0 where one of the two says the same of every item.
    """
    x, y = (np.asarray(part, dtype=np.float64) for part in (x, y))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    own, others = np.square(x.T @ x).sum(), np.square(y.T @ y).sum()
    if own == 0 or others == 0:
        return 0.0
    return float(min(1.0, np.square(y.T @ x).sum() / np.sqrt(own * others)))


@torch.no_grad()
def activity(network: torch.nn.Module, examples: Examples) -> dict[str, np.ndarray]:
    """What each layer says of each item, and the softmax of the answer.

    Returns:
        Layer name -> float32 [N, T C], one feature per unit and time step: spikes or
        activations of hidden layers, logits of the readout. `softmax` is that of the logits
        averaged over time, [N, classes].
    """
    found: dict[str, list[np.ndarray]] = {}
    for places in torch.arange(len(examples)).split(CHUNK):
        signals = network(examples.inputs(places))
        for name, part in zip(network.layers, (*signals.hidden, signals.logits), strict=True):
            flat = part.transpose(0, 1).reshape(len(places), -1)
            found.setdefault(name, []).append(flat.numpy())
        found.setdefault("softmax", []).append(signals.score.softmax(1).numpy())
    return {name: np.concatenate(rows) for name, rows in found.items()}


def _error(answer: Evaluation) -> float:
    return 1 - answer.accuracy


def _numbers(
    curve: list[dict[str, Any]],
    one: torch.nn.Module,
    two: torch.nn.Module,
    sets: Mapping[str, Examples],
    middle: Evaluation,
) -> dict[str, Any]:
    errors = [row["train_error"] for row in curve]
    left, right = (activity(network, sets["train"]) for network in (one, two))
    alike = {name: cka(left[name], right[name]) for name in left}
    layers = [alike[name] for name in one.layers]
    answers = [evaluate(network, sets["test"]).predicted for network in (one, two)]
    return {
        "barrier": barrier(errors),
        "connectivity": connectivity(errors),
        "train_errors": errors,
        "train_error_ends": (errors[0] + errors[-1]) / 2,
        "cka": sum(layers) / len(layers),
        **{f"cka.{name}": value for name, value in alike.items()},
        "agreement": float((answers[0] == answers[1]).double().mean()),
        "accuracy": middle.accuracy,
    }
