"""Which packages an environment has, and where they are not what its lock or pin says.

Each record holds what is found here: the hash of a lock says what was asked for, this says what
ran. Of the pip side all `*.dist-info` folders on the path are read, of the conda side
`conda-meta/*.json`; nothing is imported. A name counts where Python would find it first, so
that a package on PYTHONPATH is seen as well.

Standard library only: every environment imports this.
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PIP, CONDA = "pip", "conda"
# PyTorch's CPU wheel, whose hash the locks name beside those of the public wheels
CPU_BUILDS = {"torch": "+cpu"}
INSTALLERS = ("pip", "setuptools")  # a new environment brings them; a lock may name them
NOT_WHOLE = " (not whole)"
_METADATA = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(?:-py[\d.]+)?\.(?:dist|egg)-info")
_LOCKED = re.compile(r"^([a-z0-9-]+)==([^\s;\\]+)", re.M)
_PYTHON = re.compile(r"^#.*CPython (\d+\.\d+)", re.M)
PINNED = re.compile(
    r"(?P<channel>\S+)/(?P<subdir>[a-z0-9-]+)/(?P<file>(?P<name>[^/#\s]+)-"
    r"(?P<version>[^-/#\s]+)-(?P<build>[^-/#\s]+)\.(?:conda|tar\.bz2))"
    r"#(?:sha256:)?(?P<sha256>[0-9a-f]{64})"
)


class Package(NamedTuple):
    """One installed or pinned package; build and sha256 are known of conda's alone."""

    version: str
    build: str = ""
    sha256: str = ""

    def __str__(self) -> str:
        return f"{self.version} {self.build}".strip()


class Installed(NamedTuple):
    """What an environment has.

    Attributes:
        side: pip or conda.
        python: version of the interpreter, such as 3.11.
        packages: name -> package; on the conda side those of conda.
        beside: name -> package that pip put into a conda environment.
        cuda: whether a torch is there that asks for the packages of cuda.lock.
    """

    side: str
    python: str
    packages: Mapping[str, Package]
    beside: Mapping[str, Package]
    cuda: bool


def here(env: str, root: Path = ROOT) -> dict[str, Any]:
    """What the running interpreter's environment is, for the record.

    Args:
        env: name of the environment that was asked for, with or without `:HASH`.
        root: the checkout, whose envs/ holds locks and pins.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return described(installed(Path(sys.prefix), python, sys.path), env.partition(":")[0], root)


def of_prefix(prefix: Path) -> Installed:
    """What an environment has that is not the running one."""
    found = sorted(prefix.glob("lib/python3*/site-packages"))
    # conda's Python comes with a link lib/python3.1 to its own folder
    (site,) = [site for site in found if not site.parent.is_symlink()][:1] or [prefix]
    python = site.parent.name.removeprefix("python")
    return installed(prefix, python, [str(site)])


def described(found: Installed, name: str, root: Path = ROOT) -> dict[str, Any]:
    """An environment as records say it.

    Args:
        found: what it has.
        name: the environment that it should be.
        root: the checkout.

    Returns:
        name, side, sha256 over names, versions and builds, and `differs`: a row of package,
        found and pinned for each that is not as pinned; None stands for none.
    """
    both = {**found.beside, **found.packages}
    rows = sorted([name, package.version, package.build] for name, package in both.items())
    return {
        "name": name,
        "side": found.side,
        "sha256": hashlib.sha256(json.dumps(rows).encode()).hexdigest(),
        "differs": differences(found, name, root),
    }


# ---------------------------------------------------------------- what is there


def installed(prefix: Path, python: str, path: Iterable[str]) -> Installed:
    """Read an environment.

    Args:
        prefix: its folder.
        python: version of its interpreter.
        path: folders that it imports from, first ones first.
    """
    metadata = _metadata(path)
    by_pip = {name: Package(" and ".join(v for v, _ in has)) for name, has in metadata.items()}
    if not (prefix / "conda-meta").is_dir():
        return Installed(PIP, python, by_pip, {}, _asks_for_cuda(metadata.get("torch", [])))
    packages, owned = _conda(prefix)
    beside = {
        name: by_pip[name]
        for name, has in metadata.items()
        if any(os.path.relpath(folder, prefix) not in owned for _, folder in has)
    }
    return Installed(CONDA, python, packages, beside, False)


def _metadata(path: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Name -> version and folder of its metadata, of the first place that has the name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for place in dict.fromkeys(path):
        rows: dict[str, list[tuple[str, str]]] = {}
        try:
            names = sorted(os.listdir(place or "."))
        except OSError:  # a zip, or a folder that is not there
            continue
        for match in filter(None, map(_METADATA.fullmatch, names)):
            folder = os.path.join(place, match[0])
            # pip writes RECORD last: without it an installation did not end
            whole = folder.endswith(".egg-info") or os.path.exists(f"{folder}/RECORD")
            version = match["version"] if whole else match["version"] + NOT_WHOLE
            rows.setdefault(canonical(match["name"]), []).append((version, folder))
        found = {**rows, **found}
    return found


def canonical(name: str) -> str:
    """A package's name as locks write it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _asks_for_cuda(torch: list[tuple[str, str]]) -> bool:
    try:
        texts = [Path(folder, "METADATA").read_text(encoding="utf-8") for _, folder in torch]
    except OSError:
        return False
    return any(re.search(r"^Requires-Dist: (nvidia|cuda)-", t, re.M) for t in texts)


