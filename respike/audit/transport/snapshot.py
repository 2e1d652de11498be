"""Put what a run made into DVC's cache: verified first, with a ledger for the way back."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from respike.audit.transport import ledger, versions
from respike.audit.transport.ledger import Ledger, Row
from respike.audit.transport.provenance import FORMAT, VERSION, Provenance
from respike.audit.transport.store import Store
from respike.audit.transport.versions import Version
from respike.audit.transport.whole import Named
from respike.core import io, layout, records
from respike.core.errors import DamagedFile, RespikeError

Say = Callable[[str], None]


class Part(NamedTuple):
    """One part of a snapshot with its files."""

    version: Version
    files: dict[str, Row]

    @property
    def ledger(self) -> str:
        """Path of its ledger."""
        return str(layout.ledger(self.version.name))

    @property
    def file(self) -> str:
        """Path of its .dvc file."""
        return str(layout.version(self.version.name))


class Sent(NamedTuple):
    """What a snapshot holds: parts, files and bytes, and what is kept back, by reason."""

    parts: int
    files: int
    bytes: int
    written: list[str]


def gather(root: Path, wanted: list[Version]) -> list[Part]:
    """The files of all parts, hashed."""
    return [
        Part(v, {p: ledger.row(root / p) for out in v.outs for p in ledger.walk(root, out)})
        for v in wanted
    ]


def check(root: Path, parts: list[Part]) -> Named:
    """Compare all files with the records among them.

    Raises:
        DamagedFile: what is wrong, up to three files by name.
    """
    found = Named(root, {p: row.sha256 for part in parts for p, row in part.files.items()})
    if found.wrong:
        first = sorted(found.wrong.items())[:3]
        more = f" and {len(found.wrong) - 3} more" if len(found.wrong) > 3 else ""
        raise DamagedFile(
            "; ".join(f"{path} {why}" for path, why in first)
            + f"{more}; no snapshot was taken. Remove what is wrong and run again"
        )
    return found


def provenance(root: Path, parts: list[Part], named: Named) -> dict[str, dict[str, Any]]:
    """Snakemake's record of every output.

    Raises:
        DamagedFile: Snakemake does not know how an output was made.
    """
    memory = Provenance(root)
    found = {}
    for part in parts:
        for path in part.files:
            if not path.startswith(("data/", "results/")) or path in named.evidence:
                continue
            row = memory.read(path)
            if row is None:
                raise DamagedFile(
                    f"Snakemake has no record of how {path} was made, so that a clone could "
                    "not tell whether it is up to date; remove it and run again"
                )
            found[path] = row
    return found


def check_licences(parts: list[Part], named: Named) -> None:
    """Refuse to send under one name the bytes that are kept back under another.

    Raises:
        RespikeError: names both files.
    """
    kept: dict[str, str] = {}
    for part in parts:
        for path, row in part.files.items():
            made = named.records.get(named.of.get(path, ""), {})
            if _why(part.version, path) and made.get("status") != records.PLACEHOLDER:
                kept[row.md5] = path
    for part in parts:
        for path, row in part.files.items():
            if row.md5 in kept and not _why(part.version, path):
                raise RespikeError(
                    f"{path} has the bytes of {kept[row.md5]}, which may be handed to nobody; "
                    "nothing was sent. Correct the licence in respike/datasets/sources.yaml"
                )


def _why(version: Version, path: str) -> str | None:
    return next((w for out, w in version.withheld.items() if ledger.below(path, out)), None)


def take(root: Path, store: Store, parts: list[Part], about: dict[str, Any], say: Say) -> Sent:
    """Write ledgers and .dvc files, and copy all files into DVC's cache.

    Args:
        root: the checkout.
        store: its DVC, locked.
        parts: what to take.
        about: commit and budget, for the .dvc files.
        say: called with a line a part.

    Raises:
        DamagedFile: a file has no record; nothing was written.
        RespikeError: DVC refused.
    """
    named = check(root, parts)
    made = provenance(root, parts, named)
    check_licences(parts, named)
    _check_data_dvc(root, parts)
    before = versions.shared_outs(root)
    for number, part in enumerate(parts, 1):
        began = time.monotonic()
        _describe(root, store, part, made, about)
        for target in (part.file, *part.version.shared):
            store.commit(target)
        _check_cache(store, part)
        _check_hashes(root, part)
        size = sum(row.bytes for row in part.files.values())
        say(
            f"[{number}/{len(parts)}] {part.version.what}: {len(part.files)} files, "
            f"{size / 1e6:.1f} MB, {time.monotonic() - began:.1f} s"
        )
    for out, row in versions.shared_outs(root).items():
        if row.get("md5") != before[out].get("md5"):
            say(f"{versions.DATA} named other bytes of {out}; it now names those that are here")
    files = [row for part in parts for row in part.files.values()]
    written = [part.file for part in parts]
    shared = [versions.DATA] if any(part.version.shared for part in parts) else []
    return Sent(len(parts), len(files), sum(row.bytes for row in files), shared + written)


def _describe(
    root: Path, store: Store, part: Part, made: dict[str, Any], about: dict[str, Any]
) -> None:
    own = {path: made[path] for path in part.files if path in made}
    data = ledger.dump(Ledger(part.version.name, part.files, own, FORMAT), VERSION)
    path = root / part.ledger
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    present = [out for out in part.version.outs if (root / out).exists()]
    manifest = layout.output("report", "manifest").format(budget=about["budget"])
    meta = {**about, "ledger": io.sha256(data), "outs": present}
    if manifest in part.files:
        meta["manifest"] = part.files[manifest].sha256
    if part.version.withheld:
        meta["withheld"] = part.version.withheld
    store.describe(part.file, versions.stage_file(part.version, meta, present))


def may_go(root: Path, parts: list[Part]) -> set[str]:
    """DVC's names of all that may be sent: files, lists of folders, ledgers."""
    found = set()
    for part in parts:
        said = versions.pointer(root, part.version.name)
        found.add(said.md5[part.ledger])
        found |= {r.md5 for path, r in part.files.items() if not _why(part.version, path)}
        for out in said.meta["outs"]:
            if not _why(part.version, out):
                found.add(ledger.folder_md5(part.files, out))
    return found


def _check_data_dvc(root: Path, parts: list[Part]) -> None:
    rows = versions.shared_outs(root)
    for part in parts:
        for out in part.version.shared:
            if out in part.version.withheld and rows[out].get("push") is not False:
                raise RespikeError(
                    f"{versions.DATA} would let {out} be sent on, but "
                    f"{part.version.withheld[out]}; write `push: false` under its path"
                )


def _check_cache(store: Store, part: Part) -> None:
    """An object that was in the cache before is believed by DVC; it is hashed here."""
    for path, row in part.files.items():
        for last in (False, True):
            found = store.object(row.md5)
            if found.exists() and ledger.row(found).sha256 == row.sha256:
                break
            if last:
                raise RespikeError(
                    f"DVC's cache does not keep {path} ({found}); check the disk and try again"
                )
            store.drop(row.md5)
            for target in (part.file, *part.version.shared):
                store.commit(target)


def _check_hashes(root: Path, part: Part) -> None:
    said = versions.pointer(root, part.version.name).md5
    shared = versions.shared_outs(root)
    said |= {out: shared[out].get("md5", "") for out in part.version.shared}
    for out, md5 in said.items():
        if out == part.ledger:
            continue
        if ledger.folder_md5(part.files, out) != md5:
            raise RespikeError(
                f"DVC sees other files in {out} than respike does: is .dvcignore as it was "
                "committed? Nothing was sent"
            )
