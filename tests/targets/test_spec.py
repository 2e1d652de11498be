"""HwSpec: refuses what cannot work, and its hash changes with every field."""

import json
from dataclasses import asdict, replace

import pytest

from respike.core.errors import RespikeError
from respike.targets.spec import CHOICES, RANGES, HwSpec
from tests.targets.vectors import BASE


def test_every_field_is_either_a_choice_or_a_range():
    assert set(CHOICES) | set(RANGES) == set(asdict(BASE))


def test_reads_back_what_it_wrote():
    assert HwSpec.from_json(BASE.to_json()) == BASE


@pytest.mark.parametrize("field", [*CHOICES, *RANGES])
def test_the_hash_changes_with_every_field(field):
    now = getattr(BASE, field)
    other = now + 1 if field in RANGES else next(c for c in CHOICES[field] if c != now)

    assert replace(BASE, **{field: other}).hash != BASE.hash


def test_an_unknown_choice_names_the_nearest():
    with pytest.raises(RespikeError, match=r"overflow is 'saturat'. Did you mean 'saturate'\?"):
        replace(BASE, overflow="saturat")


@pytest.mark.parametrize("bits", [1, 17, 8.0, True])
def test_a_weight_width_that_no_register_has_is_refused(bits):
    with pytest.raises(RespikeError, match=r"weight_bits is .*; it must be .* from 2 to 16"):
        replace(BASE, weight_bits=bits)


def test_a_leak_that_shifts_everything_out_is_refused():
    with pytest.raises(RespikeError, match=r"decay_shift is 8; it must be smaller than"):
        replace(BASE, membrane_bits=8, decay_shift=8)


def test_a_missing_field_is_named():
    given = json.loads(BASE.to_json())
    del given["reset"]

    with pytest.raises(RespikeError, match=r"fields reset are missing or unknown"):
        HwSpec.from_json(json.dumps(given))


@pytest.mark.parametrize(("compare", "reach"), [(">=", 127), (">", 126)])
def test_the_highest_threshold_is_one_a_membrane_can_meet(compare, reach):
    spec = replace(BASE, membrane_bits=8, compare=compare)

    spec.check_threshold("one", reach)
    with pytest.raises(
        RespikeError, match=rf"one: the integer threshold is {reach + 1};.*8-bit"
    ):
        spec.check_threshold("one", reach + 1)


def test_a_threshold_of_zero_is_refused():
    with pytest.raises(RespikeError, match=r"threshold is 0; .* thresholds from 1 to 127"):
        BASE.check_threshold("one", 0)
