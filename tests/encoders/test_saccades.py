"""The simulated event camera: a few numbers by hand, and its likeness to a real recording."""

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.seeds import numpy_stream
from respike.datasets import nmnist
from respike.encoders import saccades
from tests.contracts.other_cpus import DISPATCH, under

ROOT = Path(__file__).resolve().parents[2]


def camera(threshold_percent=38, scatter_percent=3, noise_mhz=0):
    return saccades.sensor(
        numpy_stream(0, "camera"),
        threshold_percent=threshold_percent,
        scatter_percent=scatter_percent,
        noise_mhz=noise_mhz,
    )


def ring(size=20):
    """A picture with edges in all directions: a bright ring on black."""
    y, x = np.mgrid[:size, :size] * 2 - (size - 1)
    radius = x * x + y * y
    return np.where((radius > size * size // 4) & (radius < size * size * 3 // 4), 255, 0)


def test_a_black_picture_makes_no_events():
    events = saccades.events(np.zeros((20, 20), np.uint8), camera(), numpy_stream(0, "noise"))

    assert events.shape == (0, 4)


def test_a_pixel_under_a_passing_spot_brightens_then_darkens():
    image = np.zeros((20, 20), np.uint8)
    image[10, 10] = 255

    x, y, on, time = saccades.events(image, camera(), numpy_stream(0, "noise")).T

    for place in set(zip(x.tolist(), y.tolist(), strict=True)):
        order = on[(x == place[0]) & (y == place[1])]
        assert order[0] == (
            0 if place == (13, 13) else 1
        )  # where the spot rests, it leaves first
    assert time.min() >= 0
    assert time.max() < 315_000


def test_the_path_ends_each_saccade_on_a_corner_and_returns():
    path = list(saccades._path())

    assert [path[23], path[47], path[71]] == [(224, 448), (448, 0), (0, 0)]
    assert path[11] == (112, 224)  # half way at half time


def test_thresholds_scatter_as_asked_around_their_mean():
    eyes = camera(threshold_percent=38, scatter_percent=3)

    both = np.stack([eyes.on, eyes.off]) / (38 * 4096 / 100)

    assert both.mean() == pytest.approx(1, abs=0.003)
    assert both.std() == pytest.approx(0.03, rel=0.1)


def test_the_table_is_the_rounded_logarithm_at_its_ends():
    table = saccades.table_log()

    assert len(table) == 4081
    assert table[0] == round(Decimal("0.1").ln() * 4096)
    assert table[-1] == round(Decimal("1.1").ln() * 4096)
    assert (np.diff(table) >= 0).all()


def test_enlarging_by_two_weights_neighbours_three_to_one():
    image = np.array([[[0, 16], [0, 16]]])

    grown = saccades.enlarge(image, 4, white=16)

    assert grown[0].tolist() == [[0, 64, 191, 255]] * 4


def test_enlarging_to_the_same_size_changes_nothing():
    image = np.arange(64).reshape(1, 8, 8) * 4

    assert (saccades.enlarge(image, 8, white=255) == image).all()


@pytest.mark.parametrize("value", [-1, 17])
def test_a_grey_value_outside_the_range_is_refused(value):
    with pytest.raises(RespikeError, match=r"saccades: grey values run from .* 0\.\.16"):
        saccades.enlarge(np.full((1, 8, 8), value), 20, white=16)


def test_a_picture_that_leaves_the_camera_is_refused():
    with pytest.raises(RespikeError, match=r"an image of 28 pixels, moved by 7, leaves .* 34"):
        saccades.frames(np.zeros((1, 28, 28), np.uint8), camera(), numpy_stream(0, "n"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("threshold_percent", 4), ("scatter_percent", 16), ("noise_mhz", -1)],
)
def test_a_camera_outside_the_exact_range_is_refused(name, value):
    settings = {"threshold_percent": 38, "scatter_percent": 3, "noise_mhz": 0, name: value}

    with pytest.raises(RespikeError, match=rf"saccades: {name} is {value}; it must lie in"):
        saccades.sensor(numpy_stream(0, "camera"), **settings)


def test_frames_per_saccade_must_divide_the_steps():
    with pytest.raises(RespikeError, match="per_saccade is 5; it must divide a saccade's 24"):
        saccades.frames(
            np.zeros((1, 8, 8), np.uint8), camera(), numpy_stream(0, "n"), per_saccade=5
        )


def test_too_many_events_for_eight_bits_are_refused_and_never_clipped():
    with pytest.raises(RespikeError, match="events in one field and frame do not fit 8 bits"):
        saccades.frames(
            ring()[None].astype(np.uint8),
            camera(5),
            numpy_stream(0, "n"),
            per_saccade=1,
            pool=17,
        )


@pytest.mark.parametrize(("per_saccade", "pool"), [(1, 1), (3, 3), (8, 5)])
def test_frames_count_exactly_the_listed_events(per_saccade, pool):
    image, eyes = ring().astype(np.uint8), camera(noise_mhz=500)

    frames = saccades.frames(
        image[None], eyes, numpy_stream(0, "n"), per_saccade=per_saccade, pool=pool
    )[0]
    x, y, on, time = saccades.events(image, eyes, numpy_stream(0, "n")).T

    counted = np.zeros_like(frames, dtype=np.int64)
    bin_us = 105_000 // per_saccade
    np.add.at(counted, (time // bin_us, 1 - on, y // pool, x // pool), 1)
    assert frames.sum() == len(x) > 500
    assert (frames == counted).all()


def test_an_image_has_the_same_events_whatever_images_follow_it(monkeypatch):
    images = np.stack([ring(), ring().T // 2, 255 - ring()]).astype(np.uint8)
    eyes = camera(noise_mhz=500)

    whole = saccades.frames(images, eyes, numpy_stream(0, "n"))
    first = saccades.frames(images[:2], eyes, numpy_stream(0, "n"))
    monkeypatch.setattr(saccades, "CHUNK", 1)
    single = saccades.frames(images, eyes, numpy_stream(0, "n"))

    assert (whole[:2] == first).all()
    assert (whole == single).all()


def test_background_events_come_at_the_rate_asked_for():
    black = np.zeros((20, 20, 20), np.uint8)

    frames = saccades.frames(black, camera(noise_mhz=2000), numpy_stream(0, "n"))

    expected = 20 * 34 * 34 * 0.315 * 2
    assert frames.sum() == pytest.approx(expected, rel=0.05)
    assert frames[:, :, 0].sum() == pytest.approx(expected / 2, rel=0.07)


# --------------------------------------------------------------- the same on every processor

PROBE = """
import hashlib, json, sys
import numpy as np
from respike.datasets import digits_saccades
rows = np.random.Generator(np.random.Philox(key=5)).bit_generator.random_raw(8 * 65) % 10
text = "\\n".join(",".join(map(str, row)) for row in rows.reshape(8, 65).tolist())
frames = digits_saccades.build({"digits.csv": text.encode()})["frames"]
found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
print(json.dumps([hashlib.sha256(frames.tobytes()).hexdigest(), int(frames.sum()), found]))
"""
PINNED = "e3dc59993f9926befd95e31d7ab32c290162244ae2d984b6f2d641f901f063dd"


@pytest.mark.parametrize("name", DISPATCH)
def test_the_pinned_hash_holds_under_other_dispatch(name):
    found, total, _ = under(PROBE, name)

    assert total > 1000
    assert found == PINNED


# --------------------------------------------------------------- likeness to the real thing


def statistics(events):
    counts = np.histogram(events[:, 3], bins=np.arange(0, 315_001, 15_000))[0].reshape(3, 7)
    return len(events), events[:, 2].mean(), counts


def test_simulated_digits_are_like_a_recording_of_n_mnist(shared_data):
    real = nmnist.read((shared_data / "events/sample_nmnist.bin").read_bytes())
    lines = digits_of_scikit_learn()
    eyes, draw = camera(noise_mhz=100), numpy_stream(0, "background")
    images = saccades.enlarge(lines[:30], 20, white=16)
    simulated = [statistics(saccades.events(image, eyes, draw)) for image in images]

    number, share, bursts = statistics(real)

    assert np.mean([s[0] for s in simulated]) == pytest.approx(number, rel=0.25)
    assert np.mean([s[1] for s in simulated]) == pytest.approx(share, abs=0.03)
    for counts in (bursts, *(s[2] for s in simulated)):
        middle, edges = counts[:, 2:4].mean(axis=1), counts[:, [0, 6]].mean(axis=1)
        assert (middle > 2 * edges).all()  # three bursts, quiet between them


def digits_of_scikit_learn():
    from sklearn.datasets import load_digits

    return load_digits().images.astype(np.uint8)
