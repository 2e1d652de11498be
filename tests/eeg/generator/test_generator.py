"""The synthetic participant: its structure, what its null set holds, one hash on every CPU."""

import hashlib
import io
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat

from respike.core.errors import RespikeError
from respike.eeg.generator import brain, one_series, recording, records, schedule, tables
from respike.eeg.generator.hand import move
from tests.contracts.other_cpus import DISPATCH, under
from tests.contracts.safe_calls import unsafe_calls

ROOT = Path(__file__).resolve().parents[3]


@cache
def files(numerator=4, lifts=2, kinematics_hz=500, series=1):
    return recording(
        snr=[numerator, 1], series=series, lifts=lifts, kinematics_hz=kinematics_hz, seed=7
    )


def hs(made, series=1):
    raw = loadmat(io.BytesIO(made[f"HS_P1_S{series}.mat"]), simplify_cells=True)
    return raw["hs"]


# --------------------------------------------------------------- structure


def test_a_series_has_the_fields_and_columns_of_the_public_files():
    found = hs(files())

    assert list(found) == ["name", "participant", "series", "emg", "eeg", "kin", "env", "misc"]
    for stream, columns in (("eeg", 32), ("kin", 36), ("emg", 5), ("env", 2), ("misc", 6)):
        assert list(found[stream]) == ["names", "sig", "samplingrate"]
        assert found[stream]["sig"].shape[1] == len(found[stream]["names"]) == columns
        assert found[stream]["samplingrate"] == 500
    assert " ".join(found["eeg"]["names"]) == (
        "Fp1 Fp2 F7 F3 Fz F4 F8 FC5 FC1 FC2 FC6 T7 C3 Cz C4 T8 TP9 CP5 CP1 CP2 CP6 TP10 P7 P3 "
        "Pz P4 P8 PO9 O1 Oz O2 PO10"
    )
    first = [name.split(" ")[0] for name in found["kin"]["names"]]
    assert first[:2] == ["Ae1", "Ae2"]
    assert (first[12:14], first[18], first[22], first[26], first[30]) == (
        ["FX1", "FX2"], "Px1", "Py1", "Pz1", "TX1",
    )  # fmt: skip
    assert found["kin"]["names"][21] == "Px4 - position x sensor 4"
    assert found["eeg"]["sig"].dtype == np.int16


def test_all_lifts_has_the_public_columns_and_one_row_a_lift():
    table = loadmat(io.BytesIO(files(series=2)["P1_AllLifts.mat"]), simplify_cells=True)["P"]

    names = list(table["ColNames"])

    assert len(names) == 43
    assert names[:8] == ["Part", "Run", "Lift", "CurW", "CurS", "PrevW", "PrevS", "StartTime"]
    assert names[-4:] == ["Dur_Reach", "Dur_Preload", "Dur_LoadPhase", "Dur_Release"]
    assert "GripAparture_Max" in names
    assert table["AllLifts"].shape == (4, 43)
    assert table["AllLifts"][:, names.index("Run")].tolist() == [1, 1, 2, 2]
    assert (table["AllLifts"][:, names.index("LEDOn")] == 2).all()
    assert set(table["AllLifts"][:, names.index("CurW")]) <= {1, 2, 4}


def test_events_follow_each_other_as_in_a_lift():
    table = loadmat(io.BytesIO(files(lifts=12)["P1_AllLifts.mat"]), simplify_cells=True)["P"]
    column = {name: table["AllLifts"][:, k] for k, name in enumerate(table["ColNames"])}

    order = [
        "LEDOn", "tHandStart", "tFirstDigitTouch", "tBothDigitTouch", "tBothStartLoadPhase",
        "tLiftOff", "LEDOff", "tReplace", "tBothReleased", "tHandStop",
    ]  # fmt: skip

    for before, after in pairwise(order):
        assert (column[before] <= column[after]).all(), (before, after)
    assert (np.diff(column["StartTime"]) > column["tHandStop"][:-1] - 2).all()
    assert column["tPeakVelHandReach"].mean() == pytest.approx(52, abs=12)  # a speed, cm/s
    assert (column["LEDOff"] >= 6.5).all()
    assert (column["LEDOff"] <= 7.5).all()


