"""A run from end to end on the toy checkout: the real rules, core and command."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.workflow import toy


def content(folder):
    """Hash of every artifact that is content, by path."""
    from respike.core.io import sha256

    evidence = {"record.json", "manifest.json", "code.json", "SHA256SUMS", "report.html"}
    files = [p for d in ("data", "results") for p in (folder / d).rglob("*") if p.is_file()]
    return {
        str(p.relative_to(folder)): sha256(p.read_bytes())
        for p in files
        if p.name not in evidence
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A checkout after one `respike run`, and what the run said."""
    folder = toy.make(tmp_path_factory.mktemp("toy") / "with space ü")
    done = toy.respike(folder, "run", "--cores", "2")
    assert done.returncode == 0, done.stderr
    return folder, done


def test_a_run_says_one_line_a_job_and_the_verdict_in_a_folder_with_a_space(finished):
    folder, done = finished

    lines = done.stderr.splitlines()

    assert lines[0].startswith("8 jobs: 1 fetch, 1 prepare, 2 train, 2 prune")
    assert sum(line.startswith("[") for line in lines) == 8
    assert any(
        "toy" in line and "not run" in line.lower() for line in lines if line.startswith("  ")
    )
    assert lines[-1] == f"the page: {folder}/results/desk/report.html"


def test_a_second_run_does_nothing(finished):
    folder, _ = finished
    before = {p: p.stat().st_mtime_ns for p in (folder / "results").rglob("*")}

    done = toy.respike(folder, "run")

    assert done.returncode == 0
    assert done.stderr.startswith("nothing to do: every result is there and up to date")
    assert {p: p.stat().st_mtime_ns for p in (folder / "results").rglob("*")} == before


def test_plain_snakemake_gives_the_same_content(finished, tmp_path):
    folder = toy.make(tmp_path / "plain")

    done = toy.snakemake(folder, "-c2")

    assert done.returncode == 0, done.stderr
    assert content(folder) == content(finished[0])


def test_one_study_by_name_runs_to_its_verdicts_and_leaves_the_page(tmp_path):
    folder = toy.make(tmp_path / "toy")

    done = toy.respike(folder, "run", "toy", "--budget", "smoke", "--seeds", "1")

    assert done.returncode == 0, done.stderr
    assert (folder / "results/smoke/toy/judge/verdicts.json").exists()
    assert not (folder / "results/smoke/report.html").exists()
    assert done.stderr.splitlines()[-1].startswith("the page was left as it is: `respike run`")


def test_plan_says_that_all_is_kept_and_takes_no_lock(finished):
    folder, _ = finished

    done = toy.respike(folder, "plan")

    assert done.stdout.startswith("budget desk: 0 jobs to run, 8 results kept")


def test_a_lost_record_is_remade_although_its_consumers_exist(finished):
    folder, _ = finished
    before = content(folder)
    (folder / "results/desk/toy/dense/seed-0/train/record.json").unlink()

    done = toy.respike(folder, "run")

    assert done.returncode == 0, done.stderr
    assert "train toy/dense seed 0" in done.stderr
    assert content(folder) == before


def test_an_input_with_other_bytes_is_refused_by_the_stage_that_reads_it(tmp_path):
    folder = toy.make(tmp_path / "toy")
    assert toy.respike(folder, "run").returncode == 0
    model = folder / "results/desk/toy/dense/seed-0/train/model.safetensors"
    data = bytearray(model.read_bytes())
    data[-1] ^= 1
    times = model.stat()
    model.write_bytes(data)
    os.utime(model, ns=(times.st_atime_ns, times.st_mtime_ns))
    (folder / "results/desk/toy/pruned/seed-0/prune/record.json").unlink()

    done = toy.respike(folder, "run")

    assert done.returncode == 1
    assert "model.safetensors is not what train of toy/dense seed 0 wrote" in done.stderr
    assert "recorded sha256" in done.stderr
    assert not (folder / "results/desk/toy/pruned/seed-0/prune/record.json").exists()


def test_data_that_cannot_be_had_make_everything_after_them_not_run(tmp_path):
    folder = toy.make(tmp_path / "toy")

    done = toy.respike(folder, "run", RESPIKE_TOY_ABSENT="1")

    found = json.loads(
        (folder / "results/desk/toy/pruned/seed-1/prune/record.json").read_text()
    )
    assert done.returncode == 0, done.stderr
    assert found["status"] == "not run"
    assert found["reason"] == "the toy data cannot be had; unset RESPIKE_TOY_ABSENT"


def test_retry_fetches_again_what_could_not_be_had(tmp_path):
    folder = toy.make(tmp_path / "toy")
    assert toy.respike(folder, "run", RESPIKE_TOY_ABSENT="1").returncode == 0

    done = toy.respike(folder, "run", "--retry")

    found = json.loads(
        (folder / "results/desk/toy/pruned/seed-1/prune/record.json").read_text()
    )
    assert "trying again: digits" in done.stderr
    assert found["status"] == "done"


def test_a_changed_setting_reruns_its_variant_and_what_follows_only(tmp_path):
    folder = toy.make(tmp_path / "toy")
    assert toy.respike(folder, "run").returncode == 0
    study = folder / "studies/toy.yaml"
    study.write_text(study.read_text().replace("epochs: 1}", "epochs: 3}"))

    done = toy.respike(folder, "plan")

    assert "2 prune" in done.stdout
    assert "train" not in done.stdout
    assert "a setting, the code or the environment changed" in done.stdout


def test_a_comment_in_a_stage_reruns_nothing_and_a_changed_line_its_users(tmp_path):
    folder = toy.make(tmp_path / "toy")
    assert toy.respike(folder, "run").returncode == 0
    stage = folder / "respike/stages/prune.py"

    stage.write_text(stage.read_text() + "\n# a comment\n")
    comment = toy.respike(folder, "plan").stdout
    stage.write_text(stage.read_text().replace("< 0.9", "< 0.8"))
    line = toy.respike(folder, "plan").stdout

    assert comment.startswith("budget desk: 0 jobs to run")
    assert "2 prune" in line
    assert "train" not in line


def test_a_scratch_variant_runs_alone_and_is_not_judged(tmp_path):
    folder = toy.make(tmp_path / "toy")

    done = toy.respike(folder, "run", "--set", "toy.dense.train.epochs=7", "--seeds", "1")

    assert done.returncode == 0, done.stderr
    assert (folder / "results/desk/toy/scratch-dense/seed-0/train/metrics.json").exists()
    assert not (folder / "results/desk/toy/judge").exists()
    assert "a scratch variant is never judged against the paper" in done.stderr


def test_ctrl_c_ends_with_one_sentence_and_130_and_the_next_run_goes_on(tmp_path):
    folder = toy.make(tmp_path / "toy")
    env = toy.environment(RESPIKE_TOY_SLEEP_S="3")
    command = [sys.executable, "-m", "respike", "run", "--cores", "2"]
    process = subprocess.Popen(
        command, cwd=folder, env=env, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    wait_for((folder / "logs/desk/toy/dense/seed-0/train.log").exists)
    time.sleep(0.5)

    os.killpg(process.pid, signal.SIGINT)
    said = process.communicate(timeout=60)[1]

    assert process.returncode == 130
    assert said.splitlines()[-1].startswith(
        "stopped at your word after 2 jobs; the same command"
    )
    assert toy.respike(folder, "run").returncode == 0


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)
