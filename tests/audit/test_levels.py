"""Which level of sameness holds: by hand, on every format."""

import json

import numpy as np
import pytest

from respike.audit import levels
from respike.audit.levels import Held, Tolerance, judged, outside, worst
from respike.core import io, layout
from tests.workflow import toy

WIDE = Tolerance(0, 0.1, "a reason")
ARRAYS = {"n": np.array([1, 2]), "x": np.array([[0.5, 1.0]], np.float32)}


def npz(**arrays):
    return io.dump("a.npz", arrays)


def held(old, new, declared=WIDE, file="a.npz", one_class=True, one_code=True):
    return judged(file, old, new, declared, one_class=one_class, one_code=one_code)


# ------------------------------------------------------------------ levels


def test_equal_bytes_are_bitwise():
    assert held(npz(**ARRAYS), npz(**ARRAYS)) == Held("a.npz", "bitwise", True, "")


def test_two_codes_that_give_equal_bytes_are_bitwise_too():
    assert held(npz(**ARRAYS), npz(**ARRAYS), one_code=False).level == "bitwise"


def test_across_classes_even_equal_bytes_are_never_called_bitwise():
    found = held(npz(**ARRAYS), npz(**ARRAYS), one_class=False)

    assert found == Held("a.npz", "equal content in another numerics class", True, "")


BLANKS = (b'{"a": 1.5}', b'{"a":1.5}')


def test_other_bytes_of_equal_content_are_not_as_declared_inside_one_class():
    assert held(*BLANKS, file="a.json") == Held(
        "a.json", "equal content", False, "other bytes; one numerics class is declared bitwise"
    )


@pytest.mark.parametrize(
    ("one_class", "level"),
    [(True, "equal content"), (False, "equal content in another numerics class")],
)
def test_equal_content_is_enough_between_two_codes_or_classes(one_class, level):
    found = held(*BLANKS, file="a.json", one_class=one_class, one_code=False)

    assert found == Held("a.json", level, True, "")


NEAR = npz(x=np.array([1.0, 2.0])), npz(x=np.array([1.0, 2.05]))


@pytest.mark.parametrize(
    ("one_class", "one_code"), [(False, True), (True, False), (False, False)]
)
def test_a_tolerance_counts_between_two_classes_or_codes(one_class, one_code):
    found = held(*NEAR, one_class=one_class, one_code=one_code)

    assert found == Held(
        "a.npz", "within the declared tolerance", True, "0.1 + 0 of the value (a reason)"
    )


def test_inside_one_class_there_is_no_tolerance():
    assert held(*NEAR) == Held(
        "a.npz", "differs", False, "x[1] is 2.05, was 2.0; 1 of 2 values"
    )


def test_outside_its_tolerance_an_output_differs():
    found = held(*NEAR, declared=WIDE._replace(atol=0.01), one_class=False)

    assert found == Held(
        "a.npz", "differs", False,
        "x[1] is 2.05, was 2.0; 1 of 2 values; declared: 0.01 + 0 of the value (a reason)",
    )  # fmt: skip


def test_without_a_declared_tolerance_content_must_be_equal_in_every_class():
    found = held(*NEAR, declared=None, one_class=False)

    assert found == Held("a.npz", "differs", False, "x[1] is 2.05, was 2.0; 1 of 2 values")


def test_what_is_not_claimed_across_classes_is_said_to_be_so():
    grown = Tolerance(0, 0, "another draw", ())

    assert held(*NEAR, declared=grown, one_class=False) == Held(
        "a.npz", "not claimed across numerics classes", True, "another draw"
    )
    assert held(*NEAR, declared=grown).level == "differs"


def test_where_some_keys_are_claimed_the_others_may_be_anything():
    only = Tolerance(0, 0.1, "a reason", ("accuracy",))
    old, near, far = (
        json.dumps({"accuracy": a, "epoch": e}).encode()
        for a, e in [(0.5, 3), (0.55, 9), (0.7, 3)]
    )

    found = held(old, near, only, "m.json", one_class=False)
    assert found.level == "within the declared tolerance"
    assert found.says == "accuracy alone, 0.1 + 0 of the value (a reason)"
    assert held(old, far, only, "m.json", one_class=False).says.startswith(
        "accuracy is 0.7, was 0.5; declared: accuracy alone, "
    )
    added = held(b"{}", old, only, "m.json", one_class=False)
    assert added.says.startswith("accuracy is on one side only; ")
    gone = held(old, b"{}", only, "m.json", one_class=False)
    assert gone.says.startswith("accuracy is on one side only; ")


def test_bytes_that_are_not_of_their_format_differ():
    found = held(npz(**ARRAYS), b"PK", one_class=False)

    assert (found.level, found.declared) == ("differs", False)
    assert found.says.startswith("a.npz is not a valid npz file: ")


