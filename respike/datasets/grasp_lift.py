"""WAY-EEG-GAL: continuous series of grasp-and-lift trials -> EEG and hand at 100 Hz.

Reads HS_P{p}_S{s}.mat and P{p}_AllLifts.mat, real or synthetic, and leaves WS files alone.
Source: Luciw et al. 2014, 10.1038/sdata.2014.47. Where the public descriptions disagree:

- an event of AllLifts happens at StartTime + t - 2 s of its series (StartTime is when the
  light goes on, and the light's own time is 2 s); the hand's speed must confirm it;
- positions are centimetres; a reach beyond 60 cm is refused;
- weight codes 1, 2, 4 (or 1, 2, 3) and surface codes are kept as codes, never interpreted.
"""

import re

import numpy as np
from scipy.signal import butter, sosfilt

from respike.core.errors import RespikeError
from respike.core.foreign import parse_foreign

RATE_HZ = 100
CUT_HZ = 40.0  # causal low pass before every fifth sample is taken
UV_PER_COUNT = 0.1
WINDOW_BEFORE_S = 2.0
_SERIES = re.compile(r"HS_P([0-9]+)_S([0-9]+)\.mat\Z")


def build(files: dict[str, bytes]) -> dict[str, np.ndarray]:
    """Arrays of all series, joined along L; nothing is filtered across a series' edge.

    Args:
        files: member name -> bytes of HS_P*_S*.mat and P*_AllLifts.mat; folders in a name
            are ignored.

    Returns:
        eeg float32 [L, 32] [uV], target float32 [L, 3] (midpoint of thumb and index [cm]),
        grip float32 [L] [N], block int64 [L] (participant * 100 + series), item int64 [L]
        (block * 100 + lift, -1 before the first window), time_s float64 [L] since the
        series began, since_on and since_off float32 [L] (seconds since this lift's light
        went on and off, negative before), condition int64 [L, 2] (weight and surface code),
        rate_hz int64 [1], sample int64 [L] (index at the EEG's own rate within the series).

    Raises:
        RespikeError: a file, field or column is missing, or times and units cannot be right.
    """
    by_name = {name.rsplit("/", 1)[-1]: data for name, data in files.items()}
    series = sorted(
        (int(found[1]), int(found[2]), name)
        for name in by_name
        if (found := _SERIES.match(name))
    )
    if not series:
        raise RespikeError(
            f"no HS_P*_S*.mat among {len(files)} files; the continuous series are needed"
        )
    tables: dict[int, dict[str, np.ndarray]] = {}
    parts = []
    for participant, number, name in series:
        if participant not in tables:
            lifts = f"P{participant}_AllLifts.mat"
            if lifts not in by_name:
                raise RespikeError(
                    f"{lifts} is missing; {name} cannot be cut into lifts without it"
                )
            tables[participant] = lift_table(parse_foreign(lifts, by_name[lifts]), lifts)
        table = tables[participant]
        rows = {column: values[table["Run"] == number] for column, values in table.items()}
        hs = parse_foreign(name, by_name[name])
        parts.append(one_series(hs, rows, participant * 100 + number, name))
    joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    return {**joined, "rate_hz": np.array([RATE_HZ])}


def lift_table(found: dict[str, np.ndarray], source: str) -> dict[str, np.ndarray]:
    """Columns of AllLifts by name."""
    names = _texts(found, "P.ColNames")
    matrix = found.get("P.AllLifts")
    needed = ("Run", "Lift", "CurW", "CurS", "StartTime", "LEDOn", "LEDOff", "tHandStart")
    missing = [name for name in needed if name not in names]
    if matrix is None or matrix.ndim != 2 or matrix.shape[1] != len(names) or missing:
        lacks = f"the column {missing[0]}" if missing and names else "P.AllLifts or P.ColNames"
        raise RespikeError(f"{source} lacks {lacks}; it is no table of lifts of WAY-EEG-GAL")
    return {name: np.asarray(matrix[:, k], dtype=float) for k, name in enumerate(names)}


