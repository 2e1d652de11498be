"""The checked configuration: what each job gets, and what is refused before any starts."""

import json
import re
import time

import pytest

from respike.core import config, fingerprint, layout, parts, told, yaml
from respike.core.config import Config, pick
from respike.core.errors import ConfigError
from respike.core.strict import canonical_json
from respike.core.study import stage_parts
from tests.workflow import toy

STUDY = """\
id: all
title: Every stage
paper: {arxiv: "0000.00000", version: 1, title: A toy}
dataset: {smoke: digits, desk: digits, paper: made}
seeds: {smoke: 1, desk: 3, paper: 5}
notes: [a note that is long enough]
variants:
  dense:
    says: the dense one
    train: {neuron: lif, epochs: {smoke: 1, desk: 20, paper: 300}}
    emulate: {target: int-core}
  evolved:
    train:
      structure: {init: er, drop: magnitude, grow: random, density: 0.1}
      epochs: 2
  pruned:
    prune: {from: dense, drop: {magnitude: {}}, epochs: 1}
    emulate: {target: float-lif}
  student:
    distill: {teacher: dense@2, transfer: response, epochs: 1}
    emulate: {target: int-core}
  field:
    simulate: {experiment: random-graphs}
  eeg:
    dataset: made
    decode: {decoder: linear, controls: [mean, template]}
    control: {copilot: none}
  arm:
    dataset: made
    control: {from: eeg, copilot: none}
claims:
  - id: short
    says: a claim that is not judged
    scope: analogue
    not_run: nothing here is judged
  - id: shorter
    says: another one, with a metric
    scope: analogue
    test: {metric: accuracy, of: dense, kind: exact}
"""
SOURCES = (
    toy.SOURCES
    + """\
  made:
    title: Made signals
    data_kind: synthetic
    source: generator
    licence: CC0-1.0
    attribution: us
    redistribute: true
    cite: nobody
    reader: digits
    synthesize: {trials: 3}
"""
)
STAGE = '''\
"""A stage for tests."""

SETTINGS = "respike.stages.{stage}.settings"


def settings(
    *,
    network: str = "mlp",
    neuron: str = "lif",
    structure: dict | None = None,
    drop: str | dict = "magnitude",
    transfer: str = "none",
    target: str | dict = "int-core",
    experiment: str | dict = "random-graphs",
    decoder: str | dict = "linear",
    controls: list | None = None,
    copilot: str | dict = "none",
    epochs: int = 1,
) -> None:
    """What a study may say."""
'''
PART = '"""A part."""\n\n\ndef build(*, rate: float = 0.5):\n    return rate\n'
PARTS = {
    "neurons/lif", "structure/init/er", "structure/drop/magnitude", "structure/grow/random",
    "transfer/response", "targets/int_core", "targets/float_lif", "eeg/decoders/linear",
    "eeg/controls/mean", "eeg/controls/template", "control/copilots/none", "metrics/accuracy",
    "inference/experiments/random_graphs", "datasets/digits",
}  # fmt: skip
RUN = {"budget": "desk", "study": "all", "seed": "1"}
CACHES = [
    *(getattr(parts, name) for name in ("names", "_build", "takes", "stage_takes")),
    *(getattr(fingerprint, name) for name in ("_read", "imports", "_digest", "fingerprint")),
    config.sources,
    config._lock_sha256,
]


