"""A small recording whose truth is known: channels that carry a hand's velocity, or noise."""

import numpy as np

from respike.core.seeds import numpy_stream
from respike.eeg.recording import Cues, Recording

RATE = 50
LIFT_S = 4


def toy(blocks=6, lifts=5, signal=3.0, seed=1, cues=True):
    """Lifts of 4 s: a light at 1 s, a bump of the hand after a delay that differs by lift.

    Args:
        blocks, lifts: series, and lifts of each.
        signal: amplitude of the velocity in the signal; noise has amplitude 1.
        seed: of delays and noise.
        cues: whether the times of the lights are known.
    """
    draw = numpy_stream(seed, "toy")
    n = blocks * lifts * LIFT_S * RATE
    t = (np.arange(n) / RATE) % LIFT_S
    lift = np.arange(n) // (LIFT_S * RATE)
    delay = draw.uniform(1.3, 2.1, blocks * lifts)[lift]
    hand = 10 * np.exp(-(((t - delay - 0.4) / 0.35) ** 2))
    target = np.stack([hand, -0.5 * hand], axis=1)
    speed = np.gradient(hand) * RATE / 20
    mixing = np.array([1.0, -1.0, 0.5])
    noise = draw.standard_normal((n, 3))
    found = Cues(t - 1.0, t - 2.5, np.zeros((n, 2), dtype=np.int64))
    block = lift // lifts
    return Recording(
        signal=signal * speed[:, None] * mixing + noise,
        rate_hz=float(RATE),
        target=target,
        block=block,
        recording=block,
        item=lift,
        time_s=np.arange(n) / RATE,
        cues=found if cues else None,
    )


LINEAR = {
    "slow_hz": [0.1, 6.0],
    "power_hz": [],
    "slow_lags_ms": [0, 100, 200, 300],
    "memory_ms": 100,
}
