"""What threads and instruction sets change: counts, chances and proof on values by hand."""

import json
import math
from pathlib import Path

import pytest

from respike.audit import numerics, variations
from respike.audit.numerics import CLASSES, REFERENCE, Artifact, Class, Found
from respike.core import records
from respike.core.errors import DamagedFile, RespikeError
from tests.arithmetic import test_every_cpu
from tests.audit.numerics_rows import NUMERICS, TWO, artifact, found, row

# ------------------------------------------------------------------ classes and their proof


def test_the_reference_is_first_and_changes_nothing():
    assert CLASSES[0].name == REFERENCE
    assert CLASSES[0].environment == {}


def test_threads_are_asked_for_by_the_audits_own_variable():
    by_name = {one.name: one for one in CLASSES}

    assert by_name["threads-2"].environment == {
        "RESPIKE_AUDIT_THREADS": "2",
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    assert "RESPIKE_AUDIT_THREADS" not in by_name["avx2"].environment
    assert by_name["avx2"].environment["ATEN_CPU_CAPABILITY"] == "avx2"
    assert "X86_V3" in by_name["baseline"].environment["NPY_DISABLE_CPU_FEATURES"]
    assert "X86_V3" not in by_name["avx2"].environment["NPY_DISABLE_CPU_FEATURES"]


def test_the_classes_are_those_under_which_exact_training_has_its_hash():
    by_name = {one.name: one for one in CLASSES}

    assert by_name["avx2"].variables == test_every_cpu.AVX2
    assert by_name["baseline"].variables == test_every_cpu.BASELINE
    assert [one.threads for one in CLASSES] == [1, 2, 1, 1]


@pytest.mark.parametrize("name", sorted({n for one in CLASSES for n in one.variables}))
def test_every_variable_of_a_class_is_one_that_records_tell(name, monkeypatch):
    monkeypatch.setenv(name, "told")

    assert records.numerics()["variables"][name] == "told"


def seen(threads=1, **variables):
    return {"threads": threads, "variables": {"OMP_NUM_THREADS": str(threads), **variables}}


def test_records_that_say_the_class_prove_it():
    two, old = Class("two", "", 2), Class("old", "", 1, {"MKL_CBWR": "COMPATIBLE"})

    assert numerics.unproven(two, {"a": seen(2), "b": seen(2)}) == ""
    assert numerics.unproven(old, {"a": seen(MKL_CBWR="COMPATIBLE")}) == ""


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({}, "no job left a record"),
        ({"a": seen(2), "b": seen(1)}, "b says 1 threads, not 2"),
        ({"a": seen(2, MKL_CBWR="AVX2")}, "a says {'MKL_CBWR': 'AVX2'}, not {}"),
    ],
)
def test_records_that_say_something_else_prove_nothing(told, sentence):
    assert numerics.unproven(Class("two", "", 2), told) == sentence


def test_a_switch_that_did_not_reach_a_job_is_seen():
    wanted = Class("old", "", 1, {"MKL_CBWR": "COMPATIBLE"})

    assert numerics.unproven(wanted, {"a": seen()}) == (
        "a says {}, not {'MKL_CBWR': 'COMPATIBLE'}"
    )


def test_an_unknown_class_is_refused_before_anything_runs(tmp_path):
    with pytest.raises(RespikeError) as error:
        numerics.survey("smoke", tmp_path / "never", only=["avx3"])

    assert str(error.value) == (
        "no numerics class named 'avx3'. Known: threads-2, avx2, baseline."
    )


# ------------------------------------------------------------------ the runs


@pytest.fixture
def faked(monkeypatch):
    """A survey whose runs are fakes: what each left, by class, and what it was started with."""
    started, left = [], {}

    def run(folder, budget, studies, env):
        started.append((folder.name, budget, studies, env))
        return variations.Ran(left.get("code", 0), 61.4, left.get("said", ""))

    def collected(folder, budget):
        name = folder.name
        threads = left.get("threads", {"threads-2": 2}).get(name, 1)
        variables = next(dict(one.variables) for one in CLASSES if one.name == name)
        left.setdefault("folders", []).append(folder.exists())
        verdicts = {"toy/c": row(measured=1.0)}
        rows = {**NUMERICS, "threads": threads, "variables": variables}
        return Found({"r/a": artifact()}, {}, {"r/a/record.json": rows}, verdicts)

    def copied(folder, root):
        folder.mkdir()
        left["root"] = root
        return folder

    monkeypatch.setattr(variations, "checkout", copied)
    monkeypatch.setattr(variations, "run", run)
    monkeypatch.setattr(numerics, "collect", collected)
    return started, left


