"""What is wrong is said in a sentence before, or at, the stage it concerns."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from tests.workflow import toy
from tests.workflow.test_run import wait_for


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    return toy.make(tmp_path_factory.mktemp("bad") / "toy")


@pytest.fixture
def edited(checkout):
    """Change the study or config.yaml for one test; put back after."""
    files = {name: checkout / name for name in ("studies/toy.yaml", "config.yaml")}
    before = {name: file.read_text() for name, file in files.items()}

    def edit(name, old, new):
        assert old in before[name]
        files[name].write_text(before[name].replace(old, new))
        return checkout

    yield edit
    for name, file in files.items():
        file.write_text(before[name])


STUDY = "studies/toy.yaml"


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        (
            STUDY,
            "neuron: lif",
            "nueron: lif",
            "studies/toy.yaml:7:11: unknown setting 'nueron' at variants.dense.train. "
            "Did you mean 'neuron'?",
        ),
        (
            STUDY,
            "epochs: 2",
            "epochs: two",
            "variants.dense.train.epochs is 'two'; it must be int",
        ),
        (
            STUDY,
            "epochs: 2",
            "epochs: 2, epochs: 3",
            "key 'epochs' is given twice in variants.dense.train (first at line 7)",
        ),
        (
            STUDY,
            "drop: magnitude",
            "drop: magnitud",
            "no structure.drop part named 'magnitud'. Did you mean 'magnitude'?",
        ),
        (
            STUDY,
            "dataset: digits",
            "dataset: digit",
            "no data set named 'digit'. Did you mean 'digits'? Known: digits.",
        ),
        (
            STUDY,
            "from: dense",
            "from: dens",
            "is 'dens': no such variant. Did you mean 'dense'?",
        ),
        (
            STUDY,
            "id: toy\n",
            "id: toi\n",
            "studies/toy.yaml:1:5: id is 'toi'; the file says 'toy'",
        ),
        (
            STUDY,
            "desk: 2",
            "desk: many",
            "studies/toy.yaml:5:25: seeds must be integer, is text 'many'",
        ),
        (
            STUDY,
            "scope: analogue",
            "scope: analog",
            "claims.toy-claim.scope is 'analog'; allowed: published, analogue. "
            "Did you mean 'analogue'?",
        ),
        (
            STUDY,
            "{smoke: 1, desk: 2, paper: 2}",
            "{smoke: 1}",
            "seeds has no value for budget desk (given: smoke); add desk: ...",
        ),
        (
            "config.yaml",
            "[toy]",
            "[toi]",
            "no study named 'toi'. Did you mean 'toy'? Known: toy.",
        ),
        (
            "config.yaml",
            "budget: desk",
            "budget: dask",
            "config.yaml:2:9: budget is 'dask'; allowed: smoke, desk, paper. "
            "Did you mean 'desk'?",
        ),
    ],
)
def test_a_wrong_word_ends_before_any_job_with_exit_code_2(name, old, new, sentence, edited):
    folder = edited(name, old, new)

    done = toy.respike(folder, "run")

    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) <= 2
    assert "Traceback" not in done.stderr
    assert not (folder / "results").exists()


def test_plain_snakemake_says_the_same_sentence_without_a_traceback(edited):
    folder = edited(STUDY, "neuron: lif", "nueron: lif")

    done = toy.snakemake(folder, "-n")

    assert done.returncode == 1
    assert (
        "unknown setting 'nueron' at variants.dense.train. Did you mean 'neuron'?"
        in done.stdout
    )
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run", "toi"], "no study named 'toi'. Did you mean 'toy'?"),
        (["run", "--budgte", "smoke"], "Did you mean '--budget'?"),
        (["run", "--budget", "smok"], "invalid choice: 'smok'"),
        (["rnu"], "respike: no word 'rnu'. Did you mean 'run'?"),
        (["run", "--cores", "0"], "--cores is 0; it must be at least 1"),
        (["run", "--seeds", "0"], "seeds is 0; it must be >= 1"),
        (["run", "--set", "toy.dense.epochs"], "write STUDY.VARIANT.KEY=VALUE"),
        (
            ["run", "--set", "toy.dens.train.epochs=1"],
            "no variant 'dens' in toy. Did you mean 'dense'?",
        ),
        (
            ["run", "--set", "toy.dense.train.epoch=1"],
            "no setting 'epoch' there. Did you mean 'epochs'?",
        ),
        (["run", "--set", "toy.dense.train.epochs=x"], "epochs is 'x'; it must be int"),
        (["show", "nothing"], "no verdicts yet; make some with `respike run`"),
        (["run", "--directory", "/proc/nothing"], "the folder /proc/nothing cannot be written"),
    ],
)
def test_a_wrong_command_is_answered_with_what_is_allowed(words, sentence, checkout):
    done = toy.respike(checkout, *words)

    assert done.returncode in {1, 2}
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_stage_that_fails_ends_the_run_with_its_sentence_and_its_log(tmp_path):
    folder = toy.make(tmp_path / "toy")
    stage = folder / "respike/stages/prune.py"
    text = stage.read_text().replace("time.sleep", "raise RespikeError('the loss is nan')  #")
    stage.write_text("from respike.core.errors import RespikeError\n" + text)

    done = toy.respike(folder, "run", "--seeds", "1")

    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert "1 failed:" in lines[-3]
    assert lines[-2].strip() == "prune toy/pruned seed 0: respike.prune: the loss is nan"
    assert lines[-1].strip() == "log: logs/desk/toy/pruned/seed-0/prune.log"
    assert not list((folder / "results/desk/toy/pruned").rglob("*.npz"))


def test_a_job_killed_by_the_kernel_says_so(tmp_path):
    folder = toy.make(tmp_path / "toy")
    stage = folder / "respike/stages/prune.py"
    stage.write_text(stage.read_text().replace("time.sleep(", "os.kill(os.getpid(), 9); ("))

    done = toy.respike(folder, "run", "--seeds", "1")

    assert done.returncode == 1
    assert (
        "prune toy/pruned seed 0: died without a word: killed, or out of memory" in done.stderr
    )


def test_a_full_disk_is_a_sentence_and_leaves_nothing_half_written(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a file system of 1 MB")
    folder = toy.make(tmp_path / "toy")
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "respike-test", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets no file system be mounted")
    try:
        done = toy.respike(folder, "run", "--directory", str(small), "--cores", "1")

        assert done.returncode == 1
        assert "the disk is full: " in done.stderr or "No space left on device" in done.stderr
        assert not list(small.rglob("*.part"))
        assert "Traceback" not in done.stderr
    finally:
        subprocess.run(["umount", str(small)], check=False)


def test_a_stage_whose_parent_is_killed_writes_nothing(tmp_path):
    folder = toy.make(tmp_path / "toy")
    env = toy.environment(RESPIKE_TOY_SLEEP_S="3")
    run = subprocess.Popen(
        [sys.executable, "-m", "respike", "run"], cwd=folder, env=env, stderr=subprocess.DEVNULL
    )
    wait_for((folder / "logs/desk/toy/dense/seed-0/train.log").exists)

    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    with contextlib.suppress(subprocess.TimeoutExpired):
        run.wait(timeout=4)

    assert not list((folder / "results/desk").rglob("model.safetensors"))
