"""Squared error of the logits averaged over time against one for the right class, else zero.

    L = mean_n sum_c (mean_t z[t, n, c] - [c = y_n])^2

Source: the rate loss of spikingjelly's MNIST example, on currents in place of firing rates.
It is made of + - * alone, so that arithmetic which must be the same everywhere can have it.
"""

import torch


class SquaredError:
    """The loss, and the difference that it squares."""

    def __call__(self, logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Loss of logits [T, N, classes] and labels [N]: a scalar, the mean over items."""
        error = self.error(logits.mean(0), label)
        return (error * error).sum(1).mean()

    @staticmethod
    def error(score: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """What is squared: scores [N, classes] less the wanted ones, of the scores' type."""
        wanted = torch.zeros_like(score)
        wanted[torch.arange(len(label)), label] = 1
        return score - wanted


def build() -> SquaredError:
    """Make the loss; it has no settings."""
    return SquaredError()
