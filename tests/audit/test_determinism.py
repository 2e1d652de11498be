"""Runs under one change of their surroundings: leaks are caught, all else is said as it is."""

import json
import os
from pathlib import Path

import pytest

from respike.audit import determinism, probe, variations
from respike.audit.determinism import Made, Report, Result, judged, line
from respike.audit.variations import Ran, Variation
from respike.cli import main
from respike.cli.audit.determinism import closing
from respike.core import io, records
from respike.core.errors import ConfigError, RespikeError
from tests.workflow import toy

# ------------------------------------------------------------------ the toy, with leaks

LEAKS = {
    '"accuracy": float(np.mean(predicted == label))': (
        '"accuracy": float(np.mean(predicted == label)), "made": time.localtime(0).tm_hour'
    ),
    '[{"epoch": 1, "loss": 0.5}]': '[{"epoch": part} for part in {"a", "b", "c", "d", "e"}]',
    '{"spikes.hidden1": np.zeros((4, 8), np.uint8)}': (
        '{"order": np.array(os.listdir(os.environ["RESPIKE_AUDIT_LISTED"]))}'
    ),
    "(np.float32)\n    time": (
        '(np.float32) + np.float32(os.environ["OMP_NUM_THREADS"] == "2")\n    time'
    ),
}


@pytest.fixture(scope="module")
def leaky(tmp_path_factory):
    """A determinism audit of a toy whose training leaks zone, hash seed, order and threads."""
    folder = toy.make(tmp_path_factory.mktemp("leaky") / "toy")
    for name in ("train", "prune"):
        stage = folder / f"respike/stages/{name}.py"
        text = stage.read_text()
        for old, new in LEAKS.items():
            assert old in text
            text = text.replace(old, new)
        stage.write_text(text)
    only = ("zone", "hash-seed", "file-order", "threads")
    said = []
    report = determinism.determinism("smoke", ["toy"], only, said.append, root=folder)
    return {result.name: result for result in report.results}, report, said


RUNS = "results/smoke/toy/dense/seed-0/train", "results/smoke/toy/pruned/seed-0/prune"


@pytest.mark.parametrize(
    ("name", "file"),
    [("zone", "metrics.json"), ("hash-seed", "curve.csv"), ("file-order", "trace.npz")],
)
def test_a_stage_that_leaks_is_caught_with_the_files_it_leaked_into(name, file, leaky):
    results, _, _ = leaky

    assert (results[name].status, results[name].why) == ("DIFFERS", "")
    assert results[name].differing == tuple(f"{run}/{file}" for run in RUNS)


def test_what_a_stage_does_not_leak_into_stays_equal(leaky):
    results, report, said = leaky

    assert {result.equal for result in results.values() if not result.control} == {12}
    assert sum(report.files.values()) == 14
    assert said[0] == "reference: smoke in a fresh copy"
    assert said[2].startswith(
        "zone          DIFFERS             time zone UTC+14 for UTC: 12 files"
    )


def test_two_threads_must_change_a_trained_model(leaky):
    results, _, _ = leaky

    assert results["threads"].status == "changed, as it must"
    assert results["threads"].why == "2 of 2 stock models changed"


def test_the_report_counts_files_by_stage_and_names_what_was_left_out(leaky):
    _, report, _ = leaky

    assert report.files == {"fetch": 1, "judge": 2, "prepare": 1, "prune": 5, "train": 5}
    assert report.numerics["threads"] == 1
    left_out = ["path", "name", "locale", "umask", "user", "host", "load", "instructions"]
    assert report.left_out == left_out
    assert not report.passed


# ------------------------------------------------------------------ without running anything

CLASS, OTHER = {"threads": 1}, {"threads": 2}
MODEL = "results/smoke/s/v/seed-0/train/model.safetensors"
EXACT = "results/smoke/s/e/seed-0/train/model.safetensors"
RECORD = "results/smoke/s/v/seed-0/train/record.json"
ZONE = Variation("zone", "another time zone", "zone", lambda value: value == 5)
BUSY = Variation("load", "busy", busy=2)
THREADS = Variation("threads", "2 threads for 1")


