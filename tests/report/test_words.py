"""Numbers and strangers' text as they are written on the page."""

import math

import pytest
from markupsafe import Markup

from respike.report import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (2.1954, "2.2"),
        (0.05, "0.05"),
        (-0.4, "−0.4"),
        (12345.6, "12,346"),
        (99.96, "100"),
        (3.2e-7, "3.20e−7"),
        (math.inf, "∞"),
        (math.nan, "not a number"),
    ],
)
def test_a_figure_has_three_significant_digits(value, text):
    assert words.figure(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "pp", "–"),
        (True, None, "yes"),
        ([1, 2.5], "J", "1, 2.5 J"),
        ("fast", None, "fast"),
        (0.28, "pp", "0.28 pp"),
    ],
)
def test_a_quantity_says_its_unit(value, unit, text):
    assert words.quantity(value, unit) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.42, "0.42 s"), (59, "59 s"), (60, "1 min"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_a_duration_is_said_as_a_person_would(seconds, text):
    assert words.duration(seconds) == text


def test_a_direction_mark_is_written_out():
    assert words.visible("dif\u202esdloh\x00\ud800") == "dif<U+202E>sdloh<U+0000><U+D800>"


def test_own_markup_and_numbers_pass_through():
    markup = Markup("<b>\u200e</b>")

    assert words.visible(markup) is markup
    assert words.visible(3) == 3


def test_plain_text_of_any_language_stays():
    text = "Ångström, 結果, µ-band → β\n\tx"

    assert words.visible(text) == text


@pytest.mark.parametrize(
    ("items", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")],
)
def test_a_list_reads_as_prose(items, text):
    assert words.listed(items) == text
