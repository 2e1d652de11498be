"""A map of numbers over two axes: a shade and the number itself in every cell."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from respike.report.svg import drawing, join, tag
from respike.report.words import figure

WIDE, HIGH = 46.0, 26.0  # of a cell
LEFT, TOP, BOTTOM = 62.0, 8.0, 40.0
FAINT, STRONG = 0.06, 0.55  # a number on the strongest shade can be read, light and dark
BESIDE = 112.0  # room for the texts at the right
MOST_WRITTEN = 12  # columns above which the numbers would not fit


def heat(
    columns: Sequence[str],
    rows: Sequence[str],
    values: Sequence[Sequence[float]],
    labels: tuple[str, str],
    says: str,
    *,
    margin: Sequence[str] = (),
    margin_label: str = "",
) -> Markup:
    """The map.

    Args:
        columns: names of the columns, left to right.
        rows: names of the rows, top to bottom.
        values: one list a row, as long as the columns; NaN leaves the cell empty.
        labels: of the axis below and of the axis at the left.
        says: what the drawing shows, read aloud.
        margin: one text a row, at the right of the map.
        margin_label: what the texts are, below them.
    """
    finite = [v for row in values for v in row if math.isfinite(v)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    digits = 4 if high - low < 0.05 * abs(high) else 3
    wide = WIDE if len(columns) <= MOST_WRITTEN else 24.0
    right = LEFT + wide * len(columns)
    floor = TOP + HIGH * len(rows)
    parts = []
    for down, (row, name) in enumerate(zip(values, rows, strict=True)):
        top = TOP + HIGH * down
        parts.append(tag("text", name, x=LEFT - 5, y=top + 17, class_="tick end"))
        for across, value in enumerate(row):
            cell = (LEFT + wide * across, top, wide)
            said = figure(value, digits) if len(columns) <= MOST_WRITTEN else ""
            parts.append(_cell(cell, value, (low, high), said))
        if margin:
            text = tag("text", margin[down], x=right + 8, y=top + 17, class_="name start")
            parts.append(text)
    for across, name in enumerate(columns):
        at = LEFT + wide * (across + 0.5)
        parts.append(tag("text", name, x=at, y=floor + 14, class_="tick mid"))
    middle = (LEFT + right) / 2
    parts.append(tag("text", labels[0], x=middle, y=floor + 32, class_="name mid"))
    if margin:
        parts.append(tag("text", margin_label, x=right + 8, y=floor + 14, class_="tick start"))
    half = (TOP + floor) / 2
    turn = f"rotate(-90 11 {half:g})"
    parts.append(tag("text", labels[1], x=11.0, y=half, transform=turn, class_="name mid"))
    width = right + (BESIDE if margin else 8.0)
    return drawing(join(parts), width, floor + BOTTOM, says, "plot heat")


def _cell(
    place: tuple[float, float, float], value: float, ends: tuple[float, float], said: str
) -> Markup:
    left, top, wide = place
    if not math.isfinite(value):
        return tag("rect", x=left, y=top, width=wide, height=HIGH, class_="empty")
    share = (value - ends[0]) / (ends[1] - ends[0]) if ends[1] > ends[0] else 0.0
    shade = f"{FAINT + (STRONG - FAINT) * share:.3f}"
    box = tag(
        "rect", x=left, y=top, width=wide, height=HIGH, class_="shade", fill_opacity=shade
    )
    if not said:
        return box
    text = tag("text", said, x=left + wide / 2, y=top + 17, class_="name mid")
    return join([box, text])
