"""A finished run of the workflow's toy, and a forger who re-hashes all that he touches."""

from pathlib import Path

from respike.core import io, layout, records
from respike.report import sums
from tests.workflow import toy

BUDGET = "smoke"


def make(folder: Path, **env: str) -> Path:
    """Make the toy's checkout and run it."""
    toy.make(folder)
    done = toy.respike(folder, "run", "--budget", BUDGET, "--cores", "2", **env)
    assert done.returncode == 0, done.stderr
    return folder


def agree(folder: Path) -> None:
    """Make every record, list and manifest say what is there now, as a forger would."""
    paths = sorted((folder / "results").rglob(layout.RECORD))
    found = {
        p.relative_to(folder).as_posix(): io.parse("r.json", p.read_bytes()) for p in paths
    }
    changed = True
    while changed:
        changed = False
        for path, record in found.items():
            before = (folder / path).read_bytes()
            record.pop(records.SEAL, None)
            _rehash(folder, path, record, found)
            (folder / path).write_bytes(records.dump(record))
            changed |= (folder / path).read_bytes() != before
    at = folder / "results" / BUDGET
    lines = [line.split("  ", 1)[1] for line in (at / "SHA256SUMS").read_text().splitlines()]
    listing = sums.listing({p: io.sha256((folder / p).read_bytes()) for p in lines})
    (at / "SHA256SUMS").write_text(listing)
    listed = io.parse("m.json", (at / "manifest.json").read_bytes())["records"]
    manifest = sums.manifest(BUDGET, listing, {path: found[path] for path in listed})
    (at / "manifest.json").write_bytes(io.dump("manifest.json", manifest))


def _rehash(folder: Path, path: str, record: dict, found: dict) -> None:
    for name, row in record["outputs"].items():
        data = (folder / layout.artifact(path, name)).read_bytes()
        row.update(records.describe(data, name, io.parse(name, data)))
    for rows in record["inputs"].values():
        for row in rows:
            data = (folder / row["path"]).read_bytes()
            row.update(bytes=len(data), sha256=io.sha256(data))
            row["key"] = found[str(layout.record_of(row["path"]))]["key"]
    record["key"] = records.key(record)


def record_of(folder: Path, variant: str, stage: str) -> Path:
    """The record of one of the toy's runs."""
    place = {"budget": BUDGET, "study": "toy", "variant": variant, "seed": 0}
    return folder / layout.record(stage).format(**place)


def edit(path: Path, change) -> None:
    """Change a record; its seal is wrong until `agree`."""
    value = io.parse("r.json", path.read_bytes())
    change(value)
    path.write_bytes(io.dump("record.json", value))


def forge(path: Path, change, **options) -> None:
    """Change an output; every hash of it is wrong until `agree`."""
    value = io.parse(path.name, path.read_bytes())
    change(value)
    path.write_bytes(io.dump(path.name, value, **options))
