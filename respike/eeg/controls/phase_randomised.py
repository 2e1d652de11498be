"""Surrogate brain signal: random phases at every frequency, the same for all channels.

Power spectra and the channels' correlations at each frequency stay, all timing goes. One
draw per stretch. Source: Prichard and Theiler 1994 (10.1103/PhysRevLett.73.951).
"""

import numpy as np


class PhaseRandomised:
    """Makes surrogates; see `build`."""

    name = "phase-randomised"
    kind = "surrogate"
    needs_cues = False

    def __init__(self, draws: int):
        self.draws = draws

    def signal(self, signal: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """A surrogate of one stretch's signal [L, C], float64; its mean is kept."""
        spectrum = np.fft.rfft(signal.astype(float), axis=0)
        turn = np.exp(2j * np.pi * generator.random(len(spectrum)))
        turn[0] = 1
        if len(signal) % 2 == 0:
            turn[-1] = 1  # the highest frequency of an even length is real
        return np.fft.irfft(spectrum * turn[:, None], n=len(signal), axis=0)


def build(*, draws: int = 1) -> PhaseRandomised:
    """Make the control.

    Args:
        draws: surrogates of the whole recording; the first one's predictions are kept, all
            give the distribution of the gain.
    """
    return PhaseRandomised(draws)
