"""Still images -> events of a camera that looks at them in three saccades, as N-MNIST was made.

Source: Orchard et al. 2015, arXiv:1507.07629 (a pan-tilt camera before a screen,
three saccades along an isosceles triangle, 34 x 34 pixels). Path and times are those of the
data set's own stabilisation script: 105 ms a saccade, 3.5 and 7 pixels. The pixel is the ideal
event camera of Lichtsteiner et al. 2008: an event each time log intensity moved by a
threshold. Where we differ: speed follows minimum jerk; thresholds scatter by 3 % and
background events come at random, but there is no refractory period, no hot pixel and no
readout jitter.

Every sample is integer arithmetic, so that the events are the same on every processor: space
in 1/64 pixel, log intensity in 1/4096, time in microseconds. The one table is made with
`decimal`, whose logarithm is correctly rounded everywhere. A test bans all other arithmetic.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache

import numpy as np

from respike.core.errors import RespikeError

CANVAS = 34  # pixels a side, N-MNIST's
SACCADE_US = 105_000
CORNERS = ((0, 0), (224, 448), (448, 0), (0, 0))  # x, y of the image in 1/64 pixel
REACH = 7  # pixels, the widest of the corners
STEPS = 24  # simulation steps a saccade
STEP_US = SACCADE_US // STEPS  # 4,375
SUBPIXEL = 64
WHITE = 255
SHADES = 4080  # WHITE * 64 * 64 >> SHIFT
SHIFT = 8
LOG_ONE = 4096  # log intensity 1.0
DARK = "0.1"  # intensity of a black pixel, white being 1.1
IRWIN_HALL_SD = 53_510  # of eight 16-bit pieces
CHUNK = 64  # images simulated together; changes speed, never results


@dataclass(frozen=True)
class Sensor:
    """What an event camera's pixels are like.

    Attributes:
        on, off: threshold of each pixel in 1/4096 of log intensity, int32 [H, W].
        noise: chance of a background event per pixel and step, in 1/65536.
    """

    on: np.ndarray
    off: np.ndarray
    noise: int


def sensor(
    draw: np.random.Generator, *, threshold_percent: int, scatter_percent: int, noise_mhz: int
) -> Sensor:
    """Draw the pixels of one camera.

    Args:
        draw: stream of random numbers; only its raw output is used.
        threshold_percent: mean threshold, in percent of log intensity.
        scatter_percent: standard deviation of the thresholds, in percent of their mean.
        noise_mhz: background events per pixel [1/1000 Hz].

    Raises:
        RespikeError: a value outside the range in which all sums stay exact.
    """
    for name, value, low, high in (
        ("threshold_percent", threshold_percent, 5, 100),
        ("scatter_percent", scatter_percent, 0, 15),
        ("noise_mhz", noise_mhz, 0, 100_000),
    ):
        if not low <= value <= high:
            raise RespikeError(f"saccades: {name} is {value}; it must lie in [{low}, {high}]")
    mean = threshold_percent * LOG_ONE // 100
    pieces = _pieces(draw, 2 * CANVAS * CANVAS * 8).reshape(2, CANVAS, CANVAS, 8)
    normal = pieces.astype(np.int64).sum(axis=3) - 4 * 65535
    scattered = mean + mean * scatter_percent * normal // (100 * IRWIN_HALL_SD)
    on, off = scattered.astype(np.int32)
    return Sensor(on, off, noise_mhz * STEP_US * 65536 // 1_000_000_000)


def enlarge(images: np.ndarray, size: int, *, white: int) -> np.ndarray:
    """Resample images bilinearly to a square of another size, in whole numbers.

    Args:
        images: grey values 0..white, any integer type, [N, side, side].
        size: pixels a side of the result.
        white: the value that becomes 255.

    Returns:
        uint8 [N, size, size]; pixel centres are matched and edges repeated, values rounded to
        the nearest, ties up.

    Raises:
        RespikeError: images not square, or a value outside 0..white.
    """
    if images.ndim != 3 or images.shape[1] != images.shape[2]:
        raise RespikeError(f"saccades: images have shape {images.shape}; need [N, side, side]")
    if images.size and not 0 <= int(images.min()) <= int(images.max()) <= white:
        raise RespikeError(
            f"saccades: grey values run from {images.min()} to {images.max()}; "
            f"they must lie in 0..{white}"
        )
    side, unit = images.shape[1], 2 * size
    place = np.arange(size, dtype=np.int64) * 2 * side + side - size
    place = np.minimum(np.maximum(place, 0), (side - 1) * unit)
    low, weight = place // unit, place % unit
    high = np.minimum(low + 1, side - 1)
    grey = images.astype(np.int64)
    rows = grey[:, low] * (unit - weight)[:, None] + grey[:, high] * weight[:, None]
    both = rows[:, :, low] * (unit - weight) + rows[:, :, high] * weight
    full = unit * unit * white
    return ((2 * WHITE * both + full) // (2 * full)).astype(np.uint8)


def frames(
    images: np.ndarray,
    camera: Sensor,
    draw: np.random.Generator,
    *,
    per_saccade: int = 3,
    pool: int = 3,
) -> np.ndarray:
    """Count the events of each image in frames of equal time and fields of pixels.

    Args:
        images: uint8 [N, size, size], size at most 27.
        camera: the pixels that look.
        draw: stream of the background events.
        per_saccade: frames a saccade; a divisor of 24.
        pool: pixels a side of the field one count covers.

    Returns:
        uint8 [N, T, 2, H, W]: T = 3 per_saccade; channel 0 ON, 1 OFF; H = W = 34 / pool, up.

    Raises:
        RespikeError: per_saccade does not divide 24, or a count above 255.
    """
    if per_saccade < 1 or STEPS % per_saccade:
        raise RespikeError(
            f"saccades: per_saccade is {per_saccade}; it must divide a saccade's {STEPS} steps"
        )
    fields, steps = -(-CANVAS // pool), STEPS // per_saccade
    shape = (3 * per_saccade, 2, fields, fields)
    counts = np.zeros((len(images), *shape), np.uint8)
    for first in range(0, len(images), CHUNK):
        part = images[first : first + CHUNK]
        total = np.zeros((len(part), *shape), np.int32)
        for step, item, y, x, on, number in _steps(part, camera, draw):
            np.add.at(total, (item, step // steps, 1 - on, y // pool, x // pool), number)
        if int(total.max(initial=0)) > 255:
            raise RespikeError(
                f"saccades: {total.max()} events in one field and frame do not fit 8 bits; "
                "raise per_saccade or threshold_percent, or lower pool"
            )
        counts[first : first + len(part)] = total
    return counts


def events(image: np.ndarray, camera: Sensor, draw: np.random.Generator) -> np.ndarray:
    """List the single events of one image, ordered by time, then row, then column.

    Args:
        image: uint8 [size, size].
        camera: the pixels that look.
        draw: stream of the background events.

    Returns:
        int64 [events, 4]: x, y, ON (1) or OFF (0), time [us]. Several events of a pixel within
        a step are spread evenly over it.
    """
    found = [np.zeros((0, 4), np.int64)]
    for step, _, y, x, on, number in _steps(image[None], camera, draw):
        which = np.repeat(np.arange(len(number)), number)
        order = np.arange(len(which)) - np.repeat(np.cumsum(number) - number, number)
        time = step * STEP_US + (2 * order + 1) * STEP_US // (2 * number[which])
        block = np.stack([x[which], y[which], on[which], time], axis=1)
        found.append(block[np.lexsort((x[which], y[which], time))])
    return np.concatenate(found)


def _steps(
    images: np.ndarray, camera: Sensor, draw: np.random.Generator
) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Yield for each step its number and the pixels that fired: item, y, x, ON, how often.

    Only the window that the picture crosses is computed; around it the scene stays black.
    """
    size = images.shape[-1]
    if size + REACH > CANVAS:
        raise RespikeError(
            f"saccades: an image of {size} pixels, moved by {REACH}, leaves the camera's "
            f"{CANVAS}"
        )
    corner, side = (CANVAS - REACH - size) // 2, size + REACH + 1
    window = slice(corner, corner + side)
    on, off = (
        np.pad(thresholds, (0, 1), mode="edge")[window, window]
        for thresholds in (camera.on, camera.off)
    )
    least = int(min(on.min(), off.min()))
    scene = np.zeros((len(images), side + 1, side + 1), np.int32)
    scene[:, 1 : size + 1, 1 : size + 1] = images
    logarithm = table_log()
    level = logarithm[_moved(scene, 0, 0)]
    noise = _background(len(images), camera, draw)
    for step, (x, y) in enumerate(_path()):
        change = logarithm[_moved(scene, x, y)] - level
        item, row, column = np.nonzero(np.abs(change) >= least)
        by = change[item, row, column]
        threshold = np.where(by > 0, on[row, column], off[row, column])
        number = np.abs(by) // threshold
        level[item, row, column] += np.where(by > 0, number, -number) * threshold
        fired = [
            np.concatenate(pair)
            for pair in zip(
                (item, row + corner, column + corner, by > 0, number),
                _fired(noise, step, camera.noise),
                strict=True,
            )
        ]
        yield step, *(values.astype(np.int64) for values in fired)


