"""Files of the data sets that every machine has."""

import logging
from pathlib import Path

import pytest

from respike.core import config
from respike.datasets.cache import Cache
from respike.datasets.fetching import fetch

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def digits_file(tmp_path_factory) -> dict[str, bytes]:
    """digits.csv, as the stage fetch takes it out of scikit-learn's installed wheel."""
    row = config.sources(ROOT).value["datasets"]["digits"]
    return fetch("digits", row, cache=Cache(tmp_path_factory.mktemp("cache")))


@pytest.fixture(autouse=True)
def _what_is_logged_is_seen(monkeypatch):
    """A stage run in this process by another test sends logs to standard error alone."""
    monkeypatch.setattr(logging.getLogger("respike"), "propagate", True)
