"""Every file of a run and of a bundle, with every fault: all are found, and no clean one is."""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from respike.audit import bundle, check
from tests.audit import small, tamper

CHECKER = Path(check.__file__)
# What no record and no list of a run vouches for: not checked, and said so in docs/audit.md.
NOT_LISTED = ("logs/smoke/report.log", "benchmarks/smoke/report.tsv")


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """An earlier run of the same study, and its bundle; valid in itself."""
    folder = tmp_path_factory.mktemp("older")
    run = small.make(folder / "run")
    bundle.make(run, run, small.BUDGET, folder / "bundle", "2026-11-21T06:00:00Z")
    return folder


@pytest.fixture(scope="module")
def run(small_run, older, tmp_path_factory):
    target = tmp_path_factory.mktemp("tamper") / "run"
    target.mkdir()
    for top in ("results", "data", "logs", "benchmarks"):
        tamper.copy(small_run / top, target / top)
    return tamper.Reference(target, older / "run")


@pytest.fixture(scope="module")
def bundled(small_bundle, older, tmp_path_factory):
    target = tamper.copy(small_bundle.folder, tmp_path_factory.mktemp("tamper") / "bundle")
    return tamper.Reference(target, older / "bundle")


def undetected(reference, files, fault, root=None):
    """Files whose change by a fault goes through, and how many were changed."""
    through, changed = [], 0
    for path in files:
        try:
            if tamper.FAULTS[fault](reference, path):
                changed += 1
                if check.verify(reference.folder, root=root).passed:
                    through.append(path)
        finally:
            reference.restore()
    return through, changed


@pytest.mark.parametrize("fault", tamper.FAULTS)
def test_every_file_of_a_run_with_a_fault_is_found(fault, run):
    files = [path for path in run.files() if path not in NOT_LISTED]
    if fault == "add":  # only listed logs are checked, so that one more says nothing
        files = [path for path in files if path.startswith(("results/", "data/"))]
    # a bundle holds the same files, and gets every fault on each: here a third is enough
    files = files if fault in ("bit flip", "replay") else files[::3]

    through, changed = undetected(run, files, fault)

    assert through == []
    assert changed >= (15 if fault == "replay" else 24)


@pytest.mark.parametrize("fault", tamper.FAULTS)
def test_every_file_of_a_bundle_with_a_fault_is_found(fault, bundled):
    root = check.verify(bundled.folder).root

    through, changed = undetected(bundled, bundled.files(), fault, root)

    assert through == []
    assert changed > (15 if fault == "replay" else 120)


def test_without_the_root_hash_only_what_bundle_json_alone_says_can_change(bundled):
    files = [path for path in bundled.files() if "/" not in path]

    through, _ = undetected(bundled, files, "bit flip")

    assert set(through) <= {"bundle.json"}


def test_a_consistent_forgery_of_any_file_is_found_by_the_root_hash_alone(run):
    root = check.verify(run.folder).root
    forged = [path for path in run.files() if path.startswith(("results/", "data/"))]
    forged = [p for p in forged if p.rpartition("/")[2] not in ("SHA256SUMS", "manifest.json")]
    forged = [
        p for p in forged if not p.endswith(("record.json", "verdict.json", "verdicts.json"))
    ]
    found = []
    for path in forged:
        try:
            tamper.bit_flip(run, path)
            tamper.rehash(run)
            found.append((check.verify(run.folder).passed, check.verify(run.folder, root=root)))
        finally:
            run.restore()

    assert len(found) > 50
    assert all(alone for alone, _ in found)  # the forgery is a good one
    kinds = {f.kind for _, report in found for f in report.findings if f.fails}
    assert kinds == {"root"}
    assert not any(report.passed for _, report in found)


def test_a_consistent_forgery_of_a_bundle_is_found_by_its_root_hash(bundled):
    root = check.verify(bundled.folder).root
    path = "results/smoke/small/dense/seed-1/train/predictions.npz"
    try:
        tamper.bit_flip(bundled, path)
        tamper.rehash(bundled)
        alone = check.verify(bundled.folder)
        against = check.verify(bundled.folder, root=root)
    finally:
        bundled.restore()

    assert alone.passed
    assert [f.kind for f in against.findings if f.fails] == ["root"]


