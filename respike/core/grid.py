"""A variant with `grid:` becomes one variant a cell, as if each had been written out.

    pruned:
      grid: {epochs: [5, 80], density: [0.05, 0.8]}
      prune: {from: dense-epochs$epochs, density: $density}

gives pruned-epochs5-density0.05, pruned-epochs5-density0.8 and so on: the variant's name, then
-AXISVALUE for each axis in the order of the grid. A text that is `$axis` alone becomes the
value, a number where it is one; inside a longer text its words. What a cell's jobs are told
names no grid, so that a new column changes no other cell.
"""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

from respike.core import layout
from respike.core.errors import ConfigError
from respike.core.yaml import Document, Key

MOST_CELLS = 100_000
_AXIS = re.compile(r"[a-z]+")
_PLACEHOLDER = re.compile(r"\$([a-z]+)")
_OWN = ("grid", "corner_seeds")  # keys of a variant with cells that no cell has


class Expanded(NamedTuple):
    """A study whose grids were written out.

    Attributes:
        document: the study; places of a cell are those of its template.
        sample: names of variants that between them hold every value of every axis, and all
            variants without a grid: what is wrong with one value shows in one of them.
    """

    document: Document
    sample: frozenset[str]


def expand(document: Document) -> Expanded:
    """Write out every grid of a study.

    Args:
        document: the study, its budget's values picked.

    Raises:
        ConfigError: what is wrong with a grid, in file and line.
    """
    variants = document.value.get("variants")
    if not isinstance(variants, dict):
        return Expanded(document, frozenset())
    written: dict[str, Any] = {}
    places = dict(document.places)
    sample = set()
    for name, template in variants.items():
        if not isinstance(template, dict) or "grid" not in template:
            _check_plain(document, ("variants", name), template)
            _add(written, name, template, document, ("variants", name))
            sample.add(name)
            continue
        grid = _axes(document, name, template)
        own = [(k[2:], at) for k, at in places.items() if k[:2] == ("variants", name)]
        diagonal = _diagonal(grid)
        for place, values in enumerate(product(*grid.values())):
            at = dict(zip(grid, values, strict=True))
            cell = name + "".join(f"-{axis}{value}" for axis, value in at.items())
            _check_id(document, name, cell, at)
            _add(written, cell, _cell(template, name, at, grid), document, ("variants", name))
            for rest, line in own:
                places[("variants", cell, *rest)] = line
            if place in diagonal:
                sample.add(cell)
    value = {**document.value, "variants": written}
    return Expanded(Document(value, places, document.source), frozenset(sample))


def _add(
    written: dict[str, Any], name: str, variant: Any, document: Document, key: Key
) -> None:
    if name in written:
        raise ConfigError(
            f"{document.at(key)} {'.'.join(map(str, key))} gives the variant '{name}', which is"
            " there already; rename one of the two"
        )
    written[name] = variant


# ---------------------------------------------------------------- the axes


def _axes(document: Document, name: str, template: dict[str, Any]) -> dict[str, list]:
    """The axes of a variant's grid: name -> values, checked."""
    key: Key = ("variants", name, "grid")
    where, grid = f"variants.{name}.grid", template["grid"]
    if not isinstance(grid, dict) or not grid:
        raise ConfigError(f"{document.at(key)} {where} must be axes: {{name: [values]}}")
    cells = 1
    for axis, values in grid.items():
        at = document.at((*key, axis))
        if not _AXIS.fullmatch(str(axis)):
            raise ConfigError(f"{at} {where}: an axis is named by letters a-z, not '{axis}'")
        if not isinstance(values, list) or not values:
            raise ConfigError(f"{at} {where}.{axis} must be a list of values, is {values!r}")
        for place, value in enumerate(values):
            line = document.at((*key, axis, place))
            if isinstance(value, bool) or not isinstance(value, int | float | str):
                raise ConfigError(
                    f"{line} {where}.{axis} holds {value!r}; it takes numbers and words"
                )
            if str(value) in map(str, values[:place]):
                raise ConfigError(
                    f"{line} {where}.{axis} holds {value} twice, which would give two cells one"
                    " id; remove one"
                )
        cells *= len(values)
    if cells > MOST_CELLS:
        raise ConfigError(
            f"{document.at(key)} {where} has {cells:,} cells; at most {MOST_CELLS:,} are"
            " allowed"
        )
    _check_used(document, name, template, set(grid))
    return grid


