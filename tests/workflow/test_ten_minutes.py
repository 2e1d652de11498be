"""What a stranger tries in the first ten minutes, in order, on a copy of the real checkout."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.workflow import toy
from tests.workflow.test_run import wait_for

STUDY = "mrf-mean-field"  # the quickest of the real studies


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The tracked files of this checkout, as they are now, in a folder with a space."""
    folder = tmp_path_factory.mktemp("stranger") / "my respike"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=toy.ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in listed.decode().split("\0"):
        source = toy.ROOT / name
        if name and source.is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    return folder


@pytest.fixture(scope="module")
def ran(checkout):
    """The checkout after one study was run in its smallest form."""
    done = toy.respike(checkout, "run", STUDY, "--budget", "smoke", "--cores", "2")
    assert done.returncode == 0, done.stderr
    return checkout, done


def test_help_names_the_words(checkout):
    done = toy.respike(checkout, "--help")

    for word in ("run", "list", "show", "plan", "doctor"):
        assert f"  {word}" in done.stdout


def test_list_names_every_study_and_claim_before_anything_ran(checkout):
    done = toy.respike(checkout, "list")

    for study in ("mrf-mean-field", "esl-snns", "kdsnn", "copilot-eeg-robot"):
        assert study in done.stdout
    assert "no verdict yet" in done.stdout


def test_one_study_runs_to_its_verdicts(ran):
    _, done = ran

    assert "judge mrf-mean-field" in done.stderr
    assert "claims: " in done.stderr.splitlines()[-2]


def test_show_explains_a_claim_and_a_misspelt_one_gets_the_nearest(ran):
    folder, _ = ran

    good = toy.respike(folder, "show", "population-equals-mean-field-weak")
    bad = toy.respike(folder, "show", "population-equals-mean-field-wek")

    assert good.returncode == 0, good.stderr
    assert good.stdout.startswith("verdict    Not run: ")
    assert bad.returncode == 2
    assert "Did you mean 'population-equals-mean-field-weak'?" in bad.stderr


def test_another_number_of_seeds_runs_the_new_ones_only(ran):
    folder, _ = ran

    done = toy.respike(folder, "plan", STUDY, "--budget", "smoke", "--seeds", "1")

    assert done.stdout.startswith("budget smoke: 0 jobs to run")


def test_a_changed_setting_reruns_its_variant_only(ran):
    folder, _ = ran
    study = folder / f"studies/{STUDY}.yaml"
    text = study.read_text()
    study.write_text(text.replace("coupling: 0.15", "coupling: 0.16"))
    try:
        done = toy.respike(folder, "plan", STUDY, "--budget", "smoke")
    finally:
        study.write_text(text)

    assert "1 simulate" in done.stdout
    assert "a setting, the code or the environment changed" in done.stdout


def test_a_scratch_setting_from_the_command_line_is_never_judged(ran):
    folder, _ = ran

    done = toy.respike(
        folder, "run", "--budget", "smoke",
        "--set", f"{STUDY}.weak.simulate.experiment.random-graphs.coupling=0.3",
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "a scratch variant is never judged against the paper" in done.stderr
    assert (folder / f"results/smoke/{STUDY}/scratch-weak/seed-0/simulate/record.json").exists()


def test_plain_snakemake_plans_without_an_activated_environment(ran):
    folder, _ = ran
    command = [f"{os.path.dirname(sys.executable)}/snakemake", "-n", "--config", "budget=smoke"]
    env = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}

    done = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "esl-snns" in done.stdout


def test_ctrl_c_and_again(checkout, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(
        checkout, folder, ignore=shutil.ignore_patterns("results", "data", "logs", ".respike")
    )
    command = [sys.executable, "-m", "respike", "run", STUDY, "--budget", "smoke"]
    run = subprocess.Popen(
        command, cwd=folder, env=toy.environment(), stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    wait_for((folder / "logs").exists)
    time.sleep(0.3)

    os.killpg(run.pid, signal.SIGINT)
    said = run.communicate(timeout=60)[1]

    assert run.returncode == 130
    assert "the same command goes on from here" in said.splitlines()[-1]
    assert toy.respike(folder, "run", STUDY, "--budget", "smoke").returncode == 0


def test_verdicts_and_table_are_read_by_ordinary_tools(ran):
    """results.csv by csv, verdict.json by its schema, as if it came by mail."""
    import jsonschema

    from respike.claims import page, table
    from respike.core.strict import schema

    folder, _ = ran
    verdicts = json.loads((folder / f"results/smoke/{STUDY}/judge/verdicts.json").read_text())
    document = page.finish([verdicts], {STUDY: {}})

    jsonschema.validate(json.loads(json.dumps(document)), schema("verdict"))
    from respike.core.io import dump

    rows = list(csv.DictReader(io.StringIO(dump("results.csv", table.rows(document)).decode())))
    assert len(rows) == len(verdicts["verdicts"])
    assert {row["study"] for row in rows} == {STUDY}


def test_clean_says_how_much_disk_it_freed(ran, tmp_path):
    folder = tmp_path / "clean"
    shutil.copytree(ran[0], folder)

    done = subprocess.run(
        ["make", "clean", f"PYTHON={sys.executable}"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "MB" in done.stdout
    assert not (folder / "results").exists()
    assert not (folder / "data").exists()
    assert (folder / "studies").exists()
