"""A study is run, bundled and checked, each by its command, in a copy of this checkout."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workflow import toy

pytestmark = pytest.mark.slow


def command(folder, *words):
    return subprocess.run(
        [".venv/bin/respike", *words],
        cwd=folder, env=toy.environment(), capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The tracked files as they are now, and the finished smoke run of one study."""
    folder = tmp_path_factory.mktemp("bundled") / "respike"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=toy.ROOT, capture_output=True, check=False
    )
    if listed.returncode or not (Path(sys.prefix) / "bin/respike").exists():
        pytest.skip("not a git checkout, or another environment than `make setup` makes")
    for name in listed.stdout.decode().split("\0"):
        if name and (toy.ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(toy.ROOT / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "config.yaml").write_text(
        "version: 1\nbudget: smoke\nstudies: [mrf-mean-field]\n"
    )
    done = command(folder, "run")
    assert done.returncode == 0, done.stderr
    return folder


def test_a_run_is_bundled_and_its_checker_passes(checkout, tmp_path):
    made = command(checkout, "audit", "bundle", "--to", str(tmp_path / "bundle"))
    root = re.search(r"^root hash: (\w{64})$", made.stdout, re.M)[1]
    checked = subprocess.run(
        [sys.executable, "-I", "-S", tmp_path / "bundle/check.py", tmp_path / "bundle",
         "--root", root, "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert made.returncode == 0, made.stderr
    assert checked.returncode == 0, checked.stdout
    assert json.loads(checked.stdout)["findings"] == []


def test_what_is_bundled_is_judged_again_from_the_bundle(checkout, tmp_path):
    command(checkout, "audit", "bundle", "--to", str(tmp_path / "bundle"))

    done = command(checkout, "audit", "recompute", str(tmp_path / "bundle"))

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_run_made_by_other_code_is_not_bundled(checkout, tmp_path):
    module = checkout / "respike/stages/simulate.py"
    text = module.read_text()
    module.write_text(text + "\nOTHER = 1\n")
    try:
        done = command(checkout, "audit", "bundle", "--to", str(tmp_path / "bundle"))
    finally:
        module.write_text(text)

    assert done.returncode == 1
    assert re.match(
        r"respike audit bundle: simulate of mrf-mean-field/\S+ seed 0 was made by other code",
        done.stderr,
    )
    assert not (tmp_path / "bundle").exists()
