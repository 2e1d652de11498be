"""Are the records of kernels what they say? They are of no run, and stand in no run's list.

Each record below results/kernels is checked by itself: its seal, its key, the job that its
place names, and every file that it names by its hash.
"""

import hashlib
import stat
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from respike.audit import check, jobs
from respike.core import layout, records
from respike.core.errors import DamagedFile

FOLDER = PurePosixPath("results/kernels")


class Report(NamedTuple):
    """What was found: files that are as recorded, their bytes, and what is not."""

    files: int
    bytes: int
    findings: list[check.Finding]

    @property
    def passed(self) -> bool:
        return not any(finding.fails for finding in self.findings)


def verify(root: Path) -> Report:
    """Check all kernels below a folder.

    Args:
        root: folder that holds results/. No link is followed.

    Returns:
        No file and no finding where no kernel was ever measured.
    """
    there = {
        str(path.relative_to(root)): path
        for path in sorted((root / FOLDER).rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }
    findings, said = [], {}
    for name in there:
        if PurePosixPath(name).name == layout.RECORD:
            try:
                made, otherwise = _named(name, there[name])
                said |= made
                findings += otherwise
            except DamagedFile as error:
                words = str(error).replace(f"{there[name]} ", "").removeprefix(f"{name} ")
                findings.append(check.Finding("record", name, words, True))
                said[name] = None
    good, size = 0, 0
    for name, digest in said.items():
        found = _hash(there.get(name))
        if digest is None:
            continue
        if found == digest:
            good, size = good + 1, size + there[name].lstat().st_size
        elif found is None:
            findings.append(check.Finding("missing", name, check.MISSING, True))
        else:
            says = f"sha256 is {found[:16]}..., recorded {digest[:16]}..."
            findings.append(check.Finding("changed", name, says, True))
    for name in sorted(there.keys() - said.keys()):
        findings.append(_stray(name))
    return Report(good, size, findings)


def _named(name: str, path: Path) -> tuple[dict[str, Any], list[check.Finding]]:
    """File -> hash of all that a record vouches for, itself among them; and what it says
    itself of packages that were not as pinned.

    Raises:
        DamagedFile: it cannot be believed.
    """
    own = _hash(path)
    if own is None:
        raise DamagedFile("is no regular file")
    record = records.load(path)
    stage, wildcards = jobs.place(name)
    told = {word: str(record["settings"].get(word)) for word in wildcards}
    if record["stage"] != stage or told != wildcards:
        raise DamagedFile(f"is the record of another job: {records.producer(record)}")
    if record["key"] != records.key(record):
        raise DamagedFile("has a key that is not the hash of its settings, code and inputs")
    made = {**record["outputs"], **record["extras"]}
    beside = {str(layout.artifact(name, file)): row["sha256"] for file, row in made.items()}
    rows = record.get("environment", {}).get("differs", [])
    says = ", ".join(f"{r['package']} was {r['found']}, pinned {r['pinned']}" for r in rows[:1])
    otherwise = [check.Finding("environment", name, f"{says}; {len(rows)} differ", True)]
    return {name: own, **beside}, otherwise if rows else []


def _hash(path: Path | None) -> str | None:
    try:
        if path is None or not stat.S_ISREG(path.lstat().st_mode):
            return None
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def _stray(name: str) -> check.Finding:
    last = PurePosixPath(name).name
    if check.IS_PART(last):
        return check.Finding("extra", name, "is what a job left that was stopped", False)
    if last == ".snakemake_timestamp":
        return check.Finding("extra", name, "is Snakemake's", False)
    return check.Finding("unaccounted", name, "no record says who made it", True)
