"""The movement in the files' own words: columns of kin, emg, env, misc and AllLifts.

Source: names and order of columns are those of the public files (Luciw et al. 2014).
"""

import numpy as np

from respike.eeg.generator import tables
from respike.eeg.generator.brain import PER_FRAME, counts, upsampled
from respike.eeg.generator.hand import NEWTON, Movement
from respike.eeg.generator.noise import exact_band, normal, scaled
from respike.eeg.generator.schedule import (
    BEFORE_LED,
    BLOCK_TYPES,
    CM,
    WEIGHT_CODES,
    Lift,
)

RATE_HZ = 500
EMG = (
    "Anterior Deltoid",
    "Brachoradial",
    "Flexor Digitorum",
    "Common Extensor Digitorum",
    "First Dorsal Interosseus",
)
_ANGLES = {"Ae": "elevation", "Ar": "roll", "Az": "azimuth"}
KIN = (
    *(f"{a}{s} - angle {word} sensor {s}" for a, word in _ANGLES.items() for s in (1, 2, 3, 4)),
    *(f"F{x.upper()}{p} - force {x} plate {p}" for x in "xyz" for p in (1, 2)),
    *(f"P{x}{s} - position {x} sensor {s}" for x in "xyz" for s in (1, 2, 3, 4)),
    *(f"T{x.upper()}{p} - torque {x} plate {p}" for x in "xyz" for p in (1, 2)),
)
ENV = ("Surface", "Weight")
MISC = (
    "Button", "Magnet", "SurfaceLED", "ParticipantLED", "Temperature1", "Temperature2"
)  # fmt: skip
_COLUMNS = """
    Part Run Lift CurW CurS PrevW PrevS StartTime LEDOn LEDOff BlockType
    tIndTouch tThumbTouch tFirstDigitTouch tBothDigitTouch
    tIndStartLoadPhase tThuStartLoadPhase tBothStartLoadPhase
    tLiftOff tReplace tIndRelease tThuRelease tBothReleased
    GF_Max LF_Max dGF_Max dLF_Max tGF_Max tLF_Max tdGF_Max tdLF_Max GF_Hold LF_Hold
    tHandStart tHandStop tPeakVelHandReach tPeakVelHandRetract
    GripAparture_Max tGripAparture_Max Dur_Reach Dur_Preload Dur_LoadPhase Dur_Release
"""
ALL_LIFTS = tuple(_COLUMNS.split())
TRACKER_FRAMES = 3  # four sensors share 120 Hz; here each is read every 30 ms
OFFSET, DRIFT, JITTER = CM // 2, CM // 60, CM // 50
_WRIST = (-13 * CM, 2 * CM, 3 * CM)


def stream(signal: np.ndarray, names: list[str], rate_hz: int = RATE_HZ) -> dict:
    """One of the streams of `hs`."""
    return {"names": names, "sig": signal, "samplingrate": rate_hz}


def kinematics(seed: int, use: str, movement: Movement, rate_hz: int) -> dict:
    """Forces [N] and positions [cm] of one series, float32 [L, 36].

    Positions pass through a tracker that reads each sensor every 30 ms with noise of
    0.02 cm, an offset of this series and a slow drift; between readings they are straight
    lines. Every value is an integer over a power of two, so that float32 holds it exactly.
    """
    frames = len(movement.middle)
    columns = {name.split(" ")[0]: np.zeros(frames * PER_FRAME, "<i8") for name in KIN}
    for axis, letter in enumerate("xyz"):
        middle = movement.middle[:, axis]
        half = movement.aperture // 2 if letter == "y" else np.zeros(frames, "<i8")
        base = (26 * CM, 9 * CM, 7 * CM)[axis]
        places = (
            base + (movement.height if letter == "z" else 0 * half),
            middle + half,
            middle - half,
            middle + _WRIST[axis],
        )
        drift = _drift(seed, f"{use}/tracker/{letter}", frames)
        for sensor, place in enumerate(places, 1):
            noise = normal(seed, f"{use}/tracker/{letter}{sensor}", frames)
            columns[f"P{letter}{sensor}"] = _tracked(place + drift + scaled(noise, JITTER))
    load, grip = upsampled(movement.load), upsampled(movement.grip)
    for plate, share in ((1, 61), (2, 67)):  # the thumb takes the larger part
        columns[f"FX{plate}"] = load * share >> 7
        columns[f"FZ{plate}"] = -grip
    unit = {"F": NEWTON, "P": CM}
    every = RATE_HZ // rate_hz
    signal = np.empty((len(load[::every]), len(KIN)), "<f4")
    for k, (name, values) in enumerate(columns.items()):
        signal[:, k] = values[::every].astype("<f4") / np.float32(unit.get(name[0], 1))
    return stream(signal, list(KIN), rate_hz)


