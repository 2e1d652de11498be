"""Binary pictures, made larger and then noisy, as observations of an Ising field."""

import math

import numpy as np

from respike.core.errors import RespikeError
from respike.inference.fields import GridField


def binary_pictures(image: np.ndarray, upscale: int, levels: int) -> np.ndarray:
    """Enlarge grey pictures by linear interpolation and cut them at half the range.

    Whole-number arithmetic, so that the pictures are the same on every machine.

    Args:
        image: integers [N, H, W] from 0 to levels.
        upscale: pixels of the result along one of the image's, 1 to 16.
        levels: greatest value.

    Returns:
        float64 [N, H * upscale, W * upscale], 1 where at least half the range, else -1.

    Raises:
        RespikeError: upscale out of range.
    """
    if not 1 <= upscale <= 16:
        raise RespikeError(f"upscale is {upscale}; it must be from 1 to 16")
    grey = image.astype(np.int64)
    for axis in (1, 2):
        grey = _enlarge(grey, axis, upscale)
    return np.where(2 * grey >= levels * (2 * upscale) ** 2, 1.0, -1.0)


def _enlarge(grey: np.ndarray, axis: int, upscale: int) -> np.ndarray:
    """2 * upscale times the interpolated values at the centres of the new pixels."""
    size = grey.shape[axis]
    place = 2 * np.arange(size * upscale) + 1 - upscale  # in 1 / (2 upscale) of a pixel
    low = np.clip(place // (2 * upscale), 0, size - 1)
    high = np.clip(place // (2 * upscale) + 1, 0, size - 1)
    share = place % (2 * upscale)
    shape = [1, 1, 1]
    shape[axis] = -1
    share = share.reshape(shape)
    near, far = grey.take(low, axis), grey.take(high, axis)
    return near * (2 * upscale - share) + far * share


def flipped(picture: np.ndarray, flip: float, rng: np.random.Generator) -> np.ndarray:
    """Each pixel with its sign changed with chance `flip`.

    Raises:
        RespikeError: flip is not between 0 and 1/2.
    """
    if not 0 < flip < 0.5:
        raise RespikeError(f"flip is {flip}; it must lie between 0 and 0.5")
    return np.where(rng.random(picture.shape) < flip, -picture, picture)


def posterior(noisy: np.ndarray, flip: float, coupling: float) -> GridField:
    """The field of the clean picture given the noisy one.

    p(x | y) is proportional to exp(J sum over neighbours x_i x_j + sum h y_i x_i) with
    h = log((1 - flip) / flip) / 2, the likelihood of a flip.
    """
    return GridField(coupling, 0.5 * math.log((1 - flip) / flip) * noisy)


def correct_percent(probability: np.ndarray, picture: np.ndarray) -> np.ndarray:
    """Share of pixels restored in each picture [%]; at 1/2 exactly a pixel counts as 1."""
    right = (probability >= 0.5) == (picture > 0)
    return 100.0 * right.mean(axis=(1, 2))
