"""Identities: equal or not, every seed, every entry; no p-value, no family.

n seeds that all pass bound the share of seeds that would not at 1 - .05^(1/n) only; a
proof or a property test carries the rest.
"""

from typing import NamedTuple

import numpy as np

from respike.claims.estimate import LEVEL


class Comparison(NamedTuple):
    """One seed's comparison: entries compared, entries unequal, where the first of them is."""

    entries: int
    unequal: int
    first: str


def compare(value: object, reference: object) -> Comparison:
    """Compare two values, or all entries of two sequences of one length.

    A list against a single number compares each of its entries with that number. Numbers
    are equal if they are the same number (1 and 1.0 are), without tolerance.
    """
    left = value if isinstance(value, list) else [value]
    right = reference if isinstance(reference, list) else [reference] * len(left)
    if len(left) != len(right):
        first = f"{len(left)} entries against {len(right)}"
        longer = max(len(left), len(right))
        return Comparison(longer, longer, first)
    wrong = [i for i, (a, b) in enumerate(zip(left, right, strict=True)) if a != b]
    first = ""
    if wrong:
        at = f"entry {wrong[0]} " if len(left) > 1 else ""
        first = f"{at}is {left[wrong[0]]!r}, not {right[wrong[0]]!r}"
    return Comparison(len(left), len(wrong), first)


def constant(value: list) -> Comparison:
    """Compare every entry of a sequence with its first."""
    return compare(value, value[0])


def violation_bound(seeds: int) -> float:
    """Upper 95 % bound of the share of seeds that violate, after `seeds` passes."""
    return 1 - LEVEL ** (1 / seeds)


def plain(value: object) -> object:
    """A NumPy value as Python's own, so that it compares and prints as such."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return [plain(v) for v in value] if isinstance(value, list | tuple) else value