def test_the_header_says_what_the_file_is_and_nothing_of_when_or_where():
    head = files()["HS_P1_S1.mat"][:116].decode()

    assert head.strip() == (
        "respike synthetic, WAY-EEG-GAL structure; snr 4/1; EEG 0.1 uV 500 Hz; EMG 500 Hz; "
        "kin 500 Hz; no WS"
    )


def test_kinematics_at_100_hz_are_every_fifth_sample():
    slow, fast = hs(files(kinematics_hz=100))["kin"], hs(files())["kin"]

    assert slow["samplingrate"] == 100
    assert (slow["sig"] == fast["sig"][::5]).all()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"snr": [4]}, r"snr is \[4\]; write \[numerator, denominator\]"),
        ({"snr": [1, 0]}, r"snr is \[1, 0\]"),
        ({"snr": [0.5, 1]}, r"snr is \[0.5, 1\]"),
        ({"snr": [4, 1], "series": 10}, r"series lies in 1\.\.9"),
        ({"snr": [4, 1], "lifts": 0}, "lifts 0"),
        ({"snr": [4, 1], "kinematics_hz": 250}, "kinematics_hz is 250; it is 500, or 100"),
        ({"snr": [40000, 1], "series": 1, "lifts": 1}, "EEG reaches .* 16 bits hold 32767"),
    ],
)
def test_a_setting_out_of_range_ends_with_a_sentence(settings, sentence):
    with pytest.raises(RespikeError, match=sentence):
        recording(**settings)


# --------------------------------------------------------------- what is in it


def test_the_null_set_differs_from_the_other_in_brain_signals_alone():
    signal, null = hs(files(4)), hs(files(0))
    first_cue = 250 * 5

    for stream in ("kin", "emg", "env", "misc"):
        assert (signal[stream]["sig"] == null[stream]["sig"]).all()
    assert (signal["eeg"]["sig"][:first_cue] == null["eeg"]["sig"][:first_cue]).all()
    assert (signal["eeg"]["sig"][first_cue:] != null["eeg"]["sig"][first_cue:]).mean() > 0.5


def electrodes(own, numerator):
    ghost = schedule.lifts(7, "ghost", "cue", "weight", 2)
    mine = schedule.lifts(7, own, "cue", "weight", 2)
    frames = schedule.length(ghost)
    return brain.electrodes(
        7, "x", (mine, move(mine, frames)), (ghost, move(ghost, frames)), (numerator, 1)
    )


def test_a_null_recording_is_the_same_whatever_the_hand_did():
    assert (electrodes("one", 0) == electrodes("other", 0)).all()
    assert (electrodes("one", 4) != electrodes("other", 4)).any()


def test_a_ghost_shares_cues_and_conditions_with_the_lift_and_no_movement():
    own = schedule.lifts(7, "own", "cue", "mixed", 30)
    ghost = schedule.lifts(7, "ghost", "cue", "mixed", 30)

    def of(name):
        return np.array([getattr(lift, name) for lift in own]), np.array(
            [getattr(lift, name) for lift in ghost]
        )

    for shared in ("led_on", "led_off", "weight", "surface"):
        assert (of(shared)[0] == of(shared)[1]).all()
    mine, theirs = (start - of("led_on")[0] for start in of("hand_start"))
    assert abs(np.corrcoef(mine, theirs)[0, 1]) < 0.45
    assert (mine != theirs).mean() > 0.8


def test_the_largest_movement_a_stream_may_draw_ends_before_the_next_cue():
    lifts = schedule.lifts(3, "own", "cue", "weight", 400)

    for lift, after in pairwise(lifts):
        assert lift.top < lift.led_off
        assert lift.hand_stop < after.led_on - 10


def test_load_force_holds_the_object_and_grip_force_the_load():
    lifts = schedule.lifts(7, "own", "cue", "weight", 3)
    movement = move(lifts, schedule.length(lifts))

    for lift in lifts:
        held = movement.load[lift.led_off] / 1024
        newton = {0: 1.61865, 1: 3.2373, 2: 6.4746}[lift.weight]
        assert held == pytest.approx(newton, abs=1e-3)
        # two digits, friction 1.5: they hold if the grip is above load / 3
        assert movement.grip[lift.led_off] / 1024 > newton / 3


# --------------------------------------------------------------- prefix and streams


