"""Strict YAML: every scalar decided here, no duplicate keys, a place for each value.

YAML 1.2's core scalars and nothing more: `1e-3` is a number, `NO` and `12:30` are text.
PyYAML composes the node graph; the values are built here, so that nothing is guessed.
"""

import math
import re
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from respike.core.errors import ConfigError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?\Z")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+\Z")
_PLAIN_TAGS = {
    f"tag:yaml.org,2002:{t}" for t in ["null", "bool", "int", "float", "str", "timestamp"]
}
MAX_DEPTH = 100
Key = tuple[str | int, ...]


class Place(NamedTuple):
    """Where a value stands: line and column, both counted from 1."""

    line: int
    column: int


class Document(NamedTuple):
    """A parsed file: its value, and where each key path stands."""

    value: Any
    places: dict[Key, Place]
    source: str

    def at(self, key: Key) -> str:
        """`file:line:column:` of a key path, or of its nearest ancestor that has a place."""
        while key and key not in self.places:
            key = key[:-1]
        place = self.places.get(key, Place(1, 1))
        return f"{self.source}:{place.line}:{place.column}:"


def load(path: Path, name: str | None = None) -> Document:
    """Read one YAML file strictly.

    Raises:
        ConfigError: the file is missing, not UTF-8, or not allowed YAML; the message
            starts with file, line and column.
    """
    source = name or str(path)
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(f"{source} does not exist; create it or name another file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source} cannot be read as UTF-8 text: {error}") from None
    return parse(text, source)


def parse(text: str, source: str = "text") -> Document:
    """Parse YAML text strictly; see `load`."""
    try:
        _check_depth(text, source)
        loader = _Loader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_syntax(error, text, source)) from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise ConfigError(f"{source}: not YAML: {str(error).splitlines()[0]}") from None
    places: dict[Key, Place] = {}
    if node is None:
        return Document(None, places, source)
    return Document(_build(node, (), places, source, set()), places, source)


def scalar(text: str) -> Any:
    """The value that a plain scalar means, as in a study; used for `--set` on the command line.

    Raises:
        ConfigError: a leading zero, or a number too large to be finite.
    """
    if len(text) > 1000 and _INT.match(text):
        raise ConfigError(f"{text[:40]}... is too large for a number")
    if text in {"", "~", "null"}:
        return None
    if text in {"true", "false"}:
        return text == "true"
    if _LEADING_ZERO.match(text):
        raise ConfigError(f"{text}: write it without the leading zero, or in quotes")
    if _INT.match(text):
        return int(text)
    if _FLOAT.match(text):
        value = float(text)
        if not math.isfinite(value):
            raise ConfigError(f"{text} is too large for a number")
        return value
    return text


def _check_depth(text: str, source: str) -> None:
    """Refuse what lies so deep that composing it would end this process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                place = f"{source}:{event.start_mark.line + 1}:{event.start_mark.column + 1}:"
                raise ConfigError(f"{place} lies more than {MAX_DEPTH} deep; write it flatter")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _build(
    node: yaml.Node, key: Key, places: dict[Key, Place], source: str, seen: set[int]
) -> Any:
    mark = node.start_mark
    here = f"{source}:{mark.line + 1}:{mark.column + 1}:"
    if id(node) in seen:
        raise ConfigError(f"{here} anchors and aliases are not allowed; write the value out")
    seen.add(id(node))
    if key in places and isinstance(node, yaml.ScalarNode):
        places[key] = Place(mark.line + 1, mark.column + 1)
    places.setdefault(key, Place(mark.line + 1, mark.column + 1))
    if isinstance(node, yaml.ScalarNode):
        if node.tag not in _PLAIN_TAGS:
            raise ConfigError(f"{here} tag {node.tag} is not allowed; remove it")
        if node.style in ("'", '"', "|", ">"):
            return node.value
        try:
            return scalar(node.value)
        except ConfigError as error:
            raise ConfigError(f"{here} {error}") from None
    if isinstance(node, yaml.SequenceNode):
        if node.tag != "tag:yaml.org,2002:seq":
            raise ConfigError(f"{here} tag {node.tag} is not allowed; remove it")
        return [_build(n, (*key, i), places, source, seen) for i, n in enumerate(node.value)]
    if node.tag != "tag:yaml.org,2002:map":
        raise ConfigError(f"{here} tag {node.tag} is not allowed; remove it")
    found: dict[str, Any] = {}
    for name, value in node.value:
        mark = name.start_mark
        here = f"{source}:{mark.line + 1}:{mark.column + 1}:"
        if not isinstance(name, yaml.ScalarNode):
            raise ConfigError(f"{here} a key must be a word")
        if name.value == "<<":
            raise ConfigError(f"{here} merge keys (<<) are not allowed; write the settings out")
        if name.value in found:
            first = places[(*key, name.value)]
            at = ".".join(map(str, key)) or "the file"
            raise ConfigError(
                f"{here} key '{name.value}' is given twice in {at} (first at line {first.line})"
            )
        places[(*key, name.value)] = Place(mark.line + 1, mark.column + 1)
        found[name.value] = _build(value, (*key, name.value), places, source, seen)
    return found


def _syntax(error: yaml.MarkedYAMLError, text: str, source: str) -> str:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = error.problem or str(error)
    rows = text.splitlines()
    row = rows[line - 1] if line <= len(rows) else ""
    if "anchor" in problem or "alias" in problem:
        problem = "anchors and aliases are not allowed; write the value out"
    elif "\t" in row[: column + 1]:
        problem = "a tab: indent with spaces"
    elif "mapping values are not allowed" in problem:
        problem = "a second ': ' in the line; put the sentence in quotes"
    elif "expected a single document" in str(error):
        problem = "a second document (---); write one document a file"
    elif problem.startswith("did not find expected ',' or"):
        problem = "a bracket is not closed here or on the line above"
    return f"{source}:{line}:{column}: {problem}"