def _check_used(
    document: Document, name: str, template: dict[str, Any], axes: set[str]
) -> None:
    """Refuse a placeholder without an axis, and an axis that no stage uses."""
    used = set()
    for key, text in _texts({k: v for k, v in template.items() if k not in _OWN}):
        for word in _PLACEHOLDER.findall(text):
            if word not in axes:
                at = document.at(("variants", name, *key))
                raise ConfigError(
                    f"{at} variants.{name}.{'.'.join(map(str, key))} names ${word}, and the"
                    f" grid has no axis '{word}'; it has: {', '.join(sorted(axes))}"
                )
            if key[0] in layout.CHAIN or key[0] == "dataset":
                used.add(word)
    for axis in sorted(axes - used):
        at = document.at(("variants", name, "grid", axis))
        raise ConfigError(
            f"{at} variants.{name}.grid.{axis} is used by no stage, so that cells would differ"
            f" in nothing else; write ${axis} where the value belongs, or remove the axis"
        )


def _check_plain(document: Document, key: Key, variant: Any) -> None:
    """Refuse placeholders and corners where there is no grid."""
    if isinstance(variant, dict) and "corner_seeds" in variant:
        raise ConfigError(
            f"{document.at((*key, 'corner_seeds'))} variants.{key[1]} has corner_seeds and no"
            " grid; write seeds"
        )
    for inner, text in _texts(variant):
        if found := _PLACEHOLDER.search(text):
            raise ConfigError(
                f"{document.at((*key, *inner))} variants.{key[1]}.{'.'.join(map(str, inner))}"
                f" names {found[0]}, and the variant has no grid; add grid:"
                f" {{{found[1]}: [...]}}"
            )


def _check_id(document: Document, name: str, cell: str, at: dict[str, Any]) -> None:
    if not re.fullmatch(layout.ID, cell):
        wrong = next((a for a, v in at.items() if not re.fullmatch(layout.ID, f"{a}{v}")), None)
        key = ("variants", name) if wrong is None else ("variants", name, "grid", wrong)
        raise ConfigError(
            f"{document.at(key)} variants.{name}.grid gives the id '{cell}'; an id is made of"
            " a-z, 0-9, and - and . between them"
        )


# ---------------------------------------------------------------- the cells


def _cell(
    template: dict[str, Any], name: str, at: dict[str, Any], grid: dict[str, list]
) -> dict[str, Any]:
    """One cell, written out; `cell` says where on the grid it stands, for the page alone."""
    found = {k: _filled(v, at) for k, v in template.items() if k not in _OWN}
    corner = all(value in (grid[axis][0], grid[axis][-1]) for axis, value in at.items())
    if corner and "corner_seeds" in template:
        found["seeds"] = template["corner_seeds"]
    # lists, for JSON of a job's settings sorts keys
    return {**found, "cell": {"grid": name, "axes": [*at], "at": [*at.values()]}}


def _diagonal(grid: dict[str, list]) -> frozenset[int]:
    """Places, in the order of the cells, that hold every value of every axis at least once."""
    found = set()
    for step in range(max(map(len, grid.values()))):
        place = 0
        for values in grid.values():
            place = place * len(values) + step % len(values)
        found.add(place)
    return frozenset(found)


def _filled(value: Any, at: dict[str, Any]) -> Any:
    """A value with the cell's values in place of the placeholders."""
    if isinstance(value, str):
        if value.startswith("$") and value[1:] in at:
            return at[value[1:]]
        return _PLACEHOLDER.sub(lambda found: str(at[found[1]]), value)
    if isinstance(value, dict):
        return {k: _filled(v, at) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(v, at) for v in value]
    return value


def _texts(value: Any, key: Key = ()) -> Iterator[tuple[Key, str]]:
    """Every text at any depth, with its key."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for word, inner in items:
            yield from _texts(inner, (*key, word))
