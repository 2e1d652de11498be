"""Drawings of the page as inline SVG: presentation attributes and classes, never `style=`.

The page's style sheet gives the classes their colours, so one drawing serves light, dark and
paper. Every text is escaped here; every function returns Markup that is safe to put on the page.
"""

import base64
import math
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape

from respike.report.words import figure, visible

MOST_SPIKES = 20_000  # above this a raster is drawn as a picture
MOST_CELLS = 10_000  # above this a heat map is drawn as a picture
MOST_POINTS = 400  # a line is thinned to this many points
COLOURS = 8  # the style sheet knows .s0 to .s7


@dataclass(frozen=True)
class Series:
    """One line with an optional band: x, y, low, high of equal length; NaN breaks the line."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    colour: int = -1  # place in the palette; -1 takes the place in the list


def number(value: float) -> str:
    """A coordinate with at most two decimals, zeros cut, never `-0`."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def tag(name: str, body: str = "", **attributes: object) -> Markup:
    """An element; `class_` is class, other underscores are hyphens; None leaves one out.

    Numbers are written by `number`; `body` is text and is escaped unless it is Markup.
    """
    text = ""
    for key, value in attributes.items():
        if value is not None:
            value = number(value) if isinstance(value, float) else value
            text += f' {key.rstrip("_").replace("_", "-")}="{escape(visible(value))}"'
    body = escape(visible(body))
    return Markup(f"<{name}{text}>{body}</{name}>" if body else f"<{name}{text}/>")


def join(parts: Iterable[Markup]) -> Markup:
    """Markup after Markup."""
    return Markup("").join(parts)


def drawing(body: Markup, width: float, height: float, says: str, kind: str = "plot") -> Markup:
    """The svg element around a drawing; `says` is read aloud in place of it."""
    box = f"0 0 {number(width)} {number(height)}"
    return tag("svg", body, class_=kind, viewBox=box, role="img", aria_label=says)


def ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten) from low to high, about `wanted` of them."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return [low]
    rough = span / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(n for n in (1, 2, 5, 10) if n * power >= rough * 0.7)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


def span(values: Iterable[float], pad: float = 0.06, *, least: float = 1e-9) -> tuple[float, float]:
    """Lowest and highest finite value with `pad` of the distance on each side; (0, 1) of none."""
    finite = [float(v) for v in values if math.isfinite(v)]
    if not finite:
        return 0.0, 1.0
    low, high = min(finite), max(finite)
    room = pad * (high - low) if high - low > least else max(abs(high) * 0.1, 0.5)
    return low - room, high + room


@dataclass(frozen=True)
class Frame:
    """A plot's box in drawing units, and the range of values it shows."""

    x: tuple[float, float]
    y: tuple[float, float]
    width: float = 340
    height: float = 204
    left: float = 46
    right: float = 10
    top: float = 10
    bottom: float = 38

    def across(self, x: float) -> float:
        """Horizontal place of a value."""
        inner = self.width - self.left - self.right
        return self.left + inner * (x - self.x[0]) / (self.x[1] - self.x[0])

    def down(self, y: float) -> float:
        """Vertical place of a value; larger values stand higher."""
        inner = self.height - self.top - self.bottom
        return self.top + inner * (self.y[1] - y) / (self.y[1] - self.y[0])

    def axes(self, x_label: str, y_label: str) -> Markup:
        """Grid, tick labels and the two axis labels."""
        floor, end = self.height - self.bottom, self.width - self.right
        parts = [tag("path", class_="axis", d=f"M{number(self.left)} {number(floor)}H{number(end)}")]
        for x in ticks(*self.x):
            at = self.across(x)
            parts.append(tag("text", figure(x), x=at, y=floor + 13.0, class_="tick mid"))
        for y in ticks(*self.y):
            at = self.down(y)
            line = f"M{number(self.left)} {number(at)}H{number(end)}"
            parts.append(tag("path", class_="grid", d=line))
            parts.append(tag("text", figure(y), x=self.left - 5.0, y=at + 3.5, class_="tick end"))
        middle = (self.left + end) / 2
        parts.append(tag("text", x_label, x=middle, y=self.height - 6.0, class_="name mid"))
        turn = f"rotate(-90 9 {number((self.top + floor) / 2)})"
        at = (self.top + floor) / 2
        parts.append(tag("text", y_label, x=9.0, y=at, transform=turn, class_="name mid"))
        return join(parts)