def made(zone=0, code=0, busy_s=0.0, numerics=CLASS, said="", **hashes):
    row = {"command": ["-m", "respike.stages.train"], "zone": zone}
    found = {MODEL: "a", EXACT: "b", "results/smoke/verdict.json": "c"}
    found |= {{"model": MODEL, "exact": EXACT}.get(name, name): h for name, h in hashes.items()}
    ran = Ran(code, 10.0, said)
    return Made(ran, found, {RECORD: numerics}, {MODEL: False, EXACT: True}, [row], busy_s)


def test_equal_content_of_a_proven_variation_is_equal():
    assert judged(ZONE, False, made(zone=5), made()) == Result(
        "zone", "another time zone", False, "equal", "", 3, (), 10.0
    )


def test_other_content_differs_and_the_files_are_named():
    found = judged(ZONE, False, made(zone=5, model="x", more="y"), made())

    assert (found.status, found.equal) == ("DIFFERS", 2)
    assert found.differing == ("more", MODEL)


def test_what_is_not_proven_is_not_passed():
    found = judged(ZONE, False, made(zone=0), made())

    assert (found.status, found.why) == (
        "NOT APPLIED", "a process of a stage saw zone 0, before 0",
    )  # fmt: skip


@pytest.mark.parametrize(("busy_s", "status"), [(2.0, "equal"), (1.9, "NOT APPLIED")])
def test_busy_processes_must_have_been_busy(busy_s, status):
    assert judged(BUSY, False, made(busy_s=busy_s), made()).status == status


def test_busy_processes_that_were_idle_are_told_with_their_seconds():
    found = judged(BUSY, False, made(busy_s=1.0), made())

    assert found.why == "the busy processes had 1.0 s in 10.0 s"


def test_a_run_in_another_class_proves_nothing():
    found = judged(ZONE, False, made(zone=5, numerics=OTHER), made())

    assert (found.status, found.why) == (
        "NOT APPLIED", "it ran in another numerics class than the reference",
    )  # fmt: skip


def test_a_run_that_fails_is_told_with_its_last_line():
    found = judged(ZONE, False, made(zone=5, code=1, said="one\nwhy\x1b\n\n"), made())

    assert (found.status, found.why) == ("FAILED", "it ended with 1: why\\x1b")
    assert judged(ZONE, False, made(code=1), made()).why == "it ended with 1: it said nothing"


def test_a_control_that_moves_a_stock_model_and_no_exact_one_is_as_it_must_be():
    found = judged(THREADS, True, made(numerics=OTHER, model="x"), made())

    assert (found.status, found.differing) == ("changed, as it must", (MODEL,))
    assert found.why == "1 of 1 stock models changed, 0 of 1 exact ones"


def test_a_control_that_moves_nothing_fails_the_audit():
    found = judged(THREADS, True, made(numerics=OTHER), made())

    assert (found.status, found.why) == (
        "UNCHANGED", "0 of 1 stock models changed, 0 of 1 exact ones",
    )  # fmt: skip


def test_a_control_that_moves_an_exact_model_is_a_difference():
    found = judged(THREADS, True, made(numerics=OTHER, model="x", exact="y"), made())

    assert (found.status, found.differing) == ("DIFFERS", (EXACT,))
    assert found.why == "1 of 1 stock models changed, 1 of 1 exact ones"


def test_a_control_in_the_same_class_was_not_applied():
    found = judged(THREADS, True, made(model="x"), made())

    assert (found.status, found.why) == (
        "NOT APPLIED", f"the numerics class of {RECORD} is the reference's",
    )  # fmt: skip


def report(*results, **changes):
    found = Report("smoke", "abc", list(results), [], CLASS, {"train": 5, "judge": 2}, 120.0)
    return found._replace(**changes)


def result(status, control=False, **changes):
    return Result("zone", "another", control, status, "", 7, (), 3.0)._replace(**changes)


@pytest.mark.parametrize(
    ("status", "passed"),
    [
        ("equal", True), ("changed, as it must", True), ("skipped", True), ("DIFFERS", False),
        ("UNCHANGED", False), ("NOT APPLIED", False), ("FAILED", False),
    ],
)  # fmt: skip
def test_only_what_is_equal_changed_as_it_must_or_skipped_passes(status, passed):
    assert report(result("equal"), result(status)).passed is passed


