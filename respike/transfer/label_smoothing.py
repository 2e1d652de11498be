"""Label smoothing: a teacher that knows nothing. The control of response distillation.

    L = (1 - epsilon) task + epsilon H(uniform, softmax(student))

Source: Szegedy et al. 2016, arXiv:1512.00567, section 7; Yuan et al. 2020, arXiv:1909.11723
show that much of what a teacher gives is this. The teacher's signals are not used.
"""

import numpy as np
import torch
from torch.nn import functional

from respike.core.errors import RespikeError
from respike.transfer.rule import Signals, Transfer


def build(
    student: list[int], teacher: list[int], rng: np.random.Generator, *, epsilon: float = 0.1
) -> Transfer:
    """Make the rule.

    Args:
        student: not used.
        teacher: not used.
        rng: not drawn from.
        epsilon: share of the uniform answer, in [0, 1).

    Raises:
        RespikeError: epsilon outside [0, 1).
    """
    if not 0 <= epsilon < 1:
        raise RespikeError(
            f"transfer.label-smoothing.epsilon is {epsilon}; it must lie in [0, 1)"
        )

    def loss(
        task: torch.Tensor, student: Signals, teacher: Signals, label: torch.Tensor
    ) -> torch.Tensor:
        uniform = -functional.log_softmax(student.score, dim=1).mean()
        return (1 - epsilon) * task + epsilon * uniform

    return Transfer(loss)
