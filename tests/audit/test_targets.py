"""What a person may ask about: paths, words and claims."""

import re
from types import SimpleNamespace

import pytest

from respike.audit.targets import Target, resolve
from respike.core.errors import ConfigError
from tests.workflow import toy

RUN = "results/desk/toy/{}/seed-{}/{}/record.json"
JUDGE = "results/desk/toy/judge/record.json"
STUDY = {
    "variants": {
        "dense": {"train": {}, "emulate": {}},
        "thin": {"train": {}},
        "both": {"train": {}},
    },
    "claims": [
        {"id": "lead", "test": {"metric": "accuracy", "of": "dense", "against": "thin/train",
                                "kind": "better"}},
        {"id": "same", "test": {"metric": "accuracy", "of": "thin", "kind": "exact"}},
        {"id": "absent", "not_run": "no data"},
        {"id": "both", "not_run": "no data"},
    ],
}  # fmt: skip
CONFIG = SimpleNamespace(
    root=toy.ROOT,
    budget="desk",
    known=("toy",),
    study=lambda study, budget: STUDY,
    variant=lambda study, variant, budget: STUDY["variants"][variant],
    seeds=lambda study, budget, variant: 2,
)


def ask(text, verdicts=None):
    return resolve(text, CONFIG, verdicts or {})


@pytest.mark.parametrize(
    ("text", "record"),
    [
        (
            "results/desk/toy/dense/seed-1/train/model.safetensors",
            RUN.format("dense", 1, "train"),
        ),
        (RUN.format("dense", 1, "train"), RUN.format("dense", 1, "train")),
        ("data/digits/prepare/arrays.npz", "results/data/digits/prepare/record.json"),
        (
            "results/data/digits/prepare/record.json",
            "results/data/digits/prepare/record.json",
        ),
        ("results/smoke/report.html", "results/smoke/record.json"),
        ("results/smoke/SHA256SUMS", "results/smoke/record.json"),
        ("report", "results/desk/record.json"),
        ("toy", JUDGE),
        ("toy/judge", JUDGE),
        ("digits", "results/data/digits/prepare/record.json"),
        ("digits/fetch", "results/data/digits/fetch/record.json"),
        ("grasp-lift-null/synthesize", "results/data/grasp-lift-null/synthesize/record.json"),
    ],
)
def test_a_path_a_study_a_data_set_and_the_page_are_one_job(text, record):
    assert ask(text) == Target([record], ())


@pytest.mark.parametrize(
    ("text", "jobs"),
    [
        ("toy/dense/1/train", [(1, "train")]),
        ("toy/dense/seed-1/train", [(1, "train")]),
        ("toy/dense/train/1", [(1, "train")]),
        ("toy/dense/1", [(1, "train"), (1, "emulate")]),
        ("toy/dense/7/train", [(7, "train")]),
        ("toy/dense/emulate", [(0, "emulate"), (1, "emulate")]),
        ("toy/dense/", [(0, "train"), (0, "emulate"), (1, "train"), (1, "emulate")]),
    ],
)
def test_words_name_the_jobs_of_a_variant(text, jobs):
    assert ask(text) == Target([RUN.format("dense", *job) for job in jobs])


def test_a_claim_is_the_runs_of_its_evidence_and_its_judge_alone():
    rows = [
        {"path": RUN.format("thin", seed, "train").replace("record.json", file)}
        for seed in (0, 1)
        for file in ("predictions.npz", "metrics.json")
    ]

    found = ask("toy/lead", {"toy/lead": {"evidence": rows}})

    runs = [RUN.format("thin", 0, "train"), RUN.format("thin", 1, "train")]
    assert found == Target([*runs, JUDGE], (JUDGE,))


@pytest.mark.parametrize("verdicts", [{}, {"toy/lead": {"evidence": []}}])
def test_a_claim_without_evidence_is_the_runs_that_it_names(verdicts):
    dense = [RUN.format("dense", s, stage) for s in (0, 1) for stage in ("train", "emulate")]
    thin = [RUN.format("thin", s, "train") for s in (0, 1)]

    assert ask("toy/lead", verdicts) == Target([*dense, *thin, JUDGE], (JUDGE,))
    assert ask("toy/same", verdicts) == Target([*thin, JUDGE], (JUDGE,))


def test_a_claim_that_is_not_run_is_its_judge():
    assert ask("toy/absent") == Target([JUDGE], (JUDGE,))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("tox/dense", "nothing is named 'tox/dense'. Did you mean 'toy'? Write a path, "),
        ("toy/dens", "toy has no variant and no claim 'dens'. Did you mean 'dense'? Variants: "
                     "dense, thin, both; `respike list toy` names its claims"),
        ("toy/lead/0", "toy/lead is a claim; leave out 0"),
        ("toy/both", "toy/both is a claim and a variant; for the variant write toy/both/0"),
        ("toy/dense/0/prune", "toy/dense has no stage and no seed 'prune'; stages: train, "),
        ("digits/train", "digits has the stages fetch and prepare, not train"),
        ("digits/fetch/0", "digits has the stages fetch and prepare, not fetch/0"),
        ("results/desk/toy/x", "results/desk/toy/x is not the path of a job's file; give one "),
        ("data/../../x", "data/../../x is not the path of a job's file; give one beside a "),
        ("data/digits/fetch/arrays.npz", "fetch writes no arrays.npz; it writes source.zip and "
                                         "record.json"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_answered_with_what_is(text, sentence):
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}"):
        ask(text)