def one_series(
    hs: dict[str, np.ndarray], rows: dict[str, np.ndarray], block: int, source: str
) -> dict[str, np.ndarray]:
    """Arrays of one series at 100 Hz, by its flattened `hs` struct and its rows of AllLifts."""
    eeg, rate = _stream(hs, "eeg", source)
    kin, kin_rate = _stream(hs, "kin", source)
    if rate % RATE_HZ or kin_rate % RATE_HZ:
        raise RespikeError(
            f"{source}: rates {rate} and {kin_rate} Hz are no multiples of {RATE_HZ}"
        )
    if not len(rows["Run"]):
        raise RespikeError(f"{source}: AllLifts has no row of this series")
    low_pass = butter(4, CUT_HZ, fs=rate, output="sos")
    step = rate // RATE_HZ
    frames = min(-(-len(eeg) // step), -(-len(kin) * RATE_HZ // kin_rate))
    # float64 in, so that int16 and single files give one result
    start = eeg[:1].astype(float) * UV_PER_COUNT
    centred = eeg.astype(float) * UV_PER_COUNT - start
    column = {text.split(" ")[0]: k for k, text in enumerate(_texts(hs, "hs.kin.names"))}
    axis = kin[:: kin_rate // RATE_HZ][:frames].astype(float)
    target = np.stack(
        [(axis[:, column[f"P{x}2"]] + axis[:, column[f"P{x}3"]]) / 2 for x in "xyz"], axis=1
    )
    times = _cues(rows, frames)
    _check_target(target, rows, source)
    return {
        "eeg": sosfilt(low_pass, centred, axis=0)[::step][:frames].astype(np.float32),
        "target": target.astype(np.float32),
        "grip": (-(axis[:, column["FZ1"]] + axis[:, column["FZ2"]]) / 2).astype(np.float32),
        "block": np.full(frames, block, dtype=np.int64),
        "item": np.where(times["lift"] >= 0, block * 100 + times["lift"], -1).astype(np.int64),
        "time_s": np.arange(frames) / RATE_HZ,
        "since_on": times["on"].astype(np.float32),
        "since_off": times["off"].astype(np.float32),
        "condition": times["condition"],
        "sample": np.arange(frames, dtype=np.int64) * step,
    }


def _texts(found: dict[str, np.ndarray], name: str) -> list[str]:
    if name in found:
        return [str(text).strip() for text in np.atleast_1d(found[name]).ravel()]
    texts = []
    while f"{name}[{len(texts)}]" in found:
        texts.append(str(np.atleast_1d(found[f"{name}[{len(texts)}]"]).ravel()[0]).strip())
    return texts


def _stream(hs: dict[str, np.ndarray], name: str, source: str) -> tuple[np.ndarray, int]:
    signal, rate = hs.get(f"hs.{name}.sig"), hs.get(f"hs.{name}.samplingrate")
    if signal is None or rate is None or signal.ndim != 2:
        raise RespikeError(
            f"{source} lacks hs.{name}.sig or its samplingrate; is it an HS file?"
        )
    if name == "kin":
        known = {text.split(" ")[0] for text in _texts(hs, "hs.kin.names")}
        needed = [f"P{x}{s}" for x in "xyz" for s in (2, 3)] + ["FZ1", "FZ2"]
        missing = [column for column in needed if column not in known]
        if missing:
            raise RespikeError(f"{source}: hs.kin.names has no column {missing[0]}")
    return signal, int(np.ravel(rate)[0])


def _cues(rows: dict[str, np.ndarray], frames: int) -> dict[str, np.ndarray]:
    """Which lift each frame belongs to, and how long ago its lights changed [s]."""
    t = np.arange(frames) / RATE_HZ
    on = rows["StartTime"] + rows["LEDOn"] - WINDOW_BEFORE_S
    off = rows["StartTime"] + rows["LEDOff"] - WINDOW_BEFORE_S
    row = np.searchsorted(on - WINDOW_BEFORE_S, t + 1e-9, side="right") - 1
    known = np.maximum(row, 0)
    codes = np.stack([rows["CurW"], rows["CurS"]], axis=1).astype(np.int64)
    return {
        "lift": np.where(row >= 0, rows["Lift"][known], -1).astype(np.int64),
        "on": t - on[known],
        "off": t - off[known],
        "condition": codes[known],
    }


def _check_target(target: np.ndarray, rows: dict[str, np.ndarray], source: str) -> None:
    """Refuse times or units that the hand itself contradicts."""
    start = rows["StartTime"] + rows["tHandStart"] - WINDOW_BEFORE_S
    first = np.round(start * RATE_HZ).astype(int)
    first = first[(first >= RATE_HZ) & (first + RATE_HZ < len(target))]
    speed = np.linalg.norm(target[10:] - target[:-10], axis=1) * RATE_HZ / 10
    after = np.median([speed[i : i + 60].max() for i in first])
    before = np.median([speed[i - 80 : i - 20].max() for i in first])
    if not after > 3 * before:
        raise RespikeError(
            f"{source}: the hand moves at {after:.1f} cm/s after tHandStart and {before:.1f} "
            f"before; the times of AllLifts do not fit this series (StartTime + t - 2 s)"
        )
    reach = np.median([np.linalg.norm(target[i + 99] - target[i]) for i in first])
    if not 3 < reach < 60:
        raise RespikeError(
            f"{source}: the hand reaches {reach:.1f} in a second; in centimetres it is 3 to 60"
        )
