"""Jobs of a finished run, run again: honest, forged with care, of another machine, absent."""

import shutil
from pathlib import PurePosixPath

import pytest

from respike.audit import check, rerun
from respike.cli.audit.rerun import closing, line
from respike.core import config, io, records
from respike.core.errors import ConfigError, DamagedFile
from tests.audit import toy_run
from tests.workflow import toy

TRAINED = PurePosixPath("results/smoke/toy/pruned/seed-0/prune/record.json")
DENSE = PurePosixPath("results/smoke/toy/dense/seed-0/train/record.json")
JUDGED = PurePosixPath("results/smoke/toy/judge/record.json")
PREPARED = PurePosixPath("results/data/digits/prepare/record.json")
FETCHED = PurePosixPath("results/data/digits/fetch/record.json")


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """A finished run of the toy."""
    return toy_run.make(tmp_path_factory.mktemp("rerun") / "toy")


@pytest.fixture
def run(honest, tmp_path, monkeypatch):
    """A copy of the finished run to be changed; the toy's code is the code that runs."""
    monkeypatch.setattr(rerun, "ROOT", honest)
    monkeypatch.setattr(rerun, "_same_code", lambda record: True)
    for name in ("results", "data", "logs", "benchmarks"):
        shutil.copytree(honest / name, tmp_path / "run" / name)
    return tmp_path / "run"


def one(folder, record=TRAINED):
    (found,) = rerun.rerun(folder, [record])
    return found


def state(folder):
    """Every folder, and every file with its time, but what Python keeps of modules."""
    kept = (p for p in folder.rglob("*") if "__pycache__" not in p.parts)
    return {p: p.stat().st_mtime_ns if p.is_file() else 0 for p in kept}


# ------------------------------------------------------------------ the command


def test_an_honest_run_comes_out_bitwise_and_is_left_alone(honest):
    before = state(honest)

    done = toy.respike(honest, "audit", "rerun", "--sample", "9", "--seed", "4")

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "budget smoke: 5 of 5 jobs, --seed 4 draws the same"
    names = sorted(text.split("] ")[1].split(" (")[0] for text in lines[1:6])
    assert names == [
        "fetch of digits: bitwise",
        "judge of toy: bitwise",
        "prepare of digits: bitwise",
        "prune of toy/pruned seed 0: bitwise",
        "train of toy/dense seed 0: bitwise",
    ]
    assert lines[6] == "5 bitwise"
    assert lines[7].startswith("chance that 5 jobs catch a forger who does not know the seed")
    assert lines[8] == "    1% of 5 jobs forged:   4.9% if chosen blindly, 100.0% at worst"
    assert state(honest) == before


def test_a_forgery_that_every_hash_agrees_with_is_caught_when_its_job_is_drawn(run, capsys):
    from respike.cli import main

    predictions = run / TRAINED.parent / "predictions.npz"
    toy_run.forge(predictions, lambda v: v.update(predicted=v["label"]))
    toy_run.agree(run)

    verified = check.verify(run).passed
    code = main(["audit", "rerun", str(run), "--seed", "1", "--stage", "prune"])

    said = capsys.readouterr().out
    assert verified
    assert code == 3
    assert (
        "prune of toy/pruned seed 0: NOT as declared: predictions.npz differs: predicted["
        in said
    )
    assert "1 jobs did NOT come out at the level declared for them" in said


def test_a_file_that_is_not_what_its_record_says_is_found_before_anything_runs(run, capsys):
    from respike.cli import main

    toy_run.forge(run / TRAINED.parent / "metrics.json", lambda v: v.update(accuracy=1.0))

    code = main(["audit", "rerun", str(run), "--seed", "1"])

    said = capsys.readouterr()
    assert (code, said.out) == (3, "")
    assert "1 files are not what the records say, first results/smoke/toy/pruned/" in said.err
    assert "nothing was run again" in said.err


