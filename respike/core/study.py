"""What a study may say: budgets picked, variants checked, claims held against their seeds."""

import re
from collections.abc import Mapping
from typing import Any

from respike.core import chain, layout, parts, strict, yaml
from respike.core.errors import ConfigError, did_you_mean
from respike.core.yaml import Document, Key

STRUCTURE = ("init", "drop", "grow", "schedule")
# key -> the stages in which it names a part; elsewhere it is an ordinary setting
_TRAINING = ("train", "prune", "distill")
STAGES_OF_KIND = {
    "network": _TRAINING,
    "neuron": _TRAINING,
    "learning": _TRAINING,
    "arithmetic": ("train",),
    "loss": _TRAINING,
    "transfer": ("distill",),
    "target": ("emulate",),
    "experiment": ("simulate",),
    "decoder": ("decode",),
    "copilot": ("control",),
}


def check_mapping(document: Document) -> None:
    """Refuse a file that is a list or a single value."""
    if not isinstance(document.value, dict | None):
        raise ConfigError(f"{document.at(())} the file must be lines of `key: value`")


def pick(document: Document, budget: str) -> Document:
    """A document with every `{smoke:, desk:, paper:}` replaced by the budget's value.

    Places move along, so that a message about a value still names its line.

    Raises:
        ConfigError: a value has no entry for the budget, or the file is no mapping.
    """
    check_mapping(document)
    places: dict[Key, yaml.Place] = {}

    def walk(value: Any, inside: Key, outside: Key) -> Any:
        if inside in document.places:
            places.setdefault(outside, document.places[inside])
        if isinstance(value, dict):
            if value and set(value) <= set(layout.BUDGETS):
                if budget not in value:
                    given = ", ".join(value)
                    at = f"{document.at(inside)} {strict.dotted(outside, document.value)}"
                    raise ConfigError(
                        f"{at} has no value for budget {budget} (given: {given}); "
                        f"add {budget}: ..."
                    )
                places.pop(outside, None)
                return walk(value[budget], (*inside, budget), outside)
            return {k: walk(v, (*inside, k), (*outside, k)) for k, v in value.items()}
        if isinstance(value, list):
            return [walk(v, (*inside, i), (*outside, i)) for i, v in enumerate(value)]
        return value

    value = {}
    for key, inner in (document.value or {}).items():
        keep = key in {"paper", "claims"}  # `paper:` is a publication there, not a budget
        value[key] = inner if keep else walk(inner, (key,), (key,))
    for key, place in document.places.items():
        places.setdefault(key, place)
    return Document(value, places, document.source)


def stage_parts(stage: str, block: Any, where: str) -> list[tuple[str, Any, str]]:
    """The parts that a stage's settings name: kind, value, key path.

    Args:
        stage: the stage's name.
        block: its settings in a variant.
        where: key path of the block, for messages.
    """
    found = []
    for key, value in block.items() if isinstance(block, dict) else ():
        at = f"{where}.{key}"
        if key == "structure" and isinstance(value, dict):
            for name in STRUCTURE:
                if value.get(name) is not None:
                    found.append((f"structure.{name}", value[name], f"{at}.{name}"))
        elif stage == "prune" and key in STRUCTURE:
            found.append((f"structure.{key}", value, at))
        elif key == "controls" and isinstance(value, list):
            found += [("control", item, f"{at}.{i}") for i, item in enumerate(value)]
        elif stage in STAGES_OF_KIND.get(key, ()):
            found.append((key, value, at))
    return found


def check_variant(
    study: dict[str, Any], name: str, document: Document, datasets: Mapping[str, Any]
) -> None:
    """Check one variant of a resolved study: its stages, parts, settings and references.

    Args:
        study: resolved for one budget.
        name: the variant's.
        document: the study's file, for places.
        datasets: the table of data sets by id.

    Raises:
        ConfigError: what is wrong, in file and line.
    """
    variant = study["variants"][name]
    key: Key = ("variants", name)
    if not re.fullmatch(layout.ID, name):
        raise ConfigError(f"{document.at(key)} variant '{name}': use a-z, 0-9 and -")
    cell = variant.get("cell", {"axes": (), "at": ()})
    if len(cell["axes"]) != len(cell["at"]):
        raise ConfigError(
            f"{document.at((*key, 'cell'))} variants.{name}.cell has {len(cell['axes'])} axes"
            f" and {len(cell['at'])} values at them; write as many of both"
        )
    stages = chain.stages_of(variant)
    if not stages:
        raise ConfigError(
            f"{document.at(key)} variants.{name} names no stage; add one of "
            f"{', '.join(layout.CHAIN)}"
        )
    dataset = variant.get("dataset", study.get("dataset"))
    if dataset is not None:
        try:
            check_dataset(dataset, datasets)
        except ConfigError as error:
            raise ConfigError(f"{document.at((*key, 'dataset'))} {error}") from None
    elif set(stages) - {"simulate"}:
        raise ConfigError(
            f"{document.at(key)} variants.{name} has no data set; add dataset: ..."
        )
    for stage in stages:
        where = f"variants.{name}.{stage}"
        at = document.at((*key, stage))
        for kind, value, path in stage_parts(stage, variant[stage], where):
            try:
                parts.check(kind, value, path)
            except ConfigError as error:
                deep = document.at((*key, *path.split(".")[2:]))
                raise ConfigError(f"{deep} {error}") from None
        takes = chain.TAKES.get(stage, {})
        own = {k: v for k, v in variant[stage].items() if k not in takes}
        try:
            parts.check_settings(parts.stage_takes(stage), own, where)
        except ConfigError as error:
            raise ConfigError(f"{at} {error}") from None
    check_references(study, name, document)


