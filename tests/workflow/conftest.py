"""One undisturbed run of the toy for all tests that disturb one."""

import pytest

from tests.workflow import kills


@pytest.fixture(scope="session")
def reference(tmp_path_factory):
    """A toy in which nothing ran, its content after a run, and how long that took."""
    return kills.reference(tmp_path_factory.mktemp("reference"))