def test_every_class_runs_in_a_copy_of_its_own_that_is_removed(faked, tmp_path):
    started, left = faked
    told = []

    document = numerics.survey("desk", tmp_path, ["toy"], (), Path("root"), told.append)

    assert started == [(one.name, "desk", ["toy"], one.environment) for one in CLASSES]
    assert left["folders"] == [True] * 4
    assert left["root"] == Path("root")
    assert list(tmp_path.iterdir()) == []
    assert told == [f"{one.name}: 1 jobs in 61 s" for one in CLASSES]
    assert [one["name"] for one in document["classes"]] == [one.name for one in CLASSES]


def test_only_the_classes_asked_for_run_beside_the_reference(faked, tmp_path):
    started, _ = faked

    numerics.survey("desk", tmp_path, only=["baseline", "threads-2"])

    assert [name for name, *_ in started] == [REFERENCE, "threads-2", "baseline"]


def test_a_run_that_failed_is_told_by_its_last_lines(faked, tmp_path):
    _, left = faked
    left.update(code=2, said="zero\none\ntwo\nthree\n")

    with pytest.raises(RespikeError) as error:
        numerics.survey("desk", tmp_path)

    assert str(error.value) == "the run in class reference ended with 2:\none\ntwo\nthree"


def test_a_class_that_was_not_applied_ends_the_survey(faked, tmp_path):
    _, left = faked
    left["threads"] = {}

    with pytest.raises(RespikeError) as error:
        numerics.survey("desk", tmp_path)

    assert str(error.value) == (
        "class threads-2 is not shown to be applied: r/a/record.json says 1 threads, not 2"
    )


# ------------------------------------------------------------------ artifacts


def test_files_are_counted_by_stage_file_and_whether_they_are_exact():
    one = found(
        {
            "r/a/train/model": artifact(sha="1"),
            "r/b/train/model": artifact(sha="2"),
            "r/c/train/model": artifact(sha="3", exact=True),
        }
    )
    other = found(
        {
            "r/a/train/model": artifact(sha="1"),
            "r/b/train/model": artifact(sha="x"),
            "r/c/train/model": artifact(sha="3", exact=True),
        }
    )

    rows = numerics.document("smoke", TWO, {REFERENCE: one, "other": other}, SECONDS)["stages"]

    assert [
        (r["stage"], r["exact"], r["artifacts"], r["equal"], r["must_be_equal"]) for r in rows
    ] == [
        ("train", False, 2, {"other": 1}, {"other": 0}),
        ("train", True, 1, {"other": 1}, {"other": 1}),
    ]


SECONDS = {REFERENCE: 60.4, "other": 61}


def test_stages_stand_in_the_order_of_the_workflow():
    names = ("emulate", "prepare", "train", "fetch")
    one = found({f"r/{n}/x": artifact(stage=n) for n in names})

    rows = numerics.document("smoke", TWO, {REFERENCE: one, "other": one}, SECONDS)["stages"]

    assert [r["stage"] for r in rows] == ["fetch", "prepare", "train", "emulate"]


def test_the_headline_moves_by_its_greatest_change():
    paths = {f"r/{n}/train/metrics.json": artifact() for n in "abc"}
    one = found(paths, {"r/a/train": 0.5, "r/b/train": 0.5})
    other = found(paths, {"r/a/train": 0.625, "r/b/train": 0.25})

    (r,) = numerics.document("smoke", TWO, {REFERENCE: one, "other": other}, SECONDS)["stages"]

    assert (r["headline"], r["greatest_change"]) == ("accuracy", {"other": 0.25})


def test_a_file_beside_the_metrics_has_no_headline():
    one = found({"r/a/train/model.safetensors": artifact()}, {"r/a/train": 0.5})

    (r,) = numerics.document("smoke", TWO, {REFERENCE: one, "other": one}, SECONDS)["stages"]

    assert (r["headline"], r["greatest_change"]) == (None, {"other": None})


def test_an_exact_file_that_differs_with_equal_inputs_breaks_the_declaration():
    one = found({"r/a": artifact(sha="1", exact=True, inputs=("i",))})
    other = found({"r/a": artifact(sha="2", exact=True, inputs=("i",))})

    document = numerics.document("smoke", TWO, {REFERENCE: one, "other": other}, SECONDS)

    assert document["broken"] == ["other: r/a differs and is declared the same on every CPU"]