def test_where_there_is_no_run_it_is_said(tmp_path, capsys):
    from respike.cli import main

    assert main(["audit", "rerun", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith("respike audit rerun: ")


def test_a_new_seed_is_drawn_and_told(run, capsys):
    from respike.cli import main

    main(["audit", "rerun", str(run), "--stage", "prune", "--stage", "judge"])
    first = capsys.readouterr().out.splitlines()[0]
    main(["audit", "rerun", str(run), "--stage", "judge", "--sample", "1"])
    other = capsys.readouterr().out.splitlines()[0]

    assert first.startswith("budget smoke: 2 of 2 jobs, --seed ")
    assert other.startswith("budget smoke: 1 of 1 jobs, --seed ")
    assert first.split("--seed ")[1] != other.split("--seed ")[1]


def test_a_run_of_placeholders_has_nothing_to_run_again(run, capsys):
    from respike.cli import main

    for record in (run / "results").rglob("record.json"):
        toy_run.edit(record, lambda r: r.update(status="not run", reason="no data"))
    toy_run.agree(run)

    code = main(["audit", "rerun", str(run), "--stage", "train"])

    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        "1 jobs are `not run` and hold nothing to compare",
        "there is no job to run again",
    ]


# ------------------------------------------------------------------ who can be drawn


def test_every_job_but_the_page_can_be_drawn(run):
    stages, empty = rerun.population(run, "smoke", [])

    assert stages == {
        "fetch": [FETCHED], "judge": [JUDGED], "prepare": [PREPARED],
        "prune": [TRAINED], "train": [DENSE],
    }  # fmt: skip
    assert empty == []


def test_a_placeholder_is_told_by_its_record_and_not_by_the_manifest(run):
    toy_run.edit(run / TRAINED, lambda r: r.update(status="not run", reason="why"))
    toy_run.agree(run)
    path = run / "results/smoke/manifest.json"
    toy_run.forge(path, lambda m: m["records"][str(DENSE)].update(status="not run"))

    stages, empty = rerun.population(run, "smoke", ["train", "prune"])

    assert (stages, empty) == ({"train": [DENSE]}, [TRAINED])


@pytest.mark.parametrize(
    ("stage", "said"),
    [
        ("report", r"^the page is not a job to be compared; audit verify checks it$"),
        ("trian", r"^no stage 'trian'\. Did you mean 'train'\? Stages: fetch, .*, judge$"),
    ],
)
def test_a_stage_that_cannot_be_drawn_is_refused(stage, said, run):
    with pytest.raises(ConfigError, match=said):
        rerun.population(run, "smoke", [stage])


@pytest.mark.parametrize("text", ["{}", "[]", '{"records": 3}'])
def test_a_manifest_that_is_none_is_refused(text, run):
    (run / "results/smoke/manifest.json").write_text(text)

    with pytest.raises(DamagedFile, match=r"manifest\.json is no manifest of a run; run again"):
        rerun.population(run, "smoke", [])


def test_a_manifest_cannot_name_a_record_elsewhere(run):
    path = run / "results/smoke/manifest.json"
    toy_run.forge(path, lambda m: m["records"].update({"results/../../x/record.json": {}}))

    with pytest.raises(DamagedFile, match="is not where the record of a job stands"):
        rerun.population(run, "smoke", [])


# ------------------------------------------------------------------ other classes and codes


def perturb(run, by, record=TRAINED):
    """Move a metric a little, as another processor would."""
    place = run / record.parent / "metrics.json"
    toy_run.forge(place, lambda v: v.update(accuracy=v["accuracy"] + by))


def another_cpu(record):
    record["numerics"]["cpu_vendor"] = "Another"
    record["numerics"]["versions"]["numpy"] = "1.0"


def test_in_another_class_a_small_difference_is_within_the_declared_tolerance(run):
    perturb(run, 0.01)
    toy_run.edit(run / TRAINED, another_cpu)
    toy_run.agree(run)

    found = one(run)

    assert (found.level, found.declared) == ("within the declared tolerance", True)
    levels = {h.file: h.level for h in found.held}
    assert levels.pop("metrics.json") == "within the declared tolerance"
    assert set(levels.values()) == {"equal content in another numerics class"}
    vendor, numpy = found.classes
    assert vendor.startswith('cpu_vendor: "Another", here "')
    assert numpy.startswith('versions.numpy: "1.0", here "')


def test_in_the_same_class_the_same_difference_is_a_forgery(run):
    perturb(run, 0.01)
    toy_run.agree(run)

    found = one(run)

    assert (found.level, found.declared, found.classes) == ("differs", False, ())


def test_a_large_difference_is_none_of_another_class(run):
    perturb(run, 0.2)
    toy_run.edit(run / TRAINED, another_cpu)
    toy_run.agree(run)

    assert (one(run).level, one(run).declared) == ("differs", False)


def test_between_two_codes_the_tolerance_counts(run, monkeypatch):
    monkeypatch.setattr(rerun, "_same_code", lambda record: False)
    perturb(run, 0.01)
    toy_run.agree(run)

    found = one(run)

    assert (found.level, found.code) == ("within the declared tolerance", False)


def test_between_two_locks_the_tolerance_counts(run):
    perturb(run, 0.01)
    toy_run.edit(run / TRAINED, lambda r: r.update(env="base:" + "0" * 64))
    toy_run.agree(run)

    found = one(run)

    assert (found.level, found.code, found.env) == (
        "within the declared tolerance",
        True,
        False,
    )


@pytest.mark.parametrize("env", ["", "base", "../base:x", "none:x"])
def test_a_lock_that_is_not_there_is_another_one(env):
    assert not rerun._same_env(env)


def test_the_present_lock_is_the_recorded_one():
    lock = io.sha256((toy.ROOT / "envs/base.lock").read_bytes())

    assert rerun._same_env(f"base:{lock}")


def test_the_code_is_told_from_another(run):
    record = records.load(run / PREPARED)
    settings = {"stage": "fetch"}
    mine = {"stage": "fetch", "settings": settings, "code": rerun.code.of("fetch", settings)}

    assert rerun.ROOT != toy.ROOT  # the fixture's
    same = _same_code_itself()
    assert same(mine)
    assert not same({**mine, "code": "0" * 64})
    assert not same({"stage": "prepare", "settings": {"row": {"reader": "none"}}, "code": ""})
    assert record["stage"] == "prepare"


def _same_code_itself():
    import importlib.util

    spec = importlib.util.find_spec("respike.audit.rerun")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module._same_code


# ------------------------------------------------------------------ how a job is started


def test_a_job_gets_the_words_of_its_rule_and_the_variables_of_its_class(monkeypatch, run):
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    monkeypatch.setenv("RESPIKE_AUDIT_THREADS", "7")
    monkeypatch.setenv("RESPIKE_EPOCH", "x")
    monkeypatch.setenv("PYTHONHASHSEED", "1")
    monkeypatch.setenv("MINE", "kept")
    record = records.load(run / TRAINED)
    record["inputs"]["beside"] = [{"path": "results/none"}]
    record["numerics"]["variables"] = {"MKL_CBWR": "AVX2", "LD_PRELOAD": "evil"}

    command, env = rerun._command(TRAINED, record), rerun._environment(record)

    assert command[1:4] == ["-m", "respike.stages.prune", "--settings"]
    assert io.parse("s.json", command[4].encode()) == record["settings"]
    model = "results/smoke/toy/dense/seed-0/train/model.safetensors"
    out = command.index("--out")
    assert command[5:out] == [
        "--code", record["code"], "--env", record["env"],
        "--in", "data", "data/digits/prepare/arrays.npz", "--in", "model", model,
    ]  # fmt: skip
    assert [PurePosixPath(p).name for p in command[out + 1 :]] == [
        "model.safetensors", "predictions.npz", "metrics.json", "curve.csv", "trace.npz",
        "record.json",
    ]  # fmt: skip
    assert env["MKL_CBWR"] == "AVX2"
    assert env["OMP_NUM_THREADS"] == env["NUMEXPR_NUM_THREADS"] == "1"
    assert env["PYTHONPATH"] == str(rerun.ROOT)
    assert env["RESPIKE_OFFLINE"] == "1"
    assert env["MINE"] == "kept"
    gone = ("ATEN_CPU_CAPABILITY", "RESPIKE_AUDIT_THREADS", "RESPIKE_EPOCH", "PYTHONHASHSEED")
    assert [name for name in (*gone, "LD_PRELOAD") if name in env] == []


def test_a_judge_is_not_named_the_records_that_follow_from_its_settings(run):
    command = rerun._command(JUDGED, records.load(run / JUDGED))

    assert "--in" not in command
    assert command[command.index("--out") + 3] == str(JUDGED)


def test_a_job_of_two_threads_is_run_with_two(run):
    record = records.load(run / TRAINED)
    record["numerics"]["threads"] = 2

    assert rerun._environment(record)["RESPIKE_AUDIT_THREADS"] == "2"


def test_a_checkout_with_an_environment_of_its_own_is_run_by_it(tmp_path, monkeypatch, run):
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").touch()
    monkeypatch.setattr(rerun, "ROOT", tmp_path)

    command = rerun._command(TRAINED, records.load(run / TRAINED))

    assert command[0] == str(tmp_path / ".venv/bin/python")


def test_each_job_is_told_as_it_ends(run):
    told = []

    found = rerun.rerun(run, [JUDGED, PREPARED], lambda number, one: told.append((number, one)))

    assert told == [(1, found[0]), (2, found[1])]
    assert [f.record for f in found] == [JUDGED, PREPARED]
    assert all(0 < f.seconds < 60 for f in found)


# ------------------------------------------------------------------ inputs


def test_an_input_that_its_producer_did_not_write_is_refused(run):
    (run / "data/digits/prepare/arrays.npz").write_bytes(b"other")

    found = one(run)

    assert (found.level, found.held, found.declared) == ("differs", [], False)
    assert "arrays.npz is not what its producer wrote" in found.says


def test_an_input_of_another_job_than_recorded_is_refused(run):
    def other(record):
        record["inputs"]["data"][0]["key"] = "0" * 64
        record.pop("seal")
        record["seal"] = records.seal(record)

    toy_run.edit(run / TRAINED, other)

    assert one(run).says == (
        "data/digits/prepare/arrays.npz was made by another job than is recorded"
    )


def test_an_input_that_its_producer_recorded_otherwise_is_refused(run):
    toy_run.forge(run / PREPARED, lambda r: r["outputs"]["arrays.npz"].update(sha256="0" * 64))
    record = io.parse("r.json", (run / PREPARED).read_bytes())
    record.pop("seal")
    (run / PREPARED).write_bytes(records.dump(record))

    assert one(run).says == (
        "data/digits/prepare/arrays.npz was read with another hash than its producer recorded"
    )


def test_an_input_that_may_not_be_passed_on_leaves_its_job_uncompared(run):
    (run / "data/digits/prepare/arrays.npz").unlink()

    found = one(run)

    assert (found.level, found.declared) == ("not compared", True)
    assert found.says.startswith(
        "data/digits/prepare/arrays.npz is not here; a bundle leaves out"
    )


def test_an_output_that_is_not_here_leaves_its_job_uncompared(run):
    (run / "data/digits/prepare/arrays.npz").unlink()

    assert one(run, PREPARED).level == "not compared"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x/y", "results/../../a/b", "data/x/fetch/.."]
)
def test_a_path_that_leads_elsewhere_is_refused(path):
    with pytest.raises(DamagedFile):
        rerun._safe(path)


