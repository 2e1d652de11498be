"""The fence alone: orphans are left alive on purpose, and still none of them commits."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from respike.core import lock
from respike.core.errors import BUSY, FAILED
from tests.workflow import kills, toy
from tests.workflow.kills import COMMANDS
from tests.workflow.test_run import content, wait_for

# a controller whose takeover kills nobody and hardly waits, so that the fence is all there is
LENIENT = """\
import sys
from respike.core import lock
lock._kill, lock.ORPHAN_S = (lambda attempt: None), 0.05
from {module} import main
sys.exit(main({words}))
"""
CALLS = {
    "respike run": LENIENT.format(module="respike.cli", words=["run", "--cores", "2"]),
    "snakemake": LENIENT.format(module="snakemake.cli", words=["-c2"]),
}
BY_COMMAND = pytest.mark.parametrize("command", COMMANDS)


def checkout(reference, tmp_path):
    return Path(kills.shutil.copytree(reference.pristine, tmp_path / "toy"))


def orphans(folder, command, off, **env):
    """Begin a run, kill its controller while both trains work, and move their logs away."""
    env |= {"RESPIKE_TOY_OFF": off, "RESPIKE_TOY_GATE": str(folder / "gate")}
    process = kills.start(folder, COMMANDS[command], **env)
    attempts = folder / lock.FOLDER / "attempts"
    wait_for(lambda: len(list(attempts.glob("*train*.json"))) == 2)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    (folder / "logs").rename(folder / "logs-of-orphans")
    assert len(kills.stages_of(folder)) == 2


def let_go(folder):
    """Let the orphans go on to their end; what they said last, each once."""
    (folder / "gate").touch()
    wait_for(lambda: not kills.stages_of(folder))
    logs = (folder / "logs-of-orphans").rglob("train.log")
    return {log.read_text().splitlines()[-1] for log in logs}


def stamps(folder):
    """Inode and time of every file under a final name."""
    files = [p for d in ("data", "results") for p in (folder / d).rglob("*") if p.is_file()]
    return {str(p): (p.stat().st_ino, p.stat().st_mtime_ns) for p in files}


def again(folder, code=None, *words):
    argv = ["-c", code] if code else words
    return subprocess.run(
        [sys.executable, *argv], cwd=folder, env=toy.environment(), capture_output=True,
        text=True, timeout=120, check=False,
    )  # fmt: skip


@BY_COMMAND
def test_orphans_that_outlive_the_next_run_write_nothing(command, reference, tmp_path):
    folder = checkout(reference, tmp_path)
    orphans(folder, command, off="parent-death")

    done = again(folder, CALLS[command])
    before = stamps(folder)
    alive = len(kills.stages_of(folder))
    said = let_go(folder)

    assert done.returncode == 0, done.stderr
    assert alive == 2
    assert said == {
        "respike.train: stopped: a newer run owns this folder; this job wrote nothing"
    }
    assert stamps(folder) == before
    assert content(folder) == reference.content
    assert not [p for p in folder.rglob("*") if p.name.endswith(".part")]


@pytest.mark.parametrize(
    ("off", "sentence"),
    [
        ("parent-death", "the process that started this job is dead; this job wrote nothing"),
        (
            "parent-death parent-check",
            "the run that started this job is dead; this job wrote nothing",
        ),
    ],
)
def test_orphans_of_a_dead_run_write_nothing(off, sentence, reference, tmp_path):
    folder = checkout(reference, tmp_path)
    orphans(folder, "snakemake", off=off)

    said = let_go(folder)

    assert said == {f"respike.train: stopped: {sentence}"}
    assert not [p for p in stamps(folder) if "train" in p]
    assert not [p for p in folder.rglob("*") if p.name.endswith(".part")]


def test_a_writer_without_the_fence_is_seen_to_corrupt(reference, tmp_path):
    folder = checkout(reference, tmp_path)
    orphans(folder, "snakemake", off="parent-death", RESPIKE_TOY_APPEND="1")

    done = again(folder, CALLS["snakemake"])
    before = stamps(folder)
    let_go(folder)

    assert done.returncode == 0
    assert stamps(folder) != before
    wrong = {
        name for name, found in content(folder).items() if found != reference.content[name]
    }
    assert wrong == {f"results/desk/toy/dense/seed-{s}/train/model.safetensors" for s in (0, 1)}


def test_a_job_handed_over_before_it_was_marked_is_made_anew(reference, tmp_path):
    """Snakemake marks a job as incomplete only after it began; the controller dies between."""
    folder = checkout(reference, tmp_path)
    code = """\
import os, time
from snakemake.persistence.file import FilePersistence
def started(self, job, *more):
    if job.rule.name == "train":
        time.sleep(1)
        os.kill(os.getpid(), 9)
FilePersistence.started = started
""" + CALLS["snakemake"]

    killed = again(folder, code)
    done = again(folder, None, *COMMANDS["snakemake"])

    assert killed.returncode == -9
    assert done.returncode == 0, done.stderr
    assert content(folder) == reference.content


# ------------------------------------------------------------------ in one folder, no Snakemake


def dies(folder, patch):
    """A job's process that kills itself at a chosen place."""
    code = f"""\
import os
from pathlib import Path
from respike.core import lock
def die(*args, **more):
    os.kill(os.getpid(), 9)
{patch}
with lock.Attempt(Path('.'), 'job') as attempt:
    for name in ('out/a', 'out/b', 'out/record.json'):
        attempt.temporary(Path(name)).write_text('dead')
    attempt.commit(last=Path('out/record.json'))
"""
    env = {**os.environ, "PYTHONPATH": str(toy.ROOT)}
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, env=env, check=False)
    assert done.returncode == -9


