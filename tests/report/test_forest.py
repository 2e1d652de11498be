"""Intervals against regions: places checked by hand, ends that are not there, hostile text."""

import math

import pytest

from respike.report import forest

HOSTILE = '</svg><script>alert("1")</script>\u202eevil'


def test_the_region_of_a_direction_reaches_the_edge_of_the_drawing():
    drawing = forest.forest(2.0, (1.0, 3.0), (0.0, math.inf), "holds")

    region = drawing.split('class="region"')[0].rsplit("<rect ", 1)[1]
    left, width = (float(region.split(f'{key}="')[1].split('"')[0]) for key in ("x", "width"))
    assert left + width == pytest.approx(176, abs=0.02)  # 180 wide, 4 on the side
    assert left == pytest.approx(4 + 172 * 0.42 / 3.84, abs=0.01)  # 0 on an axis -0.42 to 3.42


def test_an_interval_without_an_end_is_an_arrow_and_stays_inside():
    drawing = forest.forest(2.0, (1.0, math.inf), (0.0, math.inf), "no upper end")

    assert "inf" not in drawing
    assert "L176 " in drawing  # the arrow's tip at the right edge


def test_labels_that_would_touch_are_left_out_but_for_the_last():
    apart = forest.forest(0.0, (-1.0, 1.0), (-2.0, 2.0), "wide")
    close = forest.forest(9.0, (8.0, 10.0), (-0.1, 0.1), "narrow")

    assert apart.count("<text") == 2
    assert close.count("<text") == 1


def test_counts_share_one_bar_in_proportion():
    drawing = forest.shares([("holds", 3), ("differs", 0), ("not-run", 1)], "4 claims")

    widths = [float(r.split('width="')[1].split('"')[0]) for r in drawing.split("<rect ")[1:]]
    assert widths == pytest.approx([448, 148])


@pytest.mark.parametrize(
    "drawing",
    [
        forest.forest(1.0, (0.0, 2.0), (0.5, 3.0), HOSTILE, unit=HOSTILE, large=True),
        forest.shares([("holds", 1)], HOSTILE),
    ],
    ids=["forest", "shares"],
)
def test_no_drawing_lets_text_out_of_its_place(drawing):
    assert "<script" not in drawing
    assert "\u202e" not in drawing
