"""Check values against our strict schemas, and say in words what is wrong and where.

Also the one canonical JSON text of a value (sorted keys, no NaN), which hashes and
Snakemake's params are made of.
"""

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from respike.core.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from respike.core.yaml import Document

SCHEMAS = Path(__file__).resolve().parents[2] / "workflow" / "schemas"
_WORDS = {"str": "text", "int": "integer", "float": "number", "bool": "boolean"}


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, no NaN or infinity.

    Raises:
        ValueError: a number that is not finite; TypeError: a value JSON does not know.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


@cache
def schema(name: str) -> dict[str, Any]:
    """The schema workflow/schemas/NAME.schema.yaml, with `$ref: other.schema.yaml` resolved."""
    from respike.core.yaml import load  # not above: a stage in a pinned environment has no YAML

    return _resolved(load(SCHEMAS / f"{name}.schema.yaml").value)


def _resolved(value: Any) -> Any:
    if isinstance(value, dict):
        ref = value.get("$ref")
        if isinstance(ref, str) and ref.endswith(".schema.yaml"):
            inner = dict(schema(ref.removesuffix(".schema.yaml")))
            inner.pop("$schema", None)
            inner.pop("$id", None)
            return inner
        return {k: _resolved(v) for k, v in value.items()}
    return [_resolved(v) for v in value] if isinstance(value, list) else value


@cache
def _validator(name: str):
    import jsonschema

    return jsonschema.Draft202012Validator(schema(name))


def problems(value: Any, name: str, document: "Document | None" = None) -> list[str]:
    """What is wrong with a value by one schema: sentences, in the order of the lines."""
    errors = [_deepest(e) for e in _validator(name).iter_errors(value)]
    found = []
    for error in errors:
        for path, sentence in _explain(error, value):
            place = document.at(tuple(path)) if document else ""
            found.append((_line(place), f"{place} {sentence}".strip()))
    return [sentence for _, sentence in sorted(set(found))]


def check(value: Any, name: str, document: "Document | None" = None, source: str = "") -> None:
    """Refuse a value that its schema does not allow.

    Raises:
        ConfigError: at most five sentences, one a line, then how many more there are.
    """
    found = problems(value, name, document)
    if found:
        more = f"\nand {len(found) - 5} more" if len(found) > 5 else ""
        head = f"{source}: " if source and not document else ""
        raise ConfigError(head + "\n".join(found[:5]) + more)


def _line(place: str) -> tuple[int, int]:
    numbers = re.findall(r":(\d+):(\d+):\Z", place)
    return (int(numbers[0][0]), int(numbers[0][1])) if numbers else (0, 0)


def _deepest(error):
    while error.context:
        real = [e for e in error.context if e.validator != "type"] or error.context
        deepest = max(real, key=lambda e: (len(e.absolute_path), e.validator != "const"))
        error = deepest
    return error


def dotted(path, value: Any = None) -> str:
    """A key path in words; an entry of a list that has an `id` is named by it."""
    words = []
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            value = None
        named = isinstance(step, int) and isinstance(value, dict) and "id" in value
        words.append(str(value["id"] if named else step))
    return ".".join(words)


def _explain(error, whole):
    path = list(error.absolute_path)
    at = dotted(path, whole) or "the file"
    given = error.instance
    kind = error.validator
    if "propertyNames" in error.absolute_schema_path:
        yield (
            [*path, given],
            f"a key in {at} is {given!r}; it must match {error.validator_value}",
        )
        return
    if kind == "additionalProperties" and isinstance(given, dict):
        allowed = sorted(error.schema.get("properties", {}))
        patterns = list(error.schema.get("patternProperties", {}))
        for key in given:
            if key not in allowed and not any(re.search(p, key) for p in patterns):
                hint = did_you_mean(str(key), allowed)
                yield (
                    [*path, key],
                    f"unknown key '{key}' in {at}.{hint} Allowed: {', '.join(allowed)}",
                )
        return
    if kind == "required":
        missing = [key for key in error.validator_value if key not in given]
        yield path, f"{at} lacks '{missing[0]}'; add {missing[0]}: ..."
    elif kind == "type":
        wanted = error.validator_value
        wanted = " or ".join(wanted) if isinstance(wanted, list) else wanted
        yield (
            path,
            f"{at} must be {wanted}, is {_said(given)}{_type_hint(wanted, given)}",
        )
    elif kind in {"enum", "const"}:
        allowed = error.validator_value if kind == "enum" else [error.validator_value]
        hint = did_you_mean(str(given), map(str, allowed))
        yield path, f"{at} is {given!r}; allowed: {', '.join(map(str, allowed))}.{hint}"
    elif kind == "pattern":
        yield path, f"{at} is {given!r}; it must match {error.validator_value}"
    elif kind in {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}:
        word = {
            "minimum": ">=",
            "exclusiveMinimum": ">",
            "maximum": "<=",
            "exclusiveMaximum": "<",
        }
        yield path, f"{at} is {given}; it must be {word[kind]} {error.validator_value}"
    else:
        yield path, f"{at}: {error.message}"


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    word = _WORDS.get(type(value).__name__, type(value).__name__)
    text = repr(value)
    return f"{word} {text if len(text) <= 60 else text[:57] + '...'}"


def _type_hint(wanted: str, given: Any) -> str:
    if isinstance(given, str) and re.search("integer|number", wanted):
        try:
            float(given)
        except ValueError:
            return ""
        return " (remove the quotes)"
    if (
        wanted == "boolean"
        and isinstance(given, str)
        and given.lower() in {"yes", "no", "on", "off"}
    ):
        return " (write true or false)"
    return ""
