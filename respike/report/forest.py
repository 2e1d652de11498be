"""Measured values with their intervals, as forest rows, and one bar of counts."""

import math
from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from respike.report.svg import Frame, drawing, join, number, span, tag, ticks
from respike.report.words import figure


def forest(
    point: float,
    interval: tuple[float, float],
    region: tuple[float, float],
    says: str,
    *,
    unit: str = "",
    large: bool = False,
) -> Markup:
    """A measured value with its interval against the region in which the claim holds.

    Args:
        point: what was measured.
        interval: its two ends; an infinite end is drawn as an arrow at the edge.
        region: where the claim holds; an infinite end reaches the edge of the drawing.
        says: the same in words.
        unit: printed with the axis of a large drawing.
        large: with axis, for behind the claim; else one line for the list.
    """
    width, height = (340.0, 74.0) if large else (180.0, 30.0)
    edges = [v for v in region if math.isfinite(v)]
    low, high = span([point, *interval, *edges], 0.14)
    side = 12.0 if large else 4.0
    frame = Frame((low, high), (0, 1), width, height, side, side, 4, 34 if large else 12)
    bottom, middle = height - frame.bottom, (4 + height - frame.bottom) / 2
    left, right = (frame.across(min(max(v, low), high)) for v in region)
    parts = [
        tag("rect", x=left, y=4.0, width=right - left, height=bottom - 4, class_="region"),
        tag(
            "path", d=f"M{number(side)} {number(bottom)}H{number(width - side)}", class_="axis"
        ),
    ]
    for edge in edges:
        at = number(frame.across(edge))
        parts.append(tag("path", d=f"M{at} 4V{number(bottom)}", class_="edge"))
    marks = ticks(low, high, 5) if large else _apart(edges, frame)
    for mark in marks:
        place = "mid" if 24 < frame.across(mark) < width - 24 else "edgewise"
        at = frame.across(mark)
        if place == "edgewise":
            place = "start" if at <= 24 else "end"
        parts.append(tag("text", figure(mark), x=at, y=bottom + 11.0, class_=f"tick {place}"))
    if large:
        parts.append(tag("text", unit, x=width / 2, y=height - 5.0, class_="name mid"))
    parts.append(whisker(frame, point, interval, middle))
    return drawing(join(parts), width, height, says, "forest large" if large else "forest")


def _apart(values: list[float], frame: Frame) -> list[float]:
    """Values whose labels do not run into one another: all, or only the last."""
    places = [frame.across(v) for v in values]
    close = any(b - a < 44 for a, b in pairwise(places))
    return values[-1:] if close else values


def whisker(frame: Frame, point: float, interval: tuple[float, float], y: float) -> Markup:
    """The interval as a line with caps, arrows where it leaves the drawing, and its point."""
    ends = [frame.across(min(max(v, frame.x[0]), frame.x[1])) for v in interval]
    parts = [
        tag("path", d=f"M{number(ends[0])} {number(y)}H{number(ends[1])}", class_="interval")
    ]
    for value, at, way in zip(interval, ends, (1, -1), strict=True):
        outside = not frame.x[0] <= value <= frame.x[1]
        back = number(at + 5 * way)
        tip = f"L{number(at)} {number(y)}L"
        shape = f"M{back} {number(y - 4)}{tip}{back} {number(y + 4)}"
        cap = f"M{number(at)} {number(y - 4)}V{number(y + 4)}"
        parts.append(tag("path", d=shape if outside else cap, class_="interval"))
    at = frame.across(min(max(point, frame.x[0]), frame.x[1]))
    parts.append(tag("circle", cx=at, cy=float(y), r=3.2, class_="point"))
    return join(parts)


def shares(counts: Sequence[tuple[str, int]], says: str) -> Markup:
    """One bar cut in parts: (class, count) from left to right."""
    total, left, parts = sum(n for _, n in counts) or 1, 0.0, []
    for kind, count in counts:
        wide = 600.0 * count / total
        if count:
            parts.append(
                tag("rect", x=left, y=0.0, width=max(wide - 2, 1.0), height=10.0, class_=kind)
            )
        left += wide
    box = "0 0 600 10"
    return tag(
        "svg",
        join(parts),
        class_="shares",
        viewBox=box,
        role="img",
        aria_label=says,
        preserveAspectRatio="none",
    )
