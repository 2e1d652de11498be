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
import os
import re
import stat
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

BUDGETS = ("smoke", "desk", "paper")
RECORD, SUMS, MANIFEST, BUNDLE = "record.json", "SHA256SUMS", "manifest.json", "bundle.json"
SIGNATURE, VERDICT, MISSING = "bundle.json.sig", "verdict.json", "is missing"
PASS, MISUSE, FAIL = 0, 2, 3
CHUNK, MAX_JSON, MAX_LIST, MAX_LOG = 2**20, 64 * 2**20, 256 * 2**20, 2**30  # bytes
MAX_FINDINGS, MAX_LINES = 100_000, 12  # found at all; printed for people, --json gives all
LINE = re.compile(r"([0-9a-f]{64})  ([^\n]+)")
IS_RECORD = re.compile(r"results/.+/record\.json").fullmatch
IS_PART = re.compile(r"\..+\.[0-9a-f]{12}\.part").fullmatch  # an unfinished output of a stage
TOPS = ("results", "data", "logs", "benchmarks")  # may be links to another disk in a run

# What a document must look like: a type, a value, (one of some), {str: shape of each value},
# [shape of each item], or exactly these keys (with `...`: and others).
_MADE = {"bytes": int, "sha256": str, ...: True}
_RECORD = {
    "schema": "respike-record/2", "stage": str, "code": str, "env": str, "status": str,
    "key": str, "seal": str, "settings": dict, "numerics": dict, "outputs": {str: _MADE},
    "extras": {str: _MADE}, "inputs": {str: [{**_MADE, "path": str, "key": str}]}, ...: True,
}  # fmt: skip
_OLD, _RAN = {"differs": []}, {"differs": [{"package": str, ...: True}], ...: True}
_ROOT = {"path": str, "sha256": str}
_MANIFEST = {"schema": "respike-manifest/1", "budget": str, "root": _ROOT, "files": int}
_MANIFEST |= {"records": {str: {"key": str, "status": str}}}
_BUNDLE = {
    "schema": "respike-bundle/1", "budget": BUDGETS, "commit": str, "made": str,
    "sums": {"path": SUMS, "sha256": str, "files": int}, "studies": {str: str},
    "manifest": _ROOT, "withheld": {str: {"sha256": str, "why": str}},
}  # fmt: skip
_CLAIM = {"study": str, "claim": str, "evidence": [{"path": str, "sha256": str}], ...: True}
Word = str | None


class Refused(Exception):
    """The question cannot be asked: one sentence, exit code 2."""


class _Bad(Exception):
    """One file cannot be believed: one sentence."""


class Finding(NamedTuple):
    """One thing not as recorded, a warning where it does not fail; of the kinds missing changed
    extra unaccounted record manifest withheld signature root environment class."""

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
        return not any(finding.fails for finding in self.findings)


def verify(
    folder: Path, budget: Word = None, root: Word = None, signers: str | Path | None = None
) -> Report:
    """Check a run (a checkout with results/), by default its newest budget, or a bundle.

    `root` is the published sha256 of the run's manifest.json, or of bundle.json; `signers` an
    allowed_signers file of ssh-keygen, for a bundle. Raises Refused.
    """
    if root is not None and not re.fullmatch("[0-9a-f]{64}", root):
        raise Refused("--root is the 64 hex digits that the producer published")
    if budget not in (None, *BUDGETS):
        raise Refused(f"no budget '{_plain(budget)}'; there are: {', '.join(BUDGETS)}")
    if not os.path.isdir(folder):
        raise Refused(f"{_plain(str(folder))} is no folder")
    try:
        return _Check(folder).report(budget, root, signers)
    except OSError as error:  # a file that was there a moment ago
        raise Refused(f"{_plain(str(error))}; does a run change this folder now?") from None


