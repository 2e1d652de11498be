"""Files whose times, bytes or notes were changed behind the back of a finished run."""

import json
import os
import random
import shutil
import subprocess
import time

import pytest

from respike.audit import check
from respike.core import history, io, records
from respike.core.errors import DamagedFile
from tests.workflow import toy
from tests.workflow.test_run import content

TRAIN = "results/desk/toy/dense/seed-0/train"
MODEL = f"{TRAIN}/model.safetensors"
PRUNED = "results/desk/toy/pruned/seed-0/prune"


def with_times_kept(path, data):
    before = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flipped(data, bit):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


# ------------------------------------------------------------------ what a power cut leaves


def test_3_files_that_a_power_cut_emptied_are_made_anew(finished, recovered):
    for path in (finished / TRAIN).iterdir():
        path.write_bytes(b"")
    (finished / TRAIN / "record.json").unlink()  # renamed last, so lost first

    recovered(finished)


@pytest.mark.slow
def test_3_an_emptied_record_is_refused_and_its_advice_helps(finished, refused, recovered):
    (finished / TRAIN / "record.json").write_bytes(b"")

    refused(
        toy.respike(finished, "run"),
        f"{TRAIN}/record.json is not a valid json file",
        "remove its folder and run again",
    )
    shutil.rmtree(finished / TRAIN)
    recovered(finished)


# ------------------------------------------------------------------ times


def test_18_an_input_from_the_future_is_said_and_changes_nothing(finished, recovered):
    later = time.time() + 86400
    for path in (finished / "data").rglob("*.*"):
        os.utime(path, (later, later))
    (finished / TRAIN / "record.json").unlink()

    done = recovered(finished)

    assert (
        "2 files had a time in the future: it is the present now, content decides"
        in done.stderr
    )


def test_19_times_in_any_order_rerun_nothing(finished):
    files = [p for d in ("data", "results") for p in (finished / d).rglob("*") if p.is_file()]
    random.Random(19).shuffle(files)
    for n, path in enumerate(files):
        os.utime(path, (1.7e9 + n, 1.7e9 + n))

    ours, plain = toy.respike(finished, "plan"), toy.snakemake(finished, "-n")

    assert ours.stdout.startswith("budget desk: 0 jobs to run, 8 results kept")
    assert "Nothing to be done" in plain.stdout


# ------------------------------------------------------------------ bytes


def test_20_an_output_edited_after_the_run_fails_the_audit_and_names_it(finished, refused):
    with_times_kept(finished / MODEL, flipped((finished / MODEL).read_bytes(), 800_001))

    audit = toy.respike(finished, "audit", "verify")
    run = toy.respike(finished, "run")

    assert audit.returncode == 3
    assert MODEL in audit.stdout + audit.stderr
    assert run.returncode == 0  # nothing was to be done: only the audit looks


def test_21_an_intermediate_edited_before_its_reader_runs_is_refused(
    finished, refused, recovered
):
    with_times_kept(finished / MODEL, flipped((finished / MODEL).read_bytes(), 800_001))
    (finished / PRUNED / "record.json").unlink()

    done = toy.respike(finished, "run")

    refused(
        done, f"{MODEL} is not what train of toy/dense seed 0 wrote", "remove it and run again"
    )
    assert "recorded sha256" in done.stderr
    assert ", found " in done.stderr
    assert not (finished / PRUNED / "record.json").exists()
    (finished / MODEL).unlink()
    recovered(finished)


def test_25_no_flipped_bit_is_ever_read(finished):
    data = (finished / MODEL).read_bytes()
    rng = random.Random(25)

    for _ in range(400):
        (finished / MODEL).write_bytes(flipped(data, rng.randrange(8 * len(data))))
        with pytest.raises(DamagedFile, match="is not what train of toy/dense seed 0 wrote"):
            records.read_verified(finished, MODEL)


# ------------------------------------------------------------------ notes


def test_22_a_changed_setting_is_seen_without_snakemakes_notes(finished, toys):
    shutil.rmtree(finished / ".snakemake/metadata")
    study = finished / "studies/toy.yaml"
    study.write_text(study.read_text().replace("epochs: 1}", "epochs: 3}"))

    plain = toy.snakemake(finished, "-n")
    planned = toy.respike(finished, "plan")
    done = toy.respike(finished, "run")

    assert "Snakemake's notes are gone" in plain.stderr
    assert "made otherwise: `respike run` makes them anew" in planned.stdout
    assert done.returncode == 0, done.stderr
    assert "made anew: prune of toy/pruned seed 1" in done.stderr
    assert "[1/5]" in done.stderr or "[1/4]" in done.stderr
    assert content(finished) != toys.content


def test_22_unchanged_results_without_snakemakes_notes_are_kept(finished, recovered):
    shutil.rmtree(finished / ".snakemake")

    done = recovered(finished)

    assert "nothing to do: every result is there" in done.stderr


def test_46_files_that_are_not_committed_are_said_beside_the_commit(tmp_path):
    def git(*words):
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", tmp_path, *who, *words], check=True, capture_output=True)

    (tmp_path / "a").write_text("1")
    git("init", "-q")
    git("add", "a")
    git("commit", "-qm", "a")
    clean = history.head(tmp_path)
    (tmp_path / "a").write_text("2")

    dirty = history.head(tmp_path)

    assert len(clean) == 40
    assert dirty == f"{clean} with changes that are not committed"


# ------------------------------------------------------------------ large and deep


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, '"' + "x" * 30_000_000])
def test_49_a_record_that_is_deep_or_huge_is_refused_with_a_sentence(text, tmp_path):
    (tmp_path / "record.json").write_text(text)

    with pytest.raises(
        DamagedFile, match=r"is not a valid json file.*remove its folder and run"
    ):
        records.load(tmp_path / "record.json")


def test_49_a_deep_manifest_fails_the_audit_and_no_more(finished):
    (finished / "results/desk/manifest.json").write_text("[" * 200_000)

    report = check.verify(finished)

    assert not report.passed
    assert "results/desk/manifest.json" in {finding.path for finding in report.findings}


@pytest.mark.slow
def test_49_a_list_of_files_without_end_is_refused_with_a_sentence(finished):
    lines = [f"{n:064x}  results/desk/none/{n}.npz\n" for n in range(200_000)]
    (finished / "results/desk/SHA256SUMS").write_text("".join(lines))

    with pytest.raises(
        check.Refused, match="more than 100000 findings, as of results/desk/none"
    ):
        check.verify(finished)


def test_50_an_audit_of_a_run_that_is_not_finished_is_no_pass(finished):
    (finished / "results/desk/manifest.json").unlink()
    before = io.sha256(json.dumps(content(finished)).encode())

    audit = toy.respike(finished, "audit", "verify")

    assert audit.returncode in {1, 2, 3}
    assert "Traceback" not in audit.stderr
    assert "PASS" not in audit.stdout
    assert io.sha256(json.dumps(content(finished)).encode()) == before