def _thin(count: int) -> slice:
    return slice(None, None, max(1, math.ceil(count / MOST_POINTS)))


def _line(frame: Frame, xs: Sequence[float], ys: Sequence[float]) -> str:
    """Path data through the points; a value that is not finite lifts the pen."""
    path, pen = [], "M"
    keep = _thin(len(xs))
    for x, y in zip(xs[keep], ys[keep], strict=True):
        if math.isfinite(x) and math.isfinite(y):
            path.append(f"{pen}{number(frame.across(x))} {number(frame.down(y))}")
            pen = "L"
        else:
            pen = "M"
    return "".join(path)


def _band(frame: Frame, one: Series) -> str:
    both = np.isfinite(np.asarray(one.low, float)) & np.isfinite(np.asarray(one.high, float))
    x = np.asarray(one.x, float)[both]
    low, high = np.asarray(one.low, float)[both], np.asarray(one.high, float)[both]
    keep = _thin(len(x))
    there, back = _line(frame, x[keep], high[keep]), _line(frame, x[keep][::-1], low[keep][::-1])
    return f"{there}{back.replace('M', 'L', 1)}Z" if there else ""


def colour(one: Series, place: int) -> str:
    """Class of a series: its colour and dash."""
    return f"s{(one.colour if one.colour >= 0 else place) % COLOURS}"


def curves(
    series: Sequence[Series],
    x_label: str,
    y_label: str,
    says: str,
    *,
    floor: float | None = None,
    height: float = 204,
) -> Markup:
    """Lines over x, each with its band from `low` to `high`.

    Args:
        series: at least one; lines may differ in length.
        x_label: name and unit of x.
        y_label: name and unit of y.
        says: what the drawing shows, read aloud.
        floor: the y axis never reaches below it.
        height: of the drawing, in its own units (width 340).
    """
    ys = [v for s in series for part in (s.y, s.low, s.high) for v in part]
    bottom, top = span(ys)
    bottom = bottom if floor is None else max(bottom, floor)
    xs = [v for s in series for v in s.x]
    frame = Frame(span(xs, 0.0), (bottom, max(top, bottom + 1e-9)), height=height)
    parts = [frame.axes(x_label, y_label)]
    for place, one in enumerate(series):
        if len(one.low):
            parts.append(tag("path", d=_band(frame, one), class_=f"band {colour(one, place)}"))
    for place, one in enumerate(series):
        line = _line(frame, one.x, one.y)
        parts.append(tag("path", d=line, class_=f"line {colour(one, place)}"))
        if sum(map(math.isfinite, one.y)) == 1:
            at = next(i for i, y in enumerate(one.y) if math.isfinite(y))
            x, y = frame.across(one.x[at]), frame.down(one.y[at])
            parts.append(tag("circle", cx=x, cy=y, r=2.5, class_=f"dot {colour(one, place)}"))
    return drawing(join(parts), frame.width, frame.height, says)


def legend(series: Sequence[Series]) -> Markup:
    """A list of the lines' samples and names, to stand below a drawing."""
    items = []
    for place, one in enumerate(series):
        stroke = tag("path", d="M1 5H21", class_=f"line {colour(one, place)}")
        sample = tag("svg", stroke, class_="sample", viewBox="0 0 22 10", aria_hidden="true")
        items.append(tag("li", sample + tag("span", one.name)))
    return tag("ul", join(items), class_="legend")


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
        tag("path", d=f"M{number(side)} {number(bottom)}H{number(width - side)}", class_="axis"),
    ]
    for edge in edges:
        at = number(frame.across(edge))
        parts.append(tag("path", d=f"M{at} 4V{number(bottom)}", class_="edge"))
    marks = ticks(low, high, 5) if large else edges
    for mark in marks:
        place = "mid" if 24 < frame.across(mark) < width - 24 else "edgewise"
        at = frame.across(mark)
        if place == "edgewise":
            place = "start" if at <= 24 else "end"
        parts.append(tag("text", figure(mark), x=at, y=bottom + 11.0, class_=f"tick {place}"))
    if large:
        parts.append(tag("text", unit, x=width / 2, y=height - 5.0, class_="name mid"))
    parts.append(_interval(frame, point, interval, middle))
    return drawing(join(parts), width, height, says, "forest large" if large else "forest")


