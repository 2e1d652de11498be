"""The two programs of envs/, loaded as modules."""

import importlib.util
import sys
from pathlib import Path

import pytest

ENVS = Path(__file__).resolve().parents[2] / "envs"


def load(name: str):
    spec = importlib.util.spec_from_file_location(f"envs_{name}", ENVS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def create():
    """envs/create.py, fresh, so that a test may change its names."""
    return load("create")


@pytest.fixture(scope="session")
def lock():
    """envs/lock.py."""
    return load("lock")


@pytest.fixture(scope="session")
def small_run(tmp_path_factory):
    """A finished run of the audit's tests; not to be changed."""
    from tests.audit import small

    return small.make(tmp_path_factory.mktemp("small") / "run")
