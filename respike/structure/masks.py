"""Counts and shares of masks, and exact numbers of connections per layer."""

import torch

from respike.core.errors import RespikeError

Tensors = dict[str, torch.Tensor]


def live(masks: Tensors) -> int:
    """Number of connections that exist."""
    return sum(live_by_layer(masks).values())


def live_by_layer(masks: Tensors) -> dict[str, int]:
    """Layer name -> number of its connections that exist."""
    return {name: int(mask.sum()) for name, mask in masks.items()}


def size(masks: Tensors) -> int:
    """Number of connections a dense network would have."""
    return sum(mask.numel() for mask in masks.values())


def density(masks: Tensors) -> float:
    """Share of connections that exist, by the mask; weights of 0 inside it count."""
    return live(masks) / size(masks)


def nonzero_share(weights: Tensors) -> float:
    """Share of weights that are not 0: at most the density, less where one never moved."""
    return sum(int(w.count_nonzero()) for w in weights.values()) / size(weights)


def exact_count(density: float, total: int, where: str) -> int:
    """Number of connections at a density: round(density * total), half to even.

    Raises:
        RespikeError: a density outside (0, 1], or one that leaves no connection.
    """
    if not 0 < density <= 1:
        raise RespikeError(f"{where} is {density}; it must lie in (0, 1]")
    count = round(density * total)
    if count == 0:
        raise RespikeError(f"{where} {density} leaves none of {total} connections; raise it")
    return count


def share_out(count: int, wanted: dict[str, float], room: dict[str, int]) -> dict[str, int]:
    """Divide a number of connections among layers in proportion, exactly.

    Args:
        count: connections to give out, at most the sum of `room`.
        wanted: layer name -> weight of its share, > 0.
        room: layer name -> most connections it can take.

    Returns:
        Layer name -> whole number; they sum to `count`. A layer that would get more than
        it has room for is filled and the rest divided again; fractions go to the largest
        remainders, among equal ones to the first layer.
    """
    full: set[str] = set()
    while True:
        open_layers = [name for name in wanted if name not in full]
        rest = count - sum(room[name] for name in full)
        total = sum(wanted[name] for name in open_layers)
        ideal = {name: rest * wanted[name] / total for name in open_layers}
        over = {name for name in open_layers if ideal[name] > room[name]}
        if not over:
            break
        full |= over
    shares = {name: room[name] if name in full else int(ideal[name]) for name in wanted}
    order = sorted(open_layers, key=lambda name: shares[name] - ideal[name])
    for name in order[: count - sum(shares.values())]:
        shares[name] += 1
    return shares


def lowest(scores: torch.Tensor, candidates: torch.Tensor, count: int) -> torch.Tensor:
    """Mark the candidates with the lowest scores.

    Args:
        scores: any shape; NaN is not allowed.
        candidates: bool, same shape.
        count: how many to mark, at most the number of candidates.

    Returns:
        Bool tensor of that shape, exactly `count` True; among equal scores the first.
    """
    places = candidates.flatten().nonzero().squeeze(1)
    order = torch.argsort(scores.flatten()[places], stable=True)
    marked = torch.zeros(scores.numel(), dtype=torch.bool)
    marked[places[order[:count]]] = True
    return marked.reshape(scores.shape)
