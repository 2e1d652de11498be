"""The first words of a job's shell: run by bash as Snakemake would."""

import subprocess
import sys

import pytest

from respike.core import shells


def said(root, words: str, conda: bool = False):
    """What a job's shell says after our words, once Snakemake has formatted them."""
    text = shells.prefix(root, conda).format()
    return subprocess.run(
        ["bash", "-c", text + words], capture_output=True, text=True, check=False
    )


def made(root, path: str):
    file = root / path
    file.parent.mkdir(parents=True)
    file.symlink_to(sys.executable)
    (file.parents[1] / shells.READY).touch()
    return str(file)


def test_base_is_the_python_of_the_checkouts_own_folder(tmp_path):
    own = made(tmp_path, ".venv/bin/python")

    assert said(tmp_path, 'echo "$PYTHON"').stdout == f"{own}\n"


def test_base_is_the_python_that_runs_snakemake_where_there_is_no_such_folder(tmp_path):
    assert said(tmp_path, 'echo "$PYTHON"').stdout == f"{sys.executable}\n"


def test_a_rule_of_another_environment_enters_it(tmp_path):
    root = tmp_path / "a folder {with} ümlaut's"
    made(root, ".venv/bin/python")
    own = made(root, ".envs/kernels/bin/python")

    done = said(root, 'enter bench_kernels; echo "$PYTHON"; echo "$PYTHONPATH"')

    assert (done.stdout, done.stderr) == (f"{own}\n{root}\n", "")


def test_an_environment_that_is_not_made_ends_the_job_with_what_to_do(tmp_path):
    made(tmp_path, ".venv/bin/python")

    done = said(tmp_path, "{ enter bench_kernels; echo went on; } 2>&1")

    sentence = "environment kernels is not made: respike envs create kernels"
    assert done.stdout == f"respike.bench_kernels: stopped: {sentence}\n"
    assert done.returncode == 2


def test_an_environment_that_is_half_made_is_not_entered(tmp_path):
    made(tmp_path, ".envs/kernels/bin/python")
    (tmp_path / ".envs/kernels" / shells.READY).unlink()

    assert "kernels is not made" in said(tmp_path, "enter bench_kernels").stdout


def test_the_conda_side_goes_before_the_pip_side(tmp_path):
    made(tmp_path, ".envs/kernels/bin/python")
    own = made(tmp_path, ".envs/kernels-conda/bin/respike-python")

    assert said(tmp_path, 'enter bench_kernels; echo "$PYTHON"').stdout == f"{own}\n"


@pytest.mark.parametrize("words", ["", "enter bench_kernels; "])
def test_under_conda_every_rule_runs_the_python_of_the_activated_environment(tmp_path, words):
    made(tmp_path, ".venv/bin/python")
    made(tmp_path, ".envs/kernels/bin/python")

    assert said(tmp_path, f'{words}echo "$PYTHON"', conda=True).stdout == "python\n"


def test_every_job_is_told_one_thread_and_no_package_of_the_user(tmp_path):
    done = said(tmp_path, 'echo "$OMP_NUM_THREADS$MKL_NUM_THREADS$PYTHONNOUSERSITE"')

    assert done.stdout == "111\n"
