"""Negative controls: the committed vectors notice every field that is off by one unit.

Source: mutation testing. If a leak that shifts by one more went unnoticed, equality on
these vectors would prove nothing.
"""

from dataclasses import replace

import numpy as np
import pytest

from respike.targets import naive
from respike.targets.int_core import IntCore
from respike.targets.quantise import quantise
from respike.targets.spec import CHOICES, RANGES, HwSpec
from tests.targets import vectors

CASES = vectors.read()


def load(case, spec):
    """The case's network on another core; a leak and a reset are the core's own."""
    changed = {"reset": spec.reset, "tau_steps": 2.0**spec.decay_shift}
    return quantise(replace(case["network"], **changed), spec)


def outcome(case, spec, program):
    result = IntCore(spec).run(program, np.array(case["frames"]), record=True)
    return [
        {
            "spikes": [s[i].tolist() for s in result.spikes],
            "membranes": [m[i].tolist() for m in result.membranes],
            "readout": result.readout[i].tolist(),
            "overflow": int(result.overflow[i]),
        }
        for i in range(len(case["frames"]))
    ]


def states(outcomes):
    """Without the overflow counts: a mutant must change what the network computes."""
    return [{k: v for k, v in item.items() if k != "overflow"} for item in outcomes]


def mutants():
    for field, allowed in CHOICES.items():
        yield from ((field, value) for value in allowed)
    for field in RANGES:
        yield from ((field, step) for step in (-1, 1))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_fast_core_gives_what_is_committed(case):
    program = load(case, case["spec"])

    assert program.hash == case["program"]
    assert outcome(case, case["spec"], program) == case["expected"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_slow_core_gives_what_is_committed(case):
    program = load(case, case["spec"])

    slow = [naive.run_item(case["spec"], program, item) for item in case["frames"]]

    assert slow == case["expected"]


@pytest.mark.parametrize(("field", "value"), list(mutants()))
def test_a_field_that_is_off_by_one_unit_is_noticed(field, value):
    tried = noticed = 0
    for case in CASES:
        now = getattr(case["spec"], field)
        wanted = now + value if field in RANGES else value
        if field in RANGES and not RANGES[field][0] <= wanted <= RANGES[field][1]:
            continue
        if wanted == now:
            continue
        mutant: HwSpec = replace(case["spec"], **{field: wanted})
        tried += 1
        got = outcome(case, mutant, load(case, mutant))
        noticed += states(got) != states(case["expected"])

    assert tried > 0
    assert noticed > 0


@pytest.mark.parametrize("part", ["threshold", "weight", "bias"])
def test_an_integer_of_the_program_that_is_off_by_one_is_noticed(part):
    noticed = 0
    for case in CASES:
        program = load(case, case["spec"])
        first, *rest = program.layers
        new = getattr(first, part) + 1
        mutant = replace(program, layers=(replace(first, **{part: new}), *rest))
        noticed += states(outcome(case, case["spec"], mutant)) != states(case["expected"])

    assert noticed >= len(CASES) - 1


def test_the_vectors_hold_the_corners():
    items = [item for case in CASES for item in case["expected"]]
    membranes = [v for i in items for m in i["membranes"] for step in m for v in step]
    spikes = [step for i in items for layer in i["spikes"] for step in layer]
    lowest = -(2 ** (vectors.BASE.membrane_bits - 1))

    assert sum(item["overflow"] > 0 for item in items) >= 6
    assert min(membranes) == lowest
    assert any(sum(step) >= 3 for step in spikes), "simultaneous spikes"
    assert any(not any(map(any, layer)) for i in items for layer in i["spikes"]), "silence"


def test_some_vector_meets_a_threshold_exactly():
    # only an exact hit tells >= from >
    mutants = [(case, replace(case["spec"], compare=">")) for case in CASES]

    changed = [
        states(outcome(case, spec, load(case, spec))) != states(case["expected"])
        for case, spec in mutants
        if case["spec"].compare == ">="
    ]

    assert sum(changed) >= 3
