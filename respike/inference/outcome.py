"""What an experiment of stage simulate leaves: arrays by item, numbers, small pictures."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Outcome:
    """The outputs of one job, by name; see the layout of stages."""

    predictions: dict[str, np.ndarray]
    metrics: dict[str, Any]
    trace: dict[str, np.ndarray]
