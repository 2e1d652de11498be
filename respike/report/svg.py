"""Drawings of the page as inline SVG: presentation attributes and classes, never `style=`.

The page's style sheet gives the classes their colours, so one drawing serves light, dark and
paper. Every text is escaped here; every function returns Markup that is safe on the page.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape

from respike.report.pixels import data_uri, png
from respike.report.words import figure, visible

MOST_SPIKES = 20_000  # above this a raster is drawn as a picture
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
            said = number(value) if isinstance(value, float) else value
            text += f' {key.rstrip("_").replace("_", "-")}="{escape(visible(said))}"'
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
    """Round numbers (1, 2 or 5 times a power of ten) from low to high, about `wanted`."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return [low]
    rough = span / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(n for n in (1, 2, 5, 10) if n * power >= rough * 0.7)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


def span(
    values: Iterable[float], pad: float = 0.06, *, least: float = 1e-9
) -> tuple[float, float]:
    """Lowest and highest finite value, `pad` of their distance added; (0, 1) of none."""
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
    left: float = 56
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
        parts = [
            tag("path", class_="axis", d=f"M{number(self.left)} {number(floor)}H{number(end)}")
        ]
        for x in ticks(*self.x):
            at = self.across(x)
            parts.append(tag("text", figure(x), x=at, y=floor + 13.0, class_="tick mid"))
        wanted = 4 if floor - self.top > 100 else 2
        for y in ticks(*self.y, wanted):
            at = self.down(y)
            line = f"M{number(self.left)} {number(at)}H{number(end)}"
            parts.append(tag("path", class_="grid", d=line))
            parts.append(
                tag("text", figure(y), x=self.left - 5.0, y=at + 3.5, class_="tick end")
            )
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
    there, back = (
        _line(frame, x[keep], high[keep]),
        _line(frame, x[keep][::-1], low[keep][::-1]),
    )
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


def raster(spikes: np.ndarray, x_label: str, y_label: str, says: str) -> Markup:
    """Spikes [T, C] as one upright stroke each; a picture above MOST_SPIKES of them."""
    steps, cells = spikes.shape
    height = float(min(190, max(70, 44 + 4 * cells)))
    frame = Frame((0, steps), (0, cells), height=height)
    tall = (frame.height - frame.top - frame.bottom) / cells
    if np.count_nonzero(spikes) > MOST_SPIKES:
        grey = 255 - 255 * (spikes.T[::-1] > 0).astype(np.uint8)
        body = _inside(frame, grey)
    else:
        down = tall * 0.8
        path = "".join(
            f"M{number(frame.across(t + 0.5))} {number(frame.down(c + 0.9))}v{number(down)}"
            for t, c in np.argwhere(spikes > 0)
        )
        wide = min(0.6 * (frame.across(1) - frame.across(0)), 6.0)
        body = tag("path", d=path, class_="spikes", stroke_width=max(wide, 0.7))
    return drawing(frame.axes(x_label, y_label) + body, frame.width, frame.height, says)


def paths(lines: Sequence[Series], x_label: str, y_label: str, says: str) -> Markup:
    """Lines in the plane, both axes in one scale."""
    x = span([v for s in lines for v in s.x])
    y = span([v for s in lines for v in s.y])
    box = Frame((0, 1), (0, 1), height=220)
    inner_x = box.width - box.left - box.right
    inner_y = box.height - box.top - box.bottom
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


def picture(grey: np.ndarray, says: str) -> Markup:
    """A greyscale picture uint8 [H, W] by itself, enlarged without smoothing."""
    high, wide = grey.shape
    uri = data_uri("image/png", png(grey))
    body = tag("image", href=uri, width=wide, height=high, class_="enlarged")
    return drawing(body, wide, high, says, "picture")


def _inside(frame: Frame, grey: np.ndarray) -> Markup:
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
