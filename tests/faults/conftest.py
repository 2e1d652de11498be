"""Toys to disturb: one in which nothing ran, one that is finished; how an answer is judged."""

import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.workflow import toy
from tests.workflow.test_run import content

CODES = {
    int(n)
    for n in re.findall(r"^\| (\d+) \|", (toy.ROOT / "docs/exit-codes.md").read_text(), re.M)
}
_PROGRESS = re.compile(r"\d+ jobs: |\[\d+/\d+\] |\d+ of \d+ jobs done in |    \S|\d+ claims: ")


class Toys(NamedTuple):
    """Two toys, and the content of the finished one."""

    pristine: Path
    finished: Path
    content: dict[str, str]


@pytest.fixture(scope="session")
def toys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("toys")
    pristine = toy.make(folder / "pristine")
    finished = Path(shutil.copytree(pristine, folder / "finished"))
    done = toy.respike(finished, "run")
    assert done.returncode == 0, done.stderr
    return Toys(pristine, finished, content(finished))


@pytest.fixture
def pristine(toys, tmp_path):
    """A toy of this test's own in which nothing ran."""
    return Path(shutil.copytree(toys.pristine, tmp_path / "toy"))


@pytest.fixture
def finished(toys, tmp_path):
    """A finished toy of this test's own."""
    return Path(shutil.copytree(toys.finished, tmp_path / "toy"))


@pytest.fixture
def refused():
    """Assert that a command ended as a failure may: a listed code, three lines, cause, step."""

    def check(done, cause, step):
        said = done.stderr.splitlines()
        failures = [line for line in said if not _PROGRESS.match(line)]
        named = max(1, sum(line.startswith("  ") for line in failures))
        assert done.returncode in CODES - {0}, done.stderr
        assert "Traceback" not in done.stderr
        assert len(failures) <= 2 * named + 1, done.stderr
        assert cause in done.stderr, done.stderr
        assert step in done.stderr, done.stderr

    return check


@pytest.fixture
def recovered(toys):
    """Assert that the same plain command now ends with the content of an undisturbed run."""

    def check(folder, *words):
        done = toy.respike(folder, "run", *words)
        assert done.returncode == 0, done.stderr
        assert content(folder) == toys.content
        assert not [p for p in folder.rglob("*") if p.name.endswith(".part")]
        return done

    return check
