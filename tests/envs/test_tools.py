"""The small tools behind the words: what `clean` removes, what `compare` finds."""

import fcntl
import subprocess
import sys

import pytest

from tests.envs.conftest import ENVS

CI = ENVS.parent / ".ci"


def tool(name, *arguments, script=None):
    command = [sys.executable, script or CI / f"{name}.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def two_runs(tmp_path):
    """Two checkouts with equal content and evidence that differs."""
    for name in ("one", "other"):
        run = tmp_path / name / "results" / "smoke" / "study"
        run.mkdir(parents=True)
        (run / "metrics.json").write_text('{"accuracy": 0.9}\n')
        (run / "curve.csv").write_text("epoch,loss\n1,0.5\n")
        (run / "record.json").write_text(f'{{"folder": "{name}"}}\n')
        (run / "report.html").write_text(name)
    return tmp_path / "one", tmp_path / "other"


def test_equal_content_is_equal_whatever_the_evidence_says(two_runs):
    done = tool("compare", *two_runs)

    assert done.returncode == 0
    assert done.stdout == "compare: 2 files equal, 0 differ, 0 on one side only\n"


def test_one_changed_byte_is_found_and_named(two_runs):
    (two_runs[1] / "results" / "smoke" / "study" / "curve.csv").write_text(
        "epoch,loss\n1,0.6\n"
    )

    done = tool("compare", *two_runs)

    assert done.returncode == 1
    assert "compare: differs: results/smoke/study/curve.csv" in done.stdout


def test_a_file_on_one_side_only_is_a_difference(two_runs):
    (two_runs[0] / "data").mkdir()
    (two_runs[0] / "data" / "arrays.npz").write_bytes(b"x")

    done = tool("compare", *two_runs)

    assert done.returncode == 1
    assert f"compare: only in {two_runs[0]}: data/arrays.npz" in done.stdout


def test_nothing_to_compare_is_no_success(tmp_path):
    done = tool("compare", tmp_path, tmp_path)

    assert done.returncode == 1
    assert done.stdout.startswith("compare: 0 files equal")


@pytest.fixture
def checkout(tmp_path):
    """A checkout with a copy of the tool, results of two megabytes and a lock of runs."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "clean.py").write_text((CI / "clean.py").read_text())
    (tmp_path / "results" / "smoke").mkdir(parents=True)
    (tmp_path / "results" / "smoke" / "model.npz").write_bytes(b"x" * 2_000_000)
    (tmp_path / "studies").mkdir()
    (tmp_path / ".respike").mkdir()
    (tmp_path / ".respike" / "run.lock").touch()
    return tmp_path


def clean(checkout):
    return tool("clean", "results", "logs", script=checkout / ".ci" / "clean.py")


def test_clean_removes_what_it_is_told_and_says_how_much_that_was(checkout):
    done = clean(checkout)

    assert done.returncode == 0
    assert done.stdout == "clean: 2.0 MB freed (results, logs)\n"
    assert sorted(path.name for path in checkout.iterdir()) == [".ci", ".respike", "studies"]


def test_clean_leaves_a_folder_alone_in_which_a_run_is_at_work(checkout):
    with (checkout / ".respike" / "run.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        done = clean(checkout)

    assert done.returncode == 1
    assert done.stderr == "clean: a run is at work in this folder; stop it first\n"
    assert (checkout / "results" / "smoke" / "model.npz").exists()


def test_clean_unlinks_a_link_and_leaves_what_it_points_to(checkout, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("scratch disk")
    (elsewhere / "kept").touch()
    (checkout / "logs").symlink_to(elsewhere)

    clean(checkout)

    assert not (checkout / "logs").exists()
    assert (elsewhere / "kept").exists()


def test_every_word_of_the_makefile_is_in_its_help():
    makefile = (ENVS.parent / "Makefile").read_text()
    words = makefile.split(".PHONY: ")[1].split("\n")[0].split()

    listed = subprocess.check_output(["make", "-s", "help"], cwd=ENVS.parent, text=True)

    assert [line.split()[0] for line in listed.splitlines()[: len(words)]] == words
    assert "Without make: python3 envs/create.py && .venv/bin/respike run" in listed
