"""Response distillation: the student's soft answer follows the teacher's.

    L = (1 - alpha) task + alpha tau^2 KL(softmax(teacher / tau) || softmax(student / tau))

Source: Hinton et al. 2015, arXiv:1503.02531, as KDSNN (Xu et al. 2023, arXiv:2304.05627)
applies it to a spiking student; the student's logits are averaged over time. tau and alpha
of the paper are not in the text we could read: the defaults are ours.
"""

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
    tau: float = 2.0,
    alpha: float = 0.5,
) -> Transfer:
    """Make the rule.

    Args:
        student: sizes of the student's hidden layers, not used.
        teacher: sizes of the teacher's, not used.
        rng: not drawn from.
        tau: temperature, > 0.
        alpha: share of the teacher, in [0, 1].

    Raises:
        RespikeError: tau or alpha out of range.
    """
    divergence = soft_answer(tau, alpha, "response")

    def loss(
        task: torch.Tensor, student: Signals, teacher: Signals, label: torch.Tensor
    ) -> torch.Tensor:
        return (1 - alpha) * task + alpha * divergence(student, teacher)

    return Transfer(loss)


def soft_answer(
    tau: float, alpha: float, part: str
) -> Callable[[Signals, Signals], torch.Tensor]:
    """tau^2 KL(teacher || student) of the softened scores, mean over items.

    Raises:
        RespikeError: tau <= 0, or alpha outside [0, 1].
    """
    if not tau > 0:
        raise RespikeError(f"transfer.{part}.tau is {tau}; it must be > 0")
    if not 0 <= alpha <= 1:
        raise RespikeError(f"transfer.{part}.alpha is {alpha}; it must lie in [0, 1]")

    def divergence(student: Signals, teacher: Signals) -> torch.Tensor:
        said = functional.log_softmax(student.score / tau, dim=1)
        wanted = functional.log_softmax(teacher.score / tau, dim=1)
        return tau**2 * functional.kl_div(said, wanted, reduction="batchmean", log_target=True)

    return divergence
