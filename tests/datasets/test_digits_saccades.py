"""The event streams of the digits: one hash everywhere, and still digits."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from respike.core import config
from respike.datasets import digits, digits_saccades

ROOT = Path(__file__).resolve().parents[2]
PINNED = "ee416bdbf12b31bcc43d2a4929f63dc937bfaaf58817928450138fb16b25b735"


@pytest.fixture(scope="module")
def streams(digits_file):
    """All 1,797 streams, with the settings of their row."""
    row = config.sources(ROOT).value["datasets"]["digits-saccades"]
    return digits_saccades.build(digits_file, **row["prepare"])


def test_the_whole_data_set_has_its_committed_hash(streams):
    frames = streams["frames"]

    assert frames.shape == (1797, 9, 2, 12, 12)
    assert frames.dtype == np.uint8
    assert hashlib.sha256(frames.tobytes()).hexdigest() == PINNED


def test_labels_and_items_are_those_of_the_still_images(streams, digits_file):
    still = digits.build(digits_file)

    assert (streams["label"] == still["label"]).all()
    assert (streams["item"] == still["item"]).all()


def test_events_per_digit_and_share_of_on_are_near_those_of_n_mnist(streams):
    events = streams["frames"].sum(axis=(1, 2, 3, 4), dtype=np.int64)

    assert 3000 < events.min() < events.max() < 6500
    assert events.mean() == pytest.approx(4325, rel=0.1)  # of one real recording
    assert streams["frames"][:, :, 0].sum() / events.sum() == pytest.approx(0.5, abs=0.03)


def test_a_linear_classifier_reads_the_digit_from_the_events(streams):
    from sklearn.linear_model import RidgeClassifier

    features = np.sqrt(streams["frames"].reshape(1797, -1).astype(np.float64))
    label = streams["label"]

    right = RidgeClassifier().fit(features[:1200], label[:1200]).predict(features[1200:])

    assert (right == label[1200:]).mean() > 0.88


def test_the_row_states_the_defaults_of_the_reader():
    row = config.sources(ROOT).value["datasets"]["digits-saccades"]

    assert row["prepare"] == digits_saccades.build.__kwdefaults__
