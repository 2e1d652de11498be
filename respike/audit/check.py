"""Is a run or a bundle of respike what its own records say? One file, standard library only.

    python check.py [FOLDER] [--budget B] [--root HEX] [--signers FILE] [--json]

A run is a folder with results/BUDGET/{SHA256SUMS,manifest.json}; a bundle has bundle.json.
Every listed file is hashed; every record is checked against its seal, its key, its outputs and
the records of the jobs that it read from. Nothing is written, no link is followed, nothing is
parsed but JSON and the list, no program is started but ssh-keygen, where --signers is given.

Exit codes: 0 all is as recorded, 2 the question cannot be asked, 3 something is not.
"""

import argparse
import hashlib
import json
import math
import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

BUDGETS = ("smoke", "desk", "paper")
RECORD, SUMS, MANIFEST, BUNDLE = "record.json", "SHA256SUMS", "manifest.json", "bundle.json"
SIGNATURE, NAMESPACE = "bundle.json.sig", "respike"
SCHEMAS = {
    "record": "respike-record/2",
    "manifest": "respike-manifest/1",
    "bundle": "respike-bundle/1",
}
PASS, MISUSE, FAIL = 0, 2, 3
MAX_JSON_BYTES = 64 * 2**20
MAX_LIST_BYTES = 256 * 2**20
MAX_UNRECORDED_BYTES = 2**30  # of a listed file whose size no record says: logs, benchmarks
MAX_ENTRIES = 2_000_000
MAX_LINES = 12  # findings that are printed for people; --json gives all
CHUNK = 2**20
HEX = re.compile(r"[0-9a-f]{64}")
LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)")
OWN_FOLDERS = {".respike", ".snakemake"}  # of a run: kept by the tools, no result
TOPS = ("results", "data", "logs", "benchmarks")  # may be links to another disk in a run


class Refused(Exception):
    """The question cannot be asked: one sentence, exit code 2."""


class _Bad(Exception):
    """One file cannot be believed: one sentence."""


class Finding(NamedTuple):
    """One thing that is not as recorded; a warning where it does not fail.

    kind: missing changed extra unaccounted record manifest withheld signature root class.
    """

    kind: str
    path: str
    says: str
    fails: bool


class Report(NamedTuple):
    """What was found: `claims` has study/claim -> paths of failing files that touch it."""

    budget: str
    root: str
    files: int
    bytes: int
    findings: list[Finding]
    claims: dict[str, list[str]]

    @property
    def passed(self) -> bool:
        """Whether no finding fails."""
        return not any(finding.fails for finding in self.findings)


def verify(
    folder: Path,
    budget: str | None = None,
    root: str | None = None,
    signers: Path | None = None,
) -> Report:
    """Check a run or a bundle.

    Args:
        folder: a checkout with results/, or a bundle.
        budget: of the run; None takes the newest that has a manifest, or the bundle's.
        root: the root hash that the producer published: sha256 of a run's manifest.json, or
            of a bundle's bundle.json.
        signers: an allowed_signers file of ssh-keygen; a bundle only.

    Raises:
        Refused: there is no finished run or bundle, or an argument makes no sense.
    """
    if root is not None and not HEX.fullmatch(root):
        raise Refused("--root is the 64 hex digits that the producer published")
    if budget is not None and budget not in BUDGETS:
        raise Refused(f"no budget '{_plain(budget)}'; there are: {', '.join(BUDGETS)}")
    return _Check(Path(folder)).report(budget, root, signers)


# ---------------------------------------------------------------- reading


