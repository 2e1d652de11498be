"""Benjamini-Hochberg over the page."""

import pytest

from respike.claims import family


def test_adjusted_p_by_hand():
    # p = 2 min: .02, .04, .06, 1 (capped) -> times 4/rank: .08, .08, .08, 1
    found = family.adjusted([0.01, 0.02, 0.97, 0.6], [0.99, 0.98, 0.03, 0.7])

    assert found.tolist() == pytest.approx([0.08, 0.08, 0.08, 1.0])


def test_one_claim_alone_is_the_plain_rule():
    assert family.adjusted([0.05], [0.95]).tolist() == pytest.approx([family.RATE])
    assert family.RATE == 0.10


def test_no_claims_no_p():
    assert family.adjusted([], []).tolist() == []