def check_references(study: dict[str, Any], name: str, document: Document) -> None:
    """Check what one variant takes from others, and that nothing it needs is missing.

    Raises:
        ConfigError: what is wrong, in file and line.
    """
    variant = study["variants"][name]
    key: Key = ("variants", name)
    stages = chain.stages_of(variant)
    for stage in stages:
        where = f"variants.{name}.{stage}"
        takes = chain.TAKES.get(stage, {})
        for word in [w for w in takes if w in variant[stage]]:
            place = document.at((*key, stage, word))
            try:
                chain.resolve(variant[stage][word], takes[word][1], study["variants"])
            except ConfigError as error:
                raise ConfigError(f"{place} {where}.{word} is {error}") from None
    if "prune" in stages and "train" not in stages and "from" not in variant["prune"]:
        raise ConfigError(
            f"{document.at(key)} variants.{name}.prune has no model; add from: VARIANT"
        )
    if "distill" in stages and "teacher" not in variant["distill"]:
        raise ConfigError(f"{document.at(key)} variants.{name}.distill lacks 'teacher'; add it")
    if "control" in stages and "decode" not in stages and "from" not in variant["control"]:
        raise ConfigError(
            f"{document.at(key)} variants.{name}.control has no decoder; add from:"
        )
    if "connect" in stages and "with" not in variant["connect"]:
        raise ConfigError(f"{document.at(key)} variants.{name}.connect lacks 'with'; add it")
    for stage in ("connect", "emulate"):
        if stage in stages and "model" not in chain.taken(study["variants"], name, stage):
            raise ConfigError(
                f"{document.at(key)} variants.{name}.{stage} has no model; add from: VARIANT"
            )


def check_dataset(dataset: str, known: Mapping[str, Any]) -> None:
    """Refuse the name of a data set that the table does not have."""
    if dataset not in known:
        raise ConfigError(
            f"no data set named '{dataset}'.{did_you_mean(dataset, known)} "
            f"Known: {', '.join(sorted(known))}."
        )


def check_claims_have_seeds(study: dict[str, Any], budget: str) -> None:
    """Refuse a claim that needs more seeds than one of its variants runs.

    Raises:
        ConfigError: names the claim, the variant and both numbers.
    """
    for claim in study["claims"]:
        given = claim.get("seeds")
        needed = (given.get(budget) if isinstance(given, dict) else given) or study["seeds"]
        for name in _variants_of(claim.get("test", {})):
            there = study["variants"].get(name, {}).get("seeds", study["seeds"])
            if needed > there:
                raise ConfigError(
                    f"claim {claim['id']} needs {needed} seeds, variant {name} runs {there}; "
                    f"write seeds: {there} in the claim, or give the variant more"
                )


def _variants_of(test: dict[str, Any]) -> list[str]:
    found = []
    for key in ("of", "against"):
        rows = test.get(key, [])
        for row in rows if isinstance(rows, list) else [rows]:
            text = row.get("variant") if isinstance(row, dict) else row
            if text:
                found.append(text.split("/")[0])
    return found


def at_claim(sentence: str, study: dict[str, Any], document: Document) -> str:
    """A sentence about a claim, with the claim's place in the file before it."""
    if sentence.startswith(document.source):
        return sentence
    ids = {str(claim["id"]): i for i, claim in enumerate(study["claims"])}
    named = max((name for name in ids if name in sentence), key=len, default=None)
    at = document.source + ":" if named is None else document.at(("claims", ids[named]))
    return f"{at} {sentence}"
