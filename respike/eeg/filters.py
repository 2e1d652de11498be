"""Causal features of one uninterrupted recording: slow amplitudes and band powers, lagged.

Every function sees one stretch of recording and starts its filters at rest at its first
sample, so that no stretch knows of another. Nothing looks ahead.

Source: Bradberry et al. 2010 (slow lagged amplitudes), Pfurtscheller and Lopes da Silva
1999 (mu and beta power); filter orders and lags are ours.
"""

import numpy as np
from scipy.signal import butter, sosfilt

from respike.core.errors import RespikeError


def slow(signal: np.ndarray, rate_hz: float, low_hz: float, high_hz: float) -> np.ndarray:
    """Amplitudes between two frequencies, causal; [L, C] -> [L, C].

    A first-order high pass against drift, then a second-order low pass: half an amplitude
    arrives about 1 / (3 high_hz) seconds late.
    """
    _check_band(low_hz, high_hz, rate_hz)
    centred = signal.astype(float) - signal[:1]
    centred = sosfilt(butter(1, low_hz, "highpass", fs=rate_hz, output="sos"), centred, axis=0)
    return sosfilt(butter(2, high_hz, fs=rate_hz, output="sos"), centred, axis=0)


def log_power(
    signal: np.ndarray, rate_hz: float, low_hz: float, high_hz: float, smooth_hz: float = 1.5
) -> np.ndarray:
    """Logarithm of the power between two frequencies, causal; [L, C] -> [L, C].

    The square of the band-passed signal, smoothed by a first-order low pass; a floor of
    1e-3 of the stretch's first second keeps the logarithm finite at the start.
    """
    _check_band(low_hz, high_hz, rate_hz)
    sos = butter(2, (low_hz, high_hz), "bandpass", fs=rate_hz, output="sos")
    square = sosfilt(sos, signal.astype(float) - signal[:1], axis=0) ** 2
    smooth = sosfilt(butter(1, smooth_hz, fs=rate_hz, output="sos"), square, axis=0)
    floor = 1e-3 * square[: int(rate_hz)].mean(axis=0) + 1e-12
    return np.log(np.maximum(smooth, 0) + floor)


def lagged(signal: np.ndarray, frames: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Rows `frames` of a signal, each with its past at `lags` [frames]; [S, lags * C].

    Raises:
        RespikeError: a lag is negative (the future), or reaches before the stretch.
    """
    lags = np.asarray(lags)
    if lags.min() < 0:
        raise RespikeError(f"a lag is {lags.min()} frames; a negative lag would see the future")
    if len(frames) and frames.min() < lags.max():
        raise RespikeError(
            f"frame {frames.min()} has no {lags.max()} frames before it in its recording; "
            f"decode later frames or lower the lags"
        )
    return signal[frames[:, None] - lags].reshape(len(frames), -1)


def _check_band(low_hz: float, high_hz: float, rate_hz: float) -> None:
    if not 0 < low_hz < high_hz < rate_hz / 2:
        raise RespikeError(
            f"a band from {low_hz} to {high_hz} Hz; it must lie in (0, {rate_hz / 2:g}) Hz"
        )


def in_frames(lags_ms: list, rate_hz: float) -> np.ndarray:
    """Lags as whole numbers of frames.

    Raises:
        RespikeError: a lag that is no whole number of frames.
    """
    exact = np.asarray(lags_ms, dtype=float) * rate_hz / 1000
    lags = np.rint(exact).astype(int)
    if np.abs(exact - lags).max() > 1e-6:
        raise RespikeError(
            f"lags {list(lags_ms)} ms; at {rate_hz:g} Hz they must be multiples of "
            f"{1000 / rate_hz:g} ms"
        )
    return lags
