"""Feature distillation: firing rates, linearly aligned, follow the teacher's activations.

    L = task + beta sum_l mean (A_l rate_l - f_l)^2

rate_l is the time average of the student's spikes, f_l the teacher's activation, A_l a
linear map trained along. The last layers are matched first: student layer -k with teacher
layer -k, as many as both have.
Source: KDSNN (Xu et al. 2023, arXiv:2304.05627), feature-based mode; its alignment is a 1x1
convolution, which for a hidden layer without places is this linear map. Where we differ:
the mean over units, where a published reimplementation (BKDSNN) sums; beta is ours.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from respike.core.errors import RespikeError
from respike.transfer.rule import Signals, Transfer


def build(
    student: list[int],
    teacher: list[int],
    rng: np.random.Generator,
    *,
    beta: float = 1.0,
) -> Transfer:
    """Make the rule.

    Args:
        student: sizes of the student's hidden layers, input first.
        teacher: sizes of the teacher's hidden layers, input first.
        rng: stream the aligning maps are drawn from, last layer first.
        beta: weight of the distance, > 0.

    Raises:
        RespikeError: beta <= 0, or a network without a hidden layer.
    """
    distance, weights = aligned(student, teacher, rng, beta, "feature")

    def loss(
        task: torch.Tensor, student: Signals, teacher: Signals, label: torch.Tensor
    ) -> torch.Tensor:
        return task + beta * distance(student, teacher)

    return Transfer(loss, weights)


def aligned(
    student: list[int], teacher: list[int], rng: np.random.Generator, beta: float, part: str
) -> tuple[Callable[[Signals, Signals], torch.Tensor], dict[str, torch.Tensor]]:
    """Squared distance of aligned rates and activations, and the maps that align them.

    Raises:
        RespikeError: beta <= 0, or a network without a hidden layer.
    """
    if not beta > 0:
        raise RespikeError(f"transfer.{part}.beta is {beta}; it must be > 0")
    pairs = min(len(student), len(teacher))
    if pairs == 0:
        message = f"transfer.{part} needs a hidden layer in the student and in the teacher"
        raise RespikeError(message)
    weights = {}
    for k in range(1, pairs + 1):
        bound = 1 / math.sqrt(student[-k])
        drawn = rng.uniform(-bound, bound, size=(teacher[-k], student[-k]))
        weights[f"align{k}.weight"] = torch.from_numpy(drawn.astype(np.float32))
        weights[f"align{k}.bias"] = torch.zeros(teacher[-k])
    for weight in weights.values():
        weight.requires_grad_()

    def distance(student: Signals, teacher: Signals) -> torch.Tensor:
        total = torch.zeros(())
        for k in range(1, pairs + 1):
            rate, wanted = student.hidden[-k].mean(0), teacher.hidden[-k].mean(0)
            aligned = functional.linear(
                rate, weights[f"align{k}.weight"], weights[f"align{k}.bias"]
            )
            total = total + (aligned - wanted).square().mean()
        return total

    return distance, weights
