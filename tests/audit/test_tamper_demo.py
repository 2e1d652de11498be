"""The demonstration finds its own bit, in a copy, and leaves the run as it was."""

import os
import re
from pathlib import Path

import pytest

from respike.cli import main, tamper_demo
from tests.audit import tamper

AT = "results/smoke"
EVIDENCE = re.compile(rf"{AT}/small/(dense|pruned|closed)/seed-\d/\w+/predictions\.npz")


@pytest.fixture
def run(small_run, tmp_path):
    folder = tmp_path / "run"
    for top in ("results", "data", "logs", "benchmarks"):
        tamper.copy(small_run / top, folder / top)
    return folder


def state(folder):
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*") if p.is_file()}


def test_the_bit_is_found_with_the_claim_it_hits_and_the_run_is_left_alone(
    run, tmp_path, monkeypatch, capfd
):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    before = state(run)

    code = main(["tamper-demo", "--directory", str(run)])

    lines = capfd.readouterr().out.splitlines()
    assert code == 0
    assert re.fullmatch(r"copied \d+ files, 0\.1 MB, to a temporary folder", lines[0])
    victim = re.fullmatch(r"flipped bit [0-7] of byte [\d,]+ of (.+)", lines[1])[1]
    assert EVIDENCE.fullmatch(victim)
    assert lines[2].removeprefix("  before  ") == lines[3].removeprefix("  after   ")
    assert lines[5].startswith("  FAIL  smoke: ")
    assert lines[6].startswith(f"    changed      {victim}: sha256 is ")
    assert lines[7] == f"    tampered     small/small-claim: stands on {victim}"
    assert lines[-1] == "found; the copy is removed, your results are as they were"
    assert state(run) == before
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_seed_decides_file_and_bit(run, capfd):
    said = []
    for seed in ("1", "1", "2"):
        assert main(["tamper-demo", "--seed", seed, "--directory", str(run)]) == 0
        said.append(capfd.readouterr().out.splitlines()[1])

    assert said[0] == said[1] != said[2]


def test_a_checker_that_finds_nothing_is_a_failure(run, monkeypatch, capfd):
    monkeypatch.setattr(tamper_demo, "flip", lambda path, draw: (0, 0))

    assert main(["tamper-demo", "--directory", str(run)]) == 1
    assert "the checker has NOT found it: please report this" in capfd.readouterr().err


def test_a_run_that_is_damaged_already_is_no_stage_for_it(run, capsys):
    (run / AT / "results.csv").write_text("x")

    assert main(["tamper-demo", "--directory", str(run)]) == 1
    assert capsys.readouterr().err == (
        "respike tamper-demo: this run is not what its records say even now; "
        "`respike audit verify` tells more\n"
    )


def test_where_there_is_no_run_it_says_how_to_make_one(tmp_path, capsys):
    assert main(["tamper-demo", "--directory", str(tmp_path)]) == 2
    assert capsys.readouterr().err.endswith("make one with `respike run --budget smoke`\n")


def test_a_page_without_evidence_is_told(tmp_path, monkeypatch):
    path = tmp_path / AT / "verdict.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"claims": [{"evidence": []}]}')

    with pytest.raises(tamper_demo.RespikeError, match="no claim of budget smoke was judged"):
        tamper_demo.evidence(tmp_path, "smoke")


def test_one_bit_is_flipped_and_size_time_and_mode_stay(tmp_path):
    import random

    path = tmp_path / "a.bin"
    path.write_bytes(bytes(100))
    path.chmod(0o440)
    os.utime(path, ns=(5, 7))

    at, bit = tamper_demo.flip(path, random.Random(3))

    data = path.read_bytes()
    assert [data[at], sum(map(bool, data)), len(data)] == [1 << bit, 1, 100]
    assert path.stat().st_mtime_ns == 7
    assert path.stat().st_mode & 0o777 == 0o440


def test_links_are_copied_as_files(run, tmp_path):
    linked = tmp_path / "linked"
    linked.mkdir()
    for top in ("results", "data", "logs", "benchmarks"):
        (linked / top).symlink_to(run / top)

    tamper_demo.copy(linked, tmp_path / "copy", "smoke")

    assert not [p for p in Path(tmp_path / "copy").rglob("*") if p.is_symlink()]
