"""torch's Adam, told its gradients by name and able to forget where a connection changed.

Source: Kingma and Ba 2014, arXiv:1412.6980, algorithm 1, as torch.optim.Adam has it.
"""

import torch

Tensors = dict[str, torch.Tensor]


class Adam:
    """torch.optim.Adam over some tensors, by name.

    Args:
        tensors: what is trained, changed in place.
    """

    def __init__(self, tensors: Tensors):
        self.tensors = tensors
        self._optimiser = torch.optim.Adam(tensors.values())

    @property
    def first(self) -> Tensors:
        """First moments by name; none before the first step."""
        return self._moments("exp_avg")

    @property
    def second(self) -> Tensors:
        """Second moments by name; none before the first step."""
        return self._moments("exp_avg_sq")

    def _moments(self, which: str) -> Tensors:
        state = self._optimiser.state
        return {name: state[t][which] for name, t in self.tensors.items() if t in state}

    def step(self, gradients: Tensors, learning_rate: float) -> None:
        """Update every tensor once."""
        self._optimiser.param_groups[0]["lr"] = learning_rate
        for name, tensor in self.tensors.items():
            tensor.grad = gradients[name]
        self._optimiser.step()
        self._optimiser.zero_grad()

    @torch.no_grad()
    def forget(self, name: str, where: torch.Tensor) -> None:
        """Set both moments of a tensor to 0 where a bool tensor of its shape is True.

        Before the first step there is nothing to forget.
        """
        for moments in (self.first, self.second):
            if name in moments:
                moments[name].masked_fill_(where, 0)