def _interval(frame: Frame, point: float, interval: tuple[float, float], y: float) -> Markup:
    """The interval as a line with caps, arrows where it leaves the drawing, and its point."""
    ends = [frame.across(min(max(v, frame.x[0]), frame.x[1])) for v in interval]
    parts = [tag("path", d=f"M{number(ends[0])} {number(y)}H{number(ends[1])}", class_="interval")]
    for value, at, way in zip(interval, ends, (1, -1), strict=True):
        outside = not frame.x[0] <= value <= frame.x[1]
        shape = f"M{number(at + 5 * way)} {number(y - 4)}L{number(at)} {number(y)}L{number(at + 5 * way)} {number(y + 4)}"
        cap = f"M{number(at)} {number(y - 4)}V{number(y + 4)}"
        parts.append(tag("path", d=shape if outside else cap, class_="interval"))
    at = frame.across(min(max(point, frame.x[0]), frame.x[1]))
    parts.append(tag("circle", cx=at, cy=float(y), r=3.2, class_="point"))
    return join(parts)


def raster(spikes: np.ndarray, x_label: str, y_label: str, says: str) -> Markup:
    """Spikes [T, C] as one upright stroke each; a picture above MOST_SPIKES of them."""
    steps, cells = spikes.shape
    height = float(min(190, max(70, 44 + 4 * cells)))
    frame = Frame((0, steps), (0, cells), height=height)
    tall = (frame.height - frame.top - frame.bottom) / cells
    if np.count_nonzero(spikes) > MOST_SPIKES:
        grey = 255 - 255 * (spikes.T[::-1] > 0).astype(np.uint8)
        body = _image(grey, frame)
    else:
        down = tall * 0.8
        path = "".join(
            f"M{number(frame.across(t + 0.5))} {number(frame.down(c + 1) + tall * 0.1)}v{number(down)}"
            for t, c in np.argwhere(spikes > 0)
        )
        body = tag("path", d=path, class_="spikes")
    return drawing(frame.axes(x_label, y_label) + body, frame.width, frame.height, says)


def heat(
    values: np.ndarray, x_label: str, y_label: str, says: str, *, most: float | None = None
) -> Markup:
    """A matrix [rows, columns] as cells from 0 (empty) to `most` (full), with a bar of its scale.

    Row 0 stands at the top. Above MOST_CELLS cells the matrix is a picture.
    """
    rows, columns = values.shape
    most = float(most or np.nanmax(values, initial=0) or 1)
    frame = Frame((0, columns), (0, rows), height=250, right=48)
    share = np.clip(np.nan_to_num(values) / most, 0, 1)
    if values.size > MOST_CELLS:
        body = _image((255 - 255 * share).astype(np.uint8), frame)
    else:
        wide = frame.across(1) - frame.across(0)
        tall = frame.down(0) - frame.down(1)
        body = join(
            tag(
                "rect",
                x=frame.across(c),
                y=frame.down(rows - r),
                width=wide,
                height=tall,
                class_="cell",
                fill_opacity=float(share[r, c]),
            )
            for r in range(rows)
            for c in range(columns)
            if share[r, c] >= 0.005
        )
    box = tag("path", class_="axis", d=_box(frame))
    names = tag("text", x_label, x=(frame.left + frame.width - frame.right) / 2, y=244.0, class_="name mid")
    names += tag("text", y_label, x=12.0, y=110.0, transform="rotate(-90 12 110)", class_="name mid")
    return drawing(body + box + names + _scale(frame, most), frame.width, frame.height, says)


def _box(frame: Frame) -> str:
    right, bottom = number(frame.width - frame.right), number(frame.height - frame.bottom)
    return f"M{number(frame.left)} {number(frame.top)}H{right}V{bottom}H{number(frame.left)}Z"