def strict_json(data: bytes) -> Any:
    """Parse JSON; raises _Bad on a key that stands twice, NaN, infinity or great depth."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands there twice")
        return dict(pairs)

    def finite(text: str) -> float:
        if not abs(float(text)) < float("inf"):
            raise ValueError("a number is not finite")
        return float(text)

    hooks = {"object_pairs_hook": once, "parse_float": finite, "parse_constant": finite}
    try:
        return json.loads(data.decode(), **hooks)
    except (ValueError, RecursionError) as error:
        raise _Bad(f"is not valid JSON: {error}") from None


def _fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(item, shape[0]) for item in value)
    if not isinstance(shape, dict):
        known = shape if isinstance(shape, tuple) else (shape,)
        return type(value) is shape if isinstance(shape, type) else value in known
    if not isinstance(value, dict):
        return False
    if str in shape:
        return all(_fits(item, shape[str]) for item in value.values())
    keys = shape.keys() - {...}
    more = value.keys() - keys if ... not in shape else ()
    return not more and all(k in value and _fits(value[k], shape[k]) for k in keys)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _seal(value: dict[str, Any]) -> str:
    bare = {k: v for k, v in value.items() if k != "seal"}
    return _sha256(json.dumps(bare, sort_keys=True).encode())


def _safe(path: str) -> bool:
    """Whether a path names one file below the folder, and reads as what it is."""
    odd = re.search(r"[\\\x00-\x1f\x7f\ud800-\udfff]", path)
    return not odd and len(path) < 4000 and not {"", ".", ".."} & set(path.split("/"))


def _plain(text: str) -> str:
    """Text that can be printed: what is not printable is escaped."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class _Files:
    """The files of one folder, opened to read, never through a link."""

    def __init__(self, folder: Path):
        self.folder = os.path.realpath(folder)
        self.is_bundle = os.path.lexists(os.path.join(self.folder, BUNDLE))
        tops = ((top, os.path.join(self.folder, top)) for top in TOPS if not self.is_bundle)
        self.tops = {top: os.path.realpath(place) for top, place in tops}
        self.sizes: dict[str, int] = {}  # path -> bytes, of what was read

    def place(self, path: str) -> str:
        top, slash, rest = path.partition("/")
        return self.tops.get(top, os.path.join(self.folder, top)) + slash + rest

    def there(self, path: str) -> bool:
        return os.path.lexists(self.place(path))

    def pieces(self, path: str, most: int, size: int | None = None) -> Iterator[memoryview]:
        """The bytes of a file in pieces that share one buffer; raises _Bad if it is missing, a
        link, a special file, unreadable, too large or of another size."""
        place = self.place(path)
        try:
            if os.path.realpath(place) != place or not stat.S_ISREG(os.lstat(place).st_mode):
                raise _Bad("is no regular file, or stands behind a link")  # and is not opened
            fd = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with open(fd, "rb", buffering=0) as file:
                found = os.fstat(fd).st_size
                if size not in (None, found):
                    raise _Bad(f"has {found} bytes; recorded are {size}")
                if size is None and found > most:
                    raise _Bad(f"is larger than the {most} bytes that can be right")
                self.sizes[path] = found
                buffer = memoryview(bytearray(min(CHUNK, found + 1)))
                while n := file.readinto(buffer):
                    yield buffer[:n]
        except OSError as error:
            gone = isinstance(error, FileNotFoundError)
            raise _Bad(MISSING if gone else f"cannot be read ({error.strerror})") from None

    def read(self, path: str, most: int = MAX_JSON) -> bytes:
        return b"".join(map(bytes, self.pieces(path, most)))

    def hash(self, path: str, size: int | None) -> str:
        digest = hashlib.sha256()
        for piece in self.pieces(path, MAX_LOG, size):
            digest.update(piece)
        return digest.hexdigest()

    def walk(self, top: str, skip: set[str]) -> Iterator[str]:
        def refuse(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError):
                raise Refused(f"{_plain(error.filename)} cannot be listed ({error.strerror})")

        for folder, folders, names in os.walk(self.place(top), onerror=refuse):
            names += [name for name in folders if os.path.islink(os.path.join(folder, name))]
            folders[:] = sorted(set(folders) - skip)
            below = top + folder.removeprefix(self.place(top))
            yield from (f"{below}/{name}".removeprefix("/") for name in sorted(names))


