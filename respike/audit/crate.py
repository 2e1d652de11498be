"""A bundle described for machines: ro-crate-metadata.json, a Provenance Run Crate.

The workflow is the Snakefile, a step is a rule, a tool is a stage's module, an action is a job;
every file of the bundle stands there with its size and hash. Written by the library rocrate, of
which nothing is fetched: contexts, profiles and licences stand as addresses.

Source: Process, Workflow and Provenance Run Crate 0.5 (w3id.org/ro/wfrun) on Workflow RO-Crate
1.0 and RO-Crate 1.1. Leo et al. 2024, doi:10.1371/journal.pone.0309210. A job that ended as
`not run` is a failed action with its reason: the profile has no word for it. Rules that had no
job have no step, as the profile asks that every tool was used.
"""

import datetime
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import quote

from rocrate.model import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from respike.core import layout
from respike.core.errors import RespikeError
from respike.core.records import PLACEHOLDER, producer

FILE = "ro-crate-metadata.json"
WORKFLOW = "Snakefile"
LOCK = "envs/base.lock"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
FORMATS = {
    ".cff": "application/yaml",
    ".csv": "text/csv",
    ".html": "text/html",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".lock": "text/plain",
    ".log": "text/plain",
    ".mp4": "video/mp4",
    ".npz": "application/zip",
    ".py": "text/x-python",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".webp": "image/webp",
    ".yaml": "application/yaml",
    ".zip": "application/zip",
}
COMPLETED = "http://schema.org/CompletedActionStatus"
FAILED = "http://schema.org/FailedActionStatus"


class Bundled(NamedTuple):
    """What a bundle holds.

    Attributes:
        budget, commit, made: as in bundle.json.
        files: path -> (bytes, sha256) of every file the crate names.
        withheld: path -> sha256 and why, of files left out.
        records: path -> record of every job, the page's too.
        licences: data set -> SPDX licence.
        citation: CITATION.cff.
        snakemake: version of Snakemake.
    """

    budget: str
    commit: str
    made: str
    files: Mapping[str, tuple[int, str]]
    withheld: Mapping[str, Mapping[str, str]]
    records: Mapping[str, Mapping[str, Any]]
    licences: Mapping[str, str]
    citation: Mapping[str, Any]
    snakemake: str


def make(about: Bundled) -> dict[str, Any]:
    """The crate as JSON-LD; equal for equal arguments.

    Raises:
        RespikeError: a job read or wrote a file that the bundle does not know.
    """
    return _Crate(about).jsonld()


def span(record: Mapping[str, Any]) -> tuple[str, str]:
    """When a job started and ended, in UTC, ISO 8601."""
    told = record["evidence"]
    started = datetime.datetime.fromisoformat(told["started"].replace("Z", "+00:00"))
    ended = started + datetime.timedelta(seconds=told["wall_s"])
    return _iso(started), _iso(ended)


def _iso(when: datetime.datetime) -> str:
    return when.isoformat(timespec="milliseconds")


def _spdx(licence: str) -> str:
    return f"https://spdx.org/licenses/{licence}"


def _compact(things: list[Entity]) -> list[Entity] | Entity | None:
    """As compacted JSON-LD has it: one thing stands without a list, and none not at all."""
    return things if len(things) > 1 else things[0] if things else None