def test_a_record_of_another_job_is_refused(run):
    toy_run.edit(run / TRAINED, lambda r: r["settings"].update(variant="dense"))
    toy_run.agree(run)

    assert one(run).says == (
        f"{TRAINED} is the record of another job: prune of toy/dense seed 0"
    )


def test_a_record_of_another_stage_is_refused(run):
    toy_run.edit(run / TRAINED, lambda r: r.update(stage="train"))
    toy_run.agree(run)

    assert "is the record of another job" in one(run).says


def test_a_record_with_a_wrong_key_is_refused(run):
    record = records.load(run / TRAINED)
    (run / TRAINED).write_bytes(records.dump({**record, "key": "0" * 64}))

    assert one(run).says == f"{TRAINED} has a key that is not that of its settings and inputs"


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["inputs"]["records"].pop(),
        lambda r: r["inputs"].pop("records"),
        lambda r: r["settings"].update(seeds=10**15),
        lambda r: r["settings"].update(seeds="two"),
        lambda r: r["settings"]["resolved"].pop("variants"),
        lambda r: r["settings"]["resolved"].update(variants=["dense"]),
    ],
)
def test_a_judge_that_did_not_read_what_its_settings_name_is_refused(change, run):
    toy_run.edit(run / JUDGED, change)
    toy_run.agree(run)

    assert one(run, JUDGED).says == f"{JUDGED} names other inputs than its settings do"


