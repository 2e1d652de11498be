"""Kill a run of the toy at chosen instants, give the same plain command again, and look.

A history is a command and one or more kills in a row, made from a seed, so that what failed
once can be played again: `python -m tests.workflow.kills SEED ...`.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tests.workflow import toy
from tests.workflow.test_run import content

COMMANDS = {
    "respike run": ["-m", "respike", "run", "--cores", "2"],
    "snakemake": ["-m", "snakemake", "-c2"],
}
WHAT = ("controller", "job", "both", "group")
SLEEP_S = "0.2"
JUDGE = """\
import sys

from respike.core.job import Job, main


def run(job: Job) -> None:
    keys = [job.record(path)["key"] for path in job.paths("records")]
    job.write("verdicts", {"verdicts": [], "keys": keys})
    job.write("resolved", {})


if __name__ == "__main__":
    sys.exit(main("judge", run))
"""


class Kill(NamedTuple):
    """What is killed, and when: a share of an undisturbed run's time."""

    what: str
    at: float


class History(NamedTuple):
    """A command, and the kills that it is given one after another."""

    command: str
    kills: tuple[Kill, ...]

    def __str__(self) -> str:
        kills = ", ".join(f"{kill.what} at {kill.at:.3f}" for kill in self.kills)
        return f"{self.command}: kill -9 of {kills}"


class Reference(NamedTuple):
    """A toy in which nothing ran, content of an undisturbed run, how long one took [s]."""

    pristine: Path
    content: dict[str, str]
    span_s: float


def history(seed: int, several: bool = False) -> History:
    """The history of a seed: each kind of kill with each command, at a uniform instant.

    Args:
        seed: eight in a row hold all kinds with both commands.
        several: three kills, the second and third early: in a start-up or a takeover.
    """
    rng = random.Random(seed)
    command = list(COMMANDS)[seed // len(WHAT) % 2]
    kills = [Kill(WHAT[seed % len(WHAT)], rng.uniform(0.05, 1.05))]
    if several:
        kills += [Kill(rng.choice(WHAT), rng.uniform(0.05, 0.5)) for _ in range(2)]
    return History(command, tuple(kills))


def start(folder: Path, words: list[str], **env: str) -> subprocess.Popen:
    """Begin a run of the toy in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, *words], cwd=folder, env=toy.environment(**env),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def reference(folder: Path) -> Reference:
    """Run two toys side by side, as trials are; their contents are equal.

    The toy's judge only collects keys: the real one costs a second to import.
    """
    pristine = toy.make(folder / "pristine")
    (pristine / "respike/stages/judge.py").write_text(JUDGE)
    toys = [shutil.copytree(pristine, folder / name) for name in ("one", "two")]
    began = time.monotonic()
    both = [
        start(t, words, RESPIKE_TOY_SLEEP_S=SLEEP_S)
        for t, words in zip(toys, COMMANDS.values(), strict=True)
    ]
    assert [process.wait(timeout=120) for process in both] == [0, 0]
    span_s = time.monotonic() - began
    first, second = map(content, toys)
    assert first
    assert first == second
    return Reference(pristine, first, span_s)


def stages_of(folder: Path) -> list[int]:
    """Process ids of stages that run in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            here = entry.name.isdigit() and os.readlink(entry / "cwd") == str(folder)
            if here and b"respike.stages." in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def strike(process: subprocess.Popen, folder: Path, what: str) -> None:
    """Kill -9 of the controller, of one job, of both, or of the process group."""
    jobs = stages_of(folder) if what in {"job", "both"} else []
    targets = {"controller": [process.pid], "job": jobs[:1], "both": [process.pid, *jobs]}
    if what == "group":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    for pid in targets.get(what, []):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def play(history: History, folder: Path, wanted: Reference, plan: bool = False) -> list[str]:
    """Play a history in a folder that does not exist yet.

    Args:
        history: what to kill when.
        folder: where; it is left as it is.
        wanted: of an undisturbed run.
        plan: also ask afterwards whether anything would run.

    Returns:
        What is wrong, a sentence each; empty where all is well.
    """
    shutil.copytree(wanted.pristine, folder)
    words = COMMANDS[history.command]
    for kill in history.kills:
        process = start(folder, words, RESPIKE_TOY_SLEEP_S=SLEEP_S)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=kill.at * wanted.span_s)
        strike(process, folder, kill.what)
        process.wait(timeout=60)
    again = subprocess.run(
        [sys.executable, *words], cwd=folder, env=toy.environment(RESPIKE_TOY_SLEEP_S=SLEEP_S),
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    wrong = []
    if again.returncode:
        wrong.append(f"it ended with {again.returncode}: {again.stderr[-1500:]}")
    found = content(folder)
    names = found.keys() | wanted.content.keys()
    differing = sorted(n for n in names if found.get(n) != wanted.content.get(n))
    if differing:
        wrong.append(f"{len(differing)} files differ from an undisturbed run: {differing[:3]}")
    scraps = [p for p in folder.rglob("*") if p.name.endswith(".part")]
    scraps += (folder / ".respike/attempts").glob("*.json")
    if scraps:
        wrong.append(f"left behind: {[str(p.relative_to(folder)) for p in scraps][:3]}")
    if stages_of(folder):
        wrong.append(f"stages still run: {stages_of(folder)}")
    if plan and "Nothing to be done" not in toy.snakemake(folder, "-n").stdout:
        wrong.append("a dry run afterwards plans jobs")
    return wrong


def shortest(history: History, wanted: Reference, tries: int = 5) -> History:
    """The shortest part of a failing history that fails again in so many tries."""
    parts = [History(history.command, (kill,)) for kill in history.kills]
    parts += [
        History(history.command, history.kills[:i] + history.kills[i + 1 :])
        for i in range(len(history.kills) if len(history.kills) > 2 else 0)
    ]
    for part in parts if len(history.kills) > 1 else []:
        for _ in range(tries):
            with tempfile.TemporaryDirectory() as folder:
                if play(part, Path(folder) / "toy", wanted):
                    return part
    return history


def main(seeds: list[int]) -> int:
    """Play the histories of seeds; those from 100,000 on have three kills."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = reference(Path(folder))
        for seed in seeds:
            told = history(seed, several=seed >= 100_000)
            wrong = play(told, Path(folder) / f"toy-{seed}", wanted, plan=True)
            sys.stdout.write(f"seed {seed}: {told}: {'; '.join(wrong) or 'good'}\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main([int(word) for word in sys.argv[1:]]))
