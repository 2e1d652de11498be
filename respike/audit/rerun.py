"""Jobs of a finished run, drawn at random and run again in a scratch folder, then compared.

The stage is started as its record says, on inputs that were hashed and traced to their
producers first. The code that runs is ours, never the folder's, and the folder is only read.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from respike.audit import jobs, levels
from respike.core import code, config, io, layout, records, told
from respike.core.errors import ConfigError, DamagedFile, did_you_mean
from respike.core.job import ASKED, THREADS

ROOT = Path(__file__).resolve().parents[2]
NOT_COMPARED = "not compared"
_SCOPES = ("data", "run", "study")  # of jobs that a run's manifest lists, but for the page
PINNED = "as pinned"  # of files of fetch that were hashed instead of fetched again


class Rerun(NamedTuple):
    """What came of one job.

    Attributes:
        record: path of its record.
        level: the weakest that holds over its outputs, or NOT_COMPARED.
        held: each output's level; empty where the stage did not end.
        declared: whether every output is at the level declared for it, or nothing was compared.
        says: why it was not compared, or what is wrong.
        classes: fields in which the numerics class differs, with both values.
        code: whether the code here is the recorded one; env: whether the lock is.
        seconds: of the rerun.
    """

    record: PurePosixPath
    level: str
    held: list[levels.Held]
    declared: bool
    says: str = ""
    classes: tuple[str, ...] = ()
    code: bool = True
    env: bool = True
    seconds: float = 0.0


class _Cannot(Exception):
    """This job cannot be compared here, and that is no one's fault: one sentence."""


def population(
    folder: Path, budget: str, stages: list[str]
) -> tuple[dict[str, list[PurePosixPath]], list[PurePosixPath]]:
    """The jobs that can be drawn, by stage, and those that are `not run`.

    Args:
        folder: a run or a bundle.
        budget: of the run.
        stages: only these; empty: all. The page is no job to be compared.

    Raises:
        ConfigError: no such stage, or no job of it.
        DamagedFile: the manifest or a record cannot be believed.
    """
    known = [stage for stage, row in layout.STAGES.items() if row.scope in _SCOPES]
    for stage in stages:
        if stage == "report":
            raise ConfigError("the page is not a job to be compared; audit verify checks it")
        if stage in layout.STAGES and stage not in known:
            raise ConfigError(f"{stage} is of no run, and no list names its jobs")
        if stage not in known:
            hint = did_you_mean(stage, known)
            raise ConfigError(f"no stage '{stage}'.{hint} Stages: {', '.join(known)}")
    path = layout.output("report", "manifest").format(budget=budget)
    try:
        manifest = io.parse(path, (folder / path).read_bytes())
        listed = sorted(manifest["records"])
    except (OSError, KeyError, TypeError):
        raise DamagedFile(f"{path} is no manifest of a run; run again") from None
    found: dict[str, list[PurePosixPath]] = {}
    empty = []
    for name in map(PurePosixPath, listed):
        stage = jobs.place(name).stage
        if stage == "report" or (stages and stage not in stages):
            continue
        if records.load(folder / name)["status"] == records.PLACEHOLDER:
            empty.append(name)
        else:
            found.setdefault(stage, []).append(name)
    return found, empty


def rerun(
    folder: Path,
    drawn: list[PurePosixPath],
    say: Callable[[int, Rerun], None] = lambda number, found: None,
) -> list[Rerun]:
    """Run jobs again, each in a scratch folder of its own, and compare.

    Args:
        folder: a run or a bundle; only read.
        drawn: paths of their records.
        say: called after each job with its number, from 1, and what came of it.
    """
    found = []
    for number, record in enumerate(drawn, 1):
        found.append(_one(folder, record))
        say(number, found[-1])
    return found


def _one(folder: Path, path: PurePosixPath) -> Rerun:
    began = time.monotonic()
    try:
        record = _believed(folder, path)
        with tempfile.TemporaryDirectory(prefix="respike-rerun-") as scratch:
            _copy_inputs(folder, record, Path(scratch))
            command, env = _command(path, record), _environment(record)
            ended = subprocess.run(
                command, cwd=scratch, env=env, stdin=subprocess.DEVNULL, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace", check=False,
            )  # fmt: skip
            found = _compared(folder, path, record, Path(scratch), ended)
    except _Cannot as cannot:
        found = Rerun(path, NOT_COMPARED, [], True, str(cannot))
    except DamagedFile as error:
        found = Rerun(path, levels.DIFFERS, [], False, str(error))
    return found._replace(seconds=time.monotonic() - began)


