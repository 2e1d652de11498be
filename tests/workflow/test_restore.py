"""A snapshot comes back into a clone: verified, planned as nothing, and faults by name."""

import json
import os
import re
import shutil

import pytest

from respike.audit.transport import restore
from respike.audit.transport.store import opened
from respike.core.errors import DamagedFile, RespikeError
from tests.workflow import snapshots, toy
from tests.workflow.snapshots import ARRAYS, DENSE, MODEL, RECORD, SOURCE, bring, edited, held


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    """A checkout after a run and a snapshot, and the folder that it was sent to."""
    place = tmp_path_factory.mktemp("origin") / "with space ü"
    folder = snapshots.checkout(place / "toy")
    done = toy.respike(folder, "snapshot", "--to", str(place / "remote"))
    assert done.returncode == 0, done.stderr
    snapshots.commit(folder)
    return folder, place / "remote"


@pytest.fixture
def clone(origin, tmp_path):
    return snapshots.clone(origin[0], tmp_path / "clone ö")


@pytest.fixture(scope="module")
def restored(origin, tmp_path_factory):
    """A clone after `respike restore`, and what that said."""
    folder = snapshots.clone(origin[0], tmp_path_factory.mktemp("restored") / "clone ö")
    done = toy.respike(folder, "restore", "--from", str(origin[1]))
    assert done.returncode == 0, done.stderr
    return folder, done


def md5(folder, path):
    """DVC's name of a file's bytes, from the ledgers of a checkout."""
    for file in (folder / "versions").glob("*.json"):
        rows = json.loads(file.read_text())["files"]
        if path in rows:
            return rows[path]["md5"]
    raise AssertionError(path)


def tree(folder):
    """Path -> bytes of everything below results/ and data/."""
    files = [p for top in ("data", "results", "logs") for p in (folder / top).rglob("*")]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files if p.is_file()}


# ------------------------------------------------------------------ all is well


def test_a_clone_gets_every_file_and_a_run_would_do_nothing(origin, restored):
    folder, done = restored

    assert tree(folder) == tree(origin[0])
    assert done.stdout == "a run would do nothing: all is here\n"
    assert re.match(
        r"54 files are what the snapshot says, 54 of them brought now \(1\.7 MB\), [\d.]+ s\n",
        done.stderr,
    )


def test_every_file_gets_the_same_time(restored):
    folder, _ = restored

    times = {(folder / path).stat().st_mtime_ns for path in tree(folder)}

    assert len(times) == 1


def test_a_changed_setting_still_plans_its_own_and_what_follows(restored):
    folder, _ = restored
    study = folder / "studies/toy.yaml"
    text = study.read_text()
    study.write_text(text.replace("density: 0.1, epochs: 1", "density: 0.2, epochs: 1"))
    try:
        planned = snapshots.jobs(folder)
    finally:
        study.write_text(text)

    assert planned == ["judge toy", "prune pruned 0", "prune pruned 1", "report desk"]


def test_a_changed_module_still_plans_its_users(restored):
    folder, _ = restored
    module = folder / "respike/stages/train.py"
    text = module.read_text()
    module.write_text(text.replace("0.9", "0.8"))
    try:
        planned = snapshots.jobs(folder)
    finally:
        module.write_text(text)

    assert "train dense 0" in planned
    assert "prepare digits" not in planned


def test_a_second_restore_does_nothing(origin, restored):
    folder, _ = restored
    before = {p: (folder / p).stat().st_mtime_ns for p in tree(folder)}

    _, found = bring(folder, origin[1])

    assert (found.changed, found.placed, found.bad) == (False, [], [])
    assert {p: (folder / p).stat().st_mtime_ns for p in tree(folder)} == before


def test_dvc_itself_finds_nothing_changed_after_a_restore(restored):
    folder, _ = restored

    done = toy._python("dvc", folder, "status", "-q")

    assert (done.returncode, done.stdout) == (0, "")


def test_one_study_comes_back_alone_with_its_data(origin, clone):
    asked, found = bring(clone, origin[1], ["data-digits", "desk-toy"])

    assert found.good.keys() == asked.files.keys()
    assert not (clone / "results/desk/report.html").exists()
    assert snapshots.jobs(clone) == ["report desk"]


@pytest.mark.parametrize(
    "kind",
    ["symlink", *(pytest.param(k, marks=pytest.mark.slow) for k in ("copy", "hardlink"))],
)
def test_every_kind_of_link_of_dvc_is_planned_as_nothing(kind, origin, clone):
    (clone / ".dvc/config.local").write_text(f"[cache]\n    type = {kind}\n")

    _, found = bring(clone, origin[1])

    model = clone / MODEL
    assert found.bad == []
    assert (model.is_symlink(), model.stat().st_nlink) == (
        kind == "symlink", 2 if kind == "hardlink" else 1,
    )  # fmt: skip
    assert snapshots.jobs(clone) == []