def _scale(frame: Frame, most: float) -> Markup:
    """The colour bar of a heat map: ten steps from 0 to `most`."""
    left, tall = frame.width - frame.right + 8, (frame.height - frame.top - frame.bottom) / 10
    steps = [
        tag(
            "rect",
            x=left,
            y=frame.top + (9 - n) * tall,
            width=9.0,
            height=tall,
            class_="cell",
            fill_opacity=(n + 0.5) / 10,
        )
        for n in range(10)
    ]
    top = tag("text", figure(most), x=left + 12, y=frame.top + 8, class_="tick start")
    bottom = tag("text", "0", x=left + 12, y=frame.height - frame.bottom, class_="tick start")
    return join(steps) + top + bottom


def bars(
    rows: Sequence[tuple[str, float, tuple[float, float] | None]], unit: str, says: str
) -> Markup:
    """One bar a row from zero to its value, with its interval where it has one."""
    ends = [v for _, value, interval in rows for v in (value, *(interval or ())) if math.isfinite(v)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    room = 0.05 * (high - low or 1.0)
    height = 30.0 + 34 * len(rows)
    frame = Frame(
        (low - room * (low < 0), high + room * (high > 0) + (high == low)), (0, 1), height=height, left=10, right=14, bottom=32
    )
    zero = frame.across(0)
    parts = [tag("path", class_="axis", d=f"M{number(zero)} {number(frame.top)}V{number(height - 32)}")]
    for place, (name, value, interval) in enumerate(rows):
        y = frame.top + 34.0 * place
        parts.append(tag("text", f"{name}  {figure(value)}", x=frame.left, y=y + 9, class_="row"))
        at = frame.across(value)
        parts.append(
            tag("rect", x=min(at, zero), y=y + 13, width=abs(at - zero), height=11.0, class_="bar")
        )
        if interval is not None:
            parts.append(_interval(frame, value, interval, y + 18.5))
    for mark in ticks(*frame.x):
        parts.append(tag("text", figure(mark), x=frame.across(mark), y=height - 20, class_="tick mid"))
    parts.append(tag("text", unit, x=frame.width / 2, y=height - 5, class_="name mid"))
    return drawing(join(parts), frame.width, height, says)


def paths(lines: Sequence[Series], x_label: str, y_label: str, says: str) -> Markup:
    """Lines in the plane, both axes in one scale."""
    x = span([v for s in lines for v in s.x])
    y = span([v for s in lines for v in s.y])
    inner_x, inner_y = 284.0, 172.0
    per_unit = min(inner_x / (x[1] - x[0]), inner_y / (y[1] - y[0]))
    x, y = (
        (sum(v) / 2 - inner / per_unit / 2, sum(v) / 2 + inner / per_unit / 2)
        for v, inner in ((x, inner_x), (y, inner_y))
    )
    frame = Frame(x, y, height=220)
    body = join(
        tag("path", d=_line(frame, s.x, s.y), class_=f"line {colour(s, place)}")
        for place, s in enumerate(lines)
    )
    return drawing(frame.axes(x_label, y_label) + body, frame.width, frame.height, says)


def shares(counts: Sequence[tuple[str, int]], says: str) -> Markup:
    """One bar cut in parts: (class, count) from left to right."""
    total, left, parts = sum(n for _, n in counts) or 1, 0.0, []
    for kind, count in counts:
        wide = 600.0 * count / total
        if count:
            parts.append(tag("rect", x=left, y=0.0, width=max(wide - 2, 1.0), height=10.0, class_=kind))
        left += wide
    box = "0 0 600 10"
    return tag(
        "svg", join(parts), class_="shares", viewBox=box, role="img", aria_label=says, preserveAspectRatio="none"
    )


def png(grey: np.ndarray) -> bytes:
    """A greyscale picture uint8 [H, W] as the bytes of a PNG file."""
    high, wide = grey.shape

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    lines = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(grey, np.uint8))
    head = struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(lines, 9))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + data + chunk(b"IEND", b"")


def data_uri(kind: str, content: bytes) -> str:
    """Bytes as an address that needs no network."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _image(grey: np.ndarray, frame: Frame) -> Markup:
    return tag(
        "image",
        href=data_uri("image/png", png(grey)),
        x=frame.left,
        y=frame.top,
        width=frame.width - frame.left - frame.right,
        height=frame.height - frame.top - frame.bottom,
        preserveAspectRatio="none",
        class_="pixels",
    )
