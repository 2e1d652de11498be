"""Numbers, regions and sentences."""

import pytest

from respike.claims import words


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [(2.3123, "pp", "2.312 pp"), (-0.28, "pp", "-0.28 pp"), (0.87412, "r2", "0.874 R2"),
     (12000, "connections", "12000 connections"), (123456, None, "123456"), (0.0, "pp", "0 pp"),
     (-0.0, None, "0"), (0.775, "ratio", "0.775 times"), (0.5, "share", "0.5"),
     (92.05, "%", "92.05 %"), (1.5e-05, "pp", "1.5e-05 pp"), (1.0, None, "1"),
     (999.96, None, "1000"),
     (-45678.2, "J", "-45678 J"), (1e16, None, "1e+16")],
)  # fmt: skip
def test_numbers(value, unit, said):
    assert words.number(value, unit) == said


def test_spans_and_regions():
    assert words.span(1.25, -3, "pp") == "1.25 to -3 pp"
    assert words.span(1, 2) == "1 to 2"
    assert words.region(0, None, "pp") == "more than 0 pp"
    assert words.region(None, 2, "ratio") == "less than 2 times"
    assert words.region(-1, 1, "pp") == "between -1 and 1 pp"


@pytest.mark.parametrize(("level", "said"), [(0.05, "90 %"), (0.03, "94 %"), (0.01, "98 %")])
def test_confidence_is_two_sided(level, said):
    assert words.confidence(level) == said


def test_one_seed_is_singular():
    assert words.seeds(1) == "1 seed"
    assert words.seeds(8) == "8 seeds"


ROW = {
    "says": "evolving beats static masks.",
    "verdict": "holds",
    "level": "statistical",
    "reason": "the interval lies inside",
    "measured": 2.5,
    "interval": [1.25, 3.75],
    "unit": "pp",
    "seeds": [0, 1, 2],
    "detail": {"level": 0.05, "region": [0, None]},
}


def test_the_sentence_of_an_interval():
    assert words.sentence(ROW) == (
        "Holds: evolving beats static masks. Measured 2.5 pp, 90 % interval 1.25 to 3.75 pp "
        "over 3 seeds, where the claim needs more than 0 pp: the interval lies inside."
    )


def test_a_number_without_spread_has_no_interval():
    row = {**ROW, "interval": [2.5, 2.5], "verdict": "inconclusive"}

    assert words.sentence(row).startswith(
        "Inconclusive: evolving beats static masks. Measured 2.5 pp over 3 seeds, where"
    )


def test_the_sentence_of_an_identity():
    row = {
        **ROW,
        "level": "identity",
        "reason": "all 8 entries of DVS are equal",
        "verdict": "holds",
    }

    assert words.sentence(row) == (
        "Holds: evolving beats static masks. All 8 entries of DVS are equal."
    )


def test_the_sentence_of_what_was_not_run():
    row = {**ROW, "verdict": "not run", "reason": "no such chip here", "level": "identity"}

    assert words.sentence(row) == (
        "Not run: evolving beats static masks. Why: no such chip here."
    )
