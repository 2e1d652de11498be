"""Series of WAY-EEG-GAL at 100 Hz: units, times, codes, and what is refused."""

from functools import cache

import numpy as np
import pytest

from respike.core.errors import DamagedFile, RespikeError
from respike.datasets import grasp_lift
from respike.datasets.grasp_lift import build, lift_table, one_series
from respike.eeg.generator import one_series as generated
from respike.eeg.generator import recording, records


@cache
def files():
    return recording(snr=[4, 1], series=2, lifts=2, kinematics_hz=100, seed=7)


@cache
def arrays():
    return build(files())


@cache
def series(kinematics_hz=500):
    """One series as the parser gives it, and its rows of AllLifts."""
    hs, rows = generated(1, [4, 1], 2, kinematics_hz, seed=7)
    flat = {}
    for stream in ("eeg", "kin", "emg", "misc"):
        flat[f"hs.{stream}.sig"] = hs[stream]["sig"]
        flat[f"hs.{stream}.samplingrate"] = np.array([[float(hs[stream]["samplingrate"])]])
        for k, name in enumerate(hs[stream]["names"]):
            flat[f"hs.{stream}.names[{k}]"] = np.array([name])
    table = dict(zip(records.ALL_LIFTS, np.array(rows).T, strict=True))
    return flat, table


def changed(hs=None, rows=None, kinematics_hz=500):
    flat, table = series(kinematics_hz)
    return one_series({**flat, **(hs or {})}, {**table, **(rows or {})}, 101, "HS_P1_S1.mat")


# --------------------------------------------------------------- what comes out


def test_two_series_become_one_set_of_arrays_at_100_hz():
    found = arrays()
    n = len(found["block"])

    assert {k: v.dtype.str for k, v in found.items()} == {
        "eeg": "<f4", "target": "<f4", "grip": "<f4", "block": "<i8", "item": "<i8",
        "time_s": "<f8", "since_on": "<f4", "since_off": "<f4", "condition": "<i8",
        "rate_hz": "<i8", "sample": "<i8",
    }  # fmt: skip
    assert found["eeg"].shape == (n, 32)
    assert found["target"].shape == (n, 3)
    assert found["rate_hz"].tolist() == [100]
    assert np.unique(found["block"]).tolist() == [101, 102]
    assert np.unique(found["item"]).tolist() == [-1, 10101, 10102, 10201, 10202]
    assert (found["sample"] == np.round(found["time_s"] * 500)).all()


def test_the_target_is_the_midpoint_of_thumb_and_index_in_centimetres():
    flat, _ = series()
    x = flat["hs.kin.sig"][::5, [19, 20]].astype(float).mean(axis=1)

    found = changed()["target"]

    assert np.allclose(found[:, 0], x, atol=1e-5)
    assert 20 < np.ptp(found[:, 0]) < 32


def test_grip_force_is_minus_the_plates_force_along_z():
    flat, _ = series()

    found = changed()["grip"]

    assert np.allclose(found, -flat["hs.kin.sig"][::5, 16:18].mean(axis=1))
    assert found.min() == 0
    assert found.max() > 1.5


def test_time_since_the_light_is_zero_when_the_light_goes_on_and_off():
    flat, _ = series()
    light = flat["hs.misc.sig"][::5, 3].astype(int)
    on = np.flatnonzero(np.diff(light) == 1) + 1
    off = np.flatnonzero(np.diff(light) == -1) + 1

    found = changed()

    assert np.allclose(found["since_on"][on], 0, atol=1e-6)
    assert np.allclose(found["since_off"][off], 0, atol=1e-6)
    assert len(on) == len(off) == 2


def test_a_lift_s_window_begins_two_seconds_before_its_light():
    found = changed()
    first = np.flatnonzero(found["item"] == 10101)[0]

    assert found["since_on"][first] == pytest.approx(-2)
    assert (found["item"][:first] == -1).all()


def test_eeg_is_microvolt_and_begins_at_zero():
    flat, _ = series()
    raw = flat["hs.eeg.sig"].astype(float) * 0.1

    found = changed()["eeg"]

    assert (found[0] == 0).all()
    assert found.std() == pytest.approx((raw - raw[0]).std(), rel=0.1)


def test_a_frame_knows_nothing_of_later_samples():
    flat, _ = series()
    later = flat["hs.eeg.sig"].copy()
    later[5001:] += 500

    one, other = changed()["eeg"], changed(hs={"hs.eeg.sig": later})["eeg"]

    assert (one[:1001] == other[:1001]).all()  # frame 1000 is sample 5000
    assert (one[1001:] != other[1001:]).any()


