"""Variants are chains of stages, and take from each other: `from:`, `with:`, `teacher:`."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from respike.core import layout
from respike.core.errors import ConfigError, did_you_mean, some

if TYPE_CHECKING:  # a stage in a pinned environment has no YAML
    from respike.core.yaml import Document

# Words by which a stage says whose files it takes: word -> its input, stages that may be named.
TAKES = {
    "prune": {"from": ("model", layout.MODEL)},
    "distill": {"from": ("model", layout.MODEL), "teacher": ("teacher", layout.MODEL)},
    "connect": {"from": ("model", layout.MODEL), "with": ("other", layout.MODEL)},
    "emulate": {"from": ("model", layout.MODEL)},
    "control": {"from": ("decoded", ("decode",))},
}


class Reference(NamedTuple):
    """`variant[/stage][@seed]`: a run whose model or result another run takes."""

    variant: str
    stage: str | None
    seed: int | None


def reference(text: str) -> Reference:
    """Take `variant[/stage][@seed]` apart.

    Raises:
        ConfigError: not of that form.
    """
    match = re.fullmatch(rf"({layout.ID})(?:/([a-z]+))?(?:@(\d+))?", text)
    if not match:
        raise ConfigError(
            f"'{text}': write variant, variant/stage, variant@seed or variant/stage@seed"
        )
    variant, stage, seed = match.groups()
    return Reference(variant, stage, int(seed) if seed is not None else None)


def stages_of(variant: Mapping[str, Any]) -> list[str]:
    """Stages of a variant, in the order of the chain."""
    return [stage for stage in layout.CHAIN if stage in variant]


def resolve(text: str, allowed: tuple[str, ...], variants: Mapping[str, Any]) -> Reference:
    """The run that a reference names; without a stage, the variant's last that is allowed.

    Raises:
        ConfigError: no such variant or stage, or one that has not what is to be taken.
    """
    ref = reference(text)
    if ref.variant not in variants:
        raise ConfigError(
            f"'{text}': no such variant.{did_you_mean(ref.variant, variants)} "
            f"Known: {some(variants)}."
        )
    there = stages_of(variants[ref.variant])
    stage = ref.stage or next((s for s in reversed(there) if s in allowed), None)
    if stage not in there or stage not in allowed:
        raise ConfigError(
            f"'{text}': {ref.variant} has no stage {stage or ' or '.join(allowed)} "
            f"to take from; it has: {', '.join(there)}"
        )
    return ref._replace(stage=stage)


def taken(variants: Mapping[str, Any], name: str, stage: str) -> dict[str, Reference]:
    """Runs of the study whose files a stage of a variant reads, by the name of the input.

    Without `from:` it is the stage before in the same variant; `distill` begins from scratch.
    """
    own = stages_of(variants[name])
    found = {}
    for word, (given, allowed) in TAKES.get(stage, {}).items():
        before = [s for s in own[: own.index(stage)] if s in allowed]
        if word in variants[name][stage]:
            found[given] = resolve(variants[name][stage][word], allowed, variants)
        elif word == "from" and before and stage != "distill":
            found[given] = Reference(name, before[-1], None)
    return found


def records(budget: str, study: str, variants: Mapping[str, Any], seeds: int) -> Iterator[str]:
    """Records of every run of some variants: by variant, then seed, then stage.

    Args:
        budget, study: of the runs.
        variants: name -> resolved variant.
        seeds: how many run; fewer where the variant says so.
    """
    for name, variant in variants.items():
        for seed in range(min(seeds, variant.get("seeds", seeds))):
            for stage in stages_of(variant):
                yield layout.record(stage).format(
                    budget=budget, study=study, variant=name, seed=seed
                )


def check_no_circle(variants: Mapping[str, Any], document: "Document") -> None:
    """Refuse runs that wait for each other.

    Raises:
        ConfigError: the circle, run by run.
    """

    clear: set[str] = set()

    def follow(name: str, stage: str, path: tuple[str, ...]) -> None:
        here = f"{name}/{stage}"
        if here in clear:
            return
        if here in path:
            at = document.at(("variants", name, stage))
            circle = " from ".join((*path[path.index(here) :], here))
            raise ConfigError(f"{at} runs that take from each other in a circle: {circle}")
        for run in taken(variants, name, stage).values():
            follow(run.variant, run.stage, (*path, here))
        clear.add(here)

    for name, variant in variants.items():
        for stage in stages_of(variant):
            follow(name, stage, ())
