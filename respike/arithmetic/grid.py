"""Sums that are the same in any order, as every partial sum is a whole number below 2^53.

A float64 tensor lies on a grid of b bits if 2^b times each entry is a whole number. Products
of two grids lie on the grid of their bits together, and so does each sum of them. While the
whole number stays below 2^53 no addition rounds: the order of a sum, the number of threads,
the width of vectors and fused multiply-add cannot matter. What would break this is refused,
nothing is ever clipped.

Source: the recipe is ours; why it is needed: no switch makes stock training equal on
different CPUs.
"""

from typing import NamedTuple

import torch

from respike.core.errors import RespikeError

MANTISSA_BITS = 53


class Grid(NamedTuple):
    """A tensor that lies on a grid: entries are whole numbers times 2^-bits."""

    tensor: torch.Tensor
    bits: int


def to_grid(tensor: torch.Tensor, bits: int) -> Grid:
    """Round every entry to the nearest point of a grid, half to even."""
    scale = power_of_two(bits)
    return Grid(torch.round(tensor * scale) / scale, bits)


def on_grid(tensor: torch.Tensor, bits: int, what: str) -> Grid:
    """A tensor that must lie on a grid already.

    Raises:
        RespikeError: an entry lies beside the grid, or is no number.
    """
    scaled = tensor * power_of_two(bits)
    if not torch.equal(torch.round(scaled), scaled):
        raise RespikeError(
            f"{what} is not on the grid of 2^-{bits}, so that sums of it would round;"
            " exact-grid takes inputs and weights that are whole numbers of that size"
        )
    return Grid(tensor, bits)


def exact_matmul(a: Grid, b: Grid, what: str) -> Grid:
    """Multiply two matrices so that no partial sum rounds.

    Args:
        a: [n, k].
        b: [k, m].
        what: the product in words, for the message.

    Returns:
        [n, m] on the grid of both bits together.

    Raises:
        RespikeError: partial sums might reach 2^53.
    """
    bits = a.bits + b.bits
    assert_exact(greatest(a) * greatest(b) * a.tensor.shape[1], bits, what)
    return Grid(torch.matmul(a.tensor, b.tensor), bits)


def exact_sum(a: Grid, what: str) -> Grid:
    """Add up the first axis so that no partial sum rounds.

    Args:
        a: [n, ...].
        what: the sum in words, for the message.

    Raises:
        RespikeError: partial sums might reach 2^53.
    """
    assert_exact(greatest(a) * a.tensor.shape[0], a.bits, what)
    return Grid(torch.sum(a.tensor, 0), a.bits)


def assert_exact(bound: float, bits: int, what: str) -> None:
    """Refuse a sum that might not be exact.

    Args:
        bound: the partial sums' greatest absolute value cannot exceed this.
        bits: of the grid they lie on.
        what: the sum in words.

    Raises:
        RespikeError: 2^bits times the bound reaches 2^53, or the bound is no number.
    """
    if not bound * power_of_two(bits) < power_of_two(MANTISSA_BITS):
        raise RespikeError(
            f"{what} may reach {bound:g} on the grid of 2^-{bits}, more than the"
            f" {MANTISSA_BITS} bits of a float64 hold exactly; lower gradient_bits or"
            " weight_bits, the learning rate, or the size of a layer"
        )


def greatest(a: Grid) -> float:
    """Greatest absolute value; no number if an entry is none."""
    return float(torch.max(torch.abs(a.tensor)))


def power_of_two(bits: int) -> float:
    """2^bits, exactly."""
    return float(1 << bits)