def test_a_series_is_the_same_alone_and_beside_others():
    alone = build({k: v for k, v in files().items() if k != "HS_P1_S1.mat"})
    inside = arrays()["block"] == 102

    for name, values in alone.items():
        if name != "rate_hz":
            assert (values == arrays()[name][inside]).all(), name


def test_kinematics_at_100_and_500_hz_give_the_same_arrays():
    fast, slow = changed(), changed(kinematics_hz=100)

    assert all((fast[name] == slow[name]).all() for name in fast)


def test_double_precision_eeg_gives_the_same_arrays_as_int16():
    flat, _ = series()

    found = changed(hs={"hs.eeg.sig": flat["hs.eeg.sig"].astype(float)})

    assert (found["eeg"] == changed()["eeg"]).all()


def test_folders_in_names_and_window_files_are_left_out_of_account():
    nested = {f"P1/{name}": data for name, data in files().items()}

    found = build({**nested, "P1/WS_P1_S1.mat": b"not read"})

    assert (found["target"] == arrays()["target"]).all()


@pytest.mark.parametrize("codes", [[1.0, 2.0], [1.0, 4.0], [3.0, 1.0]])
def test_weight_codes_are_kept_as_they_are(codes):
    found = changed(rows={"CurW": np.array(codes)})

    inside = found["item"] >= 0
    assert set(found["condition"][inside, 0].tolist()) == {int(c) for c in codes}


# --------------------------------------------------------------- what is refused


def test_start_times_that_count_from_the_window_are_refused():
    _, table = series()

    with pytest.raises(
        RespikeError, match=r"HS_P1_S1.mat: the hand moves at .*\(StartTime \+ t - 2"
    ):
        changed(rows={"StartTime": table["StartTime"] - 2.0})


def test_positions_in_millimetres_are_refused():
    flat, _ = series()

    with pytest.raises(
        RespikeError, match=r"the hand reaches 2[0-9]{2}\.. in a second; in cent"
    ):
        changed(hs={"hs.kin.sig": flat["hs.kin.sig"] * 10})


@pytest.mark.parametrize(
    ("hs", "sentence"),
    [
        ({"hs.eeg.sig": None}, "HS_P1_S1.mat lacks hs.eeg.sig or its samplingrate"),
        ({"hs.kin.samplingrate": None}, "lacks hs.kin.sig or its samplingrate"),
        ({"hs.kin.names[19]": np.array(["Qx2"])}, "hs.kin.names has no column Px2"),
        ({"hs.eeg.samplingrate": np.array([[512.0]])}, "rates 512 and 500 Hz are no multiples"),
    ],
)
def test_a_stream_that_lacks_something_is_refused(hs, sentence):
    flat, table = series()
    given = {k: v for k, v in {**flat, **hs}.items() if v is not None}

    with pytest.raises(RespikeError, match=sentence):
        one_series(given, table, 101, "HS_P1_S1.mat")


def test_a_series_without_lifts_is_refused():
    with pytest.raises(RespikeError, match="AllLifts has no row of this series"):
        changed(rows={"Run": np.array([])})


def test_a_table_without_a_column_is_refused():
    names = [name for name in records.ALL_LIFTS if name != "LEDOff"]
    found = {f"P.ColNames[{k}]": np.array([name]) for k, name in enumerate(names)}

    with pytest.raises(RespikeError, match=r"P1_AllLifts\.mat lacks the column LEDOff"):
        lift_table({**found, "P.AllLifts": np.zeros((2, 42))}, "P1_AllLifts.mat")
    with pytest.raises(RespikeError, match=r"lacks P\.AllLifts or P\.ColNames"):
        lift_table({}, "P1_AllLifts.mat")


def test_missing_files_are_named():
    with pytest.raises(RespikeError, match=r"no HS_P\*_S\*\.mat among 1 files"):
        build({"WS_P1_S1.mat": b""})
    with pytest.raises(
        RespikeError, match=r"P1_AllLifts\.mat is missing; HS_P1_S1\.mat cannot"
    ):
        build({"HS_P1_S1.mat": b""})


def test_a_damaged_file_ends_with_a_sentence():
    cut = {**files(), "HS_P1_S1.mat": files()["HS_P1_S1.mat"][:5000]}

    with pytest.raises(DamagedFile, match=r"HS_P1_S1\.mat is not a valid mat file"):
        build(cut)


def test_the_filter_is_below_the_new_nyquist():
    assert grasp_lift.CUT_HZ < grasp_lift.RATE_HZ / 2