def strict_json(data: bytes) -> Any:
    """Parse JSON that has no duplicate key, no NaN or infinity and no depth that hurts.

    Raises:
        ValueError: what is wrong, in a few words.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a key stands there twice")
        return found

    def finite(text: str) -> float:
        value = float(text)
        if not math.isfinite(value):
            raise ValueError("a number is not finite")
        return value

    try:
        return json.loads(
            data.decode(), object_pairs_hook=once, parse_float=finite, parse_constant=finite
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} in line {error.lineno}") from None
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None


def _canonical(value: Any) -> bytes:
    """The bytes that respike writes for a JSON value, so that not even a blank can differ."""
    return (json.dumps(value, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()


def _seal(value: dict[str, Any]) -> str:
    bare = {k: v for k, v in value.items() if k != "seal"}
    return hashlib.sha256(
        json.dumps(bare, sort_keys=True, allow_nan=False).encode()
    ).hexdigest()


def _safe(path: str) -> bool:
    """Whether a path names one file below the folder, and reads as what it is."""
    try:
        short = all(0 < len(part.encode()) < 256 for part in path.split("/"))
    except UnicodeEncodeError:
        return False
    plain = not re.search(r"[\\\x00-\x1f\x7f]", path)
    return short and plain and len(path) < 4000 and not {".", ".."} & set(path.split("/"))


def _plain(text: str) -> str:
    """Text that can be printed: what is not printable is escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class _Files:
    """The files of one folder, opened to read, never through a link."""

    def __init__(self, folder: Path):
        self._folder = os.path.abspath(folder)
        self._plain: set[str] = {""}

    def place(self, path: str) -> str:
        return os.path.join(self._folder, path)

    def follow(self, tops: Iterable[str]) -> None:
        """Let some folders at the top be links to another disk."""
        self._plain |= {top for top in tops if os.path.isdir(self.place(top))}

    def there(self, path: str) -> bool:
        return os.path.lexists(self.place(path))

    def _open(self, path: str) -> tuple[int, int]:
        """File descriptor and size of a regular file."""
        parts = path.split("/")[:-1]
        for i in range(1, len(parts) + 1):
            parent = "/".join(parts[:i])
            if parent not in self._plain:
                if stat.S_ISLNK(os.lstat(self.place(parent)).st_mode):
                    raise _Bad(f"stands behind the link {parent}")
                self._plain.add(parent)
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        if not stat.S_ISREG(os.lstat(self.place(path)).st_mode):
            raise _Bad("is no regular file")
        fd = os.open(self.place(path), flags)
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            os.close(fd)
            raise _Bad("is no regular file")
        return fd, status.st_size

    def read(self, path: str, most: int) -> bytes:
        """All bytes of a small file.

        Raises:
            _Bad: a link, a special file, unreadable or larger than `most`.
            FileNotFoundError: it is not there.
        """
        try:
            fd, size = self._open(path)
            with os.fdopen(fd, "rb") as file:
                data = file.read(most + 1) if size <= most else b""
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _Bad(f"cannot be read ({error.strerror})") from None
        if size > most or len(data) > most:
            raise _Bad(f"is larger than the {most} bytes that can be right")
        return data

    def hash(self, path: str, size: int | None) -> tuple[str, int]:
        """Hash and size of a file; raises as `read` does, and where the size is not as told."""
        try:
            fd, found = self._open(path)
            with os.fdopen(fd, "rb", buffering=0) as file:
                if size is not None and found != size:
                    raise _Bad(f"has {found} bytes; recorded are {size}")
                if size is None and found > MAX_UNRECORDED_BYTES:
                    raise _Bad(f"has {found} bytes, too many for a file that no record names")
                digest, buffer, count = hashlib.sha256(), bytearray(CHUNK), 0
                view = memoryview(buffer)
                while n := file.readinto(buffer):
                    digest.update(view[:n])
                    count += n
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _Bad(f"cannot be read ({error.strerror})") from None
        return digest.hexdigest(), count

    def walk(self, top: str, skip: set[str]) -> Iterator[tuple[str, str, int]]:
        """(path, kind, size) of all that stands below a folder but folders; kind is file,
        link, special or unreadable."""
        todo, count = [top], 0
        while todo:
            folder = todo.pop()
            try:
                entries = sorted(os.scandir(self.place(folder)), key=lambda e: e.name)
            except FileNotFoundError:
                continue
            except OSError as error:
                yield folder, f"cannot be listed ({error.strerror})", 0
                continue
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if (count := count + 1) > MAX_ENTRIES:
                    raise Refused(f"more than {MAX_ENTRIES} files; no run has so many")
                if entry.is_symlink():
                    yield path, "is a link", 0
                elif entry.is_dir(follow_symlinks=False):
                    if entry.name not in skip:
                        todo.append(path)
                elif entry.is_file(follow_symlinks=False):
                    yield path, "file", entry.stat(follow_symlinks=False).st_size
                else:
                    yield path, "is no regular file", 0


# ---------------------------------------------------------------- paths and shapes


def record_of(path: str) -> str:
    """Where the record of the job stands that wrote an artifact."""
    folder = path.rpartition("/")[0]
    return f"results/{folder}/{RECORD}" if path.startswith("data/") else f"{folder}/{RECORD}"


def _artifact(record: str, file: str) -> str:
    folder = record.rpartition("/")[0]
    return f"{folder.removeprefix('results/') if _of_data(record) else folder}/{file}"