def test_what_a_safetensors_file_says_of_itself_is_content():
    old, new = (
        io.dump("m.safetensors", {"w": np.ones(2)}, metadata={"split": s}) for s in (0.1, 0.2)
    )

    found = held(old, new, None, "m.safetensors", one_class=False)

    assert (found.level, found.says) == ("differs", "[1].split is 0.2, was 0.1")


def test_a_number_that_a_text_writes_otherwise_is_another_content():
    found = held(b'{"a": "1.50"}', b'{"a": "1.5"}', None, "a.json", one_class=False)

    assert (found.level, found.says) == ("differs", "a text is written otherwise")


def test_the_weakest_level_is_that_of_the_job():
    assert worst(["bitwise", "within the declared tolerance", "equal content"]) == (
        "within the declared tolerance"
    )
    assert worst(["differs", "bitwise"]) == "differs"
    assert next(iter(levels.ORDER)) == "bitwise"


# ------------------------------------------------------------------ the table


def test_pinned_data_and_emulator_outputs_have_no_tolerance():
    for stage in ("fetch", "synthesize", "prepare", "emulate", "report"):
        for file in layout.STAGES[stage].content.values():
            assert levels.tolerance(stage, file, {}) is None


def test_every_row_is_of_an_output_and_has_a_reason():
    for stage, rows in levels.DECLARED.items():
        assert rows.keys() <= set(layout.STAGES[stage].content.values())
        for row in rows.values():
            assert 20 < len(row.why) < 90
            assert row.rtol <= 1e-3
            assert row.atol <= 0.1


def test_every_file_that_training_writes_has_a_row():
    for stage in ("train", "prune", "distill"):
        assert levels.DECLARED[stage].keys() == set(layout.STAGES[stage].content.values())


@pytest.mark.parametrize("arithmetic", ["exact-grid", {"exact-grid": {"weight_bits": 18}}])
def test_weights_of_exact_arithmetic_must_be_equal_in_every_class(arithmetic):
    settings = {"train": {"arithmetic": arithmetic}}

    assert levels.tolerance("train", "model.safetensors", settings) is None
    assert levels.tolerance("train", "metrics.json", settings) is not None


@pytest.mark.parametrize("settings", [{}, {"train": {}}, {"train": {"arithmetic": "other"}}])
def test_other_weights_are_not_claimed_across_classes(settings):
    assert levels.tolerance("train", "model.safetensors", settings).only == ()


@pytest.mark.parametrize("decoder", ["cnn-attention", {"cnn-attention": {"epochs": 2}}])
def test_a_decoder_that_is_trained_is_not_claimed_across_classes_but_for_its_worth(decoder):
    settings = {"decode": {"decoder": decoder}}

    for file in ("model.npz", "predictions.npz", "curve.csv"):
        assert levels.tolerance("decode", file, settings).only == ()
    assert levels.tolerance("decode", "metrics.json", settings).only == ("worth",)


def test_a_decoder_that_is_solved_for_is_claimed_whole():
    for file in layout.STAGES["decode"].content.values():
        settings = {"decode": {"decoder": "linear"}}

        assert levels.tolerance("decode", file, settings).only is None


def test_the_decoders_that_are_named_are_parts():
    assert set(layout.STAGES["decode"].content.values()) == levels.DECLARED["decode"].keys()
    parts = {p.stem.replace("_", "-") for p in (toy.ROOT / "respike/eeg/decoders").glob("*.py")}
    assert parts > levels.STEPWISE


# ------------------------------------------------------------------ comparison of values

EXACT = Tolerance(0, 0, "")


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ({"a": 1}, {"a": 1}, ""),
        ({"a": 1}, {"a": 2}, "a is 2, was 1"),
        ({"a": 1.0}, {"a": 1.05}, ""),
        ({"a": 1.0}, {"a": 1.2}, "a is 1.2, was 1.0"),
        ({"a": 1}, {"a": 1.0}, "a is 1.0, was 1"),
        ({"a": True}, {"a": 1}, "a is 1, was True"),
        ({"a": None}, {"a": None}, ""),
        ({"a": None}, {"a": 0}, "a is 0, was None"),
        ({"a": "x"}, {"a": "y"}, "a is 'y', was 'x'"),
        ({"a": 1}, {"b": 1}, "a is on one side only"),
        ({"a": 1}, {"a": 1, "b": 1}, "b is on one side only"),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "a.b[1] is 3, was 2"),
        ([1, 2], [1], "it has 1 entries, had 2"),
        ({"a": [1]}, {"a": [1, 2]}, "a has 2 entries, had 1"),
        ({"a": [1]}, {"a": {}}, "a is {}, was [1]"),
        ({"a": b"x"}, {"a": b"y"}, "a has other bytes"),
        ({"a": b"x"}, {"a": b"x"}, ""),
        (b"x", b"y", "it has other bytes"),
        ({"a": "x" * 99}, {"a": "y"}, f"a is 'y', was '{'x' * 56}..."),
    ],
)
def test_the_first_place_outside_a_tolerance_is_named(old, new, where):
    assert outside(old, new, WIDE) == where


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("1.0", "1.05", True),  # cells of a CSV
        ("1.0", "1.2", False),
        ("1", "2", False),
        ("+1", "+2", False),
        ("1", "1.0", False),
        ("nan", "nan", True),
        ("inf", "1.0", False),
        ("a", "1.0", False),
        (float("nan"), float("nan"), True),
        (float("nan"), 1.0, False),
        (float("inf"), float("inf"), True),
        (float("inf"), float("-inf"), False),
        (1e9, float("inf"), False),
    ],
)
def test_numbers_and_cells_are_near_or_not(old, new, same):
    assert (outside([old], [new], WIDE) == "") is same


