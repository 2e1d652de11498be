"""One small finished run and its bundle, made once; who changes them works on a copy."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from respike.audit import bundle
from tests.audit import small

MADE = "2026-11-22T06:00:00Z"


@pytest.fixture(scope="session")
def small_run(tmp_path_factory) -> Path:
    """A checkout with a finished run; not to be changed."""
    return small.make(tmp_path_factory.mktemp("small") / "run")


@pytest.fixture(scope="session")
def small_bundle(small_run, tmp_path_factory) -> bundle.Bundle:
    """The bundle of that run; not to be changed."""
    target = tmp_path_factory.mktemp("bundle") / "bundle"
    return bundle.make(small_run, small_run, small.BUDGET, target, MADE)


@pytest.fixture
def copied(tmp_path) -> Callable[[Path], Path]:
    """Copy a run or a bundle, to be changed."""

    def copy(folder: Path) -> Path:
        return Path(shutil.copytree(folder, tmp_path / "copies" / folder.name, symlinks=True))

    return copy