def test_a_record_that_leaves_an_output_out_is_refused(run):
    toy_run.edit(run / TRAINED, lambda r: r["outputs"].pop("curve.csv"))
    toy_run.agree(run)

    assert one(run).says == f"{TRAINED} does not name curve.csv"


# ------------------------------------------------------------------ stages that do not end well


def test_a_stage_that_fails_here_is_told_with_its_last_line(run, monkeypatch):
    toy_run.edit(run / TRAINED, lambda r: r["settings"]["prune"].pop("epochs"))
    toy_run.agree(run)

    found = one(run)

    assert (found.level, found.declared, found.held) == ("differs", False, [])
    assert found.says == "the stage ended with 1: KeyError: 'epochs'"


def test_a_job_that_is_not_run_here_differs(run, monkeypatch):
    toy_run.edit(run / PREPARED, lambda r: r.update(status="not run", reason="no data"))
    toy_run.agree(run)

    assert one(run).says == "it is `not run` here: no data"


# ------------------------------------------------------------------ fetch


@pytest.fixture
def offline(run, monkeypatch):
    """Make the toy's fetch end as without network, and its table pin one file."""
    monkeypatch.setenv("RESPIKE_TOY_ABSENT", "1")
    row = records.load(run / FETCHED)["settings"]["row"]
    row["files"] = [{"name": "digits.csv", "sha256": io.sha256(b"0,1,2,3\n" * 50)}]
    table = type("Table", (), {"value": {"datasets": {"digits": row}}})
    monkeypatch.setattr(config, "sources", lambda root: table)

    def pin(files):
        row["files"] = files
        toy_run.edit(run / FETCHED, lambda r: r["settings"].update(row=row))
        toy_run.agree(run)
        return run

    return pin


