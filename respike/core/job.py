"""The frame of every stage: arguments -> verified inputs -> the stage's work -> one commit.

A stage module defines `run(job)` and ends with `sys.exit(main("STAGE", run))`.
"""

import argparse
import logging
import os
import resource
import socket
import sys
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from respike.core import environment, io, layout, records, told
from respike.core import log as logs
from respike.core.errors import FAILED, DamagedFile, RespikeError
from respike.core.lock import SLURM_JOB, Attempt, die_with_parent
from respike.core.strict import canonical_json

# One thread, for what is compared. The determinism audit asks for more, to show what they
# change; the record says how many there were.
ASKED = "RESPIKE_AUDIT_THREADS"
THREADS = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
    os.environ.get(ASKED, "1"),
)


class _NotRun(Exception):
    """Ends a stage whose input cannot be had: all that follows from it is `not run`."""


class Job:
    """One run of one stage: its settings, its verified inputs and its outputs.

    Attributes:
        stage: the stage's name.
        settings: resolved settings, the only way they reach a stage.
        seed: the run's seed; 0 in stages that have none.
        log: the stage's logger.
        history: study -> claim -> registering commit; only the report has one.
    """

    def __init__(
        self,
        stage: str,
        settings: dict[str, Any],
        inputs: dict[str, list[PurePosixPath]],
        outputs: dict[str, PurePosixPath],
        root: Path,
    ):
        self.stage = stage
        self.settings = settings
        self.history: dict[str, dict[str, str]] = {}
        self.seed = int(settings.get("seed", 0))
        self.log = logging.getLogger(f"respike.{stage}")
        self._inputs = inputs
        self._outputs = outputs
        self._root = root
        self._read: dict[str, dict[str, Any]] = {}
        self._written: dict[str, tuple[PurePosixPath, bytes, Any]] = {}
        self._extras: dict[str, bytes] = {}
        self._last: Callable[[bytes], dict[str, Any]] | None = None

    # ---------------------------------------------------------------- inputs

    def paths(self, name: str) -> list[PurePosixPath]:
        """Paths of an input, relative to the folder of the results; none if not given."""
        return list(self._inputs.get(name, []))

    def has(self, name: str) -> bool:
        """Whether an optional input was given."""
        return bool(self._inputs.get(name))

    def _bytes(self, path: PurePosixPath) -> bytes:
        if path.name == layout.RECORD:
            data = (self._root / path).read_bytes()
            made_by = records.parse(path, data)
        else:
            data, made_by = records.read_verified(self._root, path)
        row = {"path": str(path), "bytes": len(data), "sha256": io.sha256(data)}
        row["key"] = made_by["key"]
        self._read[str(path)] = row
        return data

    def read(self, name: str) -> Any:
        """Value of an input: hashed, compared with its producer's record, then parsed.

        Raises:
            DamagedFile: not the bytes that its producer recorded, or not of its format.
        """
        (path,) = self._inputs[name]
        return self.read_path(path)

    def read_path(self, path: str | PurePosixPath) -> Any:
        """Like `read`, for any artifact that has a record: a neighbour of an input."""
        path = PurePosixPath(path)
        return io.parse(str(path), self._bytes(path))

    def read_metadata(self, name: str) -> Any:
        """What a safetensors input says of itself: its one metadata entry, parsed."""
        (path,) = self._inputs[name]
        try:
            return io.safetensors_metadata(self._bytes(path))
        except ValueError as error:
            raise DamagedFile(f"{path} is not a valid safetensors file: {error}") from None

    def record(self, path: str | PurePosixPath) -> dict[str, Any]:
        """The record of a job, or of the job that made an artifact."""
        path = PurePosixPath(path)
        return records.load(
            self._root / (path if path.name == layout.RECORD else layout.record_of(path))
        )

    def sha256(self, path: str | PurePosixPath) -> str:
        """Hash of a file that this job has read."""
        return self._read[str(PurePosixPath(path))]["sha256"]

    @cached_property
    def data_kind(self) -> str:
        """real, real-derived or synthetic: the kind of the data this job stands on."""
        kinds = set()
        if "row" in self.settings:
            kinds.add(self.settings["row"]["data_kind"])
        for paths in self._inputs.values():
            for path in paths:
                kinds.add(self.record(path).get("data_kind", "none"))
        order = ("synthetic", "real-derived", "real", "none")
        return next((kind for kind in order if kind in kinds), "none")

    # ---------------------------------------------------------------- outputs

    def write(self, name: str, value: Any, **options: Any) -> None:
        """Give an output its value; files appear together when the stage has ended.

        Raises:
            RespikeError: an unknown output, or a value its format cannot hold.
        """
        if name not in self._outputs:
            known = ", ".join(self._outputs)
            raise RespikeError(f"stage {self.stage} has no output '{name}'; it has: {known}")
        path = self._outputs[name]
        self._written[name] = (path, io.dump(path.name, value, **options), value)

    def write_extra(self, name: str, data: bytes) -> None:
        """Add a file of evidence beside the record that no rule declares, such as a film."""
        self._extras[name] = data

    def write_last(self, make: Callable[[bytes], dict[str, Any]]) -> None:
        """Write outputs that are made of the record itself, and so stand in no record.

        Args:
            make: bytes of the record -> value by output name; called once, at the end.
        """
        self._last = make

    def digest(self, path: str | PurePosixPath) -> str | None:
        """Hash of a file of evidence that has no record (a log); None where it is absent."""
        try:
            return io.sha256((self._root / path).read_bytes())
        except OSError:
            return None

    def not_run(self, reason: str) -> None:
        """End the stage as `not run`: what follows from it is `not run` as well.

        Args:
            reason: one sentence: what could not be had, and what to do.
        """
        raise _NotRun(reason)

    # ---------------------------------------------------------------- frame

    def _propagated(self) -> str | None:
        for name, paths in self._inputs.items():
            for path in paths:
                if name == "records" or name == "verdicts":
                    continue
                record = self.record(path)
                if record.get("status") == records.PLACEHOLDER:
                    return record["reason"]
        return None

    def execute(self, run: Callable[["Job"], None], code: str, env: str) -> None:
        """Do the stage's work and commit its outputs and record, all or none."""
        started, clock = time.time(), time.monotonic()
        status, reason = "done", None
        ran_in = environment.here(env) if env else None  # started by hand: none was asked for
        if ran_in and ran_in["differs"]:
            self.log.warning("%s", environment.warning(ran_in))
        record_path = next(p for p in self._outputs.values() if p.name == layout.RECORD)
        with Attempt(self._root, str(record_path)) as attempt:
            try:
                reason = self._propagated()
                if reason is not None:
                    raise _NotRun(reason)
                run(self)
                _check_threads()
            except _NotRun as end:
                status, reason = records.PLACEHOLDER, str(end)
                self.log.warning("not run: %s", reason)
                self._written = {
                    n: (p, io.empty(p.name), None)
                    for n, p in self._outputs.items()
                    if n != "record"
                }
            outputs = {}
            for path, data, value in self._written.values():
                io.write_bytes(attempt.temporary(Path(path)), data)
                outputs[path.name] = records.describe(data, path.name, value)
            extras = {}
            for name, data in self._extras.items():
                io.write_bytes(attempt.temporary(Path(record_path.parent / name)), data)
                extras[name] = {"bytes": len(data), "sha256": io.sha256(data)}
            record = {
                "schema": records.SCHEMA,
                "stage": self.stage,
                "settings": self.settings,
                "seed": self.seed,
                "code": code,
                "env": env,
                **({"environment": ran_in} if ran_in else {}),
                "data_kind": self.data_kind,
                "status": status,
                "reason": reason,
                "inputs": self._input_rows(),
                "outputs": outputs,
                "extras": extras,
                "numerics": records.numerics(),
                "evidence": self._evidence(started, clock),
            }
            record["key"] = records.key(record)
            data = records.dump(record)
            io.write_bytes(attempt.temporary(Path(record_path)), data)
            last = self._last(data) if self._last else {}
            for name, value in last.items():
                path = self._outputs[name]
                io.write_bytes(attempt.temporary(Path(path)), io.dump(path.name, value))
            missing = self._outputs.keys() - self._written.keys() - last.keys() - {"record"}
            if missing:
                raise RespikeError(f"stage {self.stage} did not write '{min(missing)}'")
            attempt.commit(last=Path(record_path))
        size = sum(row["bytes"] for row in (*outputs.values(), *extras.values()))
        self.log.info(
            "wrote %s (%d files, %.1f MB, %.1f s)",
            record_path.parent,
            len(outputs) + len(extras) + 1,
            size / 1e6,
            time.monotonic() - clock,
        )

    def _input_rows(self) -> dict[str, list[dict[str, Any]]]:
        rows: dict[str, list[dict[str, Any]]] = {}
        named = set()
        for name, paths in self._inputs.items():
            rows[name] = []
            for path in paths:
                if str(path) not in self._read:
                    self._bytes(path)
                rows[name].append(self._read[str(path)])
                named.add(str(path))
        beside = [row for path, row in sorted(self._read.items()) if path not in named]
        if beside:
            rows["beside"] = beside
        return rows

    def _evidence(self, started: float, clock: float) -> dict[str, Any]:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return {
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
            "wall_s": round(time.monotonic() - clock, 3),
            "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
            "peak_rss_mb": round(usage.ru_maxrss / 1024, 1),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "root": str(Path(__file__).resolve().parents[2]),
            "slurm_job_id": os.environ.get(SLURM_JOB),
        }