def _of_data(record: str) -> bool:
    return record.startswith("results/data/")


def _told(record: str) -> list[str]:
    """Log and benchmark of the job that wrote a record."""
    name = record.removeprefix("results/").rpartition("/")[0]
    name = name if "/" in name else f"{name}/report"
    return [f"logs/{name}.log", f"benchmarks/{name}.tsv"]


def _is_row(row: Any, more: tuple[str, ...] = ()) -> bool:
    return (
        isinstance(row, dict)
        and type(row.get("bytes")) is int
        and all(isinstance(row.get(name), str) for name in ("sha256", *more))
    )


def _is_record(value: Any) -> bool:
    if not isinstance(value, dict) or value.get("schema") != SCHEMAS["record"]:
        return False
    texts = all(
        isinstance(value.get(k), str) for k in ("stage", "code", "env", "status", "key")
    )
    dicts = all(
        isinstance(value.get(k), dict)
        for k in ("settings", "inputs", "outputs", "extras", "numerics")
    )
    if not texts or not dicts:
        return False
    made = (*value["outputs"].values(), *value["extras"].values())
    read = value["inputs"].values()
    return all(map(_is_row, made)) and all(
        isinstance(rows, list) and all(_is_row(row, ("path", "key")) for row in rows)
        for rows in read
    )


def load_record(data: bytes) -> dict[str, Any]:
    """A record that is sealed and whose key is the hash of what determines its outputs.

    Raises:
        _Bad: what is wrong with it.
    """
    try:
        record = strict_json(data)
    except ValueError as error:
        raise _Bad(f"is not valid JSON: {error}") from None
    if not _is_record(record):
        raise _Bad(f"is no {SCHEMAS['record']}")
    if record.get("seal") != _seal(record):
        raise _Bad("was edited: its seal is not the hash of what it says")
    inputs = {name: [row["sha256"] for row in rows] for name, rows in record["inputs"].items()}
    decides = {k: record[k] for k in ("stage", "settings", "code", "env")}
    if record["key"] != _seal({**decides, "inputs": inputs}):
        raise _Bad("has a key that is not the hash of its settings, code and inputs")
    return record


def _maker(record: dict[str, Any]) -> str:
    told = record["settings"]
    if "variant" in told:
        variant = f"{told.get('study')}/{told['variant']}"
        return f"{record['stage']} of {variant} seed {told.get('seed')}"
    return f"{record['stage']} of {told.get('dataset') or told.get('study') or 'the page'}"


def _manifest_problem(value: Any, budget: str) -> str | None:
    if not isinstance(value, dict) or value.get("schema") != SCHEMAS["manifest"]:
        return f"is no {SCHEMAS['manifest']}"
    if value.keys() != {"schema", "budget", "root", "files", "records"}:
        return "has keys that a manifest has not"
    root, records = value["root"], value["records"]
    if value["budget"] != budget or not isinstance(root, dict) or not isinstance(records, dict):
        return f"is not the manifest of budget {budget}"
    if root.keys() != {"path", "sha256"} or root["path"] != f"results/{budget}/{SUMS}":
        return f"does not name results/{budget}/{SUMS}"
    if not all(isinstance(r, dict) and r.keys() == {"key", "status"} for r in records.values()):
        return "does not give each record its key and status"
    return None


def _bundle_problem(value: Any) -> str | None:
    if not isinstance(value, dict) or value.get("schema") != SCHEMAS["bundle"]:
        return f"is no {SCHEMAS['bundle']}"
    keys = {"schema", "budget", "commit", "made", "sums", "manifest", "withheld", "studies"}
    if value.keys() - {"seal"} != keys or value["budget"] not in BUDGETS:
        return "has not the keys that a bundle has"
    sums, manifest, withheld = value["sums"], value["manifest"], value["withheld"]
    if not isinstance(sums, dict) or sums.keys() != {"path", "sha256", "files"}:
        return f"does not name its {SUMS}"
    at = f"results/{value['budget']}/{MANIFEST}"
    if not isinstance(manifest, dict) or manifest.keys() != {"path", "sha256"}:
        return f"does not name {at}"
    if sums["path"] != SUMS or manifest["path"] != at:
        return f"names another list or manifest than {SUMS} and {at}"
    if not isinstance(withheld, dict) or not isinstance(value["studies"], dict):
        return "does not say what is withheld, or of which studies it is"
    rows = withheld.values()
    if not all(isinstance(r, dict) and r.keys() == {"sha256", "why"} for r in rows):
        return "does not give each withheld file its hash and the reason"
    if "seal" in value and value["seal"] != _seal(value):
        return "was edited: its seal is not the hash of what it says"
    return None