# ------------------------------------------------------------------ what a remote may do


FAULTS = {
    "a bit flipped": snapshots.flipped,
    "cut short": lambda data: data[:-100],
    "a web page": lambda data: b"<!doctype html><title>Log in</title>",
    "absent": lambda data: None,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_a_remote_sends_wrong_is_named_and_never_put_into_its_place(fault, origin, clone):
    place = held(origin[1], md5(origin[0], MODEL))

    with edited(place, FAULTS[fault](place.read_bytes())):
        _, found = bring(clone, origin[1])

    (bad,) = found.bad
    assert (bad.path, bad.producer) == (MODEL, "train of toy/dense seed 0")
    assert bad.why == f"{origin[1]} has no such bytes, or other ones"
    assert not bad.moved
    assert not (clone / MODEL).exists()
    assert not (clone / RECORD).exists()


def test_a_file_that_failed_plans_its_job_and_what_follows_alone(origin, clone):
    place = held(origin[1], md5(origin[0], MODEL))
    with edited(place, snapshots.flipped(place.read_bytes())):
        bring(clone, origin[1])

    assert snapshots.jobs(clone) == [
        "judge toy", "prune pruned 0", "report desk", "train dense 0",
    ]  # fmt: skip


@pytest.mark.parametrize("path", [MODEL, SOURCE, RECORD, "logs/desk/toy/judge.log"])
@pytest.mark.parametrize("kind", ["copy", "symlink", "hardlink"])
def test_wrong_bytes_that_dvc_believes_are_set_aside(kind, path, origin, clone):
    """DVC takes what is read-only in its cache as it is."""
    bring(clone, origin[1])
    for top in ("data", "results", "logs", "benchmarks"):
        shutil.rmtree(clone / top)
    (clone / ".dvc/config.local").write_text(f"[cache]\n    type = {kind}\n")
    place = held(clone / ".dvc/cache", md5(origin[0], path))
    wrong = snapshots.flipped(place.read_bytes())
    place.chmod(0o644)
    place.write_bytes(wrong)
    place.chmod(0o444)

    asked, found = bring(clone, None)

    bad = {b.path: b for b in found.bad}
    assert bad[path].moved
    assert bad[path].why.startswith("found sha256 ")
    assert (clone / "quarantine/now" / path).read_bytes() == wrong
    assert not os.path.lexists(clone / path)
    assert not os.path.lexists(clone / asked.record[path])
    assert not place.exists()


def test_what_failed_comes_from_a_remote_that_has_it(origin, clone):
    bring(clone, origin[1])
    place = held(clone / ".dvc/cache", md5(origin[0], MODEL))
    place.chmod(0o644)
    place.write_bytes(b"wrong")
    (clone / MODEL).unlink()
    bring(clone, None)

    _, found = bring(clone, origin[1])

    assert found.bad == []
    assert (clone / MODEL).read_bytes() == (origin[0] / MODEL).read_bytes()
    assert {(clone / path).stat().st_mtime_ns for path in found.good} == {
        (clone / MODEL).stat().st_mtime_ns
    }


def test_a_member_added_to_dvcs_list_of_a_folder_is_never_brought(origin, clone):
    text = (clone / "versions/desk-toy.dvc").read_text()
    listing = held(origin[1], re.search(r"toy\n  hash: md5\n  md5: (\w+\.dir)", text)[1])
    rows = json.loads(listing.read_bytes())
    rows.append({"md5": md5(origin[0], SOURCE), "relpath": "dense/extra.zip"})

    with edited(listing, json.dumps(rows).encode()):
        _, found = bring(clone, origin[1])

    assert found.bad == []
    assert not (clone / "results/desk/toy/dense/extra.zip").exists()


def test_a_ledger_with_a_line_deleted_is_refused_whole(origin, clone):
    text = (origin[0] / "versions/desk-toy.json").read_bytes()
    place = held(origin[1], snapshots.md5_of(text))
    value = json.loads(text)
    del value["files"][MODEL]

    with (
        edited(place, json.dumps(value).encode()),
        pytest.raises(RespikeError, match=r"/remote has no versions/desk-toy.json as this co"),
    ):
        bring(clone, origin[1])
    assert not (clone / "results").exists()


def test_a_ledger_that_dvc_believes_is_refused_by_its_sha256(origin, clone):
    bring(clone, origin[1])
    path = clone / "versions/desk-toy.json"
    place = held(clone / ".dvc/cache", snapshots.md5_of(path.read_bytes()))
    path.unlink()
    place.chmod(0o644)
    place.write_bytes(place.read_bytes().replace(b'"rule": "train"', b'"rule": "prune"'))

    with pytest.raises(
        DamagedFile,
        match=r"^versions/desk-toy.json is not the ledger of this snapshot: "
        r"versions/desk-toy.dvc says sha256 \w+..., found \w+...; nothing of it is restored$",
    ):
        bring(clone, None)


def test_an_output_whose_making_is_not_told_is_never_adopted(origin, clone):
    """A ledger that git vouches for but that lacks what Snakemake knew."""
    with opened(clone, print, str(origin[1])) as store:
        asked = restore.wanted(clone, store, snapshots.PARTS)
        for path in [p for p in asked.made if p.startswith(f"{DENSE}/")]:
            del asked.made[path]
        found = restore.bring(clone, store, asked, "now")

    assert {b.why for b in found.bad} == {"is an output whose making the ledger does not tell"}
    assert {b.path for b in found.bad} == {p for p in asked.files if p.startswith(DENSE)}
    assert not (clone / DENSE).exists() or os.listdir(clone / DENSE) == []


# ------------------------------------------------------------------ work is never lost


def test_a_file_that_differs_here_is_never_overwritten(origin, clone):
    (clone / MODEL).parent.mkdir(parents=True)
    (clone / MODEL).write_bytes(b"my own")

    with pytest.raises(
        RespikeError,
        match=rf"^1 files here are not what the snapshot says, the first is {MODEL}; "
        "nothing was touched. Take a snapshot of them first, or move them away$",
    ):
        bring(clone, origin[1])
    assert (clone / MODEL).read_bytes() == b"my own"
    assert not (clone / SOURCE).exists()


def test_a_file_that_the_snapshot_does_not_know_stays(origin, clone):
    mine = clone / "results/desk/toy/scratch-dense/notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")

    bring(clone, origin[1])

    assert mine.read_text() == "mine"


