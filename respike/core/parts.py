"""Find a part by name: drop rule `magnitude` is respike/structure/drop/magnitude.py.

A part's settings are the keyword-only parameters of its `build`; they are read from the
source, so that a study is checked without importing torch.
"""

import ast
import importlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from respike.core.errors import ConfigError, UnknownPart, did_you_mean

PACKAGE = Path(__file__).resolve().parents[1]

# key in a study (dotted below `structure`) -> folder of the package
KINDS = {
    "network": "networks",
    "neuron": "neurons",
    "learning": "learning",
    "arithmetic": "arithmetic",
    "loss": "losses",
    "structure.init": "structure/init",
    "structure.drop": "structure/drop",
    "structure.grow": "structure/grow",
    "structure.schedule": "structure/schedule",
    "transfer": "transfer",
    "target": "targets",
    "experiment": "inference/experiments",
    "decoder": "eeg/decoders",
    "control": "eeg/controls",
    "copilot": "control/copilots",
    "metric": "metrics",
    "dataset": "datasets",
}
TYPES = {
    "int": (int,),
    "float": (int, float),
    "bool": (bool,),
    "str": (str,),
    "list": (list,),
    "dict": (dict,),
    "None": (type(None),),
}


class Setting(NamedTuple):
    """One setting of a part: its type's name and whether it must be given."""

    type: str
    required: bool


def folder(kind: str) -> Path:
    """Folder that holds the parts of a kind; KeyError is a bug of ours, not of a study."""
    return PACKAGE / KINDS[kind]


@cache
def names(kind: str) -> tuple[str, ...]:
    """Names of the parts of one kind, without importing any: files that define `build`."""
    found = []
    for file in sorted(folder(kind).glob("*.py")):
        if not file.stem.startswith("_") and _build(file) is not None:
            found.append(file.stem.replace("_", "-"))
    return tuple(found)


@cache
def _build(file: Path) -> ast.FunctionDef | None:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == "build":
            return node
    return None


def module(kind: str, name: str) -> str:
    """Dotted name of the module that holds a part.

    Raises:
        UnknownPart: no file of that name stands in the kind's folder.
    """
    if name not in names(kind):
        raise UnknownPart(kind, KINDS[kind], name, names(kind))
    return ".".join(("respike", *KINDS[kind].split("/"), name.replace("-", "_")))


def load(kind: str, name: str) -> Callable[..., Any]:
    """The part's `build`; importing it may import torch."""
    return importlib.import_module(module(kind, name)).build


def split(value: str | dict, where: str = "a part") -> tuple[str, dict[str, Any]]:
    """Take `name` or `{name: {setting: value}}` apart.

    Raises:
        ConfigError: neither of the two forms.
    """
    if isinstance(value, str):
        return value, {}
    if isinstance(value, dict) and len(value) == 1:
        (name, settings), *_ = value.items()
        if isinstance(name, str) and isinstance(settings, dict):
            return name, settings
    raise ConfigError(f"{where} is {value!r}; write a name or {{name: {{setting: value}}}}")


def make(kind: str, value: str | dict, *args: Any, **runtime: Any) -> Any:
    """Build a part: its `build` called with run-time values and the study's settings."""
    name, settings = split(value, kind)
    return load(kind, name)(*args, **runtime, **settings)


def _signature(function: ast.FunctionDef) -> dict[str, Setting]:
    args = function.args
    return {
        arg.arg: Setting(ast.unparse(arg.annotation) if arg.annotation else "", default is None)
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
    }


@cache
def takes(kind: str, name: str) -> dict[str, Setting]:
    """Settings of a part (keyword-only parameters of `build`), read from its source."""
    module(kind, name)
    return _signature(_build(folder(kind) / f"{name.replace('-', '_')}.py"))


@cache
def stage_takes(stage: str) -> dict[str, Setting]:
    """Settings of a stage: keyword-only parameters of the function that its module names.

    A stage module says `SETTINGS = "respike.training.runs.train"`; the function's
    keyword-only parameters are what a study may write under the stage's key.
    """
    file = PACKAGE / "stages" / f"{stage}.py"
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "SETTINGS":
            dotted, _, wanted = ast.literal_eval(node.value).rpartition(".")
            source = PACKAGE.joinpath(*dotted.split(".")[1:]).with_suffix(".py")
            for found in ast.parse(source.read_text(encoding="utf-8")).body:
                if isinstance(found, ast.FunctionDef) and found.name == wanted:
                    return _signature(found)
    raise LookupError(f"respike/stages/{stage}.py names no function in SETTINGS")


def check(kind: str, value: str | dict, where: str) -> None:
    """Check a part's name, and its settings against the signature of `build`.

    Args:
        kind: a key of KINDS.
        value: the part as the study writes it.
        where: key path, for the message.

    Raises:
        UnknownPart, ConfigError: what is wrong, what is allowed, the nearest known name.
    """
    name, settings = split(value, where)
    check_settings(takes(kind, name), settings, f"{where}.{name}")


def check_settings(known: dict[str, Setting], settings: dict[str, Any], where: str) -> None:
    """Check settings against a signature: unknown, missing, of the wrong type.

    Raises:
        ConfigError: what is wrong, what is allowed, the nearest known name.
    """
    for key, given in settings.items():
        if key not in known:
            raise ConfigError(
                f"unknown setting '{key}' at {where}.{did_you_mean(key, known)} "
                f"Allowed: {', '.join(sorted(known)) or 'none'}"
            )
        words = [word.strip().split("[")[0] for word in known[key].type.split("|")]
        allowed = tuple(t for word in words for t in TYPES.get(word, (object,)))
        wrong_bool = isinstance(given, bool) and not {bool, object} & set(allowed)
        if wrong_bool or not isinstance(given, allowed):
            raise ConfigError(f"{where}.{key} is {given!r}; it must be {known[key].type}")
    missing = [
        key for key, setting in known.items() if setting.required and key not in settings
    ]
    if missing:
        raise ConfigError(f"{where} lacks the setting '{missing[0]}'; add {missing[0]}: ...")
