"""How numbers, times and strangers' text are written on the page and in the README."""

import math
from collections.abc import Sequence

from respike.core.log import visible as visible

UNITS = {"r2": "R²"}
MINUS = "−"  # U+2212, as wide as a plus


def figure(value: float, digits: int = 3) -> str:
    """A number for the eye: `digits` significant ones, an exponent only where it must be."""
    value = float(value)
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if value == 0:
        return "0"
    if 1e-4 <= abs(value) < 1e6:
        places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        text = f"{value:,.{places}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        text = f"{mantissa}e{int(exponent)}"
    return text.replace("-", MINUS)


def quantity(value: object, unit: str | None = None) -> str:
    """A value with its unit; lists item by item, truth as yes or no, nothing as a dash."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(quantity(v) for v in value) + (
            f" {UNITS.get(unit, unit)}" if unit else ""
        )
    text = figure(value) if isinstance(value, int | float) else str(value)
    return f"{text} {UNITS.get(unit, unit)}" if unit else text


def between(ends: Sequence[float], unit: str | None = None) -> str:
    """An interval in words: `1.2 to 3.4 pp`."""
    text = f"{figure(ends[0])} to {figure(ends[1])}"
    return f"{text} {UNITS.get(unit, unit)}" if unit else text


def size(count: float) -> str:
    """Bytes in the unit that leaves one to three digits before the point."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{figure(count)} {unit}"
        count /= 1000
    return f"{figure(count)} GB"


def duration(seconds: float) -> str:
    """Seconds as a person would say them: `0.4 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 60:
        return f"{figure(seconds, 2)} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 claim`, `3 claims`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def name(text: str) -> str:
    """A key of a file as words: `spike_mismatch` is `spike mismatch`."""
    return text.replace("_", " ")
