"""What the electrodes see: sources in the head, mixed by a leadfield, in counts of 0.1 uV.

Three kinds of signal, amplitudes in nV:

- noise that knows nothing: pink source and sensor noise, mu and beta rhythms, blinks;
- cues: the response to the light, and a glance at the object after it;
- movement: a slow negativity that grows from the cue to the movement, a code of the hand's
  velocity 100 ms ahead in three places and 50 ms behind in one, and the drop of mu and beta
  amplitude with its rebound.

The movement signals are a sum of two movements that share only the cues: the lift that the
hand made, times `snr`, and a *ghost* lift that nobody made, times one. At snr 0 the
recording has every outward sign of movement and not one bit about the hand beyond the cue.

Source: Pfurtscheller 1997 (drop and rebound of rhythms), Shibasaki 1980 (potentials before
movement), Bradberry 2010 (linear velocity code); amplitudes are ours.
"""

import numpy as np

from respike.core.errors import RespikeError
from respike.eeg.generator import tables
from respike.eeg.generator.hand import Movement
from respike.eeg.generator.noise import exact_band, normal, pieces, pink
from respike.eeg.generator.schedule import Lift

PER_FRAME = 5  # samples at 500 Hz in a frame of 10 ms
ONE = 1 << tables.SHAPE_BITS
SOURCE_NOISE, SENSOR_NOISE, WHITE = 6000, 3000, 800
POTENTIAL = 2000  # of the slow negativity, at snr 1
# Velocity code, nV at snr 1 per 2**16 of [2**-4 ticks per frame], by source and axis
CODE = {
    "m1-left": (4000, 1200, -1200),
    "ppc-left": (-1200, 4800, 1200),
    "sma": (1200, -1200, 6400),
}
FEEDBACK = {"s1-left": (2400, 2400, 2400)}
AHEAD, BEHIND = 10, 5  # frames
# rhythm, amplitude [nV], share lost on the left and right, share gained after the movement
RHYTHMS = (
    ("mu", "m1-left", 6000, 2253, 0),
    ("mu", "m1-right", 6000, 1106, 0),
    ("beta", "m1-left", 2500, 1843, 3277),
    ("beta", "sma", 2500, 1229, 1638),
)


