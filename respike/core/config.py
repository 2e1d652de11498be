"""What to run: config.yaml, the studies, and what each job of them gets.

Everything is checked here before any job starts. A job's settings, inputs and code hash
are functions of its wildcards alone, so that Snakemake sees every change and no other.
"""

import re
from collections.abc import Callable, Collection, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

from respike.core import chain, code, kernels, layout, strict, told, yaml
from respike.core.errors import ConfigError, did_you_mean, some
from respike.core.grid import expand
from respike.core.io import sha256
from respike.core.study import (
    at_claim,
    check_claims_have_seeds,
    check_dataset,
    check_mapping,
    check_references,
    check_variant,
    pick,
)
from respike.core.yaml import Document

# user:password@ of a url, or a query such as ?token= and ?X-Amz-Signature=
_SECRET = re.compile(
    r"//[^/?#]*@|[?&][^=&]*"
    r"(?i:token|secret|passw|signature|credential|api_?key|access_?key|auth)[^=&]*=",
)


@cache
def sources(root: Path) -> Document:
    """The table of data sets, respike/datasets/sources.yaml, checked by its schema."""
    document = yaml.load(
        root / "respike/datasets/sources.yaml", "respike/datasets/sources.yaml"
    )
    strict.check(document.value, "sources", document)
    _check_no_secret(document)
    return document


def _check_no_secret(document: Document) -> None:
    for dataset, row in document.value["datasets"].items():
        for i, file in enumerate(row.get("files", [])):
            for j, url in enumerate(file["urls"]):
                if _SECRET.search(url if isinstance(url, str) else url["url"]):
                    place = document.at(("datasets", dataset, "files", i, "urls", j))
                    raise ConfigError(
                        f"{place} a url of {dataset} carries a password or a key, which every "
                        "record would show; take it out: a login belongs into ~/.netrc"
                    )


