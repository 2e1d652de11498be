"""What may be tracked: no path of a machine, no host of a registry, nothing large."""

import re
import subprocess

import pytest

from tests.envs.conftest import ENVS

ROOT = ENVS.parent
# one letter of each in brackets, so that this file does not find itself
MACHINE = re.compile(r"(?<![\w./-])/([w]ork|[r]oot|[h]ome/|[f]arm)\b")
HOSTS = re.compile(r"[p]ypi\.org|python[h]osted|npm[j]s\.org|[d]ebian\.org")
SHARED = re.compile(r"\.\./([s]hared|\.[l]ibrary)")
LARGEST_BYTES = 500_000


@pytest.fixture(scope="module")
def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout: nothing is tracked here")
    return [
        ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()
    ]


def lines_with(pattern, files):
    """path:number of each line of the text files that the pattern is found in."""
    found = []
    for path in files:
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        rows = enumerate(text.splitlines(), 1)
        found += [f"{path.relative_to(ROOT)}:{n}" for n, row in rows if pattern.search(row)]
    return found


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (MACHINE, "open('/{}/main')".format("work")),
        (MACHINE, "see /{}/me/respike".format("home")),
        (HOSTS, "https://{}.org/simple".format("pypi")),
        (SHARED, "../{}/data".format("shared")),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern, text):
    assert pattern.search(text)
    assert not pattern.search("results/work/root and https://arxiv.org")


def test_no_tracked_file_names_a_path_of_the_machine_it_was_written_on(tracked):
    assert lines_with(MACHINE, tracked) == []


def test_no_tracked_file_names_a_registry_host(tracked):
    assert lines_with(HOSTS, tracked) == []


def test_only_tests_name_the_folder_of_real_recordings(tracked):
    product = [path for path in tracked if path.relative_to(ROOT).parts[0] != "tests"]

    assert lines_with(SHARED, product) == []


def test_no_tracked_file_is_larger_than_half_a_megabyte(tracked):
    assert [path for path in tracked if path.stat().st_size > LARGEST_BYTES] == []


def test_every_folder_of_the_package_is_a_package(tracked):
    """import-linter does not see the others, nor does mypy."""
    package = ROOT / "respike"
    modules = [path for path in tracked if path.suffix == ".py" and package in path.parents]
    folders = {
        folder for path in modules for folder in path.parents if package in folder.parents
    }

    assert modules
    assert [folder for folder in sorted(folders) if not (folder / "__init__.py").exists()] == []
