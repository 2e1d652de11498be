"""Jobs by the paths of their records, and in words."""

import pytest

from respike.audit import jobs
from respike.core import layout
from respike.core.errors import DamagedFile

WILDCARDS = {
    "dataset": "digits", "budget": "desk", "study": "esl-snns", "variant": "dense", "seed": "3",
    "kernel": "lif",
}  # fmt: skip
RUN = "results/desk/toy/{}/seed-{}/train/record.json"


@pytest.mark.parametrize("stage", layout.STAGES)
def test_the_record_of_every_stage_says_which_job_it_is_of(stage):
    found = jobs.place(layout.record(stage).format(**WILDCARDS))

    assert found.stage == stage
    assert layout.record(stage).format(**found.wildcards) == layout.record(stage).format(
        **WILDCARDS
    )


@pytest.mark.parametrize(
    "path",
    [
        "../results/desk/record.json",
        "results/desk/../desk/record.json",
        "/results/desk/record.json",
        "results/full/record.json",
        "results/desk/toy/dense/seed-03/train/record.json",
        "results/desk/toy/dense/seed-0/sleep/record.json",
        "results/desk/Toy/dense/seed-0/train/record.json",
        "results/desk/recordXjson",
        "results/desk/record.json\n",
    ],
)
def test_a_path_where_no_job_has_its_record_is_refused(path):
    with pytest.raises(DamagedFile, match=r"is not where the record of a job stands$"):
        jobs.place(path)


def test_the_text_of_a_strange_path_is_printed_plain():
    with pytest.raises(DamagedFile, match=r"^\\x1b\[2J is not where"):
        jobs.place("\x1b[2J")


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (RUN.format("dense", 2), "train of toy/dense seed 2"),
        ("results/data/digits/fetch/record.json", "fetch of digits"),
        ("results/desk/toy/judge/record.json", "judge of toy"),
        ("results/desk/record.json", "report of the page"),
        ("results/kernels/lif/bench_kernels/record.json", "bench_kernels of lif"),
    ],
)
def test_a_job_in_words(record, words):
    assert jobs.called(record) == words


def test_seeds_of_one_run_stand_together_in_the_order_of_the_jobs():
    records = [RUN.format(v, n) for v, n in (("b", 10), ("a", 0), ("b", 2), ("b", 1))]

    found = jobs.listed([*records, "results/desk/toy/judge/record.json"])

    assert found == [
        "train of toy/b seeds 1, 2, 10",
        "train of toy/a seed 0",
        "judge of toy",
    ]


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ((4,), "seed 4"),
        ((1, 2), "seeds 1, 2"),
        ((3, 1, 2), "seeds 1 to 3"),
        ((0, 1, 3), "seeds 0, 1, 3"),
    ],
)
def test_seeds_in_a_row_are_said_by_their_ends(seeds, words):
    assert jobs.listed(RUN.format("a", n) for n in seeds) == [f"train of toy/a {words}"]


def test_what_changed_is_what_is_other_new_or_gone():
    assert jobs.changed({"a": "1", "b": "1", "c": "1"}, {"a": "1", "b": "2", "d": "1"}) == [
        "b",
        "c",
        "d",
    ]


def test_only_what_cannot_be_printed_is_written_out():
    assert jobs.plain("ä b\t\x1b\u202e") == r"ä b\t\x1b\u202e"