def test_an_older_valid_bundle_as_a_whole_is_found_by_the_root_hash(bundled):
    root = check.verify(bundled.folder).root

    assert check.verify(bundled.older).passed
    assert not check.verify(bundled.older, root=root).passed


# ---------------------------------------------------------------- three checkers agree


def program(folder, *words):
    """Exit code of check.py as a program that sees no site packages."""
    command = [sys.executable, "-I", "-S", str(CHECKER), str(folder), *words]
    return subprocess.run(command, cwd="/", capture_output=True, check=False).returncode


def sha256sum(folder, listing):
    """Exit code of the plain tool over a list."""
    command = ["sha256sum", "--check", "--strict", "--status", listing]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).returncode


def test_the_program_and_sha256sum_pass_what_verify_passes(run, bundled):
    assert [program(run.folder), program(bundled.folder)] == [0, 0]
    assert sha256sum(run.folder, "results/smoke/SHA256SUMS") == 0
    assert sha256sum(bundled.folder, "SHA256SUMS") == 0


@pytest.mark.parametrize("fault", ["bit flip", "truncate", "empty", "swap", "delete", "replay"])
@pytest.mark.parametrize("kind", ["run", "bundle"])
def test_the_program_and_sha256sum_find_in_content_what_verify_finds(fault, kind, run, bundled):
    reference = run if kind == "run" else bundled
    listing = "results/smoke/SHA256SUMS" if kind == "run" else "SHA256SUMS"
    listed = [line[66:] for line in (reference.folder / listing).read_text().splitlines()]
    draw = random.Random(f"{fault} {kind}")
    for path in draw.sample(sorted(listed), len(listed)):
        try:
            if tamper.FAULTS[fault](reference, path):
                codes = [program(reference.folder), sha256sum(reference.folder, listing)]
                passed = check.verify(reference.folder).passed
                break
        finally:
            reference.restore()

    assert (codes[0], codes[1] != 0, passed) == (3, True, False)


# ---------------------------------------------------------------- no false alarm


def disturb(folder: Path, draw: random.Random) -> None:
    """Change what is no part of a run: times, modes, what tools leave, logs that none lists."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            when = draw.randrange(10**18, 2 * 10**18)
            os.utime(path, ns=(when, when))
            path.chmod(draw.choice([0o400, 0o444, 0o644, 0o777]))
    kept = [p for p in sorted((folder / "results").rglob("*")) if p.is_dir()]
    for place in draw.sample(kept, 3):
        (place / ".snakemake_timestamp").write_bytes(b"")
    for name in (".respike", ".snakemake", "results/.snakemake", "data/.respike"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / f"{draw.random()}.json").write_text("{")
    (folder / "logs/smoke" / f"{draw.random()}.log").write_text("a log of another day")


def clean_audits(folder, number):
    """Findings of so many audits of a clean run, each after other harmless changes."""
    found = []
    for seed in range(number):
        disturb(folder, random.Random(seed))
        report = check.verify(folder)
        found += report.findings
        assert report.files > 90
    return found


def test_twenty_clean_audits_find_nothing(run, tmp_path):
    folder = tamper.copy(run.folder, tmp_path / "a run ü")

    assert clean_audits(folder, 20) == []


@pytest.mark.slow
def test_a_thousand_clean_audits_find_nothing(run, tmp_path):
    folder = tamper.copy(run.folder, tmp_path / "run")

    assert clean_audits(folder, 1000) == []


def test_results_and_data_may_lie_on_another_disk(run, tmp_path):
    elsewhere = tamper.copy(run.folder, tmp_path / "elsewhere")
    folder = tmp_path / "run"
    folder.mkdir()
    for top in ("results", "data", "logs", "benchmarks"):
        (folder / top).symlink_to(elsewhere / top)

    assert check.verify(folder).findings == []


def test_a_bundle_may_be_read_by_another_user_from_another_place(bundled, tmp_path):
    folder = tamper.copy(bundled.folder, tmp_path / "bundle")
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o444)
    shutil.move(folder, tmp_path / "moved ü")

    assert all(not f.fails for f in check.verify(tmp_path / "moved ü").findings)