def _believed(folder: Path, path: PurePosixPath) -> dict[str, Any]:
    """A record whose words fit its place: the settings name the job that the path names."""
    record = records.load(folder / path)
    place = jobs.place(path)
    settings = record["settings"]
    named = {name: str(settings.get(name)) for name in place.wildcards}
    if record["stage"] != place.stage or named != place.wildcards:
        raise DamagedFile(f"{path} is the record of another job: {records.producer(record)}")
    if record["key"] != records.key(record):
        raise DamagedFile(f"{path} has a key that is not that of its settings and inputs")
    if not _read_as_told(record):
        raise DamagedFile(f"{path} names other inputs than its settings do")
    for file in layout.STAGES[place.stage].content.values():
        if file not in record["outputs"]:
            raise DamagedFile(f"{path} does not name {file}")
        _there(folder, layout.artifact(path, file))
    return record


def _read_as_told(record: Mapping[str, Any]) -> bool:
    """Whether the inputs that follow from the settings are those that were read.

    A stranger's settings may name any number of them: no more are looked at than were read.
    """
    try:
        for name, paths in told.inputs(record["stage"], record["settings"]).items():
            read = [row["path"] for row in record["inputs"].get(name, ())]
            if sorted(islice(paths, len(read) + 1)) != sorted(read):
                return False
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    return True


# ------------------------------------------------------------------ inputs


def _copy_inputs(folder: Path, record: Mapping[str, Any], scratch: Path) -> None:
    """Copy what a job read, and the producers' records, each verified."""
    for rows in record["inputs"].values():
        for row in rows:
            path = _safe(row["path"])
            beside = layout.record_of(path)
            if path.name == layout.RECORD:
                producer = records.parse(path, _bytes(folder, path, row["sha256"]))
            else:
                producer = _producer(folder, path, row["sha256"])
                _write(scratch / path, _bytes(folder, path, row["sha256"]))
                path = beside
            if producer["key"] != row["key"]:
                raise DamagedFile(f"{row['path']} was made by another job than is recorded")
            _write(scratch / path, (folder / path).read_bytes())


def _safe(path: str) -> PurePosixPath:
    """A path of an artifact or a record; a stranger's bundle may name any."""
    found = PurePosixPath(path)
    jobs.place(layout.record_of(found))
    if found.name == ".." or found.is_absolute():
        raise DamagedFile(f"{jobs.plain(path)} is no path of an artifact")
    return found


def _producer(folder: Path, path: PurePosixPath, sha256: str) -> dict[str, Any]:
    record = records.load(folder / layout.record_of(path))
    row = {**record["outputs"], **record.get("extras", {})}.get(path.name, {})
    if row.get("sha256") != sha256:
        raise DamagedFile(f"{path} was read with another hash than its producer recorded")
    return record


def _there(folder: Path, path: PurePosixPath) -> None:
    if not (folder / path).exists():
        raise _Cannot(f"{path} is not here; a bundle leaves out what may not be passed on")


def _bytes(folder: Path, path: PurePosixPath, sha256: str) -> bytes:
    _there(folder, path)
    return io.read_bytes(folder / path, sha256, "its producer")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


# ------------------------------------------------------------------ the stage


def _command(path: PurePosixPath, record: Mapping[str, Any]) -> list[str]:
    """Command line of a job, as its rule would make it."""
    stage = record["stage"]
    own = ROOT / ".venv/bin/python"
    command = [str(own if own.exists() else sys.executable), "-m", f"respike.stages.{stage}"]
    command += ["--settings", told.text(record["settings"], str(path))]
    command += ["--code", record["code"], "--env", record["env"]]
    follow = told.inputs(stage, record["settings"])
    for name, rows in record["inputs"].items():
        if name != "beside" and name not in follow:
            command += ["--in", name, *(row["path"] for row in rows)]
    row = layout.STAGES[stage]
    files = (*row.content.values(), *row.evidence.values())
    command += ["--out", *(str(layout.artifact(path, file)) for file in files), str(path)]
    return command