@pytest.mark.parametrize(
    "changed",
    [
        artifact(sha="2", exact=True, inputs=("other model",)),
        artifact(sha="1", exact=True, inputs=("i",)),
    ],
)
def test_an_exact_file_may_differ_where_its_inputs_do_and_is_fine_where_it_is_equal(changed):
    one = found({"r/a": artifact(sha="1", exact=True, inputs=("i",))})

    assert numerics.broken({REFERENCE: one, "other": found({"r/a": changed})}, "other") == []


def test_a_stock_file_may_differ():
    one, other = found({"r/a": artifact(sha="1")}), found({"r/a": artifact(sha="2")})

    assert numerics.broken({REFERENCE: one, "other": other}, "other") == []


def test_a_file_that_one_run_lacks_is_told():
    one, other = found({"r/a": artifact(), "r/b": artifact()}), found({"r/a": artifact()})

    assert numerics.broken({REFERENCE: one, "other": other}, "other") == [
        "other: r/b is not there in both runs"
    ]
    assert numerics.broken({REFERENCE: other, "other": one}, "other") == [
        "other: r/b is not there in both runs"
    ]


@pytest.mark.parametrize(
    ("record", "exact"),
    [
        ({"stage": "fetch", "settings": {}}, True),
        ({"stage": "synthesize", "settings": {}}, True),
        ({"stage": "prepare", "settings": {}}, True),
        ({"stage": "emulate", "settings": {"emulate": {"target": "int-core"}}}, True),
        ({"stage": "train", "settings": {"train": {"loss": "tet"}}}, False),
        ({"stage": "train", "settings": {"train": {"arithmetic": "exact-grid"}}}, True),
        ({"stage": "train", "settings": {"train": {"arithmetic": None}}}, False),
        ({"stage": "decode", "settings": {"decode": {}}}, False),
    ],
)
def test_data_emulation_and_exact_training_are_declared_exact(record, exact):
    assert numerics.is_exact(record) is exact


# ------------------------------------------------------------------ one run from its files


def put(folder, stage, place, metrics=None, status="done", **more):
    place = folder / place / stage
    place.mkdir(parents=True)
    outputs = {"model.safetensors": {"bytes": 1, "sha256": "m" * 64}}
    if metrics is not None:
        (place / "metrics.json").write_text(json.dumps(metrics))
    record = {
        "schema": records.SCHEMA,
        "stage": stage,
        "settings": {stage: {}},
        "status": status,
        "inputs": {"model": [{"sha256": "b"}], "data": [{"sha256": "a"}]},
        "outputs": outputs,
        "numerics": {"threads": 1, "variables": {}},
        **more,
    }
    (place / "record.json").write_bytes(records.dump(record))


def test_a_run_is_read_from_its_records_metrics_and_verdicts(tmp_path):
    put(tmp_path, "train", "results/smoke/s/v/seed-0", {"accuracy": 0.75})
    put(tmp_path, "train", "results/desk/s/v/seed-0", {"accuracy": 0.5})
    put(tmp_path, "prepare", "results/data/digits")
    put(tmp_path, "judge", "results/smoke/s")
    verdicts = tmp_path / "results/smoke/s/judge/verdicts.json"
    verdicts.write_text(json.dumps({"verdicts": [row(study="s", claim="c")]}))

    one = numerics.collect(tmp_path, "smoke")

    assert one.artifacts == {
        "data/digits/prepare/model.safetensors": Artifact(
            "prepare", True, "m" * 64, ("a", "b")
        ),
        "results/smoke/s/v/seed-0/train/model.safetensors": Artifact(
            "train", False, "m" * 64, ("a", "b")
        ),
    }
    assert one.numbers == {"results/smoke/s/v/seed-0/train": 0.75}
    assert len(one.numerics) == 3
    assert one.verdicts == {"s/c": row(study="s", claim="c")}


def test_the_pages_verdicts_come_before_those_of_the_studies(tmp_path):
    (tmp_path / "results/smoke/s/judge").mkdir(parents=True)
    page = {"claims": [row(claim="page")]}
    (tmp_path / "results/smoke/verdict.json").write_text(json.dumps(page))
    (tmp_path / "results/smoke/s/judge/verdicts.json").write_text("no JSON")

    assert list(numerics.collect(tmp_path, "smoke").verdicts) == ["toy/page"]


