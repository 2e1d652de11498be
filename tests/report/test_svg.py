"""Drawings: their places can be checked by hand, and no text leaves them unescaped."""

import math
import struct
import zlib

import numpy as np
import pytest

from respike.report import svg

HOSTILE = '</svg><script>alert("1")</script>\u202eevil'


@pytest.mark.parametrize(
    ("value", "text"), [(1.0, "1"), (0.5, "0.5"), (-0.001, "0"), (1 / 3, "0.33"), (-2.5, "-2.5")]
)
def test_a_coordinate_has_two_decimals_and_no_trailing_zeros(value, text):
    assert svg.number(value) == text


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0, 100, [0, 20, 40, 60, 80, 100]), (-1, 3, [-1, 0, 1, 2, 3])],
)
def test_ticks_are_round_numbers(low, high, marks):
    assert svg.ticks(low, high) == pytest.approx(marks)


def test_a_frame_puts_the_ends_of_its_range_on_its_edges():
    frame = svg.Frame((0, 10), (0, 1), width=120, height=80, left=10, right=10, top=5, bottom=15)

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


def test_a_picture_holds_the_greys_it_was_given():
    grey = np.array([[0, 128], [255, 7]], np.uint8)

    data = svg.png(grey)

    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (2, 2)
    at = data.index(b"IDAT")
    (length,) = struct.unpack(">I", data[at - 4 : at])
    assert zlib.decompress(data[at + 4 : at + 4 + length]) == b"\x00\x00\x80\x00\xff\x07"


def test_the_region_of_a_direction_reaches_the_edge_of_the_drawing():
    drawing = svg.forest(2.0, (1.0, 3.0), (0.0, math.inf), "holds")

    region = drawing.split('class="region"')[0].rsplit("<rect ", 1)[1]
    left, width = (float(region.split(f'{key}="')[1].split('"')[0]) for key in ("x", "width"))
    assert left + width == pytest.approx(176, abs=0.02)  # 180 wide, 4 on the side
    assert left == pytest.approx(4 + 172 * 0.42 / 3.84, abs=0.01)  # 0 on an axis -0.42 to 3.42


def test_an_interval_without_an_end_is_an_arrow_and_stays_inside():
    drawing = svg.forest(2.0, (1.0, math.inf), (0.0, math.inf), "no upper end")

    assert "inf" not in drawing
    assert "L176 " in drawing  # the arrow's tip at the right edge


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
        svg.forest(1.0, (0.0, 2.0), (0.5, 3.0), HOSTILE, unit=HOSTILE, large=True),
        svg.raster(np.ones((2, 2)), HOSTILE, HOSTILE, HOSTILE),
        svg.heat(np.ones((2, 2)), HOSTILE, HOSTILE, HOSTILE),
        svg.bars([(HOSTILE, 1.0, (0.5, 1.5))], HOSTILE, HOSTILE),
        svg.paths([svg.Series(HOSTILE, [0, 1], [0, 1])], HOSTILE, HOSTILE, HOSTILE),
    ],
    ids=["curves", "legend", "forest", "raster", "heat", "bars", "paths"],
)
def test_no_drawing_lets_text_out_of_its_place(drawing):
    assert "<script" not in drawing
    assert "\u202e" not in drawing
    assert "style=" not in drawing


def test_drawing_the_same_twice_gives_the_same_bytes():
    values = np.random.default_rng(1).random((20, 30))

    first, second = (svg.heat(values, "x", "y", "z") for _ in range(2))

    assert first == second
