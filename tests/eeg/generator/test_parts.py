"""Noise, movement and file format of the generator, by hand."""

import io

import numpy as np
import pytest
from scipy.io import loadmat
from scipy.signal import welch

from respike.core.errors import RespikeError
from respike.eeg.generator import hand, noise, schedule, tables
from respike.eeg.generator.brain import counts, exact_product, upsampled
from respike.eeg.generator.matfile import matfile


def test_a_deviate_is_the_sum_of_eight_raw_pieces_about_its_mean():
    raw = noise.pieces(3, "x", 16).reshape(2, 8)

    drawn = noise.normal(3, "x", 2)

    assert drawn.tolist() == (raw.sum(axis=1) - 4 * 65535).tolist()


def test_deviates_have_the_stated_spread_and_two_uses_share_nothing():
    one, other = noise.normal(3, "one", 20_000), noise.normal(3, "other", 20_000)

    assert one.std() == pytest.approx(noise.SD, rel=0.02)
    assert abs(one.mean()) < 4 * noise.SD / np.sqrt(20_000)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03


def test_pink_noise_has_the_amplitude_asked_for_and_falls_as_one_over_f():
    found = noise.pink(3, "x", 100_000, amplitude=6000)

    assert found.std() == pytest.approx(6000, rel=0.08)
    f, p = welch(found, fs=500, nperseg=8192)
    inside = (f > 0.5) & (f < 60)
    slope = np.polyfit(np.log(f[inside]), np.log(p[inside]), 1)[0]
    assert slope == pytest.approx(-1, abs=0.15)


def test_white_noise_is_added_to_pink_noise_in_quadrature():
    found = noise.pink(3, "x", 100_000, amplitude=300, white=4000)

    assert found.std() == pytest.approx(4011, rel=0.03)


def test_band_noise_has_its_amplitude_inside_its_band():
    found = noise.exact_band(3, "x", 100_000, 6000, tables.TABLES["mu"]())

    assert found.std() == pytest.approx(6000, rel=0.03)
    f, p = welch(found, fs=500, nperseg=4096)
    assert p[(f > 8.5) & (f < 12.5)].sum() / p.sum() > 0.97


def test_float_taps_are_refused():
    with pytest.raises(TypeError, match="integers alone convolve"):
        noise.exact_band(3, "x", 10, 6000, np.ones(3))
    with pytest.raises(TypeError, match="integers alone multiply"):
        exact_product(np.ones((2, 2)), np.ones(2, int))


def test_minimum_jerk_is_half_way_at_half_time_and_arrives_exactly():
    way = hand.minimum_jerk(100, 4096)

    assert (way[0], way[50], way[100]) == (0, 2048, 4096)
    assert (np.diff(way) >= 0).all()
    assert hand.minimum_jerk(100, -4096)[100] == -4096


def test_its_velocity_is_its_derivative_and_peaks_at_15_8ths_of_the_mean():
    way, velocity = hand.minimum_jerk(100, 100_000), hand.minimum_jerk_velocity(100, 100_000)

    assert velocity.max() / 16 == pytest.approx(1000 * 15 / 8, rel=1e-3)
    assert np.abs(np.diff(way) - (velocity[1:] + velocity[:-1]) / 32).max() < 2


@pytest.mark.parametrize(
    ("block", "weights", "surfaces"),
    [("weight", {0, 1, 2}, {0}), ("surface", {1}, {0, 1, 2}), ("mixed", {0, 1}, {0, 2})],
)
def test_conditions_are_balanced_over_six_lifts_and_of_their_kind(block, weights, surfaces):
    drawn = schedule.conditions(3, "x", block, 12)

    assert {w for w, _ in drawn} == weights
    assert {s for _, s in drawn} == surfaces
    assert sorted(drawn[:6]) == sorted(drawn[6:])


def test_reaction_times_are_lognormal_about_a_third_of_a_second():
    frames = tables.table_reaction_frames()

    assert np.median(frames) == 32
    assert (frames.min(), frames.max()) == (15, 80)
    assert (np.diff(frames) >= 0).all()


def test_a_source_is_seen_best_by_the_electrode_above_it():
    field = tables.table_leadfield()
    names, places = list(tables.ELECTRODES), [*tables.SOURCES, tables.EYES]

    above = {place: names[field[:, k].argmax()] for k, place in enumerate(places)}

    assert above["m1-left"] == "C3"
    assert above["m1-right"] == "C4"
    assert above["sma"] == "Cz"
    assert above["occipital"] == "Oz"
    assert above["eyes"] in {"Fp1", "Fp2"}
    assert (np.abs(field[:, :-1]).max(axis=0) == 4096).all()


def test_the_leadfield_of_a_radial_dipole_is_the_closed_form_of_the_series(monkeypatch):
    f = 0.45
    monkeypatch.setattr(tables, "SOURCES", {"vertex": (0, 0, f, 1.0)})
    angle = np.deg2rad([abs(inclination) for inclination, _ in tables.ELECTRODES.values()])
    distance = np.sqrt(1 + f * f - 2 * f * np.cos(angle))
    potential = ((1 - f * f) / distance**3 - 1) / f

    field = tables.table_leadfield()[:, 0]

    assert np.abs(field - 4096 * potential / potential.max()).max() < 0.51


def test_upsampling_draws_straight_lines_and_holds_the_last_frame():
    assert upsampled(np.array([0, 10, 5])).tolist() == [
        0, 2, 4, 6, 8, 10, 9, 8, 7, 6, 5, 5, 5, 5, 5,
    ]  # fmt: skip


def test_counts_beyond_16_bits_are_refused_and_never_cut():
    assert counts(np.array([-32767, 32767]), "EEG").tolist() == [-32767, 32767]
    with pytest.raises(RespikeError, match="EEG reaches 32768 counts; 16 bits hold 32767"):
        counts(np.array([-32768]), "EEG")


# --------------------------------------------------------------- MATLAB files


def test_a_file_is_read_by_scipy_as_it_was_given():
    numbers = np.arange(6, dtype="<i2").reshape(2, 3)
    value = {"a": {"names": ["x", "longer name"], "sig": numbers, "rate": 500}, "t": "text"}

    data = matfile({"hs": value}, "about")
    found = loadmat(io.BytesIO(data), simplify_cells=True)["hs"]

    assert list(found["a"]["names"]) == ["x", "longer name"]
    assert found["a"]["sig"].tolist() == numbers.tolist()
    assert found["a"]["sig"].dtype == np.int16
    assert (found["a"]["rate"], found["t"]) == (500, "text")
    assert data[:116] == b"about".ljust(116)
    assert len(data) % 8 == 0


def test_every_numeric_type_survives():
    for dtype in ("<f8", "<f4", "<i2", "<i4", "|u1"):
        column = np.array([[1], [2], [3]], dtype)
        found = loadmat(io.BytesIO(matfile({"x": column}, "")))["x"]
        assert found.dtype.kind == column.dtype.kind
        assert found.tolist() == column.tolist()


def test_what_a_file_cannot_hold_is_refused():
    with pytest.raises(RespikeError, match="has 117 bytes; at most 116 fit"):
        matfile({}, "x" * 117)
    with pytest.raises(RespikeError, match="'x' is int64 with 1 axes"):
        matfile({"x": np.arange(3)}, "")