def test_a_run_without_verdicts_is_refused(tmp_path):
    with pytest.raises(RespikeError, match="holds no verdicts"):
        numerics.collect(tmp_path, "smoke")


def test_an_edited_record_is_refused(tmp_path):
    put(tmp_path, "train", "results/smoke/s/v/seed-0", {"accuracy": 0.75})
    file = tmp_path / "results/smoke/s/v/seed-0/train/record.json"
    file.write_text(file.read_text().replace('"threads": 1', '"threads": 2'))

    with pytest.raises(DamagedFile, match="was edited"):
        numerics.collect(tmp_path, "smoke")


HEADLINES = {
    "accuracy": ("train", "prune", "distill", "emulate"),
    "error_snn20_mf": ("simulate",),
    "worth": ("decode",),
    "lift_rate": ("control",),
}


@pytest.mark.parametrize(
    ("metric", "stage"), [(m, stage) for m, stages in HEADLINES.items() for stage in stages]
)
def test_every_stage_of_a_run_has_its_headline(tmp_path, metric, stage):
    put(tmp_path, stage, "results/smoke/s/v/seed-0", {metric: 0.5, "other": 0.25})
    (tmp_path / "results/smoke/verdict.json").write_text(json.dumps({"claims": [row()]}))

    assert list(numerics.collect(tmp_path, "smoke").numbers.values()) == [0.5]


@pytest.mark.parametrize("metrics", [{"accuracy": None}, {}, {"accuracy": [0.5]}])
def test_a_headline_that_is_no_number_is_none(tmp_path, metrics):
    put(tmp_path, "train", "results/smoke/s/v/seed-0", metrics)
    (tmp_path / "results/smoke/verdict.json").write_text(json.dumps({"claims": [row()]}))

    assert numerics.collect(tmp_path, "smoke").numbers == {}


def test_a_job_that_did_not_run_has_no_headline(tmp_path):
    put(tmp_path, "train", "results/smoke/s/v/seed-0", {"accuracy": 0.5}, status="not run")
    (tmp_path / "results/smoke/verdict.json").write_text(json.dumps({"claims": [row()]}))

    assert numerics.collect(tmp_path, "smoke").numbers == {}


# ------------------------------------------------------------------ the chance of a flip

INFINITE = math.inf


def cauchy(x):
    """Student's t with one degree of freedom, in closed form."""
    return 0.5 + math.atan(x) / math.pi


def test_the_chance_is_that_of_one_more_value_beyond_the_edge():
    # mean 2, sd sqrt 2, so a new value spreads by sqrt 2 sqrt 1.5; the interval reaches .5
    # below, so it leaves (0, inf) where the value is below .5
    found = numerics.leaves([1.0, 3.0], (0.5, 1.5), (0.0, INFINITE))

    assert found == pytest.approx(cauchy((0.5 - 2) / math.sqrt(3)))


def test_both_edges_count():
    found = numerics.leaves([1.0, 3.0], (0.5, 1.75), (0.0, 4.0))

    inside = cauchy((3.25 - 2) / math.sqrt(3)) - cauchy((0.5 - 2) / math.sqrt(3))
    assert found == pytest.approx(1 - inside)


def test_an_interval_outside_may_come_in_or_go_over():
    found = numerics.leaves([1.0, 3.0], (0.5, 1.75), (2.0, 4.0))

    below = cauchy((2 - 0.75 - 2) / math.sqrt(3))
    beyond = 1 - cauchy((4 + 0.5 - 2) / math.sqrt(3))
    assert found == pytest.approx(1 - below - beyond)


def test_an_interval_over_an_edge_may_get_off_it():
    found = numerics.leaves([1.0, 3.0], (0.5, 1.75), (0.75, INFINITE))

    holds = 1 - cauchy((0.75 + 0.5 - 2) / math.sqrt(3))
    differs = cauchy((0.75 - 0.75 - 2) / math.sqrt(3))
    assert found == pytest.approx(holds + differs)


def test_an_interval_wider_than_the_region_never_holds():
    found = numerics.leaves([0.0, 0.5, -0.5], (-3.0, 3.0), (-1.0, 1.0))

    assert 0 < found < 0.05