def record_of(path: str) -> str:
    """Where the record of the job stands that wrote an artifact."""
    folder = path.rpartition("/")[0]
    return f"results/{folder}/{RECORD}" if path.startswith("data/") else f"{folder}/{RECORD}"


def load_record(data: bytes) -> dict[str, Any]:
    """A record that is sealed, its key the hash of what determines its outputs; or _Bad."""
    record = strict_json(data)
    if not (_fits(record, _RECORD) and _fits(record.get("environment", _OLD), _RAN)):
        raise _Bad(f"is no {_RECORD['schema']}")
    if record["seal"] != _seal(record):
        raise _Bad("was edited: its seal is not the hash of what it says")
    inputs = {name: [row["sha256"] for row in rows] for name, rows in record["inputs"].items()}
    decides = {k: record[k] for k in ("stage", "settings", "code", "env")}
    if record["key"] != _seal({**decides, "inputs": inputs}):
        raise _Bad("has a key that is not the hash of its settings, code and inputs")
    return record


class _Check(_Files):
    """One check of one folder, step by step; each step adds to `findings`."""

    def __init__(self, folder: Path):
        super().__init__(folder)
        self.bundle: dict[str, Any] | None = None  # what bundle.json says, if it is whole
        self.manifest: dict[str, Any] = {}  # record -> its key and status
        self.findings: list[Finding] = []
        self.listed: dict[str, str] = {}  # path -> hash, of all that is checked
        self.inner: dict[str, str] = {}  # path -> hash, of the run's own list
        self.good: set[str] = set()  # files that are as listed
        self.records: dict[str, dict[str, Any]] = {}
        self.broken = False  # whether a record is among the findings
        self.made: dict[str, tuple[str, dict[str, Any]]] = {}  # path -> record, row

    def find(self, kind: str, path: str, says: str, fails: bool = True) -> None:
        self.findings.append(Finding(kind, path, says, fails))
        if len(self.findings) > MAX_FINDINGS:
            raise Refused(f"more than {MAX_FINDINGS} findings, as of {_plain(path)}: {says}")

    def report(self, budget: Word, root: Word, signers: str | Path | None) -> Report:
        if signers is not None and not self.is_bundle:
            raise Refused("--signers is of a bundle's signature, and this is a run")
        top = self.check_bundle(budget) if self.is_bundle else b""
        budget = self.bundle["budget"] if self.bundle else budget or self.newest()
        manifest, at = self.check_manifest(budget), BUNDLE
        if not self.is_bundle:
            top, at = manifest, f"results/{budget}/{MANIFEST}"
            if self.there(SUMS):
                self.find("manifest", BUNDLE, f"{MISSING}, though a bundle's {SUMS} is here")
        if root not in (None, _sha256(top)):
            self.find("root", at, f"root hash is {_sha256(top)}; published was {root}")
        if signers is not None:
            self.check_signature(top, signers)
        self.check_records(budget)
        self.check_files()
        self.check_chain()
        self.check_tree(budget)
        self.check_class(budget)
        claims, size = self.claims(budget), sum(self.sizes[path] for path in self.good)
        return Report(budget, _sha256(top), len(self.good), size, self.findings, claims)

    def newest(self) -> str:
        """The budget whose manifest is the newest; of equal ones the largest budget."""
        found = [(-2.0, "BUDGET")]
        for budget in BUDGETS:
            if self.there(at := f"results/{budget}/{MANIFEST}"):
                found.append((os.lstat(self.place(at)).st_mtime, budget))
            elif self.there(f"results/{budget}/{SUMS}"):
                found.append((-1.0, budget))
        return max(reversed(found), key=lambda row: row[0])[1]

    def whole(self, path: str, most: int = MAX_JSON) -> bytes | None:
        """Bytes of a file on which others stand; None, and a finding, where it is bad."""
        try:
            return self.read(path, most)
        except _Bad as error:
            self.find("missing" if str(error) == MISSING else "manifest", path, str(error))
            return None

    def document(self, path: str, shape: dict[str, Any]) -> tuple[Any, bytes]:
        """What a JSON file of ours says, None where it is damaged; and its bytes."""
        if (data := self.whole(path)) is None:
            return None, b""
        try:
            value = strict_json(data)
            if not _fits(value, shape):
                raise _Bad(f"is no {shape['schema']}")
            if json.dumps(value, sort_keys=True, indent=1).encode() + b"\n" != data:
                raise _Bad("is not as respike writes it")  # not even a blank may differ
            return value, data
        except _Bad as error:
            self.find("manifest", path, str(error))
            return None, data

    def listing(self, path: str, row: dict[str, Any], files: int) -> dict[str, str]:
        """Path -> hash of a SHA256SUMS that another file names by its hash."""
        data = self.whole(path, MAX_LIST)
        *lines, rest = (data or b"").decode(errors="surrogateescape").split("\n")
        found = {m[2]: m[1] for m in map(LINE.fullmatch, lines) if m and _safe(m[2])}
        if data is not None and (_sha256(data), len(lines), rest) != (row["sha256"], files, ""):
            self.find("manifest", path, "is not the list that was hashed when it was made")
        if len(found) != len(lines):
            self.find("manifest", path, "does not name files of this folder, each once")
        return found

    def check_bundle(self, budget: str | None) -> bytes:
        value, data = self.document(BUNDLE, _BUNDLE)
        if value is None:
            return data
        if budget not in (None, value["budget"]):
            raise Refused(f"this bundle is of budget {value['budget']}, not of {budget}")
        self.bundle = value
        self.listed = self.listing(SUMS, value["sums"], value["sums"]["files"])
        named = {f"studies/{study}.yaml": digest for study, digest in value["studies"].items()}
        named[f"results/{value['budget']}/{MANIFEST}"] = value["manifest"]["sha256"]
        for path, digest in named.items():
            if self.listed.get(path) != digest:
                self.find("manifest", path, f"has not the same hash in {BUNDLE} and in {SUMS}")
        return data

    def check_manifest(self, budget: str) -> bytes:
        path, sums = f"results/{budget}/{MANIFEST}", f"results/{budget}/{SUMS}"
        if not (self.is_bundle or self.there(path) or self.there(sums)):
            raise Refused(f"there is no {path}: the run has not ended, or was never made")
        value, data = self.document(path, _MANIFEST)
        if value is not None:
            if (value["budget"], value["root"]["path"]) != (budget, sums):
                self.find("manifest", path, f"is not of budget {budget}")
            self.manifest = value["records"]
            self.inner = self.listing(sums, value["root"], value["files"])
        withheld = self.bundle["withheld"] if self.bundle else {}
        for file, digest in self.inner.items():
            row = withheld.get(file)
            if self.bundle is None or (row and self.there(file)):
                self.listed[file] = digest
            elif row is None and self.listed.get(file) != digest:
                self.find("manifest", file, "the lists of bundle and run do not agree on it")
            elif row:
                self.find("withheld", file, f"is not here: {row['why']}", fails=False)
            if row and row["sha256"] != digest:
                self.find("manifest", file, f"{BUNDLE} withholds another file than is listed")
        return data

    def check_records(self, budget: str) -> None:
        """Every listed record: its bytes, seal and key, and what the manifest says of it."""
        for path in sorted(filter(IS_RECORD, self.listed)):
            try:
                data = self.read(path)
                record = load_record(data)
                if _sha256(data) != self.listed[path]:
                    raise _Bad("is whole, but not the record that is listed: of another run?")
            except _Bad as error:
                self.broken = True
                self.find("record", path, str(error))
                continue
            self.good.add(path)
            self.records[path] = record
            files = record["outputs"] | record["extras"]
            folder = re.sub("^results/data/", "data/", path.removesuffix(RECORD))
            self.made |= {folder + file: (path, row) for file, row in files.items()}
        if self.inner:
            listed = set(filter(IS_RECORD, self.inner)) - {f"results/{budget}/{RECORD}"}
            for path in sorted(listed ^ self.manifest.keys()):
                self.find("record", path, f"stands in one only of {MANIFEST} and {SUMS}")
            for path in sorted(self.manifest.keys() & self.records.keys()):
                if any(self.records[path][k] != v for k, v in self.manifest[path].items()):
                    self.find("record", path, f"has not the key and status of {MANIFEST}")

    def check_files(self) -> None:
        """Every other listed file by its hash, several at a time, the largest first."""
        todo = [path for path in self.listed if not IS_RECORD(path)]
        todo.sort(key=lambda path: -self.made[path][1]["bytes"] if path in self.made else 0)
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            problems = dict(zip(todo, pool.map(self.problem, todo), strict=True))
        for path, problem in problems.items():
            if problem:
                self.find("missing" if problem == MISSING else "changed", path, problem)
        self.good |= {path for path, problem in problems.items() if not problem}

    def problem(self, path: str) -> str | None:
        wanted, row = self.listed[path], self.made[path][1] if path in self.made else {}
        try:
            digest = self.hash(path, row["bytes"] if row.get("sha256") == wanted else None)
        except _Bad as error:
            return str(error)
        same = digest == wanted
        return None if same else f"sha256 is {digest[:16]}..., listed {wanted[:16]}..."

    def check_chain(self) -> None:
        for path, (record, row) in self.made.items():
            if path not in self.inner:
                self.find("manifest", path, f"is named by {record} but is not listed")
            elif self.inner[path] != row["sha256"]:
                self.find("record", record, f"says another hash of {path} than is listed")
        for path, record in self.records.items():
            for row in (row for rows in record["inputs"].values() for row in rows):
                by, made = self.made.get(row["path"], (row["path"], None))
                if row["path"] in self.records:
                    made = {"bytes": self.sizes[by], "sha256": self.listed[by]}
                if by not in self.records:
                    if not self.broken:  # of a broken record it was said already
                        self.find("record", path, f"read {row['path']}, which no record made")
                    continue
                says = {**made, "key": self.records[by]["key"]}
                if any(row[name] != says[name] for name in ("bytes", "sha256", "key")):
                    self.find("record", path, f"read another {row['path']} than was recorded")
        told = re.compile(r"(?:logs|benchmarks)/(.+)\.(?:log|tsv)").fullmatch
        for path in sorted(self.inner.keys() - self.made.keys()):
            job = told(path) and f"results/{told(path)[1]}/{RECORD}"
            if not (job in self.inner or IS_RECORD(path) or self.broken):  # then it may be its
                self.find("unaccounted", path, "is listed, but no record says who made it")

    def check_tree(self, budget: str) -> None:
        tops, skip = (f"results/{budget}", "results/data", "data"), {".respike", ".snakemake"}
        known = {f"results/{budget}/{SUMS}", f"results/{budget}/{MANIFEST}", *self.listed}
        if self.bundle is not None:
            tops, skip, known = ("",), set(), {BUNDLE, SIGNATURE, SUMS, *self.listed}
        for path in (path for top in tops for path in self.walk(top, skip)):
            if path not in known and self.listed:
                self.not_listed(path)

    def not_listed(self, path: str) -> None:
        name, status = path.rpartition("/")[2], os.lstat(self.place(path))
        if self.bundle is not None:
            self.find("extra", path, f"is not listed in the bundle's {SUMS}")
        elif not stat.S_ISREG(status.st_mode):
            self.find("unaccounted", path, "is no regular file")
        elif IS_PART(name):
            self.find("extra", path, "is what a job left that was stopped", fails=False)
        elif self.vouched(path):
            if not path.startswith(("data/", "results/data/")):  # shared with other budgets
                self.find("extra", path, "is not of this run; its record vouches for it", False)
        elif name != ".snakemake_timestamp" or status.st_size:
            self.find("unaccounted", path, "is not listed, and no record says who made it")

    def vouched(self, path: str) -> Any:
        """Whether a whole record that is not listed itself names a file by its hash."""
        at = path if IS_RECORD(path) else record_of(path)
        if at in self.listed:
            return False
        try:
            record = load_record(self.read(at))
            row = (record["outputs"] | record["extras"]).get(path.rpartition("/")[2])
            return at == path or (row and self.hash(path, row["bytes"]) == row["sha256"])
        except _Bad:
            return False

    def check_class(self, budget: str) -> None:
        seen: dict[str, set[str]] = {}
        at = f"results/{budget}"
        for path, record in self.records.items():
            rows = record.get("environment", _OLD)["differs"]
            for row in rows[:1]:
                was, pin = row.get("found") or "missing", row.get("pinned") or "nothing"
                says = (
                    f"{row['package']} was {was}, pinned {pin}; differing packages: {len(rows)}"
                )
                self.find("environment", path, says)
            for name, value in record["numerics"].items() if path.startswith(f"{at}/") else ():
                seen.setdefault(name, set()).add(json.dumps(value, sort_keys=True))
        if silent := sum("environment" not in record for record in self.records.values()):
            self.find("environment", at, f"{silent} older records name no packages", False)
        differ = ", ".join(sorted(name for name, values in seen.items() if len(values) > 1))
        if differ:
            says = f"its jobs ran under several numerics classes, which differ in: {differ}"
            self.find("class", at, says, fails=False)

    def claims(self, budget: str) -> dict[str, list[str]]:
        """study/claim -> failing paths among its evidence and all that it was made from."""
        page, *over = (f"results/{budget}/{name}" for name in (VERDICT, MANIFEST, SUMS))
        rows = self.claim_rows(page)
        for row in rows or []:
            for piece in row["evidence"] if page in self.good else []:
                if self.inner.get(piece["path"]) != piece["sha256"]:
                    says = f"{row['study']}/{row['claim']} stands on another {piece['path']}"
                    self.find("record", page, f"{says} than is listed")
        failing = {f.path for f in self.findings if f.fails and f.kind != "environment"}
        if rows is None and failing:
            judged = sorted(filter(re.compile(".+/judge/verdicts.json").fullmatch, self.listed))
            rows = [row for path in judged for row in self.claim_rows(path) or []]
        found: dict[str, list[str]] = {}
        for row in rows or []:
            folder = f"results/{budget}/{row['study']}/judge"
            paths = {page, *over, f"{folder}/{RECORD}", f"{folder}/verdicts.json"}
            paths |= self.behind([piece["path"] for piece in row["evidence"]])
            if touched := sorted(paths & failing):
                found[f"{row['study']}/{row['claim']}"] = touched
        return found

    def claim_rows(self, path: str) -> list[dict[str, Any]] | None:
        try:
            value = strict_json(self.read(path))
        except _Bad:
            return None
        rows = value.get("claims", value.get("verdicts")) if isinstance(value, dict) else None
        return rows if _fits(rows, [_CLAIM]) else None

    def behind(self, todo: list[str]) -> set[str]:
        """Files, their records, and all that their jobs and those before them read."""
        found: set[str] = set()
        while todo:
            path = todo.pop()
            if path not in found:
                record = path if IS_RECORD(path) else record_of(path)
                found |= {path, record}
                rows = self.records[record]["inputs"].values() if record in self.records else ()
                todo += [row["path"] for group in rows for row in group]
        return found

    def check_signature(self, signed: bytes, signers: Path) -> None:
        import subprocess  # nothing else here starts a program

        def ask(*words: str) -> str:
            command = ["ssh-keygen", "-Y", *words, "-s", self.place(SIGNATURE), "-f", signers]
            done = subprocess.run(command, input=signed, capture_output=True, check=False)
            return done.stdout.decode(errors="replace") if done.returncode == 0 else ""

        if not os.path.isfile(signers):
            raise Refused(f"--signers: there is no file {_plain(str(signers))}")
        try:
            self.read(SIGNATURE)
            if not (who := ask("find-principals").partition("\n")[0]):
                raise _Bad("is of no signer that the file of signers names")
            if not ask("verify", "-n", "respike", "-I", who):
                raise _Bad(f"is not {who}'s of this {BUNDLE}")
        except FileNotFoundError:
            raise Refused("--signers needs ssh-keygen, which is not installed") from None
        except _Bad as error:
            unsigned = ": the bundle is not signed" if str(error) == MISSING else ""
            self.find("signature", SIGNATURE, f"{error}{unsigned}")


