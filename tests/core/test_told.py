"""The one text by which a job is told its settings, and what follows from them."""

import base64
import bz2
import hashlib
import itertools
import json

import pytest

from respike.core import chain, told
from respike.core.errors import ConfigError, RespikeError

LONG = {"a": ["x" * 40_000], "b": 1}
# of LONG; the program `bzip2 -9` gives the same
PACKED = (
    "bz2:QlpoOTFBWSZTWS7k6+sAAUEbgpAEIBAACjAAAEoAQAAIIAAxANAAikAMm9z7PO94RDQKhEqiLVWRUPi7kin"
    "ChIF3J19Y"
)
NEEDED = {"network": "mlp", "neuron": "lif", "learning": "bptt", "loss": "tet"}


def noise(kilobytes: int) -> str:
    """Text that does not compress below half of its size."""
    blocks = (hashlib.sha512(b"%d" % n).hexdigest() for n in itertools.count())
    return "".join(itertools.islice(blocks, kilobytes * 8))


def variants(count: int) -> dict:
    return {
        f"lr-{i:03}": {"train": {**NEEDED, "learning_rate": 1e-4 * (i + 1), "epochs": 20}}
        for i in range(count)
    }


def judge(**changes) -> dict:
    resolved = {"variants": {"a": {"train": {}, "emulate": {}}, "b": {"train": {}, "seeds": 1}}}
    settings = {"stage": "judge", "budget": "desk", "study": "s", "seeds": 2}
    return {**settings, "resolved": resolved, **changes}


# ---------------------------------------------------------------- the text


def test_short_settings_are_canonical_json():
    assert told.text({"b": 1, "a": "ü"}) == '{"a":"\\u00fc","b":1}'


def test_long_settings_are_one_text_in_every_build_of_bzip2():
    assert told.text(LONG) == PACKED


@pytest.mark.parametrize("value", [{}, {"a": 1.5}, LONG, {"a": noise(60)}])
def test_what_is_told_is_what_is_heard(value):
    assert told.parse(told.text(value)) == value


def test_the_longest_plain_text_stays_plain():
    room = told.LONGEST_PLAIN - len('{"a":""}')

    assert told.text({"a": "x" * room}).startswith("{")
    assert told.text({"a": "x" * (room + 1)}).startswith("bz2:")


def test_settings_that_no_command_can_hold_are_refused_with_both_sizes():
    with pytest.raises(ConfigError) as caught:
        told.text({"a": noise(300)}, "judge of big")

    said = str(caught.value)
    assert said.startswith("judge of big would be told 307 kB, ")
    assert said.endswith(
        "compressed; a command holds 100 kB. Make two studies of it, or a page of fewer studies"
    )


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (PACKED[:-8], "the compressed text is cut or has more behind it"),
        (PACKED.replace("UPi7", "UPi8"), "Invalid data stream"),
        (PACKED[:-4] + "!" + PACKED[-3:], "no base64"),
        (
            "bz2:" + base64.b64encode(bz2.compress(b"{}") + b"{}").decode(),
            "the compressed text is cut or has more behind it",
        ),
        ("bz2:", "the compressed text is cut"),
        ("bz2:" + base64.b64encode(bz2.compress(b"\xff")).decode(), "can't decode byte 0xff"),
        ('{"a":', "Expecting value"),
        ("", "Expecting value"),
    ],
)
def test_damaged_settings_are_refused_with_a_sentence(given, why):
    with pytest.raises(RespikeError) as caught:
        told.parse(given)

    assert str(caught.value).startswith("--settings is damaged: ")
    assert why in str(caught.value)
    assert str(caught.value).endswith("; give it whole, as the rule writes it")


def test_settings_that_are_no_object_are_refused():
    with pytest.raises(RespikeError, match=r"^--history must be a JSON object, is \[1\]$"):
        told.parse("[1]", "--history")


def test_a_study_of_10_000_runs_is_told_to_its_judge_in_a_tenth_of_what_a_command_holds():
    settings = judge(seeds=20, resolved={"id": "s", "variants": variants(500)})

    text = told.text(settings)

    assert len(list(told.inputs("judge", told.parse(text))["records"])) == 10_000
    assert len(text) < 131_072 / 10


# ---------------------------------------------------------------- what follows from it


def test_a_judge_reads_the_records_of_all_runs_of_its_study():
    assert list(told.inputs("judge", judge())["records"]) == [
        "results/desk/s/a/seed-0/train/record.json",
        "results/desk/s/a/seed-0/emulate/record.json",
        "results/desk/s/a/seed-1/train/record.json",
        "results/desk/s/a/seed-1/emulate/record.json",
        "results/desk/s/b/seed-0/train/record.json",
    ]


def test_a_variant_with_more_seeds_than_the_study_runs_those_of_the_study():
    found = chain.records("desk", "s", {"a": {"train": {}, "seeds": 9}}, 2)

    assert [record.split("/")[4] for record in found] == ["seed-0", "seed-1"]


def test_a_page_reads_studies_and_variants_in_the_order_it_is_told():
    one = {"seeds": 1, "variants": {"a": {"train": {}}, "b": {"simulate": {}}}}
    settings = {
        "stage": "report", "budget": "desk", "studies": {"m": one, "z": one},
        "order": [["z", ["b", "a"]], ["m", ["a", "b"]]],
    }  # fmt: skip

    found = told.inputs("report", json.loads(told.text(settings)))

    assert list(found["verdicts"]) == [
        "results/desk/z/judge/verdicts.json",
        "results/desk/m/judge/verdicts.json",
    ]
    assert list(found["records"]) == [
        "results/desk/z/b/seed-0/simulate/record.json",
        "results/desk/z/a/seed-0/train/record.json",
        "results/desk/m/a/seed-0/train/record.json",
        "results/desk/m/b/seed-0/simulate/record.json",
    ]


@pytest.mark.parametrize("stage", ["fetch", "train", "control"])
def test_other_jobs_read_what_their_command_names(stage):
    assert told.inputs(stage, {"stage": stage, "budget": "desk"}) == {}