def _conda(prefix: Path) -> tuple[dict[str, Package], set[str]]:
    """Conda's packages, and the metadata folders of Python that are theirs."""
    packages, owned = {}, set()
    for path in sorted((prefix / "conda-meta").glob("*.json")):
        try:
            row = json.loads(path.read_bytes())
            package = Package(row["version"], row["build"], row.get("sha256") or "")
            packages[row["name"]] = package
            files = row.get("files") or []
        except (OSError, ValueError, KeyError, TypeError):
            packages[path.stem] = Package(NOT_WHOLE.strip())
            continue
        tails = (".dist-info/METADATA", ".egg-info/PKG-INFO")
        owned |= {file.rpartition("/")[0] for file in files if file.endswith(tails)}
        owned |= {file for file in files if file.endswith(".egg-info")}
    return packages, owned


# ---------------------------------------------------------------- what is pinned


def differences(found: Installed, name: str, root: Path = ROOT) -> list[dict[str, Any]]:
    """Rows of package, found and pinned of what is not as pinned; see `described`."""
    pin = _text(root, f"{name}.linux-64.pin.txt")
    if found.side == CONDA and pin is not None:
        extra = {package: has for package, has in found.beside.items() if package != "pip"}
        return _rows(found.packages, pinned(pin)) + _rows(extra, {})
    lock = _text(root, f"{name}.lock")
    if lock is None:
        return [{"package": f"envs/{name}.lock", "found": None, "pinned": None}]
    wanted, cuda = locked(lock), locked(_text(root, "cuda.lock") or "")
    wanted |= cuda if found.cuda else {}
    has = dict(found.beside if found.side == CONDA else found.packages)
    for package in has.keys() - wanted.keys():
        if has[package] == cuda.get(package) or package in INSTALLERS:
            del has[package]
    python = _PYTHON.search(lock)
    if python:
        wanted["python"], has["python"] = Package(python[1]), Package(found.python)
    return _rows(has, wanted)


def locked(text: str) -> dict[str, Package]:
    """Packages of one of our lock files."""
    return {name: Package(version) for name, version in _LOCKED.findall(text)}


def pinned(text: str) -> dict[str, Package]:
    """Packages of an explicit pin of conda's."""
    rows = filter(None, map(PINNED.fullmatch, text.splitlines()))
    return {r["name"]: Package(r["version"], r["build"], r["sha256"]) for r in rows}


def _text(root: Path, name: str) -> str | None:
    try:
        return (root / "envs" / name).read_text(encoding="utf-8")
    except OSError:
        return None


def _rows(has: Mapping[str, Package], wanted: Mapping[str, Package]) -> list[dict[str, Any]]:
    rows = []
    for name in sorted({*has, *wanted}):
        one, other = has.get(name), wanted.get(name)
        if one is None or other is None or not _same(name, one, other):
            texts = [None if p is None else str(p) for p in (one, other)]
            if one and other and texts[0] == texts[1]:
                texts = [f"{p} sha256:{p.sha256}" for p in (one, other)]
            rows.append({"package": name, "found": texts[0], "pinned": texts[1]})
    return rows


def _same(name: str, has: Package, wanted: Package) -> bool:
    """Whether a package is the pinned one; a sha256 counts where both sides know one."""
    version = has.version.removesuffix(CPU_BUILDS.get(name, "")) or has.version
    if (version, has.build) != (wanted.version, wanted.build):
        return False
    return not (has.sha256 and wanted.sha256) or has.sha256 == wanted.sha256


def said(row: Mapping[str, Any]) -> str:
    """A row of `differs` in words: `scipy is 1.17.0, pinned is 1.16.0`."""
    found, wanted = row["found"], row["pinned"]
    if found is None and wanted is None:
        return f"{row['package']} is missing: nothing is pinned"
    if wanted is None:
        return f"{row['package']} {found} is there, which is not pinned"
    return f"{row['package']} is {found or 'missing'}, pinned is {wanted}"


def warning(described: Mapping[str, Any]) -> str:
    """What to tell where an environment is not the pinned one."""
    rows = described["differs"]
    more = f" and {len(rows) - 1} more differ" if len(rows) > 1 else ""
    return (
        f"environment {described['name']} is not as pinned: {said(rows[0])}{more}; "
        f"`respike audit verify` will refuse what comes out"
    )