def test_a_longer_series_begins_with_a_shorter_one():
    short, long = (
        one_series(1, [4, 1], lifts, kinematics_hz=500, seed=7)[0] for lifts in (2, 3)
    )
    n = len(short["eeg"]["sig"])

    assert len(long["eeg"]["sig"]) > n + 3000
    assert (short["eeg"]["sig"] == long["eeg"]["sig"][:n]).all()
    assert (short["emg"]["sig"] == long["emg"]["sig"][:n]).all()
    last_reading = (
        n - 15
    )  # after it the tracker holds a reading that the longer one goes on from
    assert (short["kin"]["sig"][:last_reading] == long["kin"]["sig"][:last_reading]).all()


def test_silencing_one_channel_leaves_every_other_as_it_was(monkeypatch):
    before = electrodes("one", 4)
    noise = brain.pink

    def silent(seed, use, *rest):
        return noise(seed, use, *rest) * (use != "x/sensor/Cz")

    monkeypatch.setattr(brain, "pink", silent)
    after = electrodes("one", 4)

    changed = (before != after).any(axis=0)
    assert [name for name, c in zip(tables.ELECTRODES, changed, strict=True) if c] == ["Cz"]


# --------------------------------------------------------------- the same on every processor


def test_the_sample_path_holds_no_call_that_differs_between_processors():
    modules = sorted((ROOT / "respike/eeg/generator").glob("*.py"))

    # NormalDist is called in a table, whose rounding is checked
    assert unsafe_calls(modules, allow={"statistics"}) == []


@pytest.mark.parametrize(
    ("module", "line", "bad", "message"),
    [
        (
            "brain.py",
            "        columns.append(signal)\n",
            "np.exp(signal)",
            "np.exp is not known",
        ),
        ("noise.py", "    return total\n", "total @ total", "@ goes to BLAS"),
        ("hand.py", "    here = (0, 0, 0)\n", "middle ** 5", "** differs"),
    ],
)
def test_an_unsafe_call_put_into_the_sample_path_is_found(tmp_path, module, line, bad, message):
    source = (ROOT / "respike/eeg/generator" / module).read_text()
    assert line in source
    indent = line[: len(line) - len(line.lstrip())]
    mutant = tmp_path / module
    mutant.write_text(source.replace(line, f"{indent}bad = {bad}\n{line}"))

    found = unsafe_calls([mutant])

    assert len(found) == 1
    assert message in found[0]


PROBE = """
import hashlib, json
import numpy as np
from respike.eeg.generator import recording
h = hashlib.sha256()
files = recording(snr=[4, 1], series=1, lifts=2, seed=7)
for name in sorted(files):
    h.update(name.encode() + b"\\0" + files[name])
found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
print(json.dumps([h.hexdigest(), sum(map(len, files.values())), found]))
"""
PINNED = "0e876d9e1bc14866e93b97785f70a9272db038d2c28f6a2b325daf75b81ffc8f"


@pytest.mark.parametrize("name", DISPATCH)
def test_the_pinned_hash_holds_under_other_dispatch(name):
    found, size, _ = under(PROBE, name)

    assert size > 2_000_000
    assert found == PINNED


@pytest.mark.parametrize("name", tables.TABLES)
def test_a_table_is_the_one_that_was_pinned(name):
    pinned = {
        "leadfield": "4de5c322e6a71d52",
        "reaction-frames": "497812393bca5623",
        "mu": "49150442a634a634",
        "beta": "d8a006077d1319df",
        "muscle": "19030bd1952d1465",
        "visual-response": "6e765e619bab6872",
        "blink": "0e7c08f62d2c4952",
        "return": "caab4344f970a6cd",
    }

    table = tables.TABLES[name]()

    assert table.dtype == np.dtype("<i8")
    assert hashlib.sha256(table.tobytes()).hexdigest()[:16] == pinned[name]


def test_a_value_next_to_a_half_is_refused_by_the_table_rule():
    assert tables.rounded(np.array([0.49, -1.2, 7.0])).tolist() == [0, -1, 7]
    with pytest.raises(RespikeError, match=r"from a half; it must be more than 1e-06 away"):
        tables.rounded(np.array([3.2, 4.5 + 1e-9]))


def test_columns_are_named_once():
    assert len(set(records.ALL_LIFTS)) == 43
    assert len(set(records.KIN)) == 36
