"""After a kill at any instant the same plain command ends with the same content."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.workflow import toy
from tests.workflow.test_run import content, wait_for

COMMANDS = {
    "respike run": [sys.executable, "-m", "respike", "run", "--cores", "2"],
    "snakemake": [sys.executable, "-m", "snakemake", "-c2"],
}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Content of an undisturbed run, and how long it took [s]."""
    folder = toy.make(tmp_path_factory.mktemp("reference") / "toy")
    began = time.monotonic()
    assert toy.respike(folder, "run", RESPIKE_TOY_SLEEP_S="0.3").returncode == 0
    return content(folder), time.monotonic() - began


def stages_of(folder: Path) -> list[int]:
    """Process ids of stages that run in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            here = entry.name.isdigit() and os.readlink(entry / "cwd") == str(folder)
            if here and b"respike.stages." in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def kill(process: subprocess.Popen, folder: Path, what: str) -> None:
    """Kill -9 of the controller, of one job, of both, or of the process group."""
    jobs = stages_of(folder) if what in {"job", "both"} else []
    targets = {"controller": [process.pid], "job": jobs[:1], "both": [process.pid, *jobs]}
    with contextlib.suppress(ProcessLookupError):
        if what == "group":
            os.killpg(process.pid, signal.SIGKILL)
        for pid in targets.get(what, []):
            os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("trial", range(8))
def test_a_killed_run_ends_bit_identical_by_the_same_command(trial, tmp_path, reference):
    wanted, span = reference
    rng = random.Random(trial)
    what = ["controller", "job", "both", "group"][trial % 4]
    command = list(COMMANDS.values())[trial // 4]
    folder = toy.make(tmp_path / "toy")
    env = toy.environment(RESPIKE_TOY_SLEEP_S="0.3")
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    time.sleep(rng.uniform(0.05, 1.05) * span)

    kill(process, folder, what)
    process.wait(timeout=60)
    again = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False
    )

    assert again.returncode == 0, f"{what}: {again.stderr[-2000:]}"
    assert content(folder) == wanted
    assert not list(folder.rglob(".*.part"))
    assert stages_of(folder) == []


def test_a_second_run_names_the_owner_and_exits_75(tmp_path):
    folder = toy.make(tmp_path / "toy")
    env = toy.environment(RESPIKE_TOY_SLEEP_S="4")
    first = subprocess.Popen(
        COMMANDS["respike run"], cwd=folder, env=env, stderr=subprocess.DEVNULL
    )
    wait_for((folder / ".respike/owner.json").exists)

    ours = toy.respike(folder, "run", "--wait", "0")
    plain = toy.snakemake(folder, "-c1")
    dry = toy.snakemake(folder, "-n")
    first.wait(timeout=60)

    for second in (ours, plain):
        assert second.returncode == 75, second.stderr
        assert f"pid {first.pid}" in second.stderr
        assert "another run owns this folder: host " in second.stderr
        assert ", since 20" in second.stderr
    assert dry.returncode == 0
    assert first.returncode == 0


def test_the_profile_and_the_guard_stand_together():
    profile = (toy.ROOT / "profiles/default/config.yaml").read_text()
    snakefile = (toy.ROOT / "Snakefile").read_text()

    assert "nolock: true" in profile
    assert "rerun-incomplete: true" in profile
    assert "onstart:\n    guard()" in snakefile