def forget():
    for cache in CACHES:
        cache.cache_clear()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A small checkout with one study that has every stage."""
    folder = toy.make(tmp_path_factory.mktemp("config") / "toy")
    (folder / "studies/all.yaml").write_text(STUDY)
    (folder / "config.yaml").write_text("version: 1\nbudget: desk\nstudies: [all]\n")
    (folder / "respike/datasets/sources.yaml").write_text(SOURCES)
    for stage in layout.STAGES:
        (folder / f"respike/stages/{stage}.py").write_text(STAGE.format(stage=stage))
    for part in PARTS:
        file = folder / f"respike/{part}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(PART)
    return folder


@pytest.fixture
def checkout(made, monkeypatch):
    """The small checkout, to edit; put back after the test."""
    monkeypatch.setattr(parts, "PACKAGE", made / "respike")
    monkeypatch.setattr(fingerprint, "ROOT", made / "respike")
    forget()
    yield made
    (made / "studies/all.yaml").write_text(STUDY)
    (made / "config.yaml").write_text("version: 1\nbudget: desk\nstudies: [all]\n")
    forget()


def edit(folder, old, new, file="studies/all.yaml"):
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    return folder


def refused(sentence, folder, overrides=None, check=None):
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        Config(folder, overrides, check)


# ------------------------------------------------------------------ pick


def test_a_value_of_each_budget_is_picked_at_any_depth():
    document = yaml.parse(
        "a: {smoke: 1, desk: 2}\nb: [{c: {desk: {d: [4]}, smoke: 5}}, 6]\n"
        "e: {}\nf: {desk: 1, g: 2}"
    )

    assert pick(document, "desk").value == {
        "a": 2,
        "b": [{"c": {"d": [4]}}, 6],
        "e": {},
        "f": {"desk": 1, "g": 2},
    }
    assert pick(document, "smoke").value["b"] == [{"c": 5}, 6]


def test_a_budget_inside_a_budget_is_picked_too():
    assert pick(yaml.parse("a: {desk: {smoke: 1, desk: 2}}"), "desk").value == {"a": 2}


def test_a_paper_and_claims_are_left_as_they_are():
    document = yaml.parse("paper: {paper: 1}\nclaims: {smoke: 1}\nother: {paper: 2}")

    assert pick(document, "paper").value == {
        "paper": {"paper": 1},
        "claims": {"smoke": 1},
        "other": 2,
    }


def test_places_move_along_with_the_picked_value():
    text = "a:\n  smoke: 1\n  desk:\n    b: 2\nc: [{desk: 3}]\nd: 4\nclaims:\n- {id: x}\n"

    found = pick(yaml.parse(text, "f"), "desk")

    assert found.at(("a",)) == "f:3:3:"
    assert found.at(("a", "b")) == "f:4:8:"
    assert found.at(("c", 0)) == "f:5:12:"
    assert found.at(("d",)) == "f:6:4:"
    assert found.at(("claims", 0)) == "f:8:3:"
    assert found.source == "f"


def test_a_budget_without_a_value_is_answered_with_those_given():
    document = yaml.parse("x:\n  a: {smoke: 1, paper: 2}", "f")

    sentence = "f:2:3: x.a has no value for budget desk (given: smoke, paper); add desk: ..."
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        pick(document, "desk")


def test_an_empty_file_has_no_values_and_a_list_is_no_study():
    assert pick(yaml.parse(""), "desk").value == {}
    with pytest.raises(ConfigError, match=r"^f:1:1: the file must be lines of `key: value`$"):
        pick(yaml.parse("- a", "f"), "desk")


# ------------------------------------------------------------------ settings


def test_a_run_is_told_its_own_slice_and_nothing_else(checkout):
    found = Config(checkout).settings("train", {**RUN, "variant": "dense"})

    assert found == {
        "stage": "train",
        "budget": "desk",
        "study": "all",
        "variant": "dense",
        "seed": 1,
        "dataset": "digits",
        "train": {"neuron": "lif", "epochs": 20},
    }


def test_a_budget_changes_settings_and_data_set(checkout):
    found = Config(checkout).settings("train", {**RUN, "budget": "paper", "variant": "dense"})

    assert found["dataset"] == "made"
    assert found["train"]["epochs"] == 300


def test_a_variants_own_data_set_comes_before_the_studys(checkout):
    made = Config(checkout)

    assert made.dataset("all", "eeg", "desk") == "made"
    assert made.dataset("all", "dense", "desk") == "digits"


def test_data_are_told_their_row(checkout):
    found = Config(checkout).settings("prepare", {"dataset": "made"})

    assert found["stage"] == "prepare"
    assert found["dataset"] == "made"
    assert found["row"]["synthesize"] == {"trials": 3}


def test_a_judge_is_told_the_resolved_study_without_scratch_variants(checkout):
    plain = Config(checkout).settings("judge", {"budget": "desk", "study": "all"})
    changed = Config(checkout, {"set": ["all.dense.train.epochs=7"]})

    assert plain["seeds"] == 3
    assert plain["resolved"]["seeds"] == 3
    assert plain["resolved"]["dataset"] == "digits"
    assert plain["resolved"]["variants"]["dense"]["train"]["epochs"] == 20
    assert [c["id"] for c in plain["resolved"]["claims"]] == ["short", "shorter"]
    assert changed.settings("judge", {"budget": "desk", "study": "all"}) == plain


def test_a_report_is_told_the_studies_without_their_claims(checkout):
    found = Config(checkout, {"seeds": 2}).settings("report", {"budget": "desk"})

    variants = ["dense", "evolved", "pruned", "student", "field", "eeg", "arm"]
    assert set(found) == {"stage", "budget", "studies", "order"}
    assert found["studies"]["all"]["seeds"] == 2
    assert "claims" not in found["studies"]["all"]
    assert set(found["studies"]["all"]["variants"]) == {*variants}
    assert found["order"] == [["all", variants]]


@pytest.mark.parametrize(
    ("stage", "one", "other"),
    [
        ("emulate", {**RUN, "variant": "dense"}, {**RUN, "variant": "pruned"}),
        ("train", {**RUN, "variant": "dense"}, {**RUN, "variant": "evolved"}),
    ],
)
def test_two_jobs_of_a_stage_have_each_their_own_code(stage, one, other, checkout):
    found = Config(checkout)
    alone = Config(checkout).code(stage, other)

    assert found.code(stage, one) != found.code(stage, other)
    assert found.code(stage, other) == alone
    assert found.code(stage, {**one, "seed": "7"}) == found.code(stage, one)


@pytest.fixture
def broken(checkout):
    """A study that says nothing, among the others."""
    file = checkout / "studies/broken.yaml"
    file.write_text("id: broken\n")
    yield file
    file.unlink()


def test_a_job_that_was_planned_elsewhere_resolves_no_study_but_its_own(checkout, broken):
    asked = {"studies": ["all", "broken"], "budget": "desk"}

    found = Config(checkout, asked, whole=False)

    assert found.settings("judge", {"budget": "desk", "study": "all"})["study"] == "all"
    with pytest.raises(ConfigError, match=r"the file lacks 'title'; add title"):
        found.settings("judge", {"budget": "desk", "study": "broken"})
    with pytest.raises(ConfigError, match=r"the file lacks 'title'; add title"):
        Config(checkout, asked)


def test_the_text_of_a_job_is_told_with_the_place_of_the_job(checkout, monkeypatch):
    monkeypatch.setattr(told, "LONGEST", 10)
    monkeypatch.setattr(told, "LONGEST_PLAIN", 10)

    with pytest.raises(ConfigError, match=r"^judge of desk/all/judge would be told \d+ kB, "):
        Config(checkout).told("judge", {"budget": "desk", "study": "all"})


def test_settings_are_canonical_json_without_a_path(checkout):
    made = Config(checkout)
    jobs = [("prepare", {"dataset": "digits"}), ("judge", {**RUN}), ("report", {**RUN})]
    for name, variant in made.study("all", "desk")["variants"].items():
        jobs += [(s, {**RUN, "variant": name}) for s in layout.CHAIN if s in variant]

    for stage, w in jobs:
        text = canonical_json(made.settings(stage, w))

        assert canonical_json(json.loads(text)) == text
        assert str(checkout) not in text
        assert str(checkout.parent) not in text


# ------------------------------------------------------------------ inputs

DATA = ["data/digits/prepare/arrays.npz"]
SIGNALS = ["data/made/prepare/arrays.npz"]


def results(variant, stage, file, seed=1):
    return [f"results/desk/all/{variant}/seed-{seed}/{stage}/{file}"]


@pytest.mark.parametrize(
    ("stage", "variant", "files"),
    [
        ("train", "dense", {"data": DATA}),
        (
            "emulate",
            "dense",
            {"data": DATA, "model": results("dense", "train", "model.safetensors")},
        ),
        (
            "prune",
            "pruned",
            {"data": DATA, "model": results("dense", "train", "model.safetensors")},
        ),
        (
            "emulate",
            "pruned",
            {"data": DATA, "model": results("pruned", "prune", "model.safetensors")},
        ),
        (
            "distill",
            "student",
            {
                "data": DATA,
                "model": [],
                "teacher": results("dense", "train", "model.safetensors", seed=2),
            },
        ),
        (
            "emulate",
            "student",
            {"data": DATA, "model": results("student", "distill", "model.safetensors")},
        ),
        ("simulate", "field", {"data": DATA}),
        ("decode", "eeg", {"data": SIGNALS}),
        (
            "control",
            "eeg",
            {"data": SIGNALS, "decoded": results("eeg", "decode", "predictions.npz")},
        ),
        (
            "control",
            "arm",
            {"data": SIGNALS, "decoded": results("eeg", "decode", "predictions.npz")},
        ),
    ],
)
def test_a_stage_of_a_run_reads_these_files(stage, variant, files, checkout):
    assert Config(checkout).inputs(stage, {**RUN, "variant": variant}) == files


def test_a_simulation_without_data_reads_nothing(checkout):
    text = STUDY.replace("dataset: {smoke: digits, desk: digits, paper: made}\n", "")
    text = re.sub(r"  dense:.*?  field:", "  field:", text, flags=re.S)
    text = text[: text.index("  - id: shorter")]
    (checkout / "studies/all.yaml").write_text(text)

    made = Config(checkout)

    assert made.inputs("simulate", {**RUN, "variant": "field"}) == {"data": []}
    assert made.data_records("all", "desk") == [
        "results/data/made/prepare/record.json",
        "results/data/made/synthesize/record.json",
    ]


def test_a_variant_may_train_and_prune_by_itself(checkout):
    edit(checkout, "    emulate: {target: int-core}\n", "    prune: {}\n    emulate: {}\n")

    made = Config(checkout)

    found = made.inputs("prune", {**RUN, "variant": "dense"})["model"]
    assert found == results("dense", "train", "model.safetensors")
    found = made.inputs("emulate", {**RUN, "variant": "dense"})["model"]
    assert found == results("dense", "prune", "model.safetensors")


@pytest.mark.parametrize(
    ("dataset", "source"),
    [("digits", "data/digits/fetch/source.zip"), ("made", "data/made/synthesize/source.zip")],
)
def test_data_are_prepared_from_what_was_fetched_or_made(dataset, source, checkout):
    made = Config(checkout)

    assert made.inputs("prepare", {"dataset": dataset}) == {"source": [source]}
    assert made.inputs("fetch", {"dataset": dataset}) == {}
    assert made.inputs("synthesize", {"dataset": dataset}) == {}


def test_a_judge_reads_every_run_of_its_study_and_a_report_all_of_them(checkout):
    made = Config(checkout, {"seeds": 1})
    records = made.run_records("all", "desk")

    assert made.inputs("judge", {"budget": "desk", "study": "all"}) == {"records": records}
    assert made.inputs("report", {"budget": "desk"}) == {
        "verdicts": ["results/desk/all/judge/verdicts.json"],
        "records": records,
    }


@pytest.mark.parametrize(
    ("stage", "w", "sentence"),
    [
        (
            "train",
            {"variant": "dens"},
            "no variant 'dens' in all. Did you mean 'dense'? Known: "
            "dense, evolved, pruned, student, field, eeg, arm.",
        ),
        (
            "train",
            {"variant": "pruned"},
            "all/pruned has no stage train; it has: prune, emulate",
        ),
        (
            "prepare",
            {"dataset": "digit"},
            "no data set named 'digit'. Did you mean 'digits'? Known: digits, made.",
        ),
    ],
)
def test_a_path_that_no_run_makes_is_answered_with_what_there_is(stage, w, sentence, checkout):
    made = Config(checkout)
    for ask in (made.inputs, made.settings):
        with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
            ask(stage, {**RUN, **w})


# ------------------------------------------------------------------ code and environment


def test_a_changed_part_changes_its_users_and_no_other(checkout):
    def codes():
        forget()
        made = Config(checkout)
        return {
            "dense": made.code("train", {**RUN, "variant": "dense"}),
            "evolved": made.code("train", {**RUN, "variant": "evolved"}),
            "pruned": made.code("prune", {**RUN, "variant": "pruned"}),
            "chip": made.code("emulate", {**RUN, "variant": "dense"}),
            "eeg": made.code("decode", {**RUN, "variant": "eeg"}),
            "judge": made.code("judge", {**RUN}),
            "digits": made.code("prepare", {"dataset": "digits"}),
            "made": made.code("prepare", {"dataset": "made"}),
            "fetched": made.code("fetch", {"dataset": "digits"}),
        }

    before = codes()

    def moved_by(part):
        file = checkout / f"respike/{part}.py"
        file.write_text(PART.replace("0.5", "0.25"))
        found = {name for name, code in codes().items() if code != before[name]}
        file.write_text(PART)
        return found

    assert moved_by("structure/drop/magnitude") == {"evolved", "pruned"}
    assert moved_by("structure/grow/random") == {"evolved"}
    assert moved_by("neurons/lif") == {"dense"}
    assert moved_by("targets/int_core") == {"chip"}
    assert moved_by("eeg/controls/template") == {"eeg"}
    assert moved_by("metrics/accuracy") == {"judge"}
    assert moved_by("datasets/digits") == {"digits", "made"}
    assert moved_by("transfer/response") == set()
    assert codes() == before


def test_a_changed_stage_changes_its_jobs_and_no_other(checkout):
    before = {
        s: Config(checkout).code(s, {**RUN, "variant": "dense"}) for s in ("train", "emulate")
    }
    file = checkout / "respike/stages/train.py"
    file.write_text(file.read_text() + "\n\nCHANGED = 1\n")
    forget()

    after = {
        s: Config(checkout).code(s, {**RUN, "variant": "dense"}) for s in ("train", "emulate")
    }

    file.write_text(STAGE.format(stage="train"))
    assert after["train"] != before["train"]
    assert after["emulate"] == before["emulate"]


def test_an_environment_without_a_lock_is_refused(checkout):
    with pytest.raises(
        ConfigError, match=r"no environment 'gpu': envs/gpu\.lock is not there\."
    ):
        Config(checkout).env("gpu")


def test_an_environment_is_its_name_and_the_hash_of_its_lock(checkout):
    import hashlib

    lock = (checkout / "envs/base.lock").read_bytes()

    assert Config(checkout).env("base") == f"base:{hashlib.sha256(lock).hexdigest()}"


# ------------------------------------------------------------------ seeds and targets


@pytest.mark.parametrize(("limit", "seeds"), [(None, 3), (2, 2), (3, 3), (9, 3)])
def test_seeds_are_only_ever_lowered(limit, seeds, checkout):
    made = Config(checkout, {} if limit is None else {"seeds": limit})

    assert made.seeds("all", "desk") == seeds
    assert made.seeds("all", "smoke") == 1


def test_seeds_of_config_yaml_count_too(checkout):
    edit(checkout, "studies: [all]\n", "studies: [all]\nseeds: 2\n", "config.yaml")

    assert Config(checkout).seeds("all", "desk") == 2
    assert Config(checkout, {"seeds": 1}).seeds("all", "desk") == 1


RECORDS = [
    "results/data/digits/fetch/record.json",
    "results/data/digits/prepare/record.json",
    "results/data/made/prepare/record.json",
    "results/data/made/synthesize/record.json",
    "results/desk/all/dense/seed-0/train/record.json",
    "results/desk/all/dense/seed-0/emulate/record.json",
    "results/desk/all/evolved/seed-0/train/record.json",
    "results/desk/all/pruned/seed-0/prune/record.json",
    "results/desk/all/pruned/seed-0/emulate/record.json",
    "results/desk/all/student/seed-0/distill/record.json",
    "results/desk/all/student/seed-0/emulate/record.json",
    "results/desk/all/field/seed-0/simulate/record.json",
    "results/desk/all/eeg/seed-0/decode/record.json",
    "results/desk/all/eeg/seed-0/control/record.json",
    "results/desk/all/arm/seed-0/control/record.json",
]
JUDGED = "results/desk/all/judge/record.json"
PAGE = "results/desk/record.json"


def test_targets_list_every_record_and_the_page_last(checkout):
    made = Config(checkout, {"seeds": 1})

    assert made.targets("desk") == [*RECORDS, JUDGED, PAGE]
    assert made.data_records("all", "desk") == RECORDS[:4]
    assert made.run_records("all", "desk") == RECORDS[4:]


def test_every_seed_has_its_records(checkout):
    found = Config(checkout).run_records("all", "desk")

    assert len(found) == 3 * len(RECORDS[4:])
    assert found[:4] == [
        "results/desk/all/dense/seed-0/train/record.json",
        "results/desk/all/dense/seed-0/emulate/record.json",
        "results/desk/all/dense/seed-1/train/record.json",
        "results/desk/all/dense/seed-1/emulate/record.json",
    ]


def test_a_study_by_name_leaves_the_page_out(checkout):
    made = Config(checkout, {"studies": ["all"], "page": False, "seeds": 1})

    assert made.targets("desk") == [*RECORDS, JUDGED]


def test_data_that_two_studies_share_are_asked_for_once(checkout):
    (checkout / "studies/other.yaml").write_text(STUDY.replace("id: all", "id: other"))
    try:
        found = Config(checkout, {"studies": ["all", "other"], "seeds": 1}).targets("desk")
    finally:
        (checkout / "studies/other.yaml").unlink()

    assert len(set(found)) == len(found)
    assert found.count(RECORDS[0]) == 1
    assert "results/desk/other/judge/record.json" in found


# ------------------------------------------------------------------ --set


def test_a_setting_given_by_hand_makes_a_scratch_variant(checkout):
    made = Config(checkout, {"set": ["all.dense.train.epochs=5", "all.dense.train.neuron=lif"]})

    variants = made.study("all", "desk")["variants"]
    assert variants["scratch-dense"]["train"] == {"neuron": "lif", "epochs": 5}
    assert variants["dense"]["train"]["epochs"] == 20
    assert made.asked == ["all"]


def test_with_a_scratch_variant_its_runs_alone_are_the_target(checkout):
    made = Config(checkout, {"set": ["all.dense.train.epochs=5"], "seeds": 1})

    assert made.targets("desk") == [
        "results/desk/all/scratch-dense/seed-0/train/record.json",
        "results/desk/all/scratch-dense/seed-0/emulate/record.json",
    ]
    assert made.run_records("all", "desk") == RECORDS[4:]
    assert made.inputs("emulate", {**RUN, "variant": "scratch-dense"})["model"] == results(
        "scratch-dense", "train", "model.safetensors"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [("epochs=3", {"epochs": 3}), ("structure.density=1e-3", {"structure.density": 0.001})],
)
def test_a_value_given_by_hand_means_what_it_means_in_a_study(text, value, checkout):
    made = Config(checkout, {"set": [f"all.evolved.train.{text}"]})

    block = made.study("all", "desk")["variants"]["scratch-evolved"]["train"]
    ((name, wanted),) = value.items()
    for word in name.split("."):
        block = block[word]
    assert block == wanted
    assert type(block) is type(wanted)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        *(
            (
                text,
                f"--set {text}: write STUDY.VARIANT.KEY=VALUE, "
                "such as esl-snns.dense.train.epochs=5",
            )
            for text in ("all.dense.train.epochs", "all.dense=3", "all..x=1", "=1", "")
        ),
        (
            "al.dense.train.epochs=1",
            "no study named 'al'. Did you mean 'all'? Known: all, toy. "
            "A new one is a file studies/al.yaml.",
        ),
        (
            "all.dens.train.epochs=1",
            "--set all.dens.train.epochs=1: no variant 'dens' in all. Did you mean 'dense'? "
            "Known: dense, evolved, pruned, student, field, eeg, arm.",
        ),
        (
            "all.dense.tran.epochs=1",
            "--set all.dense.tran.epochs=1: no 'tran'; there is says, train, emulate",
        ),
        (
            "all.dense.train.epoch=1",
            "--set all.dense.train.epoch=1: no setting 'epoch' there. Did you mean 'epochs'? "
            "There is: neuron, epochs.",
        ),
        (
            "all.dense.train.epochs=x",
            "--set all.dense.train.epochs=x: studies/all.yaml:7:1: "
            "variants.scratch-dense.train.epochs is 'x'; it must be int",
        ),
        (
            "all.dense.train.epochs=01",
            "01: write it without the leading zero, or in quotes",
        ),
        (
            "all.pruned.prune.from=scratch-pruned",
            "--set all.pruned.prune.from=scratch-pruned: studies/all.yaml:7:1: runs that take "
            "from each other in a circle: scratch-pruned/prune from scratch-pruned/prune",
        ),
    ],
)
def test_a_setting_that_cannot_be_changed_so_is_refused(text, sentence, checkout):
    refused(sentence, checkout, {"set": [text]})


def test_a_study_beside_a_scratch_variant_is_not_passed_over(checkout):
    refused(
        "--set runs scratch variants alone, none of toy; leave toy out",
        checkout,
        {"studies": ["toy", "all"], "set": ["all.dense.train.epochs=1"]},
    )


# ------------------------------------------------------------------ refused studies


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "  field:\n",
            "  Field:\n",
            "studies/all.yaml:22:3: variant 'Field': use a-z, 0-9 and -",
        ),
        (
            "  field:\n",
            "  scratch-field:\n",
            "studies/all.yaml:22:3: variant 'scratch-field': 'scratch-' is for --set",
        ),
        (
            "    simulate: {experiment: random-graphs}\n",
            "    says: nothing at all\n",
            "studies/all.yaml:22:3: variants.field names no stage; add one of "
            "train, prune, distill, connect, emulate, simulate, decode, control",
        ),
        (
            "dataset: {smoke: digits, desk: digits, paper: made}\n",
            "",
            "studies/all.yaml:7:3: variants.dense has no data set; add dataset: ...",
        ),
        (
            "    dataset: made\n",
            "    dataset: mad\n",
            "studies/all.yaml:25:14: no data set named 'mad'. Did you mean 'made'? "
            "Known: digits, made.",
        ),
        (
            "prune: {from: dense,",
            "prune: {",
            "studies/all.yaml:16:3: variants.pruned.prune has no model; add from: VARIANT",
        ),
        (
            "teacher: dense@2, ",
            "",
            "studies/all.yaml:19:3: variants.student.distill lacks 'teacher'; add it",
        ),
        (
            "{from: eeg, copilot: none}",
            "{copilot: none}",
            "studies/all.yaml:28:3: variants.arm.control has no decoder; add from:",
        ),
        (
            "    simulate: {experiment: random-graphs}\n",
            "    emulate: {target: int-core}\n",
            "studies/all.yaml:22:3: variants.field.emulate has no model; add from: VARIANT",
        ),
        (
            "    simulate: {experiment: random-graphs}\n",
            "    cell: {grid: g, axes: [x, y], at: [1]}\n"
            "    simulate: {experiment: random-graphs}\n",
            "studies/all.yaml:23:5: variants.field.cell has 2 axes and 1 values at them; write "
            "as many of both",
        ),
        (
            "    simulate: {experiment: random-graphs}\n",
            "    connect: {with: dense, epochs: 1}\n",
            "studies/all.yaml:22:3: variants.field.connect has no model; add from: VARIANT",
        ),
        (
            "    simulate: {experiment: random-graphs}\n",
            "    connect: {from: dense, epochs: 1}\n",
            "studies/all.yaml:22:3: variants.field.connect lacks 'with'; add it",
        ),
        (
            "from: dense,",
            "from: dense/emulate,",
            "studies/all.yaml:17:19: variants.pruned.prune.from is 'dense/emulate': dense has "
            "no stage emulate to take from; it has: train, emulate",
        ),
        (
            "teacher: dense@2",
            "teacher: denze",
            "studies/all.yaml:20:24: variants.student.distill.teacher is 'denze': no such "
            "variant. Did you mean 'dense'? Known: dense, evolved, pruned, student, field, "
            "eeg, arm.",
        ),
        (
            "from: dense,",
            "from: pruned,",
            "studies/all.yaml:17:5: runs that take from each other in a circle: "
            "pruned/prune from pruned/prune",
        ),
        (
            "train: {neuron: lif,",
            "train: {from: pruned,",
            "studies/all.yaml:10:5: unknown setting 'from' at variants.dense.train. Allowed: "
            "controls, copilot, decoder, drop, epochs, experiment, network, neuron, structure, "
            "target, transfer",
        ),
        (
            "prune: {from: dense,",
            "prune: {from: dense, teacher: dense,",
            "studies/all.yaml:17:5: unknown setting 'teacher' at variants.pruned.prune. "
            "Allowed: controls, copilot, decoder, drop, epochs, experiment, "
            "network, neuron, structure, target, transfer",
        ),
        (
            "structure: {init: er, drop: magnitude,",
            "structure: {init: er, drop: {magnitude: {rat: 1}},",
            "studies/all.yaml:14:29: unknown setting 'rat' at "
            "variants.evolved.train.structure.drop.magnitude. Did you mean 'rate'? "
            "Allowed: rate",
        ),
        (
            "controls: [mean, template]",
            "controls: [mean, {template: {rate: x}}]",
            "studies/all.yaml:26:31: variants.eeg.decode.controls.1.template.rate is 'x'; "
            "it must be float",
        ),
        (
            "neuron: lif",
            "neuron: {lif: {}, elm: {}}",
            "studies/all.yaml:10:13: variants.dense.train.neuron is {'lif': {}, 'elm': {}}; "
            "write a name or {name: {setting: value}}",
        ),
        (
            "id: all\n",
            "id: al\n",
            "studies/all.yaml:1:5: id is 'al'; the file says 'all'",
        ),
    ],
)
def test_a_wrong_study_is_refused_in_one_sentence_with_its_place(old, new, sentence, checkout):
    refused(sentence, edit(checkout, old, new))


def test_a_wrong_table_of_data_sets_is_refused_with_its_place(checkout):
    file = "respike/datasets/sources.yaml"
    edit(checkout, "    redistribute: true\n", "    redistribute: yes\n", file)
    forget()

    sentence = (
        "respike/datasets/sources.yaml:9:19: datasets.digits.redistribute must be boolean, "
        "is text 'yes' (write true or false)"
    )
    try:
        refused(sentence, checkout)
    finally:
        (checkout / file).write_text(SOURCES)


def test_a_study_that_is_a_list_is_refused(checkout):
    (checkout / "studies/all.yaml").write_text("- id: all\n")

    refused("studies/all.yaml:1:1: the file must be lines of `key: value`", checkout)


@pytest.mark.parametrize("text", ["[1, 2]\n", "word\n"])
def test_a_configuration_that_is_no_mapping_is_refused(text, checkout):
    (checkout / "config.yaml").write_text(text)

    refused("config.yaml:1:1: the file must be lines of `key: value`", checkout)


def test_an_empty_configuration_is_answered_with_what_it_lacks(checkout):
    (checkout / "config.yaml").write_text("")

    with pytest.raises(ConfigError, match=r"^config\.yaml:1:1: the file lacks 'version'"):
        Config(checkout)


def test_a_study_that_is_not_there_is_answered_with_the_nearest(checkout):
    refused(
        "no study named 'toi'. Did you mean 'toy'? Known: all, toy. "
        "A new one is a file studies/toi.yaml.",
        checkout,
        {"studies": ["toi"]},
    )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("claims.short has no arm", "studies/all.yaml:32:5: claims.short has no arm"),
        ("claims.shorter is wrong", "studies/all.yaml:36:5: claims.shorter is wrong"),
        ("no claim is named", "studies/all.yaml: no claim is named"),
        ("studies/all.yaml:9:9: here", "studies/all.yaml:9:9: here"),
    ],
)
def test_what_is_wrong_with_a_claim_gets_the_place_of_the_claim(said, sentence, checkout):
    def check(study):
        assert study["id"] == "all"
        raise ConfigError(said)

    refused(sentence, checkout, check=check)


# ------------------------------------------------------------------ parts of a stage


def test_the_parts_that_a_stage_names_have_a_kind_by_their_key():
    block = {
        "network": "mlp",
        "neuron": {"lif": {}},
        "structure": {"init": "er", "drop": "magnitude", "schedule": None, "density": 0.1},
        "epochs": 3,
        "dataset": "digits",
    }

    assert stage_parts("train", block, "here") == [
        ("network", "mlp", "here.network"),
        ("neuron", {"lif": {}}, "here.neuron"),
        ("structure.init", "er", "here.structure.init"),
        ("structure.drop", "magnitude", "here.structure.drop"),
    ]


def test_pruning_names_its_rules_directly_and_decoding_a_list_of_controls():
    assert stage_parts("prune", {"drop": "magnitude", "from": "dense"}, "p") == [
        ("structure.drop", "magnitude", "p.drop")
    ]
    assert stage_parts("train", {"drop": "magnitude"}, "t") == []
    assert stage_parts("decode", {"controls": ["mean", {"t": {}}]}, "d") == [
        ("control", "mean", "d.controls.0"),
        ("control", {"t": {}}, "d.controls.1"),
    ]
    assert stage_parts("train", None, "t") == []


# ------------------------------------------------------------------ grids

GRID = """\
  narrow:
    grid: {epochs: [3, 4], density: [0.05, 0.5]}
    seeds: 1
    train: {neuron: lif, epochs: $epochs, structure: {init: er, density: $density}}
    prune: {from: narrow-epochs$epochs-density$density, drop: magnitude, epochs: 1}