PIN = {"name": "digits.csv", "sha256": io.sha256(b"0,1,2,3\n" * 50)}


def test_what_cannot_be_fetched_is_compared_with_its_pins(offline):
    found = one(offline([PIN]), FETCHED)

    assert (found.level, found.declared) == ("as pinned", True)
    assert found.says == "not fetched again; each file has its pinned sha256"


@pytest.mark.parametrize("files", [[{**PIN, "sha256": "0" * 64}], [PIN, {**PIN, "name": "b"}]])
def test_a_file_that_is_not_the_pinned_one_is_found(files, offline):
    found = one(offline(files), FETCHED)

    assert (found.level, found.declared) == ("differs", False)
    assert found.says.endswith("is not the file that sources.yaml pins")


@pytest.mark.parametrize("files", [[], [{"name": "digits.csv"}]])
def test_what_is_not_pinned_cannot_be_compared(files, offline):
    found = one(offline(files), FETCHED)

    assert (found.level, found.declared) == ("not compared", True)
    assert found.says == "it cannot be fetched now, and sources.yaml pins no hash of it"


def test_a_row_that_is_not_in_our_table_pins_nothing(offline, monkeypatch):
    run = offline([PIN])
    table = type("Table", (), {"value": {"datasets": {}}})
    monkeypatch.setattr(config, "sources", lambda root: table)

    assert one(run, FETCHED).says == (
        "it cannot be fetched now, and sources.yaml here has another row for it"
    )


