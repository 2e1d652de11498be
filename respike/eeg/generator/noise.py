"""Noise in integers: equal bits on every CPU, one stream per channel and role.

Normal deviates are sums of eight raw 16-bit pieces of Philox (Irwin-Hall), pink noise is
Voss and McCartney's sum of held white noises, band noise an integer convolution. NumPy
promises the raw stream of a bit generator across versions (NEP 19), and nothing more.
"""

import numpy as np

from respike.core.seeds import numpy_stream

SD = 53510  # of one deviate: sqrt(8 (2**32 - 1) / 12)
OCTAVES = 12


def pieces(seed: int, use: str, n: int) -> np.ndarray:
    """n raw 16-bit integers of one stream, int64 [n] in [0, 2**16)."""
    raw = numpy_stream(seed, use).bit_generator.random_raw((n + 3) // 4)
    return raw.astype("<u8").view("<u2")[:n].astype("<i8")


def normal(seed: int, use: str, n: int) -> np.ndarray:
    """n deviates of mean 0 and standard deviation SD, int64; never beyond 4.9 SD."""
    raw = numpy_stream(seed, use).bit_generator.random_raw(2 * n)
    return raw.astype("<u8").view("<u2").reshape(n, 8).sum(1, dtype="<i8") - 4 * 65535


def scaled(deviates: np.ndarray, amplitude: int) -> np.ndarray:
    """Deviates with standard deviation `amplitude` instead of SD."""
    return (deviates * ((amplitude << 16) // SD)) >> 16


def pink(seed: int, use: str, n: int, amplitude: int, white: int = 0) -> np.ndarray:
    """Pink noise of standard deviation `amplitude`, with white noise of `white` added.

    Octave k is held for 2**k samples; twelve octaves reach down to 1/4096 of the sampling
    rate. A longer run begins with a shorter one.
    """
    each = amplitude * 1000 // 3464  # amplitude / sqrt(12)
    total = np.zeros(1, dtype="<i8")
    for k in range(OCTAVES - 1, -1, -1):
        count = -(-n // (1 << k))
        held = np.repeat(total, 2)[:count] if k < OCTAVES - 1 else np.zeros(count, "<i8")
        deviates = normal(seed, f"{use}/octave-{k}", count)
        total = held + scaled(deviates, each)
        if k == 0 and white:
            total = total + scaled(normal(seed, f"{use}/white", count), white)
    return total


def exact_band(seed: int, use: str, n: int, amplitude: int, taps: np.ndarray) -> np.ndarray:
    """Noise of one frequency band with standard deviation `amplitude` (within 1 %)."""
    if taps.dtype.kind != "i":
        raise TypeError(f"taps are {taps.dtype}; integers alone convolve to equal bits")
    white = normal(seed, use, n + len(taps) - 1) >> 4
    filtered = np.convolve(white, taps, "valid") >> 15
    energy = int((taps * taps).sum())  # of 2**30
    sd = (SD >> 4) * _root(energy) >> 15
    return (filtered * ((amplitude << 16) // sd)) >> 16


def _root(value: int) -> int:
    guess = 1 << ((value.bit_length() + 1) // 2)
    while guess * guess > value:
        guess = (guess + value // guess) // 2
    return guess
