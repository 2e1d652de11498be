"""Disks that are full, out of inodes or read-only, as real file systems of a few kilobytes."""

import contextlib
import os
import shutil
import subprocess

import pytest

from tests.workflow import toy


@contextlib.contextmanager
def mounted(folder, options):
    """A file system in memory at a folder; what it holds is gone afterwards."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a small file system")
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", options, "respike-test", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine lets no file system be mounted")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True)


def partial(folder):
    """Files of a temporary name, and artifacts without the record that vouches for them."""
    return [p for p in folder.rglob("*") if p.name.endswith(".part")]


def test_5_a_disk_that_fills_up_under_results_is_named_and_goes_on_once_there_is_room(
    pristine, refused, recovered
):
    with mounted(pristine / "results", "size=300k"):
        done = toy.respike(pristine, "run")
        scraps = partial(pristine)
        models = list((pristine / "results").rglob("model.safetensors"))
        remount(pristine / "results", "size=50m")

        refused(done, "the disk is full: 0.4 MB for ", "free space and run again")
        assert (scraps, models) == ([], [])
        recovered(pristine)


def test_6_a_full_disk_under_snakemakes_notes_is_a_sentence(pristine, refused, recovered):
    with mounted(pristine / ".snakemake", "size=64k"):
        done = toy.respike(pristine, "run")
        remount(pristine / ".snakemake", "size=50m")

        refused(done, "No space left on device", "the disk is full: free space and run again")
        recovered(pristine)


@pytest.mark.slow
def test_5_a_full_disk_under_the_logs_is_not_taken_for_lack_of_memory(
    pristine, refused, recovered
):
    with mounted(pristine / "logs", "size=4k,nr_inodes=7"):
        done = toy.respike(pristine, "run")
        remount(pristine / "logs", "size=50m,nr_inodes=1000")

        refused(
            done, "the disk is full, its log did not fit into logs/", "free space, run again"
        )
        recovered(pristine)


def test_8_a_disk_without_inodes_is_named_before_anything_runs(pristine, refused, recovered):
    with mounted(pristine / ".respike", "nr_inodes=3"):
        done = toy.respike(pristine, "run")
        remount(pristine / ".respike", "nr_inodes=1000")

        refused(done, "the disk is full: a file does not fit into ", "free space and run again")
        assert not (pristine / "results").exists()
        recovered(pristine)


@pytest.mark.slow
def test_8_a_disk_that_runs_out_of_inodes_under_results_is_named(pristine, refused, recovered):
    with mounted(pristine / "results", "nr_inodes=20"):
        done = toy.respike(pristine, "run")
        scraps = partial(pristine)
        remount(pristine / "results", "nr_inodes=1000")

        refused(done, "the disk is full: a file does not fit into ", "free space and run again")
        assert scraps == []
        recovered(pristine)


def test_7_a_read_only_checkout_is_refused_and_still_audited(finished, tmp_path, refused):
    with mounted(tmp_path / "disk", "size=50m"):
        folder = shutil.copytree(finished, tmp_path / "disk/toy")
        remount(tmp_path / "disk", "ro")

        done = toy.respike(folder, "run")
        audit = toy.respike(folder, "audit", "verify")

        refused(
            done, f"the folder {folder} cannot be written", "make it writable or give another"
        )
        assert audit.returncode == 0, audit.stderr


@pytest.mark.slow
def test_7_read_only_results_are_named(pristine, refused):
    with mounted(pristine / "results", "size=1m"):
        remount(pristine / "results", "ro")

        done = toy.respike(pristine, "run")

        refused(done, "Read-only file system: 'results/data'", "make it writable, or use")
