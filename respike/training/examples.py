"""Items with labels as a network reads them, and their division into three sets."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from respike.core.errors import RespikeError

SETS = ("train", "validation", "test")


@dataclass(frozen=True)
class Examples:
    """Items of one data set.

    Attributes:
        x: uint8, [N, F] still images or [N, T, F] frames.
        label: int64 [N].
        item: int64 [N], ids that stay with the items.
        levels: the greatest value x can have; inputs are x / levels.
    """

    x: torch.Tensor
    label: torch.Tensor
    item: torch.Tensor
    levels: int

    def __len__(self) -> int:
        return len(self.label)

    @property
    def features(self) -> int:
        """Number of inputs F."""
        return self.x.shape[-1]

    @property
    def frames(self) -> int:
        """Number of frames T; 0 for still images."""
        return self.x.shape[1] if self.x.dim() == 3 else 0

    def take(self, places: np.ndarray) -> "Examples":
        """The items at these places, in this order."""
        at = torch.from_numpy(np.asarray(places, dtype=np.int64))
        return Examples(self.x[at], self.label[at], self.item[at], self.levels)

    def inputs(self, places: torch.Tensor | slice = slice(None)) -> torch.Tensor:
        """What a network is given: float32 [N, F] or [T, N, F]."""
        x = self.x[places].float() / self.levels
        return x if x.dim() == 2 else x.transpose(0, 1).contiguous()


def examples(arrays: Mapping[str, np.ndarray], levels: int) -> Examples:
    """Read the arrays of a prepared data set.

    Args:
        arrays: `image` uint8 [N, H, W] or `frames` uint8 [N, T, P, H, W]; `label` [N];
            `item` [N].
        levels: greatest value a pixel can have; inputs are divided by it.

    Returns:
        Examples with all axes of a pixel flattened to one.

    Raises:
        RespikeError: neither or both of image and frames, a label that is no class, or a
            value above `levels`.
    """
    kinds = [name for name in ("image", "frames") if name in arrays]
    if len(kinds) != 1:
        raise RespikeError(
            f"the data hold {', '.join(sorted(arrays))}; training needs either image or frames,"
            " with label and item"
        )
    (kind,) = kinds
    values = np.asarray(arrays[kind])
    if levels < 1 or values.max(initial=0) > levels:
        raise RespikeError(
            f"{kind} holds the value {values.max(initial=0)} and input_levels is {levels};"
            " input_levels must be >= 1 and at least the greatest value"
        )
    lead = 1 if kind == "image" else 2
    label = np.asarray(arrays["label"], dtype=np.int64)
    if label.min(initial=0) < 0:
        raise RespikeError(f"label holds {label.min()}; classes are numbered from 0")
    return Examples(
        torch.from_numpy(values.reshape(*values.shape[:lead], -1).astype(np.uint8)),
        torch.from_numpy(label),
        torch.from_numpy(np.asarray(arrays["item"], dtype=np.int64)),
        levels,
    )


def split(
    number: int, sizes: Mapping[str, int], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Divide items into three sets that share none.

    Args:
        number: of items N.
        sizes: how many go to `train`, `validation` and `test`; together at most N.
        rng: stream the one permutation is drawn from.

    Returns:
        Set name -> places [size]: the first of the permutation train, the next validate,
        the next test; what is left over is not used.

    Raises:
        RespikeError: a set is missing, unknown, empty, or more items are asked for than exist.
    """
    if set(sizes) != set(SETS) or min(sizes.values()) < 1:
        raise RespikeError(
            f"split is {dict(sizes)}; it needs train, validation and test, each >= 1"
        )
    asked = sum(sizes.values())
    if asked > number:
        raise RespikeError(f"split asks for {asked} items; the data have {number}; lower one")
    order = rng.permutation(number)
    ends = np.cumsum([sizes[name] for name in SETS])
    parts = np.split(order[: ends[-1]], ends[:-1])
    return dict(zip(SETS, parts, strict=True))