def test_values_that_are_all_equal_flip_nothing():
    assert numerics.leaves([2.0, 2.0, 2.0], (1.9, 2.1), (1.0, INFINITE)) == 0.0


def test_more_classes_of_one_spread_are_surer():
    few = numerics.leaves([1.0, 1.1], (0.9, 1.1), (0.5, INFINITE))
    more = numerics.leaves([1.0, 1.1, 1.0, 1.1], (0.9, 1.1), (0.5, INFINITE))

    assert more < few / 2


def rows_of(*measured, **changes):
    names = (REFERENCE, "a", "b", "c")
    return {n: row(measured=m, **changes) for n, m in zip(names, measured, strict=False)}


def test_a_claims_chance_is_that_of_its_part():
    rows = rows_of(1.0, 3.0, half=0.5, region=[0.0, None])

    assert numerics.flip_chance(rows) == (
        pytest.approx(numerics.leaves([1.0, 3.0], (0.5, 1.5), (0.0, INFINITE))),
        "",
    )


def test_a_lower_bound_that_is_none_is_no_edge():
    rows = rows_of(1.0, 3.0, half=0.5, region=[None, 4.0])

    assert numerics.flip_chance(rows)[0] == pytest.approx(
        numerics.leaves([1.0, 3.0], (0.5, 1.5), (-INFINITE, 4.0))
    )


def test_a_ratio_is_taken_on_its_logarithm():
    rows = rows_of(1.0, 2.0, half=0.5, region=[0.25, None], scale="log")

    assert numerics.flip_chance(rows)[0] == pytest.approx(
        numerics.leaves(
            [0.0, math.log(2)], (math.log(0.5), math.log(1.5)), (math.log(0.25), INFINITE)
        )
    )


def test_parts_add_up_to_one_at_most():
    once = rows_of(1.0, 3.0, half=0.5, region=[0.0, None])
    twice = rows_of(1.0, 3.0, half=0.5, region=[0.0, None], parts=2)
    often = rows_of(1.0, 3.0, half=0.5, region=[0.0, None], parts=9)

    one = numerics.flip_chance(once)[0]
    assert numerics.flip_chance(twice)[0] == pytest.approx(2 * one)
    assert numerics.flip_chance(often)[0] == 1.0


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (rows_of(1.0, 2.0, verdict="not run"), "not run"),
        (rows_of(0, 0, level="identity"), "identity"),
        (rows_of(1.0), "one class alone has no spread"),
        (rows_of(1.0, 2.0, interval=None), "no interval in every class"),
        (
            {REFERENCE: row(measured=1.0), "a": row(measured=1.0, parts=2)},
            "no interval in every class",
        ),
        (
            {REFERENCE: row(measured=1.0), "a": row(measured=1.0, verdict="not run")},
            "not run",
        ),
    ],
)
def test_where_there_is_no_chance_it_is_said_why(rows, why):
    assert numerics.flip_chance(rows) == (None, why)


def test_a_claim_tells_its_verdict_in_every_class_and_which_flip():
    rows = {
        REFERENCE: row(measured=1.0),
        "a": row(measured=1.0),
        "b": row(measured=2.0, verdict="differs"),
    }

    told = numerics.claim("toy/c", rows)

    assert told["verdicts"] == {REFERENCE: "holds", "a": "holds", "b": "differs"}
    assert told["measured"] == {REFERENCE: 1.0, "a": 1.0, "b": 2.0}
    assert told["flips"] == ["b"]
    assert told["chance"] > 0
    assert (told["unit"], told["level"], told["primary"]) == ("pp", "statistical", True)


def test_the_document_names_machine_classes_and_claims():
    one = found({"r/a": artifact()}, verdicts={"toy/c": row(measured=1.0)})

    document = numerics.document("desk", TWO, {REFERENCE: one, "other": one}, SECONDS)

    assert document["schema"] == "respike-numerics/1"
    assert document["budget"] == "desk"
    assert document["machine"]["cpu_vendor"] == "AuthenticAMD"
    assert "threads" not in document["machine"]
    assert "variables" not in document["machine"]
    assert document["classes"][1] == {
        "name": "other",
        "says": "another",
        "threads": 2,
        "variables": {"MKL_CBWR": "AVX2"},
        "jobs": 1,
        "seconds": 61,
    }
    assert document["classes"][0]["seconds"] == 60
    assert [c["claim"] for c in document["claims"]] == ["toy/c"]
    assert document["broken"] == []
    assert isinstance(one, Found)