def _arguments(stage: str) -> argparse.ArgumentParser:
    cli = argparse.ArgumentParser(prog=f"python -m respike.stages.{stage}")
    cli.add_argument("--settings", required=True, help="resolved settings; see core/told.py")
    cli.add_argument("--code", default="", help="fingerprint of the code, for the record")
    cli.add_argument("--env", default="", help="environment and the hash of its lock")
    cli.add_argument("--history", default="{}", help="registering commits (report)")
    cli.add_argument(
        "--in", dest="inputs", nargs="+", action="append", default=[], metavar=("NAME", "PATH")
    )
    cli.add_argument("--out", dest="outputs", nargs="+", required=True, metavar="PATH")
    return cli


def main(stage: str, run: Callable[[Job], None], argv: list[str] | None = None) -> int:
    """Run one stage from its command line.

    Args:
        stage: the stage's name, equal to its rule's and module's.
        run: the stage's work.
        argv: arguments; None takes the command line's.

    Returns:
        The exit code. A RespikeError ends with its sentence as the log's last line; a
        bug keeps its traceback.
    """
    if argv is None and any(os.environ.get(n) != wanted for n, wanted in THREADS.items()):
        # numpy and torch read these when they are imported, so the process begins anew
        os.environ.update(THREADS)
        os.execv(
            sys.executable,
            [sys.executable, "-m", f"respike.stages.{stage}", *sys.argv[1:]],
        )
    given = _arguments(stage).parse_args(argv)
    logs.configure()
    log = logging.getLogger(f"respike.{stage}")
    if argv is None:
        die_with_parent()
    try:
        settings = told.parse(given.settings)
        inputs = _inputs(stage, settings, given.inputs)
        outputs = _outputs(stage, given.outputs)
        job = Job(stage, settings, inputs, outputs, Path.cwd())
        job.history = told.parse(given.history, "--history")
        _check_threads()
        log.info(
            "%s %s",
            records.producer({"stage": stage, "settings": settings}),
            _brief(settings, stage),
        )
        job.execute(run, given.code, given.env)
    except RespikeError as error:
        log.error("%s%s", logs.STOPPED, error)
        return error.exit_code
    except MemoryError:
        log.error(
            "%sout of memory; give the job more (resources: mem_mb) or run fewer (--cores 1)",
            logs.STOPPED,
        )
        return FAILED
    return 0


