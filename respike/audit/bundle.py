"""A finished run as one folder that an auditor can take away: bundle.json names all of it.

Files keep their paths below the checkout. They are copied, never linked, and hashed on the way;
the folder gets its name when it is whole and its own check.py has passed it. What a licence
forbids to hand on is left out and said so in `withheld`.
"""

import hashlib
import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from respike.audit import check, crate, licences
from respike.audit.finished import Run, kept_back, refuse_failures, refuse_strangers, verified
from respike.audit.readme import readme
from respike.core import io, layout, yaml
from respike.core.config import sources
from respike.core.errors import ConfigError, DamagedFile, RespikeError
from respike.core.history import head

SCHEMA = "respike-bundle/1"
STATEMENT, SUMS = "bundle.json", "SHA256SUMS"
NAMESPACE = "respike"
# of the checkout: what the run was told, what it ran in, and who wrote it
CHECKOUT = (
    "Snakefile", "workflow/rules/*.smk", "config.yaml", licences.SOURCES, "envs/*.in",
    "envs/*.lock", "envs/*.yaml", "envs/*.pin.txt", "CITATION.cff", "LICENSE",
)  # fmt: skip
CHUNK = 2**20


class Bundle(NamedTuple):
    """A finished bundle; `root` is the hash that a producer publishes elsewhere."""

    folder: Path
    root: str
    files: int
    bytes: int
    withheld: dict[str, dict[str, str]]


def make(
    checkout: Path,
    directory: Path,
    budget: str | None,
    target: Path | None,
    made: str,
    key: Path | None = None,
) -> Bundle:
    """Bundle a finished run.

    Args:
        checkout: where Snakefile, studies/ and envs/ are.
        directory: where data/ and results/ are.
        budget: None takes the newest run.
        target: the folder to make; None names one below bundles/ by budget and root hash.
        made: the time, UTC, ISO 8601.
        key: a private key of ssh-keygen to sign with.

    Raises:
        ConfigError: a bundle, no run, or a target that is there already.
        Unverified: the run is not what its records say.
        RespikeError: the checkout is not the one that the run was made by, a licence that
            forbids it, a disk that is full, a key that does not sign.
    """
    if (directory / STATEMENT).exists():
        raise ConfigError(f"{directory} is a bundle; copy the folder, or bundle its run")
    if key is not None:
        refuse_key(key)
    run = verified(directory, budget)
    target = target or directory / "bundles" / f"{run.budget}-{io.sha256(run.manifest)[:12]}"
    target = target.absolute()
    if os.path.lexists(target):
        raise ConfigError(f"{target} is there already; remove it or say another with --to")
    refuse_strangers(checkout, run)
    withheld = kept_back(checkout, run)
    with _unfinished(target) as folder:
        files = copy(checkout, run, folder, withheld)
        root = describe(checkout, run, folder, files, withheld, made)
        if key is not None:
            sign(folder / STATEMENT, key)
        cure = "It was removed; bundle again, and mind the disk if this comes back"
        refuse_failures("the new bundle", check.verify(folder, run.budget, root), cure)
    size = sum(bytes_ for bytes_, _ in files.values())
    return Bundle(target, root, len(files), size, withheld)


# ---------------------------------------------------------------- the folder


def copy(
    checkout: Path, run: Run, folder: Path, withheld: Mapping[str, Any]
) -> dict[str, tuple[int, str]]:
    """Copy all files that exist already; path -> (bytes, sha256).

    Raises:
        DamagedFile: a listed file is no longer what it was when it was verified.
    """
    files = {}
    for path, digest in sorted(run.listed.items()):
        if path not in withheld:
            files[path] = copy_file(run.folder / path, folder / path)
            if files[path][1] != digest:
                raise DamagedFile(f"{path} changed while it was bundled; verify the run again")
    last = [layout.output("report", name) for name in ("sums", "manifest")]
    told = layout.told(layout.record("report").format(budget=run.budget))
    own = [path.format(budget=run.budget) for path in last]
    for path in [*own, *(str(path) for path in told if (run.folder / path).exists())]:
        files[path] = copy_file(run.folder / path, folder / path)
    if files[own[1]][1] != io.sha256(run.manifest):
        raise DamagedFile(f"{own[1]} changed while it was bundled; verify the run again")
    for path in of_checkout(checkout, run.studies):
        files[path] = copy_file(checkout / path, folder / path)
    files["check.py"] = copy_file(Path(check.__file__), folder / "check.py")
    return files


