"""Response and feature distillation together.

    L = (1 - alpha) task + alpha tau^2 KL(teacher || student)
        + beta sum_l mean (A_l rate_l - f_l)^2

Source: KDSNN (Xu et al. 2023, arXiv:2304.05627), its two modes added.
"""

import numpy as np
import torch

from respike.transfer.feature import aligned
from respike.transfer.response import soft_answer
from respike.transfer.rule import Signals, Transfer


def build(
    student: list[int],
    teacher: list[int],
    rng: np.random.Generator,
    *,
    tau: float = 2.0,
    alpha: float = 0.5,
    beta: float = 1.0,
) -> Transfer:
    """Make the rule.

    Args:
        student: sizes of the student's hidden layers, input first.
        teacher: sizes of the teacher's hidden layers, input first.
        rng: stream the aligning maps are drawn from.
        tau: temperature, > 0.
        alpha: share of the teacher's answer, in [0, 1].
        beta: weight of the distance of features, > 0.

    Raises:
        RespikeError: a setting out of its range.
    """
    divergence = soft_answer(tau, alpha, "both")
    distance, weights = aligned(student, teacher, rng, beta, "both")

    def loss(
        task: torch.Tensor, student: Signals, teacher: Signals, label: torch.Tensor
    ) -> torch.Tensor:
        soft = alpha * divergence(student, teacher)
        return (1 - alpha) * task + soft + beta * distance(student, teacher)

    return Transfer(loss, weights)
