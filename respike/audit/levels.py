"""Which level of sameness holds between a recorded output and the one of a rerun.

Inside one numerics class every stage is declared bitwise: one thread, one writer. Between two
classes, or two codes, an output is held to what DECLARED says of it; what has no row there must
have equal content.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from respike.core import io
from respike.core.errors import DamagedFile

BITWISE = "bitwise"
CONTENT = "equal content"
OTHER_CLASS = "equal content in another numerics class"
TOLERATED = "within the declared tolerance"
UNCLAIMED = "not claimed across numerics classes"
DIFFERS = "differs"
ORDER = (BITWISE, CONTENT, OTHER_CLASS, TOLERATED, UNCLAIMED, DIFFERS)  # best first

# arithmetic whose weights are claimed bitwise in every class: operands on power-of-two grids
EXACT = frozenset({"exact-grid"})
# decoders that are trained step by step; the others are solved for at once
STEPWISE = frozenset({"cnn-attention"})


class Tolerance(NamedTuple):
    """How far a float may lie from the recorded one: |new - old| <= atol + rtol |old|.

    Attributes:
        rtol, atol: as above; integers, booleans and texts must be equal.
        why: one line of reason.
        only: keys that are compared; the others are not claimed. None: all of them.
    """

    rtol: float
    atol: float
    why: str
    only: tuple[str, ...] | None = None


_GROWN = Tolerance(
    0, 0, "rounding grows with every step of training: another class is another draw of it", ()
)
_TRAINED = {
    "model.safetensors": _GROWN,
    "predictions.npz": _GROWN,
    "curve.csv": _GROWN,
    "trace.npz": _GROWN,
    "metrics.json": Tolerance(
        0,
        0.10,
        "two draws of one training; three standard errors at 943 test items",
        ("accuracy",),
    ),
}
_LINEAR = Tolerance(
    1e-6, 1e-6, "sums of products in another order, well conditioned by a ridge"
)
_MARGINALS = Tolerance(1e-6, 1e-9, "exp, log and sums of float64 may differ in the last digits")
_EPISODES = Tolerance(
    1e-6, 1e-6, "contacts amplify the last digits, over episodes of a few seconds"
)
_STEPWISE = {
    "model.npz": _GROWN,
    "predictions.npz": _GROWN,
    "curve.csv": _GROWN,
    "metrics.json": Tolerance(0, 0.05, "two draws of one training, in units of R2", ("worth",)),
}
# Of judge: intervals and p-values of float64. fetch, synthesize, prepare hold pinned data and
# emulate integers: they have no row, so that they must come out equal in every class.
DECLARED: dict[str, dict[str, Tolerance]] = {
    "train": _TRAINED,
    "prune": _TRAINED,
    "distill": _TRAINED,
    # of two trained networks; given the same ones, rounding may still flip a spike
    "connect": {f: _TRAINED[f] for f in ("predictions.npz", "curve.csv", "metrics.json")},
    "simulate": dict.fromkeys(("predictions.npz", "metrics.json", "trace.npz"), _MARGINALS),
    "decode": dict.fromkeys(
        ("model.npz", "predictions.npz", "metrics.json", "curve.csv"), _LINEAR
    ),
    "control": dict.fromkeys(("predictions.npz", "metrics.json", "trajectory.npz"), _EPISODES),
    "judge": {"verdicts.json": Tolerance(1e-9, 1e-12, "quantiles and sums of float64")},
}


class Held(NamedTuple):
    """How one output came out again: its file, the level, whether that is as declared, why."""

    file: str
    level: str
    declared: bool
    says: str


def tolerance(stage: str, file: str, settings: Mapping[str, Any]) -> Tolerance | None:
    """What is declared for an output across classes; None where content must be equal."""
    block = settings.get(stage)
    named = block if isinstance(block, Mapping) else {}
    if file == "model.safetensors" and _name(named.get("arithmetic")) in EXACT:
        return None
    if stage == "decode" and _name(named.get("decoder")) in STEPWISE:
        return _STEPWISE.get(file)
    return DECLARED.get(stage, {}).get(file)


def _name(part: Any) -> Any:
    """Name of a part that is written as a name or as {name: settings}."""
    return next(iter(part), None) if isinstance(part, Mapping) else part


def judged(
    file: str,
    old: bytes,
    new: bytes,
    declared: Tolerance | None,
    *,
    one_class: bool,
    one_code: bool,
) -> Held:
    """Say which level holds between the bytes of an output and those of a rerun.

    Args:
        file: name of the output; its suffix is the format.
        old: as recorded.
        new: as the rerun wrote it.
        declared: what holds across classes; see `tolerance`.
        one_class: whether both ran in one numerics class.
        one_code: whether both ran the same code in the same environment.
    """
    if old == new:
        return Held(file, BITWISE if one_class else OTHER_CLASS, True, "")
    try:
        before, after = _value(file, old), _value(file, new)
    except DamagedFile as error:
        return Held(file, DIFFERS, False, str(error))
    strict = one_class and one_code
    if _hash(before) == _hash(after):
        why = "other bytes; one numerics class is declared bitwise" if strict else ""
        return Held(file, CONTENT if one_class else OTHER_CLASS, not strict, why)
    if strict or declared is None:
        where = outside(before, after, Tolerance(0, 0, "")) or "a text is written otherwise"
        return Held(file, DIFFERS, False, where)
    if declared.only == ():
        return Held(file, UNCLAIMED, True, declared.why)
    where = outside(before, after, declared)
    if where:
        return Held(file, DIFFERS, False, f"{where}; declared: {_in_words(declared)}")
    return Held(file, TOLERATED, True, _in_words(declared))


def worst(levels: Iterable[str]) -> str:
    """The weakest of some levels."""
    return max(levels, key=ORDER.index)


def _in_words(declared: Tolerance) -> str:
    only = f"{', '.join(declared.only)} alone, " if declared.only else ""
    return f"{only}{declared.atol:g} + {declared.rtol:g} of the value ({declared.why})"


def _value(file: str, data: bytes) -> Any:
    """What a file says, with what a safetensors file says of itself."""
    value = io.parse(file, data)
    if PurePosixPath(file).suffix == ".safetensors":
        return [value, io.safetensors_metadata(data)]
    return value


def _hash(value: Any) -> Any:
    """Content hash of a value; of each part of a safetensors file."""
    is_pair = isinstance(value, list) and value and isinstance(value[0], Mapping)
    return [io.content_sha256(part) for part in value] if is_pair else io.content_sha256(value)


def outside(old: Any, new: Any, allowed: Tolerance, place: str = "") -> str:
    """Where two values first lie further apart than allowed; empty where nowhere.

    Floats are compared by the tolerance, also those in the cells of a CSV; all else must be
    equal: keys, lengths, shapes, dtypes, integers, booleans, texts, and where a NaN stands.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        claimed = list({**old, **new}) if allowed.only is None else allowed.only
        alone = sorted(key for key in claimed if (key in old) is not (key in new))
        if alone:
            return f"{_join(place, alone[0])} is on one side only"
        inner = allowed._replace(only=None)
        both = [key for key in claimed if key in old]
        found = (outside(old[key], new[key], inner, _join(place, key)) for key in both)
        return next(filter(None, found), "")
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            return f"{place or 'it'} has {len(new)} entries, had {len(old)}"
        pairs = enumerate(zip(old, new, strict=True))
        found = (outside(a, b, allowed, f"{place}[{i}]") for i, (a, b) in pairs)
        return next(filter(None, found), "")
    if isinstance(old, np.ndarray) and isinstance(new, np.ndarray):
        return _array_outside(old, new, allowed, place)
    if isinstance(old, bytes) or isinstance(new, bytes):
        return "" if old == new else f"{place or 'it'} has other bytes"
    return "" if _near(old, new, allowed) else f"{place} is {_brief(new)}, was {_brief(old)}"