def _drift(seed: int, use: str, frames: int) -> np.ndarray:
    """An offset and a random walk of one step a second, straight lines between."""
    steps = normal(seed, use, frames // 100 + 2)
    walk = scaled(steps, DRIFT)
    walk[0] = int(scaled(steps[:1], OFFSET)[0])
    walk = np.cumsum(walk)
    i = np.arange(frames, dtype="<i8")
    second, rest = i // 100, i % 100
    return (walk[second] * (100 - rest) + walk[second + 1] * rest) // 100


def _tracked(place: np.ndarray) -> np.ndarray:
    span = TRACKER_FRAMES * PER_FRAME
    read = place[::TRACKER_FRAMES]
    following = np.concatenate([read[1:], read[-1:]])
    steps = np.arange(span, dtype="<i8")
    fine = (read[:, None] * (span - steps) + following[:, None] * steps) // span
    return fine.reshape(-1)[: len(place) * PER_FRAME]


def muscles(seed: int, use: str, lifts: list[Lift], movement: Movement) -> dict:
    """Surface EMG, int16 [L, 5]: band noise under an envelope 60 ms ahead of the movement."""
    frames = len(movement.middle)
    envelopes = np.full((5, frames), 40, "<i8")
    for lift in lifts:
        spans = (
            (0, lift.hand_start, lift.touch), (0, lift.retract, lift.hand_stop),
            (1, lift.hand_start, lift.hand_stop), (3, lift.hand_start, lift.touch),
            (3, lift.replace, lift.released), (2, lift.touch, lift.released),
            (4, lift.touch, lift.released),
        )  # fmt: skip
        for muscle, start, stop in spans:
            envelopes[muscle, start - 6 : stop - 6] += 400
    signal = []
    for name, envelope in zip(EMG, envelopes, strict=True):
        noise = exact_band(
            seed, f"{use}/muscle/{name}", frames * PER_FRAME, 4096, tables.TABLES["muscle"]()
        )
        signal.append(noise * upsampled(envelope) >> 12)
    return stream(counts(np.array(signal), "EMG").T, list(EMG))


def environment(lifts: list[Lift], frames: int) -> dict:
    """Codes of surface and weight over the series, uint8 [L, 2]."""
    signal = np.zeros((frames * PER_FRAME, 2), "|u1")
    for lift in lifts:
        signal[(lift.led_on - BEFORE_LED) * PER_FRAME :] = (
            lift.surface + 1,
            WEIGHT_CODES[lift.weight],
        )
    return stream(signal, list(ENV))


def miscellaneous(lifts: list[Lift], frames: int) -> dict:
    """Button, magnet, lights and temperatures, uint8 [L, 6]; only the light is modelled."""
    signal = np.zeros((frames * PER_FRAME, len(MISC)), "|u1")
    for lift in lifts:
        signal[lift.led_on * PER_FRAME : lift.led_off * PER_FRAME, 3] = 1
    return stream(signal, list(MISC))


def rows(series: int, block: str, lifts: list[Lift], movement: Movement) -> list[list[float]]:
    """The series' rows of AllLifts.

    StartTime is when the light goes on, and all other times count from 2 s before it (the
    light's own time is always 2): absolute time is StartTime + t - 2. Speeds [cm/s] stand
    in the columns named tPeakVel, as in the public files.
    """
    found = []
    before = lifts[0]
    for number, lift in enumerate(lifts, 1):
        found.append(_row(series, number, block, lift, before, movement))
        before = lift
    return found


def _row(series, number, block, lift, before, movement) -> list[float]:
    zero = lift.led_on - BEFORE_LED

    def time(frame: int) -> float:
        return int(frame - zero) / 100

    phase = slice(lift.touch, lift.replace)
    hold = slice(lift.led_off - 30, lift.led_off - 10)
    load, grip = movement.load[phase], movement.grip[phase]
    load_rate, grip_rate = np.diff(load), np.diff(grip)
    reach = slice(lift.hand_start, lift.touch + 1)
    aperture = movement.aperture[reach]
    values = {
        "Part": 1, "Run": series, "Lift": number,
        "CurW": WEIGHT_CODES[lift.weight], "CurS": lift.surface + 1,
        "PrevW": WEIGHT_CODES[before.weight], "PrevS": before.surface + 1,
        "StartTime": lift.led_on / 100, "LEDOn": 2.0, "LEDOff": time(lift.led_off),
        "BlockType": BLOCK_TYPES[block],
        "tIndTouch": time(lift.touch_index), "tThumbTouch": time(lift.touch_thumb),
        "tFirstDigitTouch": time(min(lift.touch_index, lift.touch_thumb)),
        "tBothDigitTouch": time(lift.touch),
        "tIndStartLoadPhase": time(lift.load_start),
        "tThuStartLoadPhase": time(lift.load_start),
        "tBothStartLoadPhase": time(lift.load_start),
        "tLiftOff": time(lift.lift_off), "tReplace": time(lift.replace),
        "tIndRelease": time(lift.release_index), "tThuRelease": time(lift.release_thumb),
        "tBothReleased": time(lift.released),
        "GF_Max": int(grip.max()) / NEWTON, "LF_Max": int(load.max()) / NEWTON,
        "dGF_Max": int(grip_rate.max()) * 100 / NEWTON,
        "dLF_Max": int(load_rate.max()) * 100 / NEWTON,
        "tGF_Max": time(lift.touch + int(grip.argmax())),
        "tLF_Max": time(lift.touch + int(load.argmax())),
        "tdGF_Max": time(lift.touch + int(grip_rate.argmax())),
        "tdLF_Max": time(lift.touch + int(load_rate.argmax())),
        "GF_Hold": int(movement.grip[hold].sum()) / (20 * NEWTON),
        "LF_Hold": int(movement.load[hold].sum()) / (20 * NEWTON),
        "tHandStart": time(lift.hand_start), "tHandStop": time(lift.hand_stop),
        "tPeakVelHandReach": _peak_speed(movement, reach),
        "tPeakVelHandRetract": _peak_speed(movement, slice(lift.retract, lift.hand_stop + 1)),
        "GripAparture_Max": int(aperture.max()) / CM,
        "tGripAparture_Max": time(lift.hand_start + int(aperture.argmax())),
        "Dur_Reach": (lift.touch - lift.hand_start) / 100,
        "Dur_Preload": (lift.load_start - lift.touch) / 100,
        "Dur_LoadPhase": (lift.lift_off - lift.load_start) / 100,
        "Dur_Release": (lift.released - lift.replace) / 100,
    }  # fmt: skip
    return [float(values[name]) for name in ALL_LIFTS]


def _peak_speed(movement: Movement, span: slice) -> float:
    v = movement.velocity[span]
    largest = int((v * v).sum(1).max())
    return float(np.sqrt(np.float64(largest))) * 100 / (16 * CM)
