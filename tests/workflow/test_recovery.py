"""After a kill at any instant the same plain command ends with the same content."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.workflow import kills, toy
from tests.workflow.kills import COMMANDS
from tests.workflow.test_run import wait_for

TRIALS = 20
CAMPAIGN = int(os.environ.get("RESPIKE_KILLS", "500"))
FIRST = int(os.environ.get("RESPIKE_KILLS_SEED", "1000"))


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory, reference):
    """Trial -> what was wrong, two at a time, each in a folder of its own."""
    folder = tmp_path_factory.mktemp("kills")

    def trial(seed):
        place = folder / f"toy-{seed}"
        wrong = kills.play(kills.history(seed), place, reference, plan=seed % 6 == 0)
        shutil.rmtree(place)
        return wrong

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(trial, range(TRIALS)))


@pytest.mark.parametrize("trial", range(TRIALS))
def test_a_killed_run_ends_bit_identical_by_the_same_command(trial, outcomes):
    assert outcomes[trial] == [], f"seed {trial}: {kills.history(trial)}"


@pytest.mark.parametrize("command", COMMANDS)
def test_three_kills_in_a_row_in_start_up_and_takeover_too(command, tmp_path, reference):
    row = (("group", 0.6), ("controller", 0.35), ("both", 0.3))
    history = kills.History(command, tuple(kills.Kill(*kill) for kill in row))

    assert kills.play(history, tmp_path / "toy", reference) == []


@pytest.mark.slow
def test_the_campaign_of_random_kills_ends_bit_identical(tmp_path, reference):
    """One history in ten has three kills. A failure names its seed and its shortest part."""
    began, failed = time.monotonic(), []

    def trial(seed):
        told = kills.history(seed, several=seed % 10 == 0)
        place = tmp_path / f"toy-{seed}"
        wrong = kills.play(told, place, reference, plan=seed % 6 == 0)
        shutil.rmtree(place)
        return seed, told, wrong

    with ThreadPoolExecutor(2) as pool:
        for seed, told, wrong in pool.map(trial, range(FIRST, FIRST + CAMPAIGN)):
            if wrong:
                failed.append(f"seed {seed}: {told}: {'; '.join(wrong)}")
                failed.append(f"  shortest: {kills.shortest(told, reference)}")
    took = time.monotonic() - began
    sys.stdout.write(f"{CAMPAIGN} random kills in {took:.0f} s, {len(failed) // 2} failed\n")

    assert failed == [], "\n".join(failed)


def test_a_second_run_names_the_owner_and_exits_75(tmp_path):
    folder = toy.make(tmp_path / "toy")
    env = toy.environment(RESPIKE_TOY_SLEEP_S="4")
    first = subprocess.Popen(
        [sys.executable, *COMMANDS["respike run"]], cwd=folder, env=env,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
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