def of_checkout(checkout: Path, studies: list[str]) -> list[str]:
    """Paths of what the checkout adds to a run."""
    found = [path for pattern in CHECKOUT for path in checkout.glob(pattern)]
    paths = [path.relative_to(checkout).as_posix() for path in found]
    return sorted([*paths, *(f"studies/{study}.yaml" for study in studies)])


def copy_file(source: Path, target: Path) -> tuple[int, str]:
    """Copy one file, synced; its size and hash, taken from the bytes that were written.

    Raises:
        RespikeError: it cannot be read, or the disk is full.
    """
    digest, size = hashlib.sha256(), 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as old, target.open("xb") as new:
            while chunk := old.read(CHUNK):
                new.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            new.flush()
            os.fsync(new.fileno())
    except OSError as error:
        raise RespikeError(
            f"{source} cannot be copied: {error.strerror}; nothing was left behind"
        ) from None
    return size, digest.hexdigest()


def describe(
    checkout: Path,
    run: Run,
    folder: Path,
    files: dict[str, tuple[int, str]],
    withheld: Mapping[str, Mapping[str, str]],
    made: str,
) -> str:
    """Write README.txt, the crate, SHA256SUMS and bundle.json; the root hash.

    Adds what it writes to `files`, but for bundle.json and SHA256SUMS.
    """
    commit = head(checkout)
    rows = sources(checkout).value["datasets"]
    datasets = {PurePosixPath(p).parts[1] for p in files if p.startswith("data/")}
    text = readme(run.budget, commit, made, withheld)
    files["README.txt"] = write(folder / "README.txt", text.encode())
    about = crate.Bundled(
        budget=run.budget,
        commit=commit,
        made=made,
        files=dict(files),
        withheld=withheld,
        records=run.records,
        licences={dataset: rows[dataset]["licence"] for dataset in sorted(datasets)},
        citation=yaml.load(checkout / "CITATION.cff", "CITATION.cff").value,
        snakemake=metadata.version("snakemake"),
    )
    described = json.dumps(crate.make(about), indent=1, sort_keys=True) + "\n"
    files[crate.FILE] = write(folder / crate.FILE, described.encode())
    sums = "".join(f"{digest}  {path}\n" for path, (_, digest) in sorted(files.items()))
    manifest = layout.output("report", "manifest").format(budget=run.budget)
    statement = {
        "schema": SCHEMA,
        "budget": run.budget,
        "commit": commit,
        "made": made,
        "sums": {
            "path": SUMS,
            "sha256": write(folder / SUMS, sums.encode())[1],
            "files": len(files),
        },
        "manifest": {"path": manifest, "sha256": files[manifest][1]},
        "withheld": withheld,
        "studies": {study: files[f"studies/{study}.yaml"][1] for study in run.studies},
    }
    return write(folder / STATEMENT, io.dump(STATEMENT, statement))[1]


def write(path: Path, data: bytes) -> tuple[int, str]:
    """Write one file of ours; its size and hash."""
    io.write_bytes(path, data)
    return len(data), io.sha256(data)


@contextmanager
def _unfinished(target: Path) -> Iterator[Path]:
    """A folder beside the target that gets its name at the end, or is gone."""
    folder = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise ConfigError(
            f"the folder {folder.parent} cannot be written ({error.strerror}); "
            "say another with --to"
        ) from None
    try:
        yield folder
        if os.path.lexists(target):
            raise ConfigError(f"{target} appeared meanwhile; say another with --to")
        folder.rename(target)
        _sync(target.parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


# ---------------------------------------------------------------- the signature


def refuse_key(key: Path) -> None:
    """Stop before any work where there is nothing to sign with."""
    if not key.is_file():
        raise ConfigError(f"{key} is no key; make one with: ssh-keygen -t ed25519 -f {key}")
    if shutil.which("ssh-keygen") is None:
        raise RespikeError(
            "ssh-keygen is not installed; install openssh-client, or bundle without --sign"
        )


def sign(statement: Path, key: Path) -> None:
    """Sign bundle.json with ssh-keygen, as bundle.json.sig beside it.

    Raises:
        RespikeError: it would not sign.
    """
    command = ["ssh-keygen", "-Y", "sign", "-n", NAMESPACE, "-f", str(key), str(statement)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it did not say why"])[-1]
        raise RespikeError(f"ssh-keygen did not sign with {key}: {said}")