def test_a_line_says_what_was_varied_and_what_came_of_it():
    many = ("a", "b", "c", "d", "e")

    assert line(result("equal")) == (
        "zone          equal               another: 7 files equal, 0 not, 3 s"
    )
    assert line(result("DIFFERS", differing=many)) == (
        "zone          DIFFERS             another: 7 files equal, 5 not, 3 s; "
        "a, b, c and 2 more"
    )
    assert line(result("DIFFERS", differing=many[:3])).endswith("3 s; a, b, c")
    assert line(result("skipped", why="no unshare")) == (
        "zone          skipped             another: no unshare"
    )
    assert line(result("FAILED", why="it broke", differing=many)).endswith("3 s; it broke")


def test_the_closing_counts_what_is_equal_and_says_what_was_not_run():
    found = [result("equal"), result("skipped"), result("changed, as it must", control=True)]

    assert closing(report(*found)) == [
        "budget smoke: 7 files of 2 stages equal under 1 of 2 variations, 2.0 min"
    ]
    alone = closing(report(result("changed, as it must", control=True)))
    assert alone == ["budget smoke: 7 files of 2 stages seen by controls alone, 2.0 min"]
    bad = report(result("NOT APPLIED"), result("UNCHANGED", control=True), left_out=["load"])
    assert closing(bad)[1:] == [
        "a control changed no trained model: the variations were not applied",
        "what was not applied is not passed; the lines above say why",
        "not run: load",
    ]


def test_the_report_is_written_whole_with_every_run(tmp_path):
    found = report(result("equal"), result("DIFFERS", differing=("a",)))

    path = determinism.write(found, tmp_path / "audits")

    assert list((tmp_path / "audits").iterdir()) == [path]
    assert path.name == "determinism-smoke.json"
    value = json.loads(path.read_text())
    made_at = value.pop("made")
    assert made_at.endswith("Z")
    assert value.pop("runs")[1] == {
        "name": "zone", "says": "another", "control": False, "status": "DIFFERS", "why": "",
        "equal": 7, "differing": ["a"], "seconds": 3.0,
    }  # fmt: skip
    assert value == {
        "schema": "respike-determinism/1", "budget": "smoke", "commit": "abc", "passed": False,
        "seconds": 120.0, "numerics": CLASS, "files": {"train": 5, "judge": 2}, "left_out": [],
    }  # fmt: skip


# ------------------------------------------------------------------ a run in place of a run


@pytest.fixture
def pretend(monkeypatch, tmp_path):
    """Runs that only write a record, a model and what they saw."""
    root = tmp_path / "root"
    (root / "respike").mkdir(parents=True)
    (root / "mine").write_text("mine")
    asked = []
    fail = []

    def run(folder, budget, studies, env, prefix, umask):
        asked.append((folder, budget, studies, dict(env), prefix, umask))
        assert (folder / "mine").read_text() == "mine"
        threads = int(env.get("RESPIKE_AUDIT_THREADS", 1))
        place = folder / Path(MODEL).parent
        place.mkdir(parents=True)
        data = io.dump("model.safetensors", {}, metadata=threads)
        (place / "model.safetensors").write_bytes(data)
        record = {
            "schema": records.SCHEMA, "stage": "train", "settings": {}, "status": "done",
            "outputs": {"model.safetensors": {}}, "numerics": {"threads": threads},
        }  # fmt: skip
        (place / "record.json").write_bytes(records.dump(record))
        (place.parent / "record.json").write_text("torn")
        row = {"command": ["respike.stages.train"], "umask": umask, "zone": [env.get("TZ")]}
        if env.get("TZ"):
            row["zone"] = [-14 * 3600]
        Path(env[probe.ROWS]).write_text(json.dumps(row) + "\n")
        return Ran(1 if fail and umask != 0o022 else 0, 1.0, "said")

    monkeypatch.setattr(variations, "run", run)
    run.root, run.asked, run.fail = root, asked, fail
    return run


def audit(pretend, *only, **more):
    said = []
    found = determinism.determinism(
        "smoke", ["s"], only, said.append, root=pretend.root, **more
    )
    return found, said


