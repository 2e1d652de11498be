"""A synthetic participant in the structure of WAY-EEG-GAL, equal bit for bit on every CPU.

Files HS_P1_S1.mat ... and P1_AllLifts.mat with the fields and columns of Luciw et al. 2014
(10.1038/sdata.2014.47), so that the reader of the real recordings is the tested reader.
Where we differ, each file's header says so: EMG at 500 Hz instead of 4 kHz, forces and
positions at 100 Hz where that was asked. The WS files, which repeat HS by windows, are not
written; angles, torques and temperatures are zero. Every sample is integer arithmetic;
floats occur only in the rounded tables of `tables`.
"""

import numpy as np

from respike.core.errors import RespikeError
from respike.eeg.generator import brain, records, schedule
from respike.eeg.generator.hand import move
from respike.eeg.generator.matfile import matfile


def recording(
    *, snr: list, series: int = 9, lifts: int = 12, kinematics_hz: int = 500, seed: int = 0
) -> dict[str, bytes]:
    """The files of one participant.

    Args:
        snr: movement signals of the lift that was made against those of a ghost lift with
            the same cues, as [numerator, denominator]; [0, 1] is the null set.
        series: number of series, 1 to 9.
        lifts: lifts of each series.
        kinematics_hz: of forces and positions: 500 as in the real files, or 100. They come
            from a tracker of 33 Hz, so that 100 loses nothing and a file is half as large.
        seed: of everything that is drawn. Recordings that differ in snr alone share lifts,
            hand and noise.

    Returns:
        File name -> bytes.

    Raises:
        RespikeError: a setting out of range.
    """
    if not (len(snr) == 2 and all(type(x) is int for x in snr) and snr[0] >= 0 < snr[1]):
        raise RespikeError(
            f"snr is {snr!r}; write [numerator, denominator], whole, the second > 0"
        )
    if not 1 <= series <= 9 or lifts < 1:
        raise RespikeError(
            f"series is {series}, lifts {lifts}; series lies in 1..9, lifts is >= 1"
        )
    if kinematics_hz not in (100, 500):
        raise RespikeError(
            f"kinematics_hz is {kinematics_hz}; it is 500, or 100 for small files"
        )
    text = (
        f"respike synthetic, WAY-EEG-GAL structure; snr {snr[0]}/{snr[1]}; "
        f"EEG 0.1 uV 500 Hz; EMG 500 Hz; kin {kinematics_hz} Hz; no WS"
    )
    files, rows = {}, []
    for number in range(1, series + 1):
        hs, made = one_series(number, snr, lifts, kinematics_hz, seed)
        files[f"HS_P1_S{number}.mat"] = matfile({"hs": hs}, text)
        rows += made
    table = {"AllLifts": np.array(rows, "<f8"), "ColNames": list(records.ALL_LIFTS)}
    files["P1_AllLifts.mat"] = matfile({"P": table}, text)
    return files


def one_series(
    number: int, snr: list, lifts: int, kinematics_hz: int, seed: int
) -> tuple[dict, list]:
    """The `hs` struct of one series, and its rows of AllLifts."""
    use = f"grasp-lift/series-{number}"
    block = schedule.BLOCKS[number - 1]
    own = schedule.lifts(seed, f"{use}/own", f"{use}/cue", block, lifts)
    ghost = schedule.lifts(seed, f"{use}/ghost", f"{use}/cue", block, lifts)
    frames = schedule.length(own)
    movement = move(own, frames)
    eeg = brain.electrodes(
        seed, use, (own, movement), (ghost, move(ghost, frames)), (snr[0], snr[1])
    )
    hs = {
        "name": "synthetic",
        "participant": 1,
        "series": number,
        "emg": records.muscles(seed, use, own, movement),
        "eeg": records.stream(eeg, list(brain.tables.ELECTRODES)),
        "kin": records.kinematics(seed, use, movement, kinematics_hz),
        "env": records.environment(own, frames),
        "misc": records.miscellaneous(own, frames),
    }
    return hs, records.rows(number, block, own, movement)
