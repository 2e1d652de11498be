"""The integer core: hand-checked steps, and equality with the slow twin on random cases."""

from dataclasses import replace

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.core.parts import make
from respike.core.seeds import numpy_stream
from respike.targets import naive
from respike.targets.int_core import IntCore, leak, limit
from respike.targets.quantise import CoreLayer, Program, quantise
from respike.targets.spec import CHOICES
from tests.targets.vectors import BASE, network

WIDE = replace(BASE, membrane_bits=16, readout_bits=16)


def program(weight, threshold, steps=4, bias=0):
    """One neuron with the given integer weights, and a readout that counts its spikes."""
    weight = np.array([weight])
    one = CoreLayer("one", weight, np.array([bias]), weight != 0, 0, 0, threshold)
    unit = np.array([[1]])
    return Program((one,), CoreLayer("out", unit, np.zeros(1, int), unit != 0, 0, 0, 0), steps)


def run_one(spec, loaded, frames):
    result = IntCore(spec).run(loaded, np.array([frames]), record=True)
    spikes, states = result.spikes[0][0, :, 0], result.membranes[0][0, :, 0]
    return spikes.tolist(), states.tolist(), int(result.readout[0, 0]), int(result.overflow[0])


def test_leaks_adds_fires_and_resets_in_that_order():
    # v: 6; 6 - 3 + 6 = 9; 9 - 4 + 6 = 11 meets the threshold exactly; 0 + 6
    assert run_one(WIDE, program([6], 11), [[1]] * 4) == ([0, 0, 1, 0], [6, 9, 0, 6], 1, 0)


def test_strictly_greater_does_not_fire_on_an_exact_hit():
    spec = replace(WIDE, compare=">")

    # ... 11 is not enough; 11 - 5 + 6 = 12
    assert run_one(spec, program([6], 11), [[1]] * 4)[0] == [0, 0, 0, 1]


def test_subtraction_keeps_what_is_above_the_threshold():
    spec = replace(WIDE, reset="subtract")

    assert run_one(spec, program([6], 8, steps=3), [[1]] * 3) == ([0, 1, 0], [6, 1, 7], 1, 0)


def test_a_delay_of_one_step_moves_input_and_spikes():
    spec = replace(WIDE, delay_steps=1)

    # the spike of the last step would reach the readout after the end
    assert run_one(spec, program([6], 6), [[1]] * 4)[0::2] == ([0, 1, 1, 1], 2)


@pytest.mark.parametrize(
    ("rule", "lost"),
    [("floor", [1, -2, 0, -1]), ("zero", [1, -1, 0, 0]), ("nearest-up", [2, -1, 0, 0])],
)
def test_the_leak_rounds_as_the_core_says(rule, lost):
    spec = replace(WIDE, decay_rounding=rule, decay_shift=1)

    # halves of 3, -3, 0 and -1
    assert leak(np.array([3, -3, 0, -1]), spec).tolist() == lost


@pytest.mark.parametrize(
    ("rule", "within"), [("saturate", [127, -128, 127, -128]), ("wrap", [-128, 127, 127, -128])]
)
def test_a_register_of_eight_bits_ends_at_127_and_minus_128(rule, within):
    values, over = limit(np.array([128, -129, 127, -128]), rule, -128, 127)

    assert values.tolist() == within
    assert over.tolist() == [True, True, False, False]


def test_where_saturation_sits_changes_the_membrane():
    frames, loaded = [[1, 1, 1]], program([100, 100, -100], 127, steps=1)

    # 100, then 127 (saturated), then 27; on the whole sum 100
    assert run_one(BASE, loaded, frames)[1::2] == ([27], 1)
    assert run_one(replace(BASE, overflow_at="step"), loaded, frames)[1::2] == ([100], 0)


def test_the_bias_is_the_first_add():
    loaded = program([100, -100], 127, steps=1, bias=100)

    # 100 + 100 saturates at 127 before -100 comes
    assert run_one(BASE, loaded, [[1, 1]])[1] == [27]


def test_wrapping_does_not_ask_where_it_happens():
    rng = numpy_stream(3, "wrap")
    frames = rng.integers(0, 40, (20, 6, 6))
    spec = replace(BASE, overflow="wrap")
    loaded = quantise(network(spec, rng), spec)

    each = IntCore(spec).run(loaded, frames, record=True)
    once = IntCore(replace(spec, overflow_at="step")).run(loaded, frames, record=True)

    assert each.overflow.sum() > 0
    for one, other in zip(each.membranes, once.membranes, strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(each.readout, once.readout)


def random_case(seed):
    """A network, a core and inputs that make registers overflow."""
    rng = numpy_stream(seed, "random core")
    fields = {name: str(rng.choice(allowed)) for name, allowed in CHOICES.items()}
    spec = replace(
        BASE,
        **fields,
        weight_bits=int(rng.integers(3, 7)),
        membrane_bits=int(rng.integers(9, 11)),
        decay_shift=int(rng.integers(1, 4)),
        delay_steps=int(rng.integers(0, 3)),
        readout_bits=int(rng.integers(6, 10)),
    )
    return spec, quantise(network(spec, rng), spec), rng.integers(0, 16, (4, 6, 6))


def test_the_fast_core_equals_the_slow_one_in_every_spike_state_and_count():
    overflowed = 0
    for seed in range(60):
        spec, loaded, frames = random_case(seed)

        fast = IntCore(spec).run(loaded, frames, record=True)

        for i in range(len(frames)):
            slow = naive.run_item(spec, loaded, frames[i].tolist())
            got = {
                "spikes": [s[i].tolist() for s in fast.spikes],
                "membranes": [m[i].tolist() for m in fast.membranes],
                "readout": fast.readout[i].tolist(),
                "overflow": int(fast.overflow[i]),
            }
            assert got == slow, f"seed {seed}, item {i}, {spec}"
            overflowed += slow["overflow"] > 0
    assert overflowed > 60


def test_a_still_input_is_the_same_frame_at_every_step():
    spec, loaded, frames = random_case(1)
    still = frames[:, 0]

    one = IntCore(spec).run(loaded, still)
    other = IntCore(spec).run(loaded, np.repeat(still[:, None], loaded.time_steps, axis=1))

    assert np.array_equal(one.readout, other.readout)
    assert np.array_equal(one.overflow, other.overflow)


def test_an_item_does_not_feel_the_others():
    spec, loaded, frames = random_case(2)

    together = IntCore(spec).run(loaded, frames)
    alone = IntCore(spec).run(loaded, frames[2:3])

    assert np.array_equal(together.readout[2:3], alone.readout)


def test_the_part_states_its_specification():
    core = make("target", {"int-core": {"membrane_bits": 12, "overflow": "wrap"}})

    assert core.spec.membrane_bits == 12
    assert core.spec.overflow == "wrap"
    assert core.spec.weight_bits == 8


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (np.zeros((2, 6, 5), int), r"shape \(2, 6, 5\); the program takes \[items, 6, 6\]"),
        (np.zeros((2, 6, 6)), r"inputs of the core are float64; give integers >= 0"),
        (-np.ones((2, 6, 6), int), r"give integers >= 0"),
    ],
)
def test_inputs_of_another_kind_are_refused(frames, message):
    spec, loaded, _ = random_case(1)

    with pytest.raises(RespikeError, match=message):
        IntCore(spec).run(loaded, frames)