# ---------------------------------------------------------------- the check


class _Check:
    """One check of one folder, step by step; each step adds to `findings`."""

    def __init__(self, folder: Path):
        if not os.path.isdir(folder):
            raise Refused(f"{_plain(str(folder))} is no folder")
        self.name = _plain(str(folder))
        self.files = _Files(folder)
        self.findings: list[Finding] = []
        self.listed: dict[str, str] = {}  # path -> hash, of both lists
        self.inner: dict[str, str] = {}  # path -> hash, of the run's list
        self.bundle: dict[str, Any] | None = None
        self.is_bundle = self.files.there(BUNDLE)
        self.withheld: dict[str, dict[str, str]] = {}
        self.good: dict[str, int] = {}  # path -> bytes, of files that are as listed
        self.records: dict[str, dict[str, Any]] = {}
        self.broken: set[str] = set()  # records that cannot be believed
        self.made: dict[str, tuple[str, dict[str, Any]]] = {}  # path -> record, row

    def fail(self, kind: str, path: str, says: str, fails: bool = True) -> None:
        self.findings.append(Finding(kind, path, says, fails))

    def report(self, budget: str | None, root: str | None, signers: Path | None) -> Report:
        if signers is not None and not self.is_bundle:
            raise Refused("--signers checks the signature of a bundle, and this is a run")
        top = self.check_bundle(budget) if self.is_bundle else None
        if self.bundle is not None:
            budget = self.bundle["budget"]
        budget = budget or self.newest()
        if not self.is_bundle:
            self.files.follow(TOPS)
            if self.files.there(SUMS):
                self.fail("manifest", BUNDLE, f"is missing, though a bundle's {SUMS} is there")
        bytes_of_manifest = self.check_manifest(budget)
        top = top if self.is_bundle else bytes_of_manifest
        found = hashlib.sha256(top).hexdigest() if top is not None else ""
        if root is not None and root != found:
            at = BUNDLE if self.is_bundle else f"results/{budget}/{MANIFEST}"
            self.fail("root", at, f"root hash is {found or 'none'}; published was {root}")
        if signers is not None:
            self.check_signature(top or b"", signers)
        self.check_records(budget)
        self.check_files()
        self.check_chain()
        self.check_tree(budget)
        self.check_class()
        claims = self.claims(budget)
        return Report(
            budget, found, len(self.good), sum(self.good.values()), self.findings, claims
        )

    # ------------------------------------------------------------ lists

    def newest(self) -> str:
        """The budget whose manifest is the newest; of equal ones the largest budget."""
        found = []
        for rank, budget in enumerate(BUDGETS):
            for name in (MANIFEST, SUMS, "verdict.json"):
                place = self.files.place(f"results/{budget}/{name}")
                if os.path.lexists(place):
                    whole = name == MANIFEST
                    found.append((whole, os.lstat(place).st_mtime_ns, rank, budget))
        if not found and self.is_bundle:
            return ""
        if not found:
            raise Refused(
                f"{self.name} has no results/BUDGET/{MANIFEST}: the run has not ended, or was "
                f"never made"
            )
        return max(found)[-1]

    def json(self, path: str, kind: str = "manifest") -> tuple[Any, bytes | None]:
        """Value and bytes of a file of our own; None, and a finding, where it is damaged."""
        data = None
        try:
            data = self.files.read(path, MAX_JSON_BYTES)
            value = strict_json(data)
            if _canonical(value) != data:
                raise _Bad("is not written as respike writes it")
        except FileNotFoundError:
            self.fail(kind, path, "is missing")
        except _Bad as error:
            self.fail(kind, path, str(error))
        except ValueError as error:
            self.fail(kind, path, f"is not valid JSON: {error}")
        else:
            return value, data
        return None, data

    def check_bundle(self, budget: str | None) -> bytes | None:
        value, data = self.json(BUNDLE)
        if value is None:
            return data
        problem = _bundle_problem(value)
        if problem:
            self.fail("manifest", BUNDLE, problem)
            return data
        if budget not in (None, value["budget"]):
            raise Refused(f"this bundle is of budget {value['budget']}, not of {budget}")
        self.bundle = value
        self.withheld = value["withheld"]
        self.listed = self.listing(
            SUMS, value["sums"]["sha256"], value["sums"]["files"], BUNDLE
        )
        named = {f"studies/{study}.yaml": digest for study, digest in value["studies"].items()}
        named[value["manifest"]["path"]] = value["manifest"]["sha256"]
        for path, digest in named.items():
            if self.listed.get(path) != digest:
                self.fail("manifest", path, f"{BUNDLE} and {SUMS} name different hashes of it")
        return data

    def listing(self, path: str, digest: Any, files: Any, by: str) -> dict[str, str]:
        """Path -> hash of a SHA256SUMS, itself checked against what names it."""
        try:
            data = self.files.read(path, MAX_LIST_BYTES)
        except FileNotFoundError:
            self.fail("missing", path, "is missing")
            return {}
        except _Bad as error:
            self.fail("manifest", path, str(error))
            return {}
        if hashlib.sha256(data).hexdigest() != digest:
            self.fail("manifest", path, f"is not the list that {by} hashes")
        lines = data.decode(errors="surrogateescape").split("\n")
        ended = lines.pop() == ""
        found: dict[str, str] = {}
        for number, line in enumerate(lines, 1):
            match = LINE.fullmatch(line)
            if not match or not _safe(match[2]) or match[2] in found:
                self.fail("manifest", path, f"line {number} names no file of this folder once")
                continue
            found[match[2]] = match[1]
        if not ended or len(lines) != files:
            self.fail("manifest", path, f"has not the number of lines that {by} says")
        return found

    def check_manifest(self, budget: str) -> bytes | None:
        path = f"results/{budget}/{MANIFEST}"
        if not budget:
            return None
        others = (f"results/{budget}/{name}" for name in (SUMS, RECORD, "verdict.json"))
        if not (self.is_bundle or any(map(self.files.there, (path, *others)))):
            raise Refused(
                f"{self.name} has no {path}: the run has not ended, or was never made"
            )
        value, data = self.json(path)
        problem = _manifest_problem(value, budget) if value is not None else None
        if problem:
            self.fail("manifest", path, problem)
        self.manifest = value["records"] if value is not None and not problem else None
        if self.manifest is not None:
            at = f"results/{budget}/{SUMS}"
            self.inner = self.listing(at, value["root"]["sha256"], value["files"], path)
        for file, row in self.withheld.items():
            if self.inner.get(file) != row["sha256"] or not _safe(file):
                self.fail("manifest", file, f"{BUNDLE} withholds another file than is listed")
            elif self.files.there(file):
                self.listed[file] = row["sha256"]
            else:
                self.fail("withheld", file, f"is not here: {row['why']}", fails=False)
        for file in self.inner.keys() - self.withheld.keys():
            if self.bundle is None:
                self.listed[file] = self.inner[file]
            elif self.listed.get(file) != self.inner[file]:
                self.fail(
                    "manifest", file, "the bundle's list and the run's do not agree on it"
                )
        return data

    # ------------------------------------------------------------ files

    def check_records(self, budget: str) -> None:
        """Every listed record: its bytes, seal and key, and what the manifest says of it."""
        for path in sorted(filter(_is_record_path, self.listed)):
            try:
                data = self.files.read(path, MAX_JSON_BYTES)
                record = load_record(data)
                digest = hashlib.sha256(data).hexdigest()
                if digest != self.listed[path]:
                    raise _Bad(
                        "is a whole record, but not the one that is listed: an older one?"
                    )
            except FileNotFoundError:
                self.broken.add(path)
                self.fail("record", path, "is missing")
            except _Bad as error:
                self.broken.add(path)
                self.fail("record", path, str(error))
            else:
                self.good[path] = len(data)
                self.records[path] = record
        for path, record in self.records.items():
            for file, row in {**record["outputs"], **record["extras"]}.items():
                self.made[_artifact(path, file)] = (path, row)
        if self.manifest is not None:
            own = f"results/{budget}/{RECORD}"
            listed = set(filter(_is_record_path, self.inner)) - {own}
            for path in sorted(listed ^ self.manifest.keys()):
                self.fail("record", path, f"stands in one only of {MANIFEST} and {SUMS}")
            for path in sorted(listed & self.manifest.keys() & self.records.keys()):
                said = self.manifest[path]
                if any(said[name] != self.records[path][name] for name in ("key", "status")):
                    self.fail("record", path, f"has not the key and status of {MANIFEST}")

    def check_files(self) -> None:
        """Every other listed file by its hash, many at a time."""
        todo = [p for p in self.listed if not _is_record_path(p)]
        todo.sort(key=lambda p: -self.made[p][1]["bytes"] if p in self.made else 0)
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            for path, (digest, size, problem) in zip(
                todo, pool.map(self.hash, todo), strict=True
            ):
                if digest == self.listed[path]:
                    self.good[path] = size
                    continue
                by = (
                    f"; made by {_maker(self.records[self.made[path][0]])}"
                    if path in self.made
                    else ""
                )
                says = (
                    problem or f"sha256 is {digest[:16]}..., listed {self.listed[path][:16]}..."
                )
                self.fail("missing" if problem == "is missing" else "changed", path, says + by)

    def hash(self, path: str) -> tuple[str, int, str]:
        """Hash, size, and what is wrong where there is none."""
        size = None
        if path in self.made and self.made[path][1]["sha256"] == self.listed[path]:
            size = self.made[path][1]["bytes"]
        try:
            return (*self.files.hash(path, size), "")
        except FileNotFoundError:
            return "", 0, "is missing"
        except _Bad as error:
            return "", 0, str(error)

    def hidden(self, path: str) -> bool:
        """Whether the record that would speak for a path is among the broken."""
        return any(record in self.broken for record in _vouching(path))

    def check_chain(self) -> None:
        """What records say of each other and of the list."""
        for path, (record, row) in self.made.items():
            listed = self.listed.get(path) or self.withheld.get(path, {}).get("sha256")
            if listed is None:
                self.fail("manifest", path, f"is named by {record} but is not listed")
            elif listed != row["sha256"]:
                self.fail("record", record, f"says another hash of {path} than is listed")
        for path, record in self.records.items():
            for row in (row for rows in record["inputs"].values() for row in rows):
                problem = self.input_problem(row)
                if problem:
                    self.fail("record", path, f"read {row['path']}, {problem}")
        told = {
            file for record in filter(_is_record_path, self.listed) for file in _told(record)
        }
        for path in self.listed:
            own = path.rpartition("/")[2] in (SUMS, MANIFEST) and path not in self.inner
            known = path in self.made or path in told or _is_record_path(path) or own
            if not known and path in self.inner and not self.hidden(path):
                self.fail("unaccounted", path, "is listed, but no record says who made it")

    def input_problem(self, row: dict[str, Any]) -> str | None:
        """What is wrong with an input, beside the record of the job that made it."""
        path = row["path"]
        if path in self.broken or self.hidden(path):
            return None  # said already, of the record itself
        if path in self.records:
            made, key = {"bytes": self.good[path], "sha256": self.listed[path]}, path
        elif path in self.made:
            key, made = self.made[path]
        else:
            return "which no record says it made"
        if (row["bytes"], row["sha256"]) != (made["bytes"], made["sha256"]):
            return "but other bytes than its producer recorded"
        if row["key"] != self.records[key]["key"]:
            return "but of a job with another key than its producer's record has"
        return None

    # ------------------------------------------------------------ what is not listed

    def check_tree(self, budget: str) -> None:
        """Files that stand there and are not listed."""
        if not self.listed:
            return
        if self.bundle is not None:
            known = {BUNDLE, SIGNATURE, SUMS}
            for path, kind, _ in self.files.walk("", set()):
                if path not in self.listed and path not in known:
                    says = f"is not listed in the bundle's {SUMS}" if kind == "file" else kind
                    self.fail("extra", path, says)
            return
        known = {f"results/{budget}/{SUMS}", f"results/{budget}/{MANIFEST}"}
        known |= self.of_other_budgets(budget)
        for top in (f"results/{budget}", "results/data", "data"):
            for path, kind, size in self.files.walk(top, OWN_FOLDERS):
                stamp = path.endswith("/.snakemake_timestamp") and size == 0
                if path in self.listed or path in known or (stamp and kind == "file"):
                    continue
                self.not_listed(path, kind)

    def of_other_budgets(self, budget: str) -> set[str]:
        """Data that another budget of the same folder lists: its affair."""
        found = set()
        for other in BUDGETS:
            path = f"results/{other}/{SUMS}"
            if other != budget and self.files.there(path):
                try:
                    text = self.files.read(path, MAX_LIST_BYTES).decode(errors="replace")
                except (_Bad, FileNotFoundError):
                    continue
                found |= {line[66:] for line in text.split("\n")}
        return {p for p in found if p.startswith(("data/", "results/data/"))}

    def not_listed(self, path: str, kind: str) -> None:
        name = path.rpartition("/")[2]
        if kind != "file":
            self.fail("unaccounted", path, kind)
        elif re.fullmatch(r"\..+\.[0-9a-f]{12}\.part", name):
            self.fail("extra", path, "is what a job left that was stopped", fails=False)
        elif self.vouched(path):
            self.fail(
                "extra", path, "is not of this run, but its own record vouches for it", False
            )
        else:
            self.fail("unaccounted", path, "is not listed, and no record says who made it")

    def vouched(self, path: str) -> bool:
        """Whether a whole record that is not listed itself names a file by its hash."""
        at = path if _is_record_path(path) else record_of(path)
        if at in self.listed or not _safe(path):
            return False
        try:
            record = load_record(self.files.read(at, MAX_JSON_BYTES))
            if at == path:
                return True
            row = {**record["outputs"], **record["extras"]}.get(path.rpartition("/")[2])
            return row is not None and self.files.hash(path, row["bytes"])[0] == row["sha256"]
        except (_Bad, FileNotFoundError):
            return False

    def check_class(self) -> None:
        """Bitwise equality is claimed inside one numerics class only."""
        kinds = {
            json.dumps(record["numerics"], sort_keys=True): record["numerics"]
            for path, record in sorted(self.records.items())
            if not _of_data(path)
        }
        if len(kinds) > 1:
            names = sorted({name for kind in kinds.values() for name in kind})
            seen = {
                n: {json.dumps(kind.get(n), sort_keys=True) for kind in kinds.values()}
                for n in names
            }
            differ = ", ".join(name for name in names if len(seen[name]) > 1)
            says = f"jobs ran under {len(kinds)} numerics classes, which differ in: {differ}"
            self.fail("class", "results", says, fails=False)

    # ------------------------------------------------------------ claims

    def claims(self, budget: str) -> dict[str, list[str]]:
        """study/claim -> failing paths among its evidence and all that it was made from."""
        failing = {finding.path for finding in self.findings if finding.fails}
        if not failing:
            return {}
        page = f"results/{budget}/verdict.json"
        rows = self.claim_rows(page)
        if rows is None:
            failing.add(page)
            judged = sorted(p for p in self.listed if p.endswith("/judge/verdicts.json"))
            rows = [row for path in judged for row in self.claim_rows(path) or []]
        behind: dict[str, set[str]] = {}
        found: dict[str, list[str]] = {}
        for study, claim, evidence in rows:
            folder = f"results/{budget}/{study}/judge"
            paths = {page, f"{folder}/{RECORD}", f"{folder}/verdicts.json"}
            for path in evidence:
                paths |= self.behind(path, behind)
            if touched := sorted(paths & failing):
                found[f"{study}/{claim}"] = touched
        return found

    def claim_rows(self, path: str) -> list[tuple[str, str, list[str]]] | None:
        """(study, claim, paths of its evidence) of a verdict file; None where it is damaged."""
        try:
            value = strict_json(self.files.read(path, MAX_JSON_BYTES))
            rows = value.get("claims", value.get("verdicts"))
            named = [(row["study"], row["claim"], row["evidence"]) for row in rows]
            found = [(s, c, [piece["path"] for piece in evidence]) for s, c, evidence in named]
        except (_Bad, OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
        texts = (t for s, c, paths in found for t in (s, c, *paths))
        return found if all(isinstance(text, str) for text in texts) else None

    def behind(self, path: str, known: dict[str, set[str]]) -> set[str]:
        """A file, its record, and all that the job and those before it read."""
        todo, found = [path], set()
        while todo:
            one = todo.pop()
            if one in found:
                continue
            if one in known:
                found |= known[one]
                continue
            record = one if _is_record_path(one) else self.made.get(one, (record_of(one),))[0]
            found |= {one, record}
            inputs = self.records[record]["inputs"] if record in self.records else {}
            todo += [row["path"] for rows in inputs.values() for row in rows]
        known[path] = found
        return found

    # ------------------------------------------------------------ signature

    def check_signature(self, signed: bytes, signers: Path) -> None:
        """The one place that starts another program."""
        import shutil
        import subprocess

        program = shutil.which("ssh-keygen")
        if program is None or not os.path.isfile(signers):
            what = "ssh-keygen is not installed" if program is None else f"no file {signers}"
            raise Refused(f"--signers: {_plain(what)}")
        try:
            self.files.read(SIGNATURE, MAX_JSON_BYTES)
        except FileNotFoundError:
            self.fail("signature", SIGNATURE, "is missing: the bundle is not signed")
            return
        except _Bad as error:
            self.fail("signature", SIGNATURE, str(error))
            return

        def ask(*words: str) -> tuple[int, str]:
            given = ["-s", self.files.place(SIGNATURE), "-f", os.path.abspath(signers)]
            done = subprocess.run(
                [program, "-Y", *words, *given], input=signed, capture_output=True, check=False
            )
            return done.returncode, done.stdout.decode(errors="replace")

        code, said = ask("find-principals")
        who = said.partition("\n")[0]
        if code or not who:
            self.fail("signature", SIGNATURE, "is of no signer that the file of signers names")
        elif ask("verify", "-n", NAMESPACE, "-I", who)[0]:
            self.fail("signature", SIGNATURE, f"is not {_plain(who)}'s of this {BUNDLE}")


def _is_record_path(path: str) -> bool:
    return path.startswith("results/") and path.endswith(f"/{RECORD}")


def _vouching(path: str) -> Iterator[str]:
    """Records that may speak for a path: beside it, or above (a film of the page)."""
    folder = record_of(path).rpartition("/")[0]
    while folder:
        yield f"{folder}/{RECORD}"
        folder = folder.rpartition("/")[0]


# ---------------------------------------------------------------- for people and machines


def not_checked(report: Report, known: bool) -> list[str]:
    """What a PASS does not say."""
    found = []
    if not known:
        found.append("who made it: compare the root hash with the published one, or --signers")
    withheld = sum(finding.kind == "withheld" for finding in report.findings)
    if withheld:
        found.append(f"{withheld} files that are withheld (their licence)")
    return [*found, "that the code gives these numbers again: `respike audit rerun`"]


def lines(report: Report, known: bool) -> list[str]:
    """A report in few lines.

    Args:
        report: of `verify`.
        known: whether a published root hash or a signature was compared.
    """
    head = "PASS" if report.passed else "FAIL"
    size = f"{report.bytes / 1e6:,.1f} MB"
    found = [f"{head}  {report.budget}: {report.files:,} files as listed, {size}"]
    rows = sorted(report.findings, key=lambda f: (not f.fails, f.kind != "root"))
    for row in rows[:MAX_LINES]:
        word = row.kind if row.fails else f"({row.kind})"
        found.append(_plain(f"  {word:13s}{row.path}: {row.says}"))
    if len(rows) > MAX_LINES:
        found.append(f"  and {len(rows) - MAX_LINES} more; --json gives all")
    for number, (claim, paths) in enumerate(sorted(report.claims.items())):
        if number == MAX_LINES:
            found.append(f"  and {len(report.claims) - MAX_LINES} more claims")
            break
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        found.append(_plain(f"  {'tampered':13s}{claim}: stands on {paths[0]}{more}"))
    found.append(f"  root hash    {report.root or 'none'}")
    return found + [f"  not checked  {text}" for text in not_checked(report, known)]


def as_json(report: Report, known: bool) -> str:
    """A report as one JSON document, all findings in it."""
    value = {
        "schema": "respike-check/1",
        "passed": report.passed,
        **{name: getattr(report, name) for name in ("budget", "root", "files", "bytes")},
        "findings": [finding._asdict() for finding in report.findings],
        "claims": report.claims,
        "not_checked": not_checked(report, known),
    }
    return json.dumps(value, sort_keys=True, indent=1)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The questions that can be asked; `respike audit verify` has the same."""
    parser.add_argument("--budget", choices=BUDGETS, help="default: the newest")
    parser.add_argument("--root", metavar="HEX", help="the root hash that was published")
    parser.add_argument("--signers", type=Path, metavar="FILE", help="allowed_signers of ssh")
    parser.add_argument("--json", action="store_true", help="everything, for machines")


def answer(folder: Path, given: argparse.Namespace) -> int:
    """Check a folder, print what was found, and give the exit code."""
    report = verify(folder, given.budget, given.root, given.signers)
    known = bool(given.root or given.signers)
    text = as_json(report, known) if given.json else "\n".join(lines(report, known))
    sys.stdout.write(f"{text}\n")
    return PASS if report.passed else FAIL


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="check.py", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(), metavar="FOLDER")
    arguments(parser)
    given = parser.parse_args(argv)
    try:
        return answer(given.folder, given)
    except Refused as error:
        sys.stderr.write(f"check.py: {error}\n")
        return MISUSE


if __name__ == "__main__":
    sys.exit(main())
