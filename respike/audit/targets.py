"""What a person may ask about, resolved to jobs: a path, words, or a claim.

results/desk/toy/dense/seed-0/train/model.safetensors   the job that wrote a file
toy/dense/0/train, toy/dense/0, toy/dense/train, toy/dense   jobs of a run, or of all seeds
toy                                                     the judge of a study
toy/toy-claim                                           all that stands behind a claim
digits/prepare, digits                                  jobs of a data set
lif                                                     the job of a kernel
report                                                  the page
"""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from respike.audit import jobs
from respike.claims import reading
from respike.core import chain, kernels, layout
from respike.core.config import Config, sources
from respike.core.errors import ConfigError, DamagedFile, did_you_mean

PAGE = "report"
HELP = (
    "a path, STUDY/CLAIM, STUDY/VARIANT[/SEED[/STAGE]], STUDY, DATASET[/STAGE], "
    f"KERNEL or {PAGE}"
)


class Target(NamedTuple):
    """Jobs asked about.

    Attributes:
        records: paths of their records; what they stand on is looked at as well.
        alone: records that are looked at by themselves: the judge of a claim, which reads
            more runs than the claim's.
    """

    records: list[str]
    alone: tuple[str, ...] = ()


def resolve(text: str, config: Config, verdicts: Mapping[str, Any]) -> Target:
    """The jobs that a text means.

    Args:
        text: relative to the folder of the results, if a path.
        config: the present configuration; its budget counts where the text names none.
        verdicts: study/claim -> its newest verdict, where there is one.

    Raises:
        ConfigError: nothing of that name; says what there is.
    """
    if text.startswith(("results/", "data/")):
        return Target([_of_path(text)])
    if text == PAGE:
        return Target([layout.record("report").format(budget=config.budget)])
    first, *rest = text.strip("/").split("/")
    if first in config.known:
        return _of_study(first, rest, config, verdicts)
    datasets = sources(config.root).value["datasets"]
    if first in datasets:
        return _of_data(first, rest, datasets[first])
    if first in kernels.names() and not rest:
        return Target([layout.record("bench_kernels").format(kernel=first)])
    hint = did_you_mean(first, [*config.known, *datasets, *kernels.names(), PAGE])
    raise ConfigError(f"nothing is named '{text}'.{hint} Write {HELP}")


def _of_path(text: str) -> str:
    path = PurePosixPath(text)
    found = str(path if path.name == layout.RECORD else layout.record_of(path))
    try:
        stage, _ = jobs.place(found)
    except DamagedFile:
        raise ConfigError(
            f"{text} is not the path of a job's file; give one beside a {layout.RECORD}"
        ) from None
    files = [*layout.STAGES[stage].content.values(), *layout.STAGES[stage].evidence.values()]
    if path.name not in {*files, layout.RECORD}:
        raise ConfigError(
            f"{stage} writes no {path.name}; it writes {', '.join(files)} and {layout.RECORD}"
        )
    return found


def _of_data(dataset: str, rest: list[str], row: Mapping[str, Any]) -> Target:
    source = "synthesize" if row["source"] == "generator" else "fetch"
    stages = [source, "prepare"]
    if len(rest) > 1 or (rest and rest[0] not in stages):
        raise ConfigError(
            f"{dataset} has the stages {' and '.join(stages)}, not {'/'.join(rest)}"
        )
    return Target([layout.record(rest[0] if rest else "prepare").format(dataset=dataset)])


def _of_study(
    study: str, rest: list[str], config: Config, verdicts: Mapping[str, Any]
) -> Target:
    budget = config.budget
    found = config.study(study, budget)
    judge = layout.record("judge").format(budget=budget, study=study)
    if not rest or rest == ["judge"]:
        return Target([judge])
    name, *more = rest
    claims = {claim["id"]: claim for claim in found["claims"]}
    if name in claims and name in found["variants"] and not more:
        raise ConfigError(
            f"{study}/{name} is a claim and a variant; for the variant write {study}/{name}/0"
        )
    if name in claims and not more:
        runs = _behind(claims[name], verdicts.get(f"{study}/{name}"), study, config)
        return Target([*runs, judge], (judge,))
    if name not in found["variants"]:
        if name in claims:
            raise ConfigError(f"{study}/{name} is a claim; leave out {'/'.join(more)}")
        known = [*found["variants"], *claims]
        raise ConfigError(
            f"{study} has no variant and no claim '{name}'.{did_you_mean(name, known)} "
            f"Variants: {', '.join(found['variants'])}; `respike list {study}` names its claims"
        )
    return Target(_of_variant(study, name, more, config))


def _of_variant(study: str, variant: str, more: list[str], config: Config) -> list[str]:
    stages = chain.stages_of(config.variant(study, variant, config.budget))
    seeds = [str(n) for n in range(config.seeds(study, config.budget, variant))]
    for word in more:
        number = word.removeprefix("seed-")
        if re.fullmatch(r"\d+", number):
            seeds = [str(int(number))]
        elif word in stages:
            stages = [word]
        else:
            raise ConfigError(
                f"{study}/{variant} has no stage and no seed '{word}'; "
                f"stages: {', '.join(stages)}"
            )
    return [
        layout.record(stage).format(
            budget=config.budget, study=study, variant=variant, seed=seed
        )
        for seed in seeds
        for stage in stages
    ]


def _behind(
    claim: Mapping[str, Any], verdict: Mapping[str, Any] | None, study: str, config: Config
) -> list[str]:
    """Records behind a claim: of its verdict's evidence, else of the runs that it names."""
    if verdict and verdict["evidence"]:
        paths = [str(layout.record_of(row["path"])) for row in verdict["evidence"]]
        return list(dict.fromkeys(paths))
    found = []
    for pair in reading.pairs(claim["test"]) if "test" in claim else ():
        for arm in filter(None, pair):
            more = [arm.stage] if arm.stage else []
            found += _of_variant(study, arm.variant, more, config)
    return list(dict.fromkeys(found))