PLACES = {
    "between listing and lock": """
old = lock.fcntl.flock
lock.fcntl.flock = lambda f, k: die() if 'attempts' in str(f.name) else old(f, k)
""",
    "before it is the latest": "lock._replace = die",
    "between listing and writing": "Path.write_text = lambda p, t, w=Path.write_text: "
    "die() if p.name.endswith('.part') else w(p, t)",
    "between two renames": """
old = lock.os.replace
lock.os.replace = lambda a, b: die() if str(b).endswith('out/b') else old(a, b)
""",
    "before the record": """
old = lock.os.replace
lock.os.replace = lambda a, b: die() if str(b).endswith('record.json') else old(a, b)
""",
    "before the folder is synced": """
old = lock.os.replace
def replace(a, b):
    old(a, b)
    if str(b).endswith('record.json'):
        die()
lock.os.replace = replace
""",
}


@pytest.mark.parametrize("place", PLACES)
def test_after_a_death_at_any_place_the_next_attempt_is_whole(place, tmp_path):
    lock.acquire(tmp_path)
    lock.takeover(tmp_path)
    dies(tmp_path, PLACES[place])
    torn = {p.name for p in (tmp_path / "out").glob("[!.]*")}

    lock.takeover(tmp_path)
    scraps = list(tmp_path.rglob("*.part")) + list(tmp_path.rglob(".respike/attempts/*"))
    with lock.Attempt(tmp_path, "job") as attempt:
        for name in ("a", "b", "record.json"):
            attempt.temporary(tmp_path / "out" / name).write_text("whole")
        attempt.commit(last=tmp_path / "out/record.json")
    lock.release(tmp_path)

    assert torn in ({"a", "b", "record.json"}, {"a", "b"}, {"a"}, set())
    assert scraps == []
    assert {p.name: p.read_text() for p in (tmp_path / "out").iterdir()} == dict.fromkeys(
        ("a", "b", "record.json"), "whole"
    )


@pytest.mark.parametrize("text", ["", "{torn", '{"pid": 7}'])
def test_scraps_of_an_attempt_whose_list_is_torn_are_found_by_its_number(text, tmp_path):
    attempts = tmp_path / lock.FOLDER / "attempts"
    attempts.mkdir(parents=True)
    (attempts / "job.abc123.0123456789ab.json").write_text(text)
    for name in ("results/x/.a.0123456789ab.part", "data/.b.0123456789ab.part"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("half")
    (tmp_path / "results/x/.a.ba9876543210.part").write_text("of another attempt")
    lock.acquire(tmp_path)

    lock.takeover(tmp_path)
    lock.release(tmp_path)

    assert [p.name for p in tmp_path.rglob("*.part")] == [".a.ba9876543210.part"]


HERE = {k: v for k, v in lock.who().items() if k != "pid"}


@pytest.mark.parametrize(
    ("faked", "refused"),
    [
        ({**HERE, "pid": 7, "host": "elsewhere", "epoch": "x"}, True),
        ({**HERE, "pid": 7, "host": "elsewhere", "epoch": "x", "ended": "now"}, False),
        ({**HERE, "pid": 7, "boot_id": "another boot", "epoch": "x"}, False),
        ({**HERE, "pid": os.getpid(), "start_ticks": 1, "epoch": "x"}, False),
        ("{torn", False),
        (None, False),
    ],
    ids=["other host", "other host, ended", "other boot", "reused pid", "torn", "missing"],
)
def test_a_faked_owner_is_cleared_only_where_it_is_provably_dead(faked, refused, tmp_path):
    owner = tmp_path / lock.FOLDER / "owner.json"
    owner.parent.mkdir()
    if faked is not None:
        owner.write_text(faked if isinstance(faked, str) else json.dumps(faked))
    code = (
        "import sys\nfrom pathlib import Path\nfrom respike.core import lock\n"
        "from respike.core.errors import RespikeError\n"
        "try:\n    lock.acquire(Path('.')); lock.takeover(Path('.'))\n"
        "except RespikeError as error:\n    sys.exit(print(error) or error.exit_code)"
    )
    env = {**os.environ, "PYTHONPATH": str(toy.ROOT)}

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip

    assert done.returncode == (BUSY if refused else 0), done.stderr
    assert ("host elsewhere, pid 7" in done.stdout) == refused
    assert (json.loads(owner.read_text())["pid"] == 7) == refused


# ------------------------------------------------------------------ plain snakemake, bent


def test_without_hooks_no_stage_commits_while_another_run_lives(reference, tmp_path):
    folder = checkout(reference, tmp_path)
    lock.acquire(folder)
    lock.takeover(folder)

    done = toy.snakemake(folder, "-c1", "--no-hooks")
    lock.release(folder)

    assert done.returncode == FAILED
    assert (
        "another run owns this folder: host "
        in (folder / "logs/data/digits/fetch.log").read_text()
    )
    assert not (folder / "results").exists() or not list((folder / "results").rglob("*.json"))


def test_a_plan_that_another_run_made_old_exits_75(reference, tmp_path):
    folder = checkout(reference, tmp_path)
    code = """\
import sys
from pathlib import Path
from snakemake.cli import main
from snakemake.dag import DAG
from respike.core import lock
whole = DAG.init
async def init(self, *args, **more):
    await whole(self, *args, **more)
    found = Path(".respike/owner.json")
    found.parent.mkdir(exist_ok=True)
    found.write_text('{"epoch": "of another run", "ended": "now"}')
DAG.init = init
sys.exit(main(["-c1"]))
"""

    done = again(folder, code)

    assert done.returncode == BUSY, done.stderr
    assert (
        "another run finished while this one was being planned; start it again" in done.stderr
    )
    assert not (folder / "results").exists()
