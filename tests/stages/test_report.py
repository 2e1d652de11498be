"""The stage report on a fake result set, run as a rule runs it."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from respike.core import code, io, records
from respike.core.strict import problems
from tests.report import fake

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("results") / fake.BUDGET


def run(words: list[str], folder: Path, **env: str) -> subprocess.CompletedProcess:
    """Run a command and keep what it said."""
    return subprocess.run(
        words, check=False, cwd=folder, env={**os.environ, **env}, capture_output=True,
        text=True, timeout=60,
    )  # fmt: skip


def report(folder: Path) -> subprocess.CompletedProcess:
    """Write the fake campaign into a folder and run the stage there."""
    return again(folder, fake.write(folder))


def again(folder: Path, words: list[str]) -> subprocess.CompletedProcess:
    """Run the stage."""
    command = [sys.executable, "-m", "respike.stages.report", *words]
    return run(command, folder, PYTHONPATH=str(ROOT))


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder where the stage has run, its name with a space and an umlaut."""
    folder = tmp_path_factory.mktemp("a page ü")
    done = report(folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_verdict_json_is_what_its_schema_says(made):
    document = json.loads((made / FOLDER / "verdict.json").read_text())

    assert problems(document, "verdict") == []
    assert document["counts"]["published"] == {
        "holds": 1, "differs": 1, "inconclusive": 0, "not run": 1,
    }  # fmt: skip


def test_results_csv_has_a_row_for_each_claim(made):
    with open(made / FOLDER / "results.csv", newline="") as file:
        rows = list(csv.DictReader(file))

    assert len(rows) == 9
    assert {row["verdict"] for row in rows} == {"holds", "differs", "inconclusive", "not run"}


def test_sha256sum_finds_every_listed_file_as_listed(made):
    words = ["sha256sum", "--check", "--strict", "--quiet", f"{FOLDER}/SHA256SUMS"]

    done = run(words, made)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_changed_file_is_found_by_sha256sum(tmp_path):
    assert report(tmp_path).returncode == 0
    victim = "results/desk/fake-sparse/dense/seed-1/train/metrics.json"
    (tmp_path / victim).write_text("{}")

    words = ["sha256sum", "--check", "--quiet", f"{FOLDER}/SHA256SUMS"]
    done = run(words, tmp_path)

    assert done.returncode == 1
    assert done.stdout == f"{victim}: FAILED\n"


def test_the_list_names_all_files_but_itself_and_the_manifest(made):
    lines = (made / FOLDER / "SHA256SUMS").read_text().splitlines()
    listed = {line.split("  ", 1)[1] for line in lines}
    there = {
        str(path.relative_to(made))
        for folder in ("results", "data")
        for path in (made / folder).rglob("*")
        if path.is_file()
    }

    own = {f"{FOLDER}/{name}" for name in ("SHA256SUMS", "manifest.json")}
    assert listed == there - own


def test_the_manifest_hashes_the_list(made):
    manifest = json.loads((made / FOLDER / "manifest.json").read_text())

    assert manifest["root"]["path"] == f"{FOLDER}/SHA256SUMS"
    assert manifest["root"]["sha256"] == io.sha256((made / FOLDER / "SHA256SUMS").read_bytes())
    assert "results/desk/fake-sparse/dense/seed-1/train/record.json" in manifest["records"]
    assert "results/data/fake-digits/fetch/record.json" in manifest["records"]


def test_a_second_run_writes_the_same_content(tmp_path, made):
    assert report(tmp_path).returncode == 0

    for name in ("verdict.json", "results.csv", "report.html"):
        assert (tmp_path / FOLDER / name).read_bytes() == (made / FOLDER / name).read_bytes()


def test_a_run_whose_numbers_were_edited_ends_in_a_sentence(tmp_path):
    words = fake.write(tmp_path)
    victim = "results/desk/fake-sparse/dense/seed-1/train/metrics.json"
    (tmp_path / victim).write_text('{"accuracy": 1.0}')

    done = again(tmp_path, words)

    assert done.returncode == 1
    assert victim in done.stderr.splitlines()[-1]
    assert not (tmp_path / FOLDER / "report.html").exists()


def test_code_json_names_the_modules_of_a_job_whose_code_is_here_and_of_no_other(tmp_path):
    words = fake.write(tmp_path)
    path = tmp_path / "results/desk/fake-sparse/dense/seed-1/train/record.json"
    record = records.load(path)
    record["code"] = code.of("train", record["settings"])
    path.write_bytes(records.dump(record))

    assert again(tmp_path, words).returncode == 0

    found = json.loads((tmp_path / FOLDER / "code.json").read_text())["code"]
    own = code.of("report", {})
    assert sorted(found) == sorted([own, record["code"]])
    assert "respike.training.loop" in found[record["code"]]
    assert "respike.report.sums" in found[own]
