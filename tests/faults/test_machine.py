"""Machines that lack memory, and folders, users and numbers that nobody thought of."""

import os
import shutil
import stat

import pytest

from tests.workflow import toy
from tests.workflow.test_run import content

LIMIT = "    import resource; resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9)); "


def doctored(folder, line, stage="train"):
    """Put a line of trouble into a toy's stage, in the middle of its work."""
    file = folder / f"respike/stages/{stage}.py"
    text = file.read_text()
    assert "    gate(job)\n" in text
    file.write_text(text.replace("    gate(job)\n", f"    gate(job)\n{line}\n"))


def test_34_a_job_that_runs_out_of_memory_says_so(pristine, refused):
    doctored(pristine, LIMIT + "bytearray(4 * 10**9)")

    done = toy.respike(pristine, "run", "--seeds", "1")

    refused(
        done, "respike.train: out of memory", "give the job more (resources: mem_mb) or run"
    )
    assert not list((pristine / "results/desk").rglob("*.safetensors"))


@pytest.mark.slow
def test_34_an_array_that_does_not_fit_says_so_too(pristine, refused):
    doctored(pristine, LIMIT + "np.zeros(4 * 10**9)")

    done = toy.respike(pristine, "run", "--seeds", "1")

    refused(
        done, "respike.train: out of memory", "give the job more (resources: mem_mb) or run"
    )


def test_32_a_number_that_is_none_is_never_written(pristine, refused):
    doctored(
        pristine, "    weight[7, 7] = np.nan; job.write('metrics', {'loss': float('nan')})"
    )

    done = toy.respike(pristine, "run", "--seeds", "1")

    refused(
        done, "respike.train: a number that is not finite: loss is nan", "log: logs/desk/toy"
    )
    assert not list((pristine / "results/desk").rglob("metrics.json"))


def test_40_a_folder_may_have_any_name(pristine, tmp_path, toys):
    folder = tmp_path / '-rf ü $HOME "q" \'s; [a] *'
    shutil.move(pristine, folder)

    done = toy.respike(folder, "run")

    assert done.returncode == 0, done.stderr
    assert content(folder) == toys.content
    assert sorted(p.name for p in tmp_path.iterdir()) == [folder.name]


def test_40_a_folder_with_braces_is_refused_with_a_sentence(pristine, refused):
    folder = shutil.move(pristine, pristine.with_name("a {b}"))

    done = toy.respike(folder, "run")

    refused(done, f"the checkout lies in {folder}", "move it to a folder without { and }")


@pytest.mark.slow
def test_40_a_folder_may_be_deep(pristine, tmp_path, recovered):
    folder = tmp_path / ("x" * 200) / ("y" * 200)
    folder.parent.mkdir()
    shutil.move(pristine, folder)

    recovered(folder)


@pytest.mark.parametrize(
    ("mask", "others"),
    [(0o077, 0), pytest.param(0o000, stat.S_IROTH, marks=pytest.mark.slow)],
    ids=["077", "000"],
)
def test_41_the_umask_is_followed_and_changes_no_content(mask, others, pristine, recovered):
    before = os.umask(mask)
    try:
        recovered(pristine)
    finally:
        os.umask(before)

    files = [p for p in (pristine / "results").rglob("*") if p.is_file()]
    assert {p.stat().st_mode & stat.S_IROTH for p in files} == {others}


@pytest.mark.slow
def test_35_a_machine_without_a_gpu_gives_the_same_content(pristine, toys):
    done = toy.respike(pristine, "run", CUDA_VISIBLE_DEVICES="")

    assert done.returncode == 0, done.stderr
    assert content(pristine) == toys.content