class Config:
    """The checked configuration of one checkout.

    Args:
        root: the checkout: config.yaml, studies/, respike/, envs/.
        overrides: what the command line changes: budget, studies, seeds, set.
        check_claims: called with each resolved study; raises ConfigError.
        whole: resolve and check every study asked for at once. A job that another process
            planned needs one of them; it is checked where it is first asked for.

    Raises:
        ConfigError: one to five lines; nothing was started.
    """

    def __init__(
        self,
        root: Path,
        overrides: Mapping[str, Any] | None = None,
        check_claims: Callable[[dict[str, Any]], None] | None = None,
        whole: bool = True,
    ):
        self.root = root
        document = yaml.load(root / "config.yaml", "config.yaml")
        check_mapping(document)
        value = {**(document.value or {}), **(overrides or {})}
        sets = value.pop("set", [])
        strict.check(value, "config", document)
        sources(root)  # checked first: what is wrong with it is not said of a study
        self.budget: str = value["budget"]
        self.seed_limit: int | None = value.get("seeds")
        self.asked: list[str] = value["studies"]
        self.page: bool = value.get("page", True)
        self._check_claims = check_claims
        self._documents: dict[str, Document] = {}
        self._studies: dict[tuple[str, str], dict[str, Any]] = {}
        self._inputs: dict[tuple, dict[str, list[str]]] = {}
        self._codes: dict[str, str] = {}
        self.sets = [_assignment(text) for text in sets]
        if self.sets:
            self.asked = sorted({s.study for s in self.sets})
            idle = sorted({*(overrides or {}).get("studies", ())} - {*self.asked})
            if idle:
                raise ConfigError(
                    f"--set runs scratch variants alone, none of {idle[0]}; leave {idle[0]} out"
                )
        if whole:
            for study in self.asked:
                self.document(study)
            for study in self.asked:
                self.study(study, self.budget)

    @property
    def _datasets(self) -> dict[str, Any]:
        return sources(self.root).value["datasets"]

    # ---------------------------------------------------------------- studies

    @cached_property
    def known(self) -> tuple[str, ...]:
        """Ids of all studies that have a file."""
        return tuple(sorted(p.stem for p in (self.root / "studies").glob("*.yaml")))

    def document(self, study: str) -> Document:
        """A study's file, as written.

        Raises:
            ConfigError: no such study; names the nearest.
        """
        if study not in self.known:
            raise ConfigError(
                f"no study named '{study}'.{did_you_mean(study, self.known)} "
                f"Known: {', '.join(self.known)}. A new one is a file studies/{study}.yaml."
            )
        if study not in self._documents:
            file = self.root / "studies" / f"{study}.yaml"
            self._documents[study] = yaml.load(file, f"studies/{study}.yaml")
        return self._documents[study]

    def study(self, study: str, budget: str) -> dict[str, Any]:
        """A study resolved for one budget and checked.

        Raises:
            ConfigError: what is wrong, in file and line.
        """
        if (study, budget) not in self._studies:
            self._studies[study, budget] = self._checked(study, budget)
        return self._studies[study, budget]

    def _checked(self, study: str, budget: str) -> dict[str, Any]:
        document, sample = expand(pick(self.document(study), budget))
        value = document.value
        strict.check(_only(value, sample), "study", document)
        if value["id"] != study:
            raise ConfigError(
                f"{document.at(('id',))} id is '{value['id']}'; the file says '{study}'"
            )
        for name in value["variants"]:
            if name.startswith(layout.SCRATCH):
                at = document.at(("variants", name))
                raise ConfigError(f"{at} variant '{name}': '{layout.SCRATCH}' is for --set")
            if name in sample:
                check_variant(value, name, document, self._datasets)
            else:
                check_references(value, name, document)
        chain.check_no_circle(value["variants"], document)
        if self._check_claims is not None:
            try:
                self._check_claims(value)
                check_claims_have_seeds(value, budget)
            except ConfigError as error:
                raise ConfigError(at_claim(str(error), value, document)) from None
        for change in self.sets:
            if change.study == study:
                self._scratch(value, change, document)
        return value

    def _scratch(self, study: dict, change: "Assignment", document: Document) -> None:
        change = change.naming(study["variants"])
        if change.variant not in study["variants"]:
            known = study["variants"]
            raise ConfigError(
                f"--set {change.text}: no variant '{change.variant}' in {change.study}."
                f"{did_you_mean(change.variant, known)} Known: {some(known)}."
            )
        name = layout.SCRATCH + change.variant
        variant = study["variants"].setdefault(name, _copy(study["variants"][change.variant]))
        target = variant
        for word in change.keys[:-1]:
            if not isinstance(target.get(word), dict):
                raise ConfigError(
                    f"--set {change.text}: no '{word}'; there is {', '.join(target)}"
                )
            target = target[word]
        last = change.keys[-1]
        if last not in target:
            raise ConfigError(
                f"--set {change.text}: no setting '{last}' there.{did_you_mean(last, target)} "
                f"There is: {', '.join(target)}."
            )
        target[last] = change.value
        try:
            strict.check(_only(study, {name}), "study")
            check_variant(study, name, document, self._datasets)
            chain.check_no_circle(study["variants"], document)
        except ConfigError as error:
            raise ConfigError(f"--set {change.text}: {error}") from None

    # ---------------------------------------------------------------- jobs

    def seeds(self, study: str, budget: str, variant: str | None = None) -> int:
        """How many seeds run: the study's number, the variant's or config.yaml's if less."""
        found = self.study(study, budget)
        own = found["variants"][variant].get("seeds") if variant else None
        limits = [found["seeds"], self.seed_limit, own]
        return min(n for n in limits if n is not None)

    def variant(self, study: str, variant: str, budget: str) -> dict[str, Any]:
        """One variant's settings, resolved.

        Raises:
            ConfigError: no such variant: a path was asked for that no run makes.
        """
        found = self.study(study, budget)["variants"]
        if variant not in found:
            raise ConfigError(
                f"no variant '{variant}' in {study}.{did_you_mean(variant, found)} "
                f"Known: {some(found)}."
            )
        return found[variant]

    def _block(self, stage: str, w: Mapping[str, str]) -> dict[str, Any]:
        variant = self.variant(w["study"], w["variant"], w["budget"])
        if stage not in variant:
            raise ConfigError(
                f"{w['study']}/{w['variant']} has no stage {stage}; "
                f"it has: {', '.join(chain.stages_of(variant))}"
            )
        return variant[stage]

    def _row(self, dataset: str) -> dict[str, Any]:
        check_dataset(dataset, self._datasets)
        return sources(self.root).value["datasets"][dataset]

    def dataset(self, study: str, variant: str, budget: str) -> str | None:
        """The data set that a variant runs on."""
        found = self.study(study, budget)
        return self.variant(study, variant, budget).get("dataset", found.get("dataset"))

    def settings(self, stage: str, w: Mapping[str, str]) -> dict[str, Any]:
        """All that a job is told, as one JSON-able value."""
        scope = layout.STAGES[stage].scope
        if scope == "data":
            return {"stage": stage, "dataset": w["dataset"], "row": self._row(w["dataset"])}
        if scope == "kernel":
            return {"stage": stage, "kernel": w["kernel"]}
        budget, study = w["budget"], w.get("study", "")
        if scope == "run":
            return {
                "stage": stage,
                "budget": budget,
                "study": study,
                "variant": w["variant"],
                "seed": int(w["seed"]),
                "dataset": self.dataset(study, w["variant"], budget),
                stage: self._block(stage, w),
            }
        if scope == "study":
            return {
                "stage": stage,
                "budget": budget,
                "study": study,
                "seeds": self.seeds(study, budget),
                "resolved": self._judged(study, budget),
            }
        return {
            "stage": stage,
            "budget": budget,
            "studies": {s: self._described(s, budget) for s in self.asked},
            "order": [[s, list(self._judged(s, budget)["variants"])] for s in self.asked],
        }

    def told(self, stage: str, w: Mapping[str, str]) -> str:
        """The same as the one text on the job's command line."""
        whose = f"{stage} of {layout.folder(stage).format(**w)}"
        return told.text(self.settings(stage, w), whose)

    def _described(self, study: str, budget: str) -> dict[str, Any]:
        found = self._judged(study, budget)
        found.pop("claims")  # the verdicts carry them
        return {**found, "seeds": self.seeds(study, budget)}

    def _judged(self, study: str, budget: str) -> dict[str, Any]:
        found = dict(self.study(study, budget))
        found["variants"] = {
            k: v for k, v in found["variants"].items() if not k.startswith(layout.SCRATCH)
        }
        return found

    def inputs(self, stage: str, w: Mapping[str, str]) -> dict[str, list[str]]:
        """Input files of a job by name; an optional input that is absent is an empty list."""
        scope = layout.STAGES[stage].scope
        if scope == "data":
            return {"source": [self._source(w["dataset"])]} if stage == "prepare" else {}
        if scope == "kernel":
            return {}
        if scope in {"study", "budget"}:
            found = told.inputs(stage, self.settings(stage, w))
            return {name: list(paths) for name, paths in found.items()}
        place = (stage, w["budget"], w["study"], w["variant"])
        if place not in self._inputs:  # one for all seeds
            self._inputs[place] = self._of_run(stage, {**w, "seed": "{seed}"})
        return {
            name: [path.format(seed=w["seed"]) for path in paths]
            for name, paths in self._inputs[place].items()
        }

    def _of_run(self, stage: str, w: Mapping[str, str]) -> dict[str, list[str]]:
        budget, study, variant = w["budget"], w["study"], w["variant"]
        self._block(stage, w)
        dataset = self.dataset(study, variant, budget)
        data = [layout.output("prepare", "data").format(dataset=dataset)] if dataset else []
        found = {"data": data}
        if stage in {"prune", "distill", "emulate"}:
            found["model"] = []
        variants = self.study(study, budget)["variants"]
        for name, run in chain.taken(variants, variant, stage).items():
            file = layout.output(run.stage, "predictions" if name == "decoded" else "model")
            seed = w["seed"] if run.seed is None else run.seed
            found[name] = [file.format(**{**w, "variant": run.variant, "seed": seed})]
        return found

    def _source(self, dataset: str) -> str:
        generated = self._row(dataset)["source"] == "generator"
        stage = "synthesize" if generated else "fetch"
        return layout.output(stage, "source").format(dataset=dataset)

    def code(self, stage: str, w: Mapping[str, str]) -> str:
        """Fingerprint of a stage and of every part that its settings name."""
        place = layout.folder(stage).format(**{**w, "seed": ""})
        if place not in self._codes:  # one for all seeds
            self._codes[place] = code.of(stage, self.settings(stage, w))
        return self._codes[place]

    def env(self, name: str) -> str:
        """Name of a pinned environment and the hash of its lock.

        Raises:
            ConfigError: it has no lock here.
        """
        return f"{name}:{_lock_sha256(self.root, name)}"

    # ---------------------------------------------------------------- targets

    def run_records(self, study: str, budget: str, scratch: bool = False) -> list[str]:
        """Records of every run of a study; of its scratch variants only, where asked."""
        variants = {
            name: variant
            for name, variant in self.study(study, budget)["variants"].items()
            if name.startswith(layout.SCRATCH) is scratch
        }
        return list(chain.records(budget, study, variants, self.seeds(study, budget)))

    def data_records(self, study: str, budget: str) -> list[str]:
        """Records of the data that a study stands on."""
        found = []
        for name in self.study(study, budget)["variants"]:
            dataset = self.dataset(study, name, budget)
            if dataset:
                source = self._source(dataset).split("/")[2]
                for stage in (source, "prepare"):
                    found.append(layout.record(stage).format(dataset=dataset))
        return sorted(set(found))

    def study_targets(self, study: str, budget: str) -> list[str]:
        """Every kept record of a study, its judge's last: a lost one is remade."""
        judge = layout.record("judge").format(budget=budget, study=study)
        return [*self.data_records(study, budget), *self.run_records(study, budget), judge]

    def targets(self, budget: str) -> list[str]:
        """What `snakemake BUDGET` makes; with --set, the scratch runs alone."""
        if self.sets:
            return [r for s in self.asked for r in self.run_records(s, budget, scratch=True)]
        found = [t for s in self.asked for t in self.study_targets(s, budget)]
        page = [layout.record("report").format(budget=budget)] if self.page else []
        return [*dict.fromkeys(found), *page]

    def kernel_records(self) -> list[str]:
        """What `snakemake kernels` makes: a record of each kernel; no budget needs one."""
        return [layout.record("bench_kernels").format(kernel=name) for name in kernels.names()]