"""
CELL = "narrow-epochs3-density0.5"
WRITTEN = f"""\
  {CELL}:
    seeds: 1
    train: {{neuron: lif, epochs: 3, structure: {{init: er, density: 0.5}}}}
    prune: {{from: narrow-epochs3-density0.5/train, drop: magnitude, epochs: 1}}
"""


def gridded(checkout, text):
    return edit(checkout, "claims:\n", text + "claims:\n")


def test_the_jobs_of_a_cell_are_those_of_the_variant_written_out(checkout):
    grid = GRID.replace("density$density,", "density$density/train,")
    cell = Config(gridded(checkout, grid))
    w = {**RUN, "variant": CELL}
    found = [(cell.settings(s, w), cell.inputs(s, w)) for s in ("train", "prune")]
    edit(checkout, grid, WRITTEN)

    alone = Config(checkout)

    assert found == [(alone.settings(s, w), alone.inputs(s, w)) for s in ("train", "prune")]
    assert cell.seeds("all", "desk", CELL) == alone.seeds("all", "desk", CELL) == 1


def test_a_circle_through_a_grid_has_the_place_of_its_template(checkout):
    refused(
        "studies/all.yaml:35:5: runs that take from each other in a circle: "
        "narrow-epochs3-density0.05/prune from narrow-epochs3-density0.05/prune",
        gridded(checkout, GRID),
    )


def test_a_value_that_no_cell_may_have_is_found_though_few_cells_are_looked_at(checkout):
    grid = GRID.replace("density$density,", "density$density/train,").replace("0.5]", "1.5]")

    refused(
        "studies/all.yaml:34:74: variants.narrow-epochs4-density1.5.train.structure.density is "
        "1.5; it must be <= 1",
        gridded(checkout, grid),
    )


def test_a_reference_to_a_cell_that_is_not_there_is_refused_wherever_it_stands(checkout):
    grid = GRID.replace("narrow-epochs$epochs-density$density,", "alone-$epochs,")
    alone = "  alone-3:\n    train: {neuron: lif, epochs: 1}\n"

    with pytest.raises(ConfigError, match=r"prune\.from is 'alone-4': no such variant\."):
        Config(gridded(checkout, alone + grid))


def test_a_scratch_variant_may_be_made_of_a_cell_whose_name_has_a_dot(checkout):
    grid = GRID.replace("density$density,", "density$density/train,")
    made = Config(gridded(checkout, grid), {"set": [f"all.{CELL}.prune.epochs=7"]})

    found = made.variant("all", f"scratch-{CELL}", "desk")
    assert found["prune"]["epochs"] == 7
    assert made.variant("all", CELL, "desk")["prune"]["epochs"] == 1


def test_a_grid_of_many_cells_is_checked_in_seconds(checkout):
    values = ", ".join(str(n) for n in range(1, 41))
    grid = GRID.replace("density$density,", "density$density/train,")
    grid = grid.replace("[3, 4]", f"[{values}]")
    grid = grid.replace("[0.05, 0.5]", f"[{', '.join(str(n / 50) for n in range(1, 41))}]")
    started = time.process_time()

    made = Config(gridded(checkout, grid))

    assert len(made.study("all", "desk")["variants"]) == 1607
    assert time.process_time() - started < 8  # 0.4 s on a quiet core; each by its schema: 20