def _join(place: str, key: Any) -> str:
    return f"{place}.{key}" if place else str(key)


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _near(old: Any, new: Any, allowed: Tolerance) -> bool:
    if isinstance(old, str) and isinstance(new, str) and old != new:
        old, new = _cell(old), _cell(new)
    if type(old) is float and type(new) is float:
        if not math.isfinite(old) or not math.isfinite(new):
            return old == new or (math.isnan(old) and math.isnan(new))
        if allowed.rtol == allowed.atol == 0:
            return old.hex() == new.hex()  # 0.0 and -0.0 are two contents
        return abs(new - old) <= allowed.atol + allowed.rtol * abs(old)
    return type(old) is type(new) and old == new


def _cell(text: str) -> Any:
    """A cell of a CSV as the float it holds; integers stay texts."""
    try:
        return text if text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        return text


def _array_outside(old: np.ndarray, new: np.ndarray, allowed: Tolerance, place: str) -> str:
    if (old.dtype, old.shape) != (new.dtype, new.shape):
        return (
            f"{place} is {new.dtype.name} {list(new.shape)}, "
            f"was {old.dtype.name} {list(old.shape)}"
        )
    if old.tobytes() == new.tobytes():
        return ""
    if old.dtype.kind == "f" and (allowed.rtol or allowed.atol):
        wide = [array.astype(np.float64) for array in (old, new)]
        with np.errstate(invalid="ignore"):
            far = ~(np.abs(wide[1] - wide[0]) <= allowed.atol + allowed.rtol * np.abs(wide[0]))
        far &= ~((wide[0] == wide[1]) | (np.isnan(wide[0]) & np.isnan(wide[1])))
    else:
        raw = [np.ascontiguousarray(a).reshape(-1).view(np.uint8) for a in (old, new)]
        differ = (raw[0] != raw[1]).reshape(old.size, -1)
        far = differ.any(axis=1).reshape(old.shape)
    if not far.any():
        return ""
    first = tuple(int(i) for i in np.argwhere(far)[0])
    at = f"{place}[{', '.join(map(str, first))}]" if first else place
    counted = f"; {int(far.sum())} of {far.size} values" if far.size > 1 else ""
    return f"{at} is {new[first].item()!r}, was {old[first].item()!r}{counted}"