def said(report: Report, known: bool, as_json: bool = False) -> str:
    """A report in few lines, or all of it; `known`: a root hash or signature was compared."""
    withheld = sum(finding.kind == "withheld" for finding in report.findings)
    not_checked = ["that the code gives these numbers again: `respike audit rerun`"]
    not_checked += [f"{withheld} files that are withheld (their licence)"] * bool(withheld)
    if not known:
        not_checked.append("who made it: compare the root hash with the published one (--root)")
    if as_json:
        value = {"schema": "respike-check/1", "passed": report.passed, **report._asdict()}
        findings = [finding._asdict() for finding in report.findings]
        value |= {"findings": findings, "not_checked": not_checked}
        return json.dumps(value, sort_keys=True, indent=1) + "\n"
    rows = sorted(report.findings, key=lambda f: (not f.fails, f.kind != "root"))
    found = [f"{f.kind if f.fails else f'({f.kind})':13s}{f.path}: {f.says}" for f in rows]
    claims = [f"tampered     {n}: stands on {p[0]}" for n, p in sorted(report.claims.items())]
    size = f"{report.files:,} files as listed, {report.bytes / 1e6:,.1f} MB"
    text = [f"{'PASS' if report.passed else 'FAIL'}  {report.budget}: {size}"]
    for part in (found, claims):
        more = [f"and {len(part) - MAX_LINES} more; --json gives all"]
        text += [f"  {one}" for one in part[:MAX_LINES] + more * (len(part) > MAX_LINES)]
    text += [f"  root hash    {report.root}", *(f"  not checked  {one}" for one in not_checked)]
    return "".join(f"{_plain(line)}\n" for line in text)


def main(argv: list[str] | None = None) -> int:
    """Check the folder that the command line names; gives the exit code."""
    parser = argparse.ArgumentParser(prog="check.py", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", nargs="?", default=".", help="default: here")
    parser.add_argument("--budget", choices=BUDGETS, help="default: the newest")
    parser.add_argument("--root", metavar="HEX", help="the root hash that was published")
    parser.add_argument("--signers", metavar="FILE", help="allowed_signers file of ssh-keygen")
    parser.add_argument("--json", action="store_true", help="everything, for machines")
    given = parser.parse_args(argv)
    try:
        report = verify(Path(given.folder), given.budget, given.root, given.signers)
    except Refused as error:
        sys.stderr.write(f"check.py: {error}\n")
        return MISUSE
    sys.stdout.write(said(report, bool(given.root or given.signers), given.json))
    return PASS if report.passed else FAIL


if __name__ == "__main__":
    sys.exit(main())
