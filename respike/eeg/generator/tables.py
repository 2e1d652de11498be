"""Small rounded tables: the only place of the generator where floating point is allowed.

A function named `table_*` may call exp, cos and the like, whose last bits differ between
CPUs. Its values are rounded to integers, and the rounding is refused where a value lies so
near to a half that those last bits could turn it. Everything else is integer arithmetic.
"""

from statistics import NormalDist

import numpy as np

from respike.core.errors import RespikeError

MARGIN = 1e-6  # libm and vector libraries differ by about 1e-12 of a value of order 1
FRAME_MS = 10

# Idealised 10-20 positions on a sphere [degrees]: inclination from the vertex (negative on
# the left), azimuth from the line through the ears. Order of the channels: WAY-EEG-GAL.
ELECTRODES = {
    "Fp1": (-92, -72), "Fp2": (92, 72), "F7": (-92, -36), "F3": (-60, -51), "Fz": (46, 90),
    "F4": (60, 51), "F8": (92, 36), "FC5": (-71, -21), "FC1": (-32, -45), "FC2": (32, 45),
    "FC6": (71, 21), "T7": (-92, 0), "C3": (-46, 0), "Cz": (0, 0), "C4": (46, 0), "T8": (92, 0),
    "TP9": (-115, 18), "CP5": (-71, 21), "CP1": (-32, 45), "CP2": (32, -45), "CP6": (71, -21),
    "TP10": (115, -18), "P7": (-92, 36), "P3": (-60, 51), "Pz": (46, -90), "P4": (60, -51),
    "P8": (92, -36), "PO9": (-115, 54), "O1": (-92, 72), "Oz": (92, -90), "O2": (92, -72),
    "PO10": (115, -54),
}  # fmt: skip

# Dipoles: inclination, azimuth [degrees], distance from the centre as a share of the radius,
# share that points outwards (the rest lies along the meridian). Distances are 0.62 times the
# real ones, which in a homogeneous sphere imitates the blur of a skull (Ary et al. 1981).
SOURCES = {
    "m1-left": (-44, 4, 0.45, 0.8),
    "m1-right": (44, 4, 0.45, 0.8),
    "sma": (18, 90, 0.42, 1.0),
    "s1-left": (-50, 16, 0.47, 0.6),
    "ppc-left": (-48, 52, 0.44, 0.9),
    "occipital": (84, -90, 0.44, 0.9),
    "prefrontal": (62, 90, 0.39, 0.9),
}
EYES = "eyes"
LEADFIELD_BITS = 12
TAP_BITS = 15
SHAPE_BITS = 12


def rounded(values: np.ndarray) -> np.ndarray:
    """Nearest integers of a table's values.

    Raises:
        RespikeError: a value lies within MARGIN of a half, so that another CPU might round
            it the other way; change the table's length or scale once.
    """
    values = np.asarray(values, dtype="<f8")
    distance = np.abs(values - np.floor(values) - 0.5)
    if distance.size and distance.min() <= MARGIN:
        raise RespikeError(
            f"a table value is {distance.min():.1e} from a half; it must be more than "
            f"{MARGIN:.0e} away to round alike on every CPU: change the table's scale"
        )
    return np.floor(values + 0.5).astype("<i8")


def table_direction(inclination: float, azimuth: float) -> np.ndarray:
    a, b = np.deg2rad(inclination), np.deg2rad(azimuth)
    return np.array([np.sin(a) * np.cos(b), np.sin(a) * np.sin(b), np.cos(a)])


def table_leadfield(terms: int = 60) -> np.ndarray:
    """Potential of each source at each electrode, the largest of a source being 2**12.

    A current dipole in a homogeneous sphere, as the standard series in Legendre
    polynomials. The eyes fall off as a Gaussian from below Fp1 and Fp2.

    Returns:
        int64 [electrodes, sources + 1], the last column being the eyes.
    """
    columns = []
    electrodes = np.array([table_direction(*angles) for angles in ELECTRODES.values()])
    for inclination, azimuth, depth, outward in SOURCES.values():
        place = table_direction(inclination, azimuth)
        along = table_direction(inclination + 90, azimuth)  # unit vector along the meridian
        cosine = np.clip(electrodes @ place, -1, 1)
        before, p = np.ones_like(cosine), cosine.copy()
        slope_before, slope = np.zeros_like(cosine), np.ones_like(cosine)
        total = np.zeros_like(cosine)
        for n in range(1, terms + 1):
            radial = outward * n * p
            tangential = (1 - outward) * slope * (electrodes @ along)
            total += (2 * n + 1) / n * depth ** (n - 1) * (radial + tangential)
            after = ((2 * n + 1) * cosine * p - n * before) / (n + 1)
            slope_after = slope_before + (2 * n + 1) * p
            before, p, slope_before, slope = p, after, slope, slope_after
        columns.append(total / np.abs(total).max())
    nose = table_direction(100, 90)
    distance = np.arccos(np.clip(electrodes @ nose, -1, 1))
    columns.append(np.exp(-((distance / 0.6) ** 2)))
    return rounded(np.array(columns).T * 2**LEADFIELD_BITS)


def table_reaction_frames(size: int = 1024) -> np.ndarray:
    """Quantiles of the reaction time [frames of 10 ms], lognormal, median 0.32 s, sigma 0.3.

    Cut to 0.15 to 0.8 s. An index drawn evenly gives one reaction time.
    """
    quantile = [NormalDist().inv_cdf((i + 0.5) / size) for i in range(size)]
    seconds = 0.32 * np.exp(0.3 * np.array(quantile))
    return rounded(np.minimum(np.maximum(seconds, 0.15), 0.8) * 1000 / FRAME_MS)


def table_band_pass(low_hz: float, high_hz: float, taps: int, rate_hz: int = 500) -> np.ndarray:
    """Windowed-sinc band pass (Hamming), int64 [taps], 2**15 = 1."""
    k = np.arange(taps) - (taps - 1) / 2
    low, high = low_hz / rate_hz, high_hz / rate_hz
    ideal = 2 * high * np.sinc(2 * high * k) - 2 * low * np.sinc(2 * low * k)
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(taps) / (taps - 1))
    return rounded(ideal * window * 2**TAP_BITS)


def table_visual_response() -> np.ndarray:
    """Response to a light going on or off [nV], 500 Hz, 0.4 s: +6 uV at 120, -5 at 200 ms."""
    t_ms = np.arange(200) * 2.0
    positive = 6000 * np.exp(-(((t_ms - 120) / 22) ** 2))
    return rounded(positive - 5000 * np.exp(-(((t_ms - 200) / 34) ** 2)))


def table_blink() -> np.ndarray:
    """Shape of a blink, 500 Hz, 0.5 s, 2**12 = 1: a Gaussian of 90 ms."""
    t_ms = np.arange(250) * 2.0
    return rounded(np.exp(-(((t_ms - 250) / 90) ** 2)) * 2**SHAPE_BITS)


def table_return() -> np.ndarray:
    """How the movement potential decays, frames of 10 ms, 2**12 = 1; tau 0.25 s."""
    return rounded(np.exp(-np.arange(150) / 25) * 2**SHAPE_BITS)


TABLES = {
    "leadfield": table_leadfield,
    "reaction-frames": table_reaction_frames,
    "mu": lambda: table_band_pass(9.0, 12.0, 501),
    "beta": lambda: table_band_pass(16.5, 23.5, 301),
    "muscle": lambda: table_band_pass(20.0, 220.0, 101),
    "visual-response": table_visual_response,
    "blink": table_blink,
    "return": table_return,
}
