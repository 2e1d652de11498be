"""The mean of the training samples: what is known without brain signal and without cues."""

import numpy as np


class Mean:
    """Predicts one point; see `build`."""

    name = "mean"
    kind = "predictor"
    needs_cues = False

    def fit(self, cues, target: np.ndarray) -> "Mean":
        """Take the mean of a target [S, D]."""
        self.mean = target.mean(axis=0)
        return self

    def predict(self, cues, count: int) -> np.ndarray:
        """That mean, [count, D]."""
        return np.tile(self.mean, (count, 1))


def build() -> Mean:
    return Mean()