@cache
def _lock_sha256(root: Path, name: str) -> str:
    try:
        return sha256((root / "envs" / f"{name}.lock").read_bytes())
    except OSError:
        known = sorted(file.stem for file in (root / "envs").glob("*.lock"))
        raise ConfigError(
            f"no environment '{name}': envs/{name}.lock is not there. Known: {', '.join(known)}"
        ) from None


class Assignment(NamedTuple):
    """One `--set study.variant.key=value`."""

    study: str
    variant: str
    keys: tuple[str, ...]
    value: Any
    text: str

    def naming(self, variants: Collection[str]) -> "Assignment":
        """The same, where the longest known name counts as the variant: names may hold dots."""
        words = [self.variant, *self.keys]
        for end in range(len(words) - 1, 0, -1):
            name = ".".join(words[:end])
            if name in variants:
                return self._replace(variant=name, keys=tuple(words[end:]))
        return self


def _assignment(text: str) -> Assignment:
    path, equals, value = str(text).partition("=")
    words = path.split(".")
    if not equals or len(words) < 3 or not all(words):
        raise ConfigError(
            f"--set {text}: write STUDY.VARIANT.KEY=VALUE, "
            "such as esl-snns.dense.train.epochs=5"
        )
    study, variant, *keys = words
    return Assignment(study, variant, tuple(keys), yaml.scalar(value), str(text))


def _only(study: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """A study with some of its variants, for a schema that looks at each by itself."""
    if not isinstance(study.get("variants"), dict):
        return study
    return {**study, "variants": {k: v for k, v in study["variants"].items() if k in names}}


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _copy(v) for k, v in value.items()}
    return [_copy(v) for v in value] if isinstance(value, list) else value