class _Crate:
    """One crate while it is written."""

    def __init__(self, about: Bundled):
        self.about = about
        self.crate = ROCrate(version="1.1")
        self.crate.metadata.extra_terms["sha256"] = "http://schema.org/sha256"  # newer than 1.1
        self.things: dict[str, Entity] = {}  # path -> file, or what stands for a withheld one
        self.page = about.records[layout.record("report").format(budget=about.budget)]

    def jsonld(self) -> dict[str, Any]:
        self.licences()
        self.people()
        self.files()
        self.left_out()
        tools = self.workflow()
        jobs = {path: self.job(path, tools) for path in sorted(self.about.records)}
        self.run(jobs)
        self.root()
        return self.crate.metadata.generate()

    def add(self, kind: str, name: str, /, **properties: Any) -> Entity:
        """A thing that is no file: its type, its id, what is said of it (None: nothing)."""
        said = {k: v for k, v in properties.items() if v is not None}
        return self.crate.add(ContextEntity(self.crate, name, {"@type": kind, **said}))

    # ------------------------------------------------------------ things

    def licences(self) -> None:
        self.own_licence = self.about.citation["license"]
        for licence in sorted({self.own_licence, *self.about.licences.values()}):
            self.add("CreativeWork", _spdx(licence), name=licence, identifier=licence)

    def people(self) -> None:
        found = []
        for author in self.about.citation["authors"]:
            if "name" in author:
                kind, name = "Organization", author["name"]
            else:
                kind, name = "Person", f"{author['given-names']} {author['family-names']}"
            at = author.get("orcid") or author.get("website") or f"#{quote(name)}"
            found.append(self.add(kind, at, name=name))
        self.authors = _compact(found)

    def files(self) -> None:
        for path, (size, digest) in sorted(self.about.files.items()):
            said = {"contentSize": str(size), "sha256": digest, "name": path}
            said["encodingFormat"] = FORMATS.get(
                PurePosixPath(path).suffix, "application/octet-stream"
            )
            if PurePosixPath(path).parts[0] == "data":
                licence = self.about.licences[PurePosixPath(path).parts[1]]
                said["license"] = self.crate.get(_spdx(licence))
            if path == WORKFLOW:
                self.things[path] = self.crate.add_workflow(
                    dest_path=path,
                    properties={
                        "@type": [
                            "File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo",
                        ],
                        **said,
                    },
                    main=True,
                    lang="snakemake",
                    lang_version=self.about.snakemake,
                )  # fmt: skip
            else:
                self.things[path] = self.crate.add_file(dest_path=path, properties=said)

    def left_out(self) -> None:
        for path, row in sorted(self.about.withheld.items()):
            self.things[path] = self.add(
                "CreativeWork",
                f"#withheld/{quote(path)}",
                name=path,
                sha256=row["sha256"],
                conditionsOfAccess=f"not in this bundle: {row['why']}",
            )

    def thing(self, path: str) -> Entity:
        if path not in self.things:
            raise RespikeError(
                f"{path} was read or written by a job and stands in no list; "
                "`respike run` puts the list right"
            )
        return self.things[path]

    # ------------------------------------------------------------ workflow

    def workflow(self) -> dict[str, tuple[Entity, Entity]]:
        """The workflow's steps and their tools; stage -> both."""
        used = {record["stage"] for record in self.about.records.values()}
        tools = {}
        for position, stage in enumerate((s for s in layout.STAGES if s in used), 1):
            tool = self.add(
                "SoftwareApplication",
                f"#tool/{stage}",
                name=f"respike.stages.{stage}",
                description=f"python -m respike.stages.{stage}",
                softwareVersion=self.about.commit,
                softwareRequirements=self.thing(LOCK),
            )
            step = self.add(
                "HowToStep",
                f"#step/{stage}",
                name=stage,
                position=str(position),
                description=f"rule {stage} of workflow/rules/{stage}.smk",
                workExample=tool,
            )
            tools[stage] = (step, tool)
        workflow = self.thing(WORKFLOW)
        workflow["step"] = [step for step, _ in tools.values()]
        workflow["hasPart"] = [tool for _, tool in tools.values()]
        workflow["version"] = self.about.commit
        workflow["author"] = self.authors
        workflow["license"] = self.crate.get(_spdx(self.own_licence))
        workflow["softwareRequirements"] = self.thing(LOCK)
        return tools

    def job(
        self, path: str, tools: Mapping[str, tuple[Entity, Entity]]
    ) -> tuple[Entity, Entity]:
        """What one job did, and that the workflow had it done."""
        record = self.about.records[path]
        step, tool = tools[record["stage"]]
        started, ended = span(record)
        reads = {row["path"] for rows in record["inputs"].values() for row in rows}
        writes = {
            str(layout.artifact(path, f)) for f in (*record["outputs"], *record["extras"])
        }
        skipped = record["status"] == PLACEHOLDER
        said = f"job of key {record['key']}, as {path} tells"
        name = quote(str(PurePosixPath(path).parent))
        action = self.add(
            "CreateAction",
            f"#job/{name}",
            name=producer(record),
            description=said,
            identifier=record["key"],
            instrument=tool,
            object=self.all(reads),
            result=self.all({*writes, path}),
            startTime=started,
            endTime=ended,
            actionStatus=FAILED if skipped else COMPLETED,
            error=f"not run: {record['reason']}" if skipped else None,
        )
        control = self.add(
            "ControlAction",
            f"#control/{name}",
            name=f"have done: {producer(record)}",
            instrument=step,
            object=action,
            actionStatus=action["actionStatus"],
        )
        return action, control

    def all(self, paths: Iterable[str]) -> list[Entity] | Entity | None:
        """Things by their paths."""
        return _compact([self.thing(path) for path in sorted(paths)])

    def run(self, jobs: Mapping[str, tuple[Entity, Entity]]) -> None:
        """The run as a whole: what the workflow made, and who had the jobs done."""
        spans = [span(record) for record in self.about.records.values()]
        times = {"startTime": min(s for s, _ in spans), "endTime": max(e for _, e in spans)}
        asked = [f"studies/{study}.yaml" for study in self.page["settings"]["studies"]]
        budget = self.about.budget
        self.whole = self.add(
            "CreateAction",
            "#run",
            name=f"the studies at budget {budget}",
            description="every job that stands behind the page; verdict.json has the verdicts",
            instrument=self.thing(WORKFLOW),
            object=self.all([*asked, "config.yaml", "respike/datasets/sources.yaml", LOCK]),
            result=self.all(p for p in self.things if PurePosixPath(p).parent.name == budget
                            and p.startswith("results/")),
            actionStatus=COMPLETED,
            **times,
        )  # fmt: skip
        engine = self.add(
            "SoftwareApplication",
            "https://snakemake.github.io",
            name="Snakemake",
            url="https://snakemake.github.io",
            softwareVersion=self.about.snakemake,
        )
        self.organised = self.add(
            "OrganizeAction",
            "#snakemake",
            name=f"Snakemake runs budget {budget}",
            instrument=engine,
            object=[control for _, control in jobs.values()],
            result=self.whole,
            actionStatus=COMPLETED,
            **times,
        )
        self.jobs = [action for action, _ in jobs.values()]

    def root(self) -> None:
        root, about = self.crate.root_dataset, self.about
        papers = []
        for study, told in sorted(self.page["settings"]["studies"].items()):
            paper = told["paper"]
            at = f"https://arxiv.org/abs/{paper['arxiv']}"
            papers.append(self.add("ScholarlyArticle", at, name=paper["title"]))
            self.thing(f"studies/{study}.yaml")["about"] = papers[-1]
        for address, name in PROFILES.items():
            self.add("CreativeWork", address, name=name, version=PurePosixPath(address).name)
        root["conformsTo"] = [{"@id": address} for address in PROFILES]
        root["name"] = f"respike: {', '.join(sorted(self.page['settings']['studies']))}"
        root["description"] = (
            f"Published experiments rerun and judged at budget {about.budget}, by respike at "
            f"commit {about.commit}. README.txt says how to check this folder."
        )
        root["datePublished"] = about.made
        root["license"] = self.crate.get(_spdx(self.own_licence))
        root["author"] = self.authors
        root["citation"] = _compact(papers)
        root["mentions"] = [self.whole, self.organised, *self.jobs]
