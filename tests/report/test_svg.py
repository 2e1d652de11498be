"""Drawings: their places can be checked by hand, and no text leaves them unescaped."""

import math

import numpy as np
import pytest

from respike.report import svg

HOSTILE = '</svg><script>alert("1")</script>\u202eevil'


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (0.5, "0.5"), (-0.001, "0"), (1 / 3, "0.33"), (-2.5, "-2.5")],
)
def test_a_coordinate_has_two_decimals_and_no_trailing_zeros(value, text):
    assert svg.number(value) == text


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 100, [0, 20, 40, 60, 80, 100]),
        (-1, 3, [-1, 0, 1, 2, 3]),
    ],
)
def test_ticks_are_round_numbers(low, high, marks):
    assert svg.ticks(low, high) == pytest.approx(marks)


def test_a_frame_puts_the_ends_of_its_range_on_its_edges():
    frame = svg.Frame(
        (0, 10), (0, 1), width=120, height=80, left=10, right=10, top=5, bottom=15
    )

    assert [frame.across(0), frame.across(10)] == [10, 110]
    assert [frame.down(0), frame.down(1)] == [65, 5]


def test_a_value_that_is_missing_breaks_the_line():
    frame = svg.Frame((0, 3), (0, 3), width=3, height=3, left=0, right=0, top=0, bottom=0)

    path = svg._line(frame, [0, 1, 2, 3], [0, 1, math.nan, 3])

    assert path == "M0 3L1 2M3 0"


def test_a_band_goes_out_along_its_upper_side_and_back_along_its_lower():
    frame = svg.Frame((0, 2), (0, 2), width=2, height=2, left=0, right=0, top=0, bottom=0)
    one = svg.Series("a", [0, 2], [1, 1], low=[0, 0], high=[2, 2])

    assert svg._band(frame, one) == "M0 0L2 0L2 2L0 2Z"


def test_a_raster_has_one_stroke_for_each_spike():
    spikes = np.zeros((4, 3), np.uint8)
    spikes[1, 0] = spikes[3, 2] = 1

    drawing = svg.raster(spikes, "step", "neuron", "two spikes")

    path = drawing.split('class="spikes"')[0].rsplit('d="', 1)[1]
    assert path.count("M") == 2


def test_a_raster_of_too_many_spikes_is_a_picture():
    spikes = np.ones((300, 100), np.uint8)

    drawing = svg.raster(spikes, "step", "neuron", "all")

    assert "data:image/png;base64," in drawing
    assert 'class="spikes"' not in drawing


def test_both_axes_of_a_path_have_one_scale():
    square = svg.Series("square", [0, 1, 1, 0], [0, 0, 1, 1])

    drawing = svg.paths([square], "x", "y", "a square")

    points = drawing.split('class="line s0"')[0].rsplit('d="', 1)[1].rstrip('" ')
    xy = [tuple(map(float, p.split())) for p in points.replace("M", "L").split("L")[1:]]
    assert xy[1][0] - xy[0][0] == pytest.approx(xy[1][1] - xy[2][1], abs=0.02)


def test_a_long_line_is_thinned():
    x = list(range(10_000))

    drawing = svg.curves([svg.Series("a", x, x)], "x", "y", "long")

    assert drawing.split('class="line s0"')[0].count("L") <= svg.MOST_POINTS


@pytest.mark.parametrize(
    "drawing",
    [
        svg.curves([svg.Series(HOSTILE, [0, 1], [0, 1])], HOSTILE, HOSTILE, HOSTILE),
        svg.legend([svg.Series(HOSTILE, [0], [0]), svg.Series("b", [0], [0])]),
        svg.raster(np.ones((2, 2)), HOSTILE, HOSTILE, HOSTILE),
        svg.paths([svg.Series(HOSTILE, [0, 1], [0, 1])], HOSTILE, HOSTILE, HOSTILE),
    ],
    ids=["curves", "legend", "raster", "paths"],
)
def test_no_drawing_lets_text_out_of_its_place(drawing):
    assert "<script" not in drawing
    assert "\u202e" not in drawing
    assert "style=" not in drawing


def test_drawing_the_same_twice_gives_the_same_bytes():
    spikes = np.random.default_rng(1).random((20, 30)) < 0.1

    first, second = (svg.raster(spikes, "x", "y", "z") for _ in range(2))

    assert first == second
