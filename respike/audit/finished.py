"""A finished run that may be bundled: whole, made by this checkout, free to be handed on."""

from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from respike.audit import check, licences
from respike.core import io, layout, records
from respike.core.config import Config, sources
from respike.core.errors import TAMPERED, ConfigError, RespikeError
from respike.core.strict import canonical_json


class Unverified(RespikeError):
    """The run is not what its records say; nothing is bundled."""

    exit_code = TAMPERED


class Run(NamedTuple):
    """A verified run: its list, the manifest's bytes, and path -> record of every job."""

    folder: Path
    budget: str
    listed: dict[str, str]
    manifest: bytes
    records: dict[str, dict[str, Any]]

    @property
    def studies(self) -> list[str]:
        """Ids of the studies on its page."""
        page = layout.record("report").format(budget=self.budget)
        return sorted(self.records[page]["settings"]["studies"])


def verified(directory: Path, budget: str | None) -> Run:
    """The run in a folder, if it is what its records say."""
    try:
        report = check.verify(directory, budget)
    except check.Refused as refusal:
        raise ConfigError(f"{refusal}; `respike run` makes one") from None
    cure = f"Nothing was bundled; `respike audit verify {directory}` lists all"
    refuse_failures(str(directory), report, cure)
    budget = report.budget
    at = layout.output("report", "manifest").format(budget=budget)
    manifest = io.read_bytes(directory / at, report.root, "the run that was verified")
    root = io.parse(at, manifest)["root"]
    text = io.read_bytes(directory / root["path"], root["sha256"], "the run that was verified")
    listed = {line[66:]: line[:64] for line in text.decode().splitlines()}
    found = {
        path: records.parse(
            path, io.read_bytes(directory / path, digest, "the run that was verified")
        )
        for path, digest in listed.items()
        if PurePosixPath(path).name == layout.RECORD
    }
    return Run(directory, budget, listed, manifest, found)


def refuse_failures(what: str, report: check.Report, cure: str) -> None:
    """Stop where a check failed, with its first three findings and what to do."""
    failing = [finding for finding in report.findings if finding.fails]
    if failing:
        first = "; ".join(f"{finding.path} {finding.says}" for finding in failing[:3])
        more = f"; and {len(failing) - 3} more" if len(failing) > 3 else ""
        raise Unverified(f"{what} is not what its records say: {first}{more}. {cure}")


def refuse_strangers(checkout: Path, run: Run) -> None:
    """Stop where lock, studies or code here are not those that the run was made with."""
    config = Config(checkout, {"budget": run.budget, "studies": run.studies})
    cure = "check that commit out, or run again; then bundle"
    judges_first = sorted(run.records, key=lambda p: (run.records[p]["stage"] != "judge", p))
    for path in judges_first:
        record = run.records[path]
        told = record["settings"]
        who = records.producer(record)
        if (file := _asked_otherwise(config, record)) is not None:
            raise RespikeError(f"{file} says something else now than {who} was told: {cure}")
        if record["env"] != (lock := config.env(record["env"].partition(":")[0])):
            raise RespikeError(
                f"{who} ran in {record['env'][:20]}..., the lock here is {lock[:20]}...: {cure}"
            )
        if record["code"] != config.code(record["stage"], told):
            raise RespikeError(f"{who} was made by other code than is here: {cure}")


def _asked_otherwise(config: Config, record: dict[str, Any]) -> str | None:
    """The file that would tell a job something else now; the judge speaks for its study."""
    stage, told = record["stage"], record["settings"]
    if "row" in told:
        file, key = licences.SOURCES, "row"
    elif stage == "judge":
        file, key = f"studies/{told['study']}.yaml", "resolved"
    else:
        return None
    now = config.settings(stage, told)[key]
    return file if canonical_json(now) != canonical_json(told[key]) else None


def kept_back(checkout: Path, run: Run) -> dict[str, dict[str, str]]:
    """Path -> hash and reason, of files that a licence keeps here.

    Raises:
        RespikeError: a licence forbids even what was computed from the data.
    """
    rows = sources(checkout).value["datasets"]
    found = {}
    for path, digest in run.listed.items():
        parts = PurePosixPath(path).parts
        if parts[0] != "data":
            continue
        dataset = parts[1]
        why = licences.kept_back(dataset, rows)
        if why and licences.no_derivatives(rows.get(dataset, {}).get("licence", "")):
            raise RespikeError(
                f"{dataset}: {why}, so that no result of it can be handed on; run and bundle "
                "the other studies alone"
            )
        if why:
            found[path] = {"sha256": digest, "why": why}
    return found
