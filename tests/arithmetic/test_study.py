"""The hash that a study claims is the one that its training gives, here and now."""

from pathlib import Path

import numpy as np
import pytest

from respike.claims import grammar
from respike.core.config import Config
from respike.core.layout import BUDGETS
from respike.training.runs import train
from tests.training.toy import LOG

ROOT = Path(__file__).resolve().parents[2]


def study(budget):
    config = Config(ROOT, {"budget": budget, "studies": ["esl-snns"]}, grammar.check)
    return config.study("esl-snns", budget)


def claim():
    return next(c for c in study("desk")["claims"] if c["id"] == "exact-weights")


def test_the_claimed_hash_is_that_of_the_training_of_seed_0():
    from sklearn.datasets import load_digits

    found = load_digits()
    arrays = {
        "image": found.images.astype(np.uint8),
        "label": found.target.astype(np.int64),
        "item": np.arange(len(found.target)),
    }

    metrics = train(arrays, 0, LOG, **study("smoke")["variants"]["exact"]["train"]).metrics

    assert metrics["weights_sha256"] == claim()["test"]["value"]


@pytest.mark.parametrize("budget", BUDGETS)
def test_the_training_is_the_same_at_every_budget_as_its_one_hash_says(budget):
    assert study(budget)["variants"]["exact"] == study("smoke")["variants"]["exact"]
    assert study(budget)["variants"]["exact"]["dataset"] == "digits"


def test_the_claim_is_about_the_seed_whose_hash_it_names():
    assert claim()["seeds"] == 1
    assert claim()["test"]["kind"] == "exact"