def test_a_relative_tolerance_is_that_of_the_recorded_value():
    ten = Tolerance(0.1, 0, "")

    assert outside([-10.0], [-10.9], ten) == ""
    assert outside([-10.0], [-11.1], ten) != ""
    assert outside([0.0], [1e-9], ten) != ""
    assert outside(np.array([-10.0, 1.0]), np.array([-10.9, 1.05]), ten) == ""
    assert outside(np.array([-10.0, 1.0]), np.array([-10.9, 1.2]), ten, "x") == (
        "x[1] is 1.2, was 1.0; 1 of 2 values"
    )


def test_without_tolerance_a_zero_has_its_sign():
    assert outside([0.0], [-0.0], EXACT) == "[0] is -0.0, was 0.0"
    assert outside(np.array([0.0, 1]), np.array([-0.0, 1]), EXACT, "x") != ""
    assert outside([0.0], [-0.0], WIDE) == ""
    assert outside(np.array([0.0]), np.array([-0.0]), WIDE) == ""


def arrays(*values, dtype="f8"):
    return np.array(values, dtype)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        (arrays(1, 2), arrays(1.05, 2.05), ""),
        (arrays(1, 2, 3), arrays(1, 3, 4), "x[1] is 3.0, was 2.0; 2 of 3 values"),
        (arrays(1), arrays(2), "x[0] is 2.0, was 1.0"),
        (np.array(1.0), np.array(2.0), "x is 2.0, was 1.0"),
        (np.ones((2, 1)), np.array([[1], [2.0]]), "x[1, 0] is 2.0, was 1.0; 1 of 2 values"),
        (arrays(1, 2), arrays(1), "x is float64 [1], was float64 [2]"),
        (arrays(1), arrays(1, dtype="f4"), "x is float32 [1], was float64 [1]"),
        (arrays(1, 2, dtype="i4"), arrays(1, 3, dtype="i4"), "x[1] is 3, was 2; 1 of 2 values"),
        (arrays(0, dtype="?"), arrays(1, dtype="?"), "x[0] is True, was False"),
        (arrays("a", dtype="U2"), arrays("b", dtype="U2"), "x[0] is 'b', was 'a'"),
        (arrays(NAN, 1), arrays(NAN, 1.01), ""),
        (arrays(NAN, 1), arrays(1, 1), "x[0] is 1.0, was nan; 1 of 2 values"),
        (arrays(INF, 1), arrays(INF, 1.01), ""),
        (arrays(INF, 1), arrays(-INF, 1), "x[0] is -inf, was inf; 1 of 2 values"),
        (arrays(1, dtype="f2"), arrays(1.05, dtype="f2"), ""),
        (np.zeros((0, 3)), np.zeros((0, 3)), ""),
    ],
)  # fmt: skip
def test_arrays_are_compared_element_by_element(old, new, where):
    assert outside({"x": old}, {"x": new}, WIDE) == where


def test_integers_masks_and_texts_have_no_tolerance():
    huge = Tolerance(1, 100, "")

    assert outside(arrays(1, dtype="i8"), arrays(2, dtype="i8"), huge) != ""
    assert outside(arrays(0, dtype="?"), arrays(1, dtype="?"), huge) != ""
    assert outside([1], [2], huge) != ""


def test_tables_are_compared_row_by_row():
    old, near, far = (f"epoch,loss\n1,0.5\n2,{x}\n".encode() for x in ("0.25", "0.3", "0.5"))

    assert (
        held(old, near, file="c.csv", one_class=False).level == "within the declared tolerance"
    )
    assert held(old, far, file="c.csv", one_class=False).says.startswith(
        "[1].loss is '0.5', was '0.25'; "
    )