def _environment(record: Mapping[str, Any]) -> dict[str, str]:
    """The Snakefile's variables, and those of the numerics class as recorded; no network."""
    away = ("RESPIKE_AUDIT_", "RESPIKE_EPOCH", "PYTHON")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(away)}
    kept = {k: v for k, v in kept.items() if k not in records.VARIABLES}
    fixed = {"PYTHONPATH": str(ROOT), "PYTHONNOUSERSITE": "1", "RESPIKE_OFFLINE": "1"}
    said = record["numerics"].get("variables", {})
    class_of = {k: str(v) for k, v in said.items() if k in records.VARIABLES}
    threads = record["numerics"].get("threads")
    asked = {ASKED: str(threads)} if isinstance(threads, int) and threads > 1 else {}
    return {**kept, **dict.fromkeys(THREADS, "1"), **class_of, **fixed, **asked}


# ------------------------------------------------------------------ comparison


def _compared(
    folder: Path,
    path: PurePosixPath,
    record: Mapping[str, Any],
    scratch: Path,
    ended: subprocess.CompletedProcess,
) -> Rerun:
    stage = record["stage"]
    found = Rerun(path, levels.DIFFERS, [], False)
    found = found._replace(code=_same_code(record), env=_same_env(record["env"]))
    done = ended.returncode == 0 and (scratch / path).exists()
    again = records.load(scratch / path) if done else {"status": "failed"}
    if again["status"] != record["status"] and stage == "fetch":
        return _pinned(folder, path, record)
    if not done:
        last = (ended.stdout.strip().splitlines() or ["it said nothing"])[-1]
        says = f"the stage ended with {ended.returncode}: {jobs.plain(last)}"
        return found._replace(says=says)
    if again["status"] != record["status"]:
        return found._replace(says=f"it is `{again['status']}` here: {again['reason']}")
    classes = tuple(differing(record["numerics"], again["numerics"]))
    held = []
    for file in layout.STAGES[stage].content.values():
        place = layout.artifact(path, file)
        old = _bytes(folder, place, record["outputs"][file]["sha256"])
        new = (scratch / place).read_bytes()
        declared = levels.tolerance(stage, file, record["settings"])
        one_code = found.code and found.env
        held.append(
            levels.judged(file, old, new, declared, one_class=not classes, one_code=one_code)
        )
    return found._replace(
        level=levels.worst(one.level for one in held),
        held=held,
        declared=all(one.declared for one in held),
        classes=classes,
    )


def _same_code(record: Mapping[str, Any]) -> bool:
    try:
        return code.of(record["stage"], record["settings"]) == record["code"]
    except (ConfigError, KeyError):
        return False


def _same_env(env: str) -> bool:
    name, _, sha256 = env.partition(":")
    if not name.isidentifier():
        return False
    try:
        return io.sha256((ROOT / "envs" / f"{name}.lock").read_bytes()) == sha256
    except OSError:
        return False


def differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Fields in which two numerics classes differ: `cpu_vendor: 'A', here 'B'`."""
    for name in sorted(old.keys() | new.keys()):
        before, now = old.get(name), new.get(name)
        if isinstance(before, Mapping) and isinstance(now, Mapping):
            yield from (f"{name}.{inner}" for inner in differing(before, now))
        elif before != now:
            yield jobs.plain(f"{name}: {json.dumps(before)}, here {json.dumps(now)}")


def _pinned(folder: Path, path: PurePosixPath, record: Mapping[str, Any]) -> Rerun:
    """Files that cannot be fetched now, against the hashes written down in our sources.yaml.

    Raises:
        DamagedFile: a file that is not the pinned one.
        _Cannot: the table here has another row, or pins nothing.
    """
    settings = record["settings"]
    rows = config.sources(ROOT).value["datasets"]
    if rows.get(settings["dataset"]) != settings["row"]:
        raise _Cannot("it cannot be fetched now, and sources.yaml here has another row for it")
    pins = {file["name"]: file.get("sha256") for file in settings["row"].get("files", [])}
    place = layout.artifact(path, "source.zip")
    data = _bytes(folder, place, record["outputs"]["source.zip"]["sha256"])
    files = {name: io.sha256(member) for name, member in io.parse(str(place), data).items()}
    if None in pins.values() or not pins:
        raise _Cannot("it cannot be fetched now, and sources.yaml pins no hash of it")
    if files != pins:
        wrong = min(n for n in files.keys() | pins.keys() if files.get(n) != pins.get(n))
        raise DamagedFile(
            f"{place}: {jobs.plain(wrong)} is not the file that sources.yaml pins"
        )
    return Rerun(path, PINNED, [], True, "not fetched again; each file has its pinned sha256")