def _inputs(
    stage: str, settings: dict[str, Any], given: list[list[str]]
) -> dict[str, list[PurePosixPath]]:
    """Inputs that the command line names, and those that follow from the settings."""
    found = {name: paths for name, *paths in given}
    try:
        follow = {name: list(paths) for name, paths in told.inputs(stage, settings).items()}
    except KeyError as error:
        raise RespikeError(
            f"--settings of stage {stage} lacks {error}; give it whole, as the rule writes it"
        ) from None
    if double := found.keys() & follow.keys():
        raise RespikeError(
            f"--in {min(double)}: stage {stage} finds them by its settings; leave it out"
        )
    return {
        name: [PurePosixPath(path) for path in paths if path]
        for name, paths in {**found, **follow}.items()
    }


def _outputs(stage: str, paths: list[str]) -> dict[str, PurePosixPath]:
    row = layout.STAGES[stage]
    names = {file: name for name, file in (*row.content.items(), *row.evidence.items())}
    names[layout.RECORD] = "record"
    found = {}
    for path in map(PurePosixPath, paths):
        if path.name not in names:
            raise RespikeError(
                f"stage {stage} writes no {path.name}; it writes: {', '.join(names)}"
            )
        found[names[path.name]] = path
    missing = [file for file, name in names.items() if name not in found]
    if missing:
        raise RespikeError(f"--out of stage {stage} lacks {missing[0]}")
    return found


def _brief(settings: dict[str, Any], stage: str) -> str:
    text = canonical_json(settings.get(stage, {}))
    return text if len(text) <= 200 else text[:197] + "..."


def _check_threads() -> None:
    torch = sys.modules.get("torch")
    if torch is not None and torch.get_num_threads() != int(os.environ.get(ASKED, "1")):
        raise RespikeError(
            f"this job runs with {torch.get_num_threads()} threads; results are compared with "
            f"one thread only (set OMP_NUM_THREADS=1)"
        )