def _fired(noise: np.ndarray, step: int, chance: int) -> tuple[np.ndarray, ...]:
    """Return item, y, x, ON, 1 of the background events of one step."""
    drawn = noise[:, step]
    item, y, x = np.nonzero(drawn < chance)
    return item, y, x, (drawn[item, y, x] & 1) == 1, np.ones_like(item)


def _background(images: int, camera: Sensor, draw: np.random.Generator) -> np.ndarray:
    """Draw 16 bits per image, step and pixel, image by image: the first never need the rest."""
    if not camera.noise:
        return np.zeros((images, 3 * STEPS, 0, 0), np.uint16)
    shape = (images, 3 * STEPS, CANVAS, CANVAS)
    return _pieces(draw, images * 3 * STEPS * CANVAS * CANVAS).reshape(shape)


def _pieces(draw: np.random.Generator, count: int) -> np.ndarray:
    """Return `count` raw 16-bit numbers, a multiple of 4, the same on every byte order."""
    return draw.bit_generator.random_raw(count // 4).astype("<u8").view("<u2")


def _moved(scene: np.ndarray, x: int, y: int) -> np.ndarray:
    """Look at scenes moved right and down by x, y in 1/64 pixel.

    Args:
        scene: int32 [N, side + 1, side + 1]; row and column 0 are black.
        x, y: in 1/64 pixel, from 0.

    Returns:
        Shades 0..4080, int32 [N, side, side].
    """
    left, right = x // SUBPIXEL, x % SUBPIXEL
    up, down = y // SUBPIXEL, y % SUBPIXEL
    side = scene.shape[-1]
    shifted = np.zeros_like(scene)
    shifted[:, up:, left:] = scene[:, : side - up, : side - left]
    rows = shifted[:, 1:] * (SUBPIXEL - down) + shifted[:, :-1] * down
    return (rows[:, :, 1:] * (SUBPIXEL - right) + rows[:, :, :-1] * right) >> SHIFT


def _path() -> Iterator[tuple[int, int]]:
    """Yield x, y in 1/64 pixel at the end of each step: minimum jerk from corner to corner."""
    whole = STEPS * STEPS * STEPS * STEPS * STEPS
    for (x0, y0), (x1, y1) in itertools.pairwise(CORNERS):
        for k in range(1, STEPS + 1):
            share = k * k * k * (10 * STEPS * STEPS - 15 * k * STEPS + 6 * k * k)
            yield (
                x0 + (2 * (x1 - x0) * share + whole) // (2 * whole),
                y0 + (2 * (y1 - y0) * share + whole) // (2 * whole),
            )


@cache
def table_log() -> np.ndarray:
    """Tabulate round(4096 ln(shade / 4080 + 0.1)) for shades 0..4080, int32."""
    exact = Context(prec=30, rounding=ROUND_HALF_EVEN)
    one = Decimal(LOG_ONE)
    values = [
        exact.multiply(one, exact.ln(exact.add(exact.divide(shade, SHADES), Decimal(DARK))))
        for shade in range(SHADES + 1)
    ]
    return np.array(
        [int(value.to_integral_value(ROUND_HALF_EVEN)) for value in values], np.int32
    )
