"""The parts of a snapshot: one for each data set, each study and the page, each a .dvc file.

    versions/data-DATASET.dvc    records, logs and benchmarks of a data set, and its files where
                                 data.dvc does not name them
    versions/BUDGET-STUDY.dvc    results, logs and benchmarks of a study
    versions/BUDGET.dvc          what the page is

Each has its ledger beside it (`respike.audit.transport.ledger`), which DVC carries too. The
sha256 of the ledger stands in the .dvc file, which git carries.
"""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from respike.audit import licences
from respike.core import layout, records, yaml
from respike.core.config import Config, sources
from respike.core.errors import ConfigError

SCHEMA = "respike-version/1"
DATA = "data.dvc"
TREES = ("results", "logs", "benchmarks")


class Version(NamedTuple):
    """One part of a snapshot.

    Attributes:
        name: of its .dvc file and its ledger.
        outs: folders and files that belong to it, relative to the checkout.
        withheld: out -> why it is sent nowhere.
        shared: those outs that data.dvc names.
        what: in words.
    """

    name: str
    outs: tuple[str, ...]
    withheld: dict[str, str]
    shared: tuple[str, ...]
    what: str


def of_dataset(root: Path, dataset: str) -> Version:
    """The part of one data set: its files, and the records of the jobs that made them."""
    data = f"data/{dataset}"
    why = licences.kept_back(dataset, sources(root).value["datasets"])
    shared = (data,) if data in shared_outs(root) else ()
    outs = (data, *(f"{tree}/data/{dataset}" for tree in TREES))
    return Version(
        f"data-{dataset}", outs, {data: why} if why else {}, shared, f"data set {dataset}"
    )


def of_study(config: Config, study: str, budget: str) -> Version:
    """The part of one study at one budget."""
    outs = tuple(f"{tree}/{budget}/{study}" for tree in TREES)
    rows = sources(config.root).value["datasets"]
    why = None
    for dataset in datasets(config, [study], budget):
        if dataset not in rows or licences.no_derivatives(rows[dataset]["licence"]):
            why = licences.kept_back(dataset, rows)
    withheld = dict.fromkeys(outs, why) if why else {}
    return Version(f"{budget}-{study}", outs, withheld, (), f"{study} at {budget}")


def of_page(root: Path, budget: str) -> Version:
    """The part of the page: the report's outputs, its films, log and benchmark.

    Raises:
        DamagedFile: the page's record is missing or was edited.
    """
    record = PurePosixPath(layout.record("report").format(budget=budget))
    made = records.load(root / record)
    named = [
        *made["outputs"],
        *made.get("extras", {}),
        *layout.STAGES["report"].evidence.values(),
    ]
    outs = {str(record.parent / PurePosixPath(name).parts[0]) for name in named}
    told = [str(path) for path in layout.told(record) if (root / path).exists()]
    return Version(
        budget, (*sorted({*outs, str(record)}), *told), {}, (), f"the page of {budget}"
    )


def datasets(config: Config, studies: list[str], budget: str) -> list[str]:
    """Names of the data sets that studies stand on."""
    found = {r for study in studies for r in config.data_records(study, budget)}
    return sorted({PurePosixPath(record).parts[2] for record in found})


def shared_outs(root: Path) -> dict[str, dict[str, Any]]:
    """Out -> its row in data.dvc; none where there is no such file."""
    if not (root / DATA).exists():
        return {}
    return {out["path"]: out for out in yaml.load(root / DATA, DATA).value.get("outs", [])}


class Pointer(NamedTuple):
    """What a .dvc file of ours says.

    Attributes:
        name: of the part.
        meta: our own block: schema, commit, budget, sha256 of ledger and manifest, withheld.
        md5: out -> DVC's hash of it.
    """

    name: str
    meta: dict[str, Any]
    md5: dict[str, str]


def pointer(root: Path, name: str) -> Pointer:
    """Read the .dvc file of a part.

    Raises:
        ConfigError: it is missing, or none that `respike snapshot` wrote.
    """
    path = str(layout.version(name))
    if not (root / path).exists():
        known = ", ".join(sorted(p.stem for p in (root / path).parent.glob("*.dvc"))) or "none"
        raise ConfigError(
            f"{path} does not exist: no snapshot of it was taken, or its commit is not checked "
            f"out. There is: {known}. `respike snapshot` takes one"
        )
    value = yaml.load(root / path, path).value
    meta = value.get("meta", {}).get("respike") if isinstance(value, dict) else None
    if not isinstance(meta, dict) or meta.get("schema") != SCHEMA:
        raise ConfigError(f"{path} was not written by this `respike snapshot`; take a new one")
    outs = value.get("outs", [])
    found = {out["path"]: out.get("md5", "") for out in outs}
    if not found.get(str(layout.ledger(name))):
        raise ConfigError(f"{path} names no ledger; the snapshot was cut short, take it again")
    return Pointer(name, meta, found)


def stage_file(version: Version, meta: Mapping[str, Any], present: list[str]) -> dict[str, Any]:
    """What the .dvc file of a part says before DVC has written its hashes into it.

    Args:
        version: the part.
        meta: our own block.
        present: those of its outs that exist.
    """
    outs: list[dict[str, Any]] = []
    for out in (*present, str(layout.ledger(version.name))):
        if out not in version.shared:
            row: dict[str, Any] = {"path": out, "hash": "md5"}
            outs.append({**row, "push": False} if out in version.withheld else row)
    return {"wdir": "..", "meta": {"respike": {"schema": SCHEMA, **meta}}, "outs": outs}