# ------------------------------------------------------------------ what is said


def found(**changes):
    held = [rerun.levels.Held("a.npz", "bitwise", True, "")]
    return rerun.Rerun(TRAINED, "bitwise", held, True, seconds=1.25)._replace(**changes)


def test_a_line_names_the_output_that_is_not_as_declared():
    held = [
        rerun.levels.Held("a.npz", "bitwise", True, ""),
        rerun.levels.Held("b.npz", "differs", False, "x is 1, was 2\x1b[2J"),
    ]

    assert line(found()) == "prune of toy/pruned seed 0: bitwise (1 files, 1.2 s)"
    assert line(found(level="differs", held=held)) == (
        "prune of toy/pruned seed 0: NOT as declared: b.npz differs: x is 1, was 2\\x1b[2J"
    )


def test_a_line_says_which_tolerance_was_needed():
    near = rerun.levels.Held("m.json", "within the declared tolerance", True, "0.1 (a reason)")

    said = line(found(level=near.level, held=[found().held[0], near]))

    assert said == (
        "prune of toy/pruned seed 0: within the declared tolerance (2 files, 1.2 s): "
        "m.json: 0.1 (a reason)"
    )


def test_a_line_says_why_a_job_was_not_compared():
    said = line(found(level="not compared", held=[], says="not here"))

    assert said == "prune of toy/pruned seed 0: not compared: not here"


def test_the_closing_names_the_classes_the_codes_and_the_chances():
    fields = tuple(f"field{i}: 1, here 2" for i in range(8))
    several = [
        found(),
        found(record=DENSE, classes=fields, code=False),
        found(record=JUDGED, level="differs", declared=False, env=False),
        found(record=PREPARED, level="not compared", held=[]),
    ]
    stages = {"prune": [TRAINED], "train": [DENSE, 2, 3], "judge": [JUDGED], "prepare": [0] * 5}

    lines = closing(several, stages)

    assert lines[:5] == [
        "2 bitwise, 1 differs, 1 not compared",
        "1 jobs did NOT come out at the level declared for them",
        "the numerics class is another one than recorded: "
        + "; ".join(f"field{i}: 1, here 2" for i in range(6)) + "; and 2 more",
        "1 jobs ran with another code than is here: two were compared; "
        "`respike audit explain` names what changed",
        "1 jobs ran with another environment lock than is here: two were compared; "
        "`respike audit explain` names what changed",
    ]  # fmt: skip
    assert lines[5].startswith("chance that 3 jobs catch a forger")
    assert lines[6:] == [
        "    1% of 10 jobs forged:   3.0% if chosen blindly,   0.0% at worst",
        "    5% of 10 jobs forged:  14.3% if chosen blindly,   0.0% at worst",
        "   10% of 10 jobs forged:  27.1% if chosen blindly,   0.0% at worst",
        "   50% of 10 jobs forged:  87.5% if chosen blindly,   0.0% at worst",
    ]


def test_differing_fields_are_found_at_any_depth():
    old = {"a": 1, "b": {"c": 1, "d": 2}, "e": 3}

    assert list(rerun.differing(old, {"a": 1, "b": {"c": 1, "d": 3}, "f": "\x1b"})) == [
        "b.d: 2, here 3", "e: 3, here null", 'f: null, here "\\u001b"',
    ]  # fmt: skip
    assert list(rerun.differing(old, dict(old))) == []