def test_each_run_gets_its_change_in_a_copy_of_its_own_that_is_removed(pretend):
    found, said = audit(pretend, "umask", "zone", "threads")

    assert found.passed
    assert [r.status for r in found.results] == ["equal", "equal", "changed, as it must"]
    folders = [asked[0] for asked in pretend.asked]
    assert [folder.parent.name for folder in folders] == [
        "reference",
        "zone",
        "umask",
        "threads",
    ]
    assert not any(folder.exists() for folder in folders)
    assert not folders[0].parents[1].exists()
    assert [asked[5] for asked in pretend.asked] == [0o022, 0o022, 0o077, 0o022]
    assert all(asked[1:3] == ("smoke", ["s"]) for asked in pretend.asked)
    assert pretend.asked[1][3]["TZ"] == "FAR-14"
    assert found.files == {"train": 1}
    assert said == [
        "reference: smoke in a fresh copy",
        "reference: 1 files, 1 s",
        "zone          equal               time zone UTC+14 for UTC: 1 files equal, 0 not, 1 s",
        "umask         equal               umask 077 for 022: 1 files equal, 0 not, 1 s",
        "threads       changed, as it must 2 threads for 1: 0 files equal, 1 not, 1 s; "
        "1 of 1 stock models changed",
    ]


def test_copies_are_kept_where_that_is_asked_for(pretend):
    _, said = audit(pretend, "umask", keep=True)

    scratch = Path(said[0].removeprefix("the copies stay in "))
    assert sorted(p.name for p in scratch.iterdir()) == ["reference", "source", "umask"]
    assert (scratch / "umask/copy" / MODEL).exists()


def test_a_run_that_fails_ends_no_other(pretend):
    pretend.fail.append(True)

    found, _ = audit(pretend, "umask", "threads")

    assert [r.status for r in found.results] == ["FAILED", "changed, as it must"]


def test_a_reference_that_fails_ends_the_audit(pretend, monkeypatch):
    monkeypatch.setattr(variations, "run", lambda *words, **more: Ran(3, 1.0, "no disk"))

    with pytest.raises(RespikeError, match=r"^the reference failed: it ended with 3: no disk$"):
        audit(pretend)


def test_what_this_machine_cannot_do_is_skipped_with_its_reason(pretend, monkeypatch):
    monkeypatch.setattr(variations, "_cannot", lambda command: "not permitted")

    found, said = audit(pretend, "host", "user")

    assert [(r.status, r.why) for r in found.results] == [("skipped", "not permitted")] * 2
    assert len(pretend.asked) == 1
    assert said[-1] == "host          skipped             another host name: not permitted"


def test_what_was_not_asked_for_is_left_out_and_said(pretend):
    one, _ = audit(pretend, "umask")
    chosen, left_out = determinism._chosen(())

    assert one.left_out == [
        variation.name for variation, _ in chosen if variation.name != "umask"
    ]
    assert (len(chosen), left_out) == (12, [])
    assert [control for _, control in chosen] == [False] * 10 + [True] * 2


def test_a_name_that_is_no_variation_is_refused(pretend):
    with pytest.raises(
        ConfigError, match=r"^no variation 'zon'\. Did you mean 'zone'\? There are"
    ):
        audit(pretend, "zon")
    assert pretend.asked == []


@pytest.mark.parametrize(
    ("only", "code"), [(["umask", "threads"], 0), (["umask"], 0), (["instructions"], 1)]
)
def test_the_command_ends_with_what_was_found(only, code, pretend, monkeypatch, capsys):
    from respike.cli import common

    monkeypatch.setattr(common, "ROOT", pretend.root)
    words = [word for name in only for word in ("--only", name)]

    assert main(["audit", "determinism", *words]) == code

    written = pretend.root / "audits/determinism-smoke.json"
    assert capsys.readouterr().out.splitlines()[-1] == f"the report: {written}"
    assert json.loads(written.read_text())["passed"] is (code == 0)


def test_the_command_ends_with_3_where_content_differs(pretend, monkeypatch, capsys):
    from respike.cli import common

    monkeypatch.setattr(common, "ROOT", pretend.root)
    differ = report(result("DIFFERS"), result("FAILED"))
    monkeypatch.setattr(determinism, "determinism", lambda *words: differ)

    assert main(["audit", "determinism"]) == 3


def test_what_is_written_is_ignored_by_git():
    assert "/audits/" in (toy.ROOT / ".gitignore").read_text().split()
    assert "audits" in variations.MADE
    assert os.environ.get(probe.ROWS) is None