@pytest.mark.parametrize("words", [["restore"], ["snapshot"]])
def test_another_run_that_owns_the_folder_is_named(words, clone):
    from respike.core import lock

    lock.acquire(clone)
    try:
        done = toy.respike(clone, *words)
    finally:
        lock.release(clone)

    assert done.returncode == 75
    assert "another run owns this folder" in done.stderr


def test_without_a_remote_and_a_cache_it_says_where_to_look(clone):
    with pytest.raises(
        RespikeError,
        match=r"^no remote is configured; the cache has no versions/data-digits.json as this .*"
        r"Say where the snapshot is with --from$",
    ):
        bring(clone, None)


def test_snakemakes_records_of_another_form_are_refused(origin, clone, monkeypatch):
    monkeypatch.setattr(restore, "FORMAT", 99)

    with pytest.raises(
        RespikeError, match=r"in form 6; the installed snakemake \S+ has form 99"
    ):
        bring(clone, origin[1])
    assert not (clone / "results").exists()


# ------------------------------------------------------------------ repair


@pytest.mark.parametrize("path", [MODEL, pytest.param(ARRAYS, marks=pytest.mark.slow)])
def test_repair_makes_what_failed_alone_and_then_a_run_would_do_nothing(path, origin, clone):
    place = held(origin[1], md5(origin[0], path))
    with edited(place, snapshots.flipped(place.read_bytes())):
        done = toy.respike(clone, "restore", "--repair", "--from", str(origin[1]))

    assert done.returncode == 0, done.stderr
    assert "making anew: 1 jobs\n" in done.stderr
    assert re.search(r"^1 jobs: 1 (train|prepare)$", done.stderr, re.M)
    assert "made anew as it was: results/" in done.stderr
    assert done.stdout == "a run would do nothing: all is here\n"
    assert tree(clone) == tree(origin[0])


def test_a_record_that_failed_is_made_anew_and_its_readers_are_planned(origin, clone):
    place = held(origin[1], md5(origin[0], RECORD))
    with edited(place, None):
        done = toy.respike(clone, "restore", "--repair", "--from", str(origin[1]))

    assert f"made anew, but not as recorded: {RECORD}" in done.stderr
    assert done.stdout == "a run would do 2 jobs\n"  # judge and report
    assert (clone / MODEL).read_bytes() == (origin[0] / MODEL).read_bytes()


def test_without_repair_a_failure_is_one_line_and_exit_code_1(origin, clone):
    place = held(origin[1], md5(origin[0], MODEL))
    with edited(place, None):
        done = toy.respike(clone, "restore", "--from", str(origin[1]))

    assert done.returncode == 1
    (line,) = [x for x in done.stderr.splitlines() if x.startswith("failed: ")]
    assert re.fullmatch(
        rf"failed: {MODEL} \(train of toy/dense seed 0\): recorded sha256 \w{{12}}..., "
        rf"{origin[1]} has no such bytes, or other ones",
        line,
    )
    assert done.stdout == "a run would do 4 jobs\n"