def electrodes(
    seed: int,
    use: str,
    own: tuple[list[Lift], Movement],
    ghost: tuple[list[Lift], Movement],
    snr: tuple[int, int],
) -> np.ndarray:
    """The EEG of one series.

    Args:
        seed: of the recording.
        use: stream of this series; each source and channel has its own below it.
        own: the lifts that the hand made, and their movement.
        ghost: lifts with the same cues that nobody made.
        snr: own against ghost movement, as numerator and denominator.

    Returns:
        int16 [samples at 500 Hz, 32], counts of 0.1 uV.

    Raises:
        RespikeError: a value does not fit 16 bits; nothing is ever clipped.
    """
    frames = len(own[1].middle)
    n = frames * PER_FRAME
    slow = _mix(_movement(*own, frames), _movement(*ghost, frames), snr)
    activity = _share(_activity(own[0], frames), _activity(ghost[0], frames), snr)
    rebound = _share(_rebound(own[0], frames), _rebound(ghost[0], frames), snr)
    columns = []
    for name in tables.SOURCES:
        signal = pink(seed, f"{use}/source/{name}", n, SOURCE_NOISE) + upsampled(slow[name])
        for rhythm, place, amplitude, lost, gained in RHYTHMS:
            if place == name:
                envelope = ONE - (activity * lost >> 12) + (rebound * gained >> 12)
                taps = tables.TABLES[rhythm]()
                noise = exact_band(seed, f"{use}/{rhythm}/{name}", n, amplitude, taps)
                signal += noise * upsampled(envelope) >> tables.SHAPE_BITS
        if name == "occipital":
            signal += _visual(own[0], n)
        columns.append(signal)
    columns.append(_eyes(seed, use, own[0], n))
    mixed = exact_product(tables.table_leadfield(), np.array(columns)) >> tables.LEADFIELD_BITS
    for channel, name in enumerate(tables.ELECTRODES):
        mixed[channel] += pink(seed, f"{use}/sensor/{name}", n, SENSOR_NOISE, WHITE)
    return counts((mixed + 50) // 100, "EEG").T


def exact_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Matrix product of integers, which no BLAS touches."""
    if a.dtype.kind != "i" or b.dtype.kind != "i":
        raise TypeError(
            f"operands are {a.dtype} and {b.dtype}; integers alone multiply exactly"
        )
    return a @ b


def counts(values: np.ndarray, what: str) -> np.ndarray:
    """Values as int16.

    Raises:
        RespikeError: one of them does not fit.
    """
    most = int(np.abs(values).max())
    if most > 32767:
        raise RespikeError(f"{what} reaches {most} counts; 16 bits hold 32767: lower snr")
    return values.astype("<i2")


def upsampled(frames: np.ndarray) -> np.ndarray:
    """A signal of 100 Hz at 500 Hz: straight lines between frames, the last one held."""
    following = np.concatenate([frames[1:], frames[-1:]])
    steps = np.arange(PER_FRAME, dtype="<i8")
    fine = frames[:, None] * (PER_FRAME - steps) + following[:, None] * steps
    return (fine // PER_FRAME).reshape(-1)


def _mix(own: dict, ghost: dict, snr: tuple[int, int]) -> dict[str, np.ndarray]:
    return {name: own[name] * snr[0] // snr[1] + ghost[name] for name in own}


def _share(own: np.ndarray, ghost: np.ndarray, snr: tuple[int, int]) -> np.ndarray:
    return (own * snr[0] + ghost * snr[1]) // (snr[0] + snr[1])


def _movement(lifts: list[Lift], movement: Movement, frames: int) -> dict[str, np.ndarray]:
    found = {name: np.zeros(frames, "<i8") for name in tables.SOURCES}
    potential = _potential(lifts, frames)
    found["sma"] += potential
    found["m1-left"] += potential * 3 >> 2
    for codes, shift in ((CODE, AHEAD), (FEEDBACK, -BEHIND)):
        for name, gains in codes.items():
            signal = exact_product(movement.velocity, np.array(gains, "<i8")) >> 16
            found[name] += _shifted(signal, shift)
    return found


def _shifted(signal: np.ndarray, ahead: int) -> np.ndarray:
    still = np.zeros(abs(ahead), "<i8")
    if ahead > 0:
        return np.concatenate([signal[ahead:], still])
    return np.concatenate([still, signal[:ahead]])


def _potential(lifts: list[Lift], frames: int) -> np.ndarray:
    signal = np.zeros(frames, "<i8")
    back = tables.table_return()
    for lift in lifts:
        for cue, onset, peak in (
            (lift.led_on, lift.hand_start, POTENTIAL),
            (lift.led_off, lift.down_start, POTENTIAL * 6 // 10),
        ):
            i, n = np.arange(onset - cue, dtype="<i8"), onset - cue
            signal[cue:onset] -= peak * i * i // (n * n)
            signal[onset : onset + len(back)] -= peak * back >> tables.SHAPE_BITS
    return signal


def _activity(lifts: list[Lift], frames: int) -> np.ndarray:
    signal = np.zeros(frames, "<i8")
    for lift in lifts:
        for cue, onset, rest, fade in (
            (lift.led_on, lift.hand_start, lift.top, 60),
            (lift.led_off, lift.down_start, lift.hand_stop, 40),
        ):
            i, n = np.arange(onset - cue, dtype="<i8"), onset - cue
            signal[cue:onset] = np.maximum(signal[cue:onset], ONE * i // n)
            signal[onset:rest] = ONE
            signal[rest : rest + fade] = ONE * (fade - np.arange(fade)) // fade
    return signal


def _rebound(lifts: list[Lift], frames: int) -> np.ndarray:
    signal = np.zeros(frames, "<i8")
    rise = np.arange(50, dtype="<i8") * ONE // 50
    for lift in lifts:
        begin = lift.hand_stop + 40
        shape = np.concatenate([rise, rise[::-1]])[: frames - begin]
        signal[begin : begin + len(shape)] = shape
    return signal


def _visual(lifts: list[Lift], n: int) -> np.ndarray:
    signal = np.zeros(n, "<i8")
    response = tables.table_visual_response()
    for lift in lifts:
        for cue in (lift.led_on, lift.led_off):
            signal[cue * PER_FRAME : cue * PER_FRAME + len(response)] += response
    return signal


def _eyes(seed: int, use: str, lifts: list[Lift], n: int) -> np.ndarray:
    signal = np.zeros(n, "<i8")
    blink = tables.table_blink()
    steps = n // 50  # a blink may begin every 100 ms, in all 0.25 a second
    chance = pieces(seed, f"{use}/blink/when", steps)
    size = normal(seed, f"{use}/blink/size", steps)
    for step in np.flatnonzero(chance < 65536 // 40):
        height = 90000 + int(size[step]) * 20000 // 53510
        room = signal[step * 50 : step * 50 + len(blink)]
        room += (height * blink >> tables.SHAPE_BITS)[: len(room)]
    glance = pieces(seed, f"{use}/glance", 2 * len(lifts))
    for number, lift in enumerate(lifts):  # to the object after the cue, and back
        for cue, k, sign in ((lift.led_on, 0, 1), (lift.led_off, 1, -1)):
            begin = (cue + 18 + int(glance[2 * number + k]) * 12 // 65536) * PER_FRAME
            signal[begin:] += sign * 25000
    return signal
