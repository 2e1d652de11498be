"""Masks that change during training, and the record of what they were."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from respike.core.errors import RespikeError
from respike.structure import masks as count
from respike.structure.masks import Tensors
from respike.structure.update import Update


@dataclass
class Evolution:
    """The masks of one training run.

    Attributes:
        masks: layer name -> bool, the present connections.
        plan: updates still to come, in the order of their steps.
        drop: part of kind structure.drop, or None where the plan is empty.
        grow: part of kind structure.grow, or None where nothing is exchanged.
        rng: stream drop and grow draw from.
        ever: layer name -> bool, connections that ever lived.
        history: number of connections by layer, at the start and after each update.
        steps: training steps done at each entry of the history.
        exchanged: number of connections grown so far.
    """

    masks: Tensors
    plan: list[Update]
    drop: Callable[..., Tensors] | None
    grow: Callable[..., Tensors] | None
    rng: np.random.Generator
    ever: Tensors = field(init=False)
    history: list[dict[str, int]] = field(init=False)
    steps: list[int] = field(init=False)
    exchanged: int = 0

    def __post_init__(self) -> None:
        """Refuse a plan that no part can carry out."""
        if any(update.exchange > 0 for update in self.plan) and self.grow is None:
            message = (
                "the schedule exchanges connections and nothing grows them; add"
                " structure.grow: random, or another grow part"
            )
            raise RespikeError(message)
        if self.plan and self.drop is None:
            message = (
                "the schedule changes connections and nothing drops them; add drop: magnitude,"
                " or another drop part"
            )
            raise RespikeError(message)
        self.plan = list(self.plan)
        self.ever = {name: mask.clone() for name, mask in self.masks.items()}
        self.history = [count.live_by_layer(self.masks)]
        self.steps = [0]

    @property
    def at_last_density(self) -> bool:
        """Whether no update still to come changes the number of connections."""
        density = count.exact_count
        total, now = count.size(self.masks), count.live(self.masks)
        return all(density(update.density, total, "density") == now for update in self.plan)

    def due(self, step: int) -> bool:
        """Whether an update is planned after this many training steps."""
        return bool(self.plan) and self.plan[0].step == step

    def apply(self, weights: Tensors, gradients: Tensors) -> Tensors:
        """Carry out the next update.

        Args:
            weights: layer name -> weight, 0 where no connection is; read only.
            gradients: layer name -> dense gradient of the last batch.

        Returns:
            Layer name -> bool, True where a connection was dropped or grown: there weight
            and optimiser state are to be set to 0.
        """
        update = self.plan.pop(0)
        alive = count.live_by_layer(self.masks)
        target = self._targets(update, alive)
        exchange = {name: round(update.exchange * number) for name, number in target.items()}
        going = {name: alive[name] - target[name] + exchange[name] for name in alive}
        dropped = self.drop(weights, self.masks, going, self.rng)
        left = {name: mask & ~dropped[name] for name, mask in self.masks.items()}
        changed = dict(dropped)
        if sum(exchange.values()):
            room = count.live_by_layer(dropped)
            coming = count.share_out(sum(exchange.values()), room, room)
            grown = self.grow(left, coming, gradients, self.rng)
            left = {name: mask | grown[name] for name, mask in left.items()}
            changed = {name: mask | grown[name] for name, mask in dropped.items()}
        self.masks = left
        for name, mask in left.items():
            self.ever[name] |= mask
        self.exchanged += sum(exchange.values())
        self.history.append(count.live_by_layer(left))
        self.steps.append(update.step)
        return changed

    def _targets(self, update: Update, alive: dict[str, int]) -> dict[str, int]:
        total = count.exact_count(update.density, count.size(self.masks), "density")
        if total == sum(alive.values()):
            return alive
        if total > sum(alive.values()):
            raise RespikeError(
                f"density {update.density} at step {update.step} would add connections to the"
                f" {sum(alive.values())} there are; schedules may only lower it"
            )
        return count.share_out(total, alive, alive)

    @property
    def itop(self) -> float:
        """Share of all connections that ever lived (in-time over-parameterisation rate)."""
        return count.density(self.ever)
