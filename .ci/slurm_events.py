#!/usr/bin/env python3
"""One event in the life of a cluster, while `respike run --cluster slurm` is in its middle.

    .ci/slurm.py [--cpus N] .ci/slurm_events.py EVENT CHECKOUT [PATIENCE_S]

CHECKOUT is a toy (tests/workflow/toy.py). The run is started, the event is made once jobs are
in flight, and one line of JSON says what became of it: exit code, seconds, what was said,
which results stood before and whether they still are the same, how often each record was
committed, and what temporary files are left.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOST = socket.gethostname().split(".")[0]
DOWN_S = 6.0  # how long the controller or the node is away
LONGEST_S = 600.0
QUICK = ["--seconds-between-status-checks", "2"]


class Cluster:
    """The private Slurm around this program."""

    def __init__(self) -> None:
        self.folder = Path(os.environ["PRIVATE_SLURM"])
        self.conf = self.folder / "etc/slurm.conf"

    def end(self, daemon: str, number: int) -> None:
        pid = int((self.folder / f"{daemon}.pid").read_text())
        os.kill(pid, number)
        until(lambda: dead(pid), 30)

    def begin(self, daemon: str) -> None:
        subprocess.run([daemon, "-f", str(self.conf)], check=True)

    def node(self, state: str) -> None:
        words = ["update", f"nodename={HOST}", f"state={state}"]
        words += ["reason=event"] if state in {"drain", "down"} else []
        subprocess.run(["scontrol", *words], check=True)

    def running(self) -> list[str]:
        done = subprocess.run(
            ["squeue", "-h", "-o", "%i", "-t", "RUNNING"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return done.stdout.split()


class Commits(threading.Thread):
    """Counts how often each record took its final name, by its inode."""

    def __init__(self, folder: Path):
        super().__init__(daemon=True)
        self.folder, self.seen, self.over = folder, {}, False

    def run(self) -> None:
        while not self.over:
            for path in self.folder.glob("results/**/record.json"):
                try:
                    found = path.stat().st_ino
                except OSError:
                    continue
                self.seen.setdefault(str(path.relative_to(self.folder)), set()).add(found)
            time.sleep(0.05)


def start(folder: Path, patience_s: str) -> subprocess.Popen:
    """`respike run` through Slurm, its words collected in a file."""
    words = ["run", "--cluster", "slurm", "--patience", patience_s, "--", *QUICK]
    with open(folder / "said.txt", "a") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "respike", *words], cwd=folder, stdout=said, stderr=said
        )


def attempts(folder: Path) -> list[dict]:
    """What the stages at work say of themselves."""
    found = []
    for path in (folder / ".respike/attempts").glob("*-train-*.json"):
        try:
            found.append(json.loads(path.read_text()))
        except (OSError, ValueError):
            continue
    return found


def writing(folder: Path) -> list[Path]:
    """Temporary files with bytes in them: a stage is in the middle of writing."""
    return [p for p in folder.glob("results/*/*/**/.*.part") if p.stat().st_size]


def starts(folder: Path) -> list[int]:
    """Process ids of the start programs of jobs that run."""
    found = []
    for path in (folder / ".respike/exits").glob("*.job"):
        state = path.read_bytes()[:1024].strip()
        found += [json.loads(state)["pid"]] if state else []
    return found


def evidence(folder: Path) -> dict[str, list]:
    """When and in which process each finished result was made."""
    found = {}
    for path in folder.glob("results/**/record.json"):
        made = json.loads(path.read_text())["evidence"]
        found[str(path.relative_to(folder))] = [made["started"], made["pid"], made["host"]]
    return found


def until(what: Callable[[], bool], longest_s: float = 180) -> None:
    """Wait for something; the run is then no longer of use if it does not come."""
    end = time.monotonic() + longest_s
    while not what():
        if time.monotonic() > end:
            raise SystemExit(f"slurm_events: waited {longest_s:.0f} s in vain")
        time.sleep(0.1)


def dead(pid: int) -> bool:
    """Whether a process is gone, or only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def away(cluster: Cluster, number: int) -> None:
    cluster.end("slurmctld", number)
    time.sleep(DOWN_S)
    cluster.begin("slurmctld")


def drained(cluster: Cluster) -> None:
    cluster.node("drain")
    time.sleep(DOWN_S)
    cluster.node("resume")


def down(cluster: Cluster) -> None:
    cluster.end("slurmd", signal.SIGKILL)
    cluster.node("down")
    time.sleep(DOWN_S)
    cluster.begin("slurmd")  # ReturnToService: the node comes back by itself


def preempted() -> None:
    words = ["-p", "urgent", "--exclusive", "--mem=100", "-o", "/dev/null", "--wrap", "sleep 5"]
    subprocess.run(["sbatch", *words], check=True, capture_output=True)


def happen(event: str, folder: Path, cluster: Cluster, run: subprocess.Popen) -> None:
    """Make the event."""
    jobs = cluster.running()
    acts = {
        "controller-term": lambda: away(cluster, signal.SIGTERM),
        "controller-kill": lambda: away(cluster, signal.SIGKILL),
        "controller-gone": lambda: cluster.end("slurmctld", signal.SIGKILL),
        "node-drained-resumed": lambda: drained(cluster),
        "node-drained": lambda: cluster.node("drain"),
        "node-down": lambda: down(cluster),
        "job-cancelled": lambda: subprocess.run(["scancel", jobs[0]], check=True),
        "job-requeued": lambda: subprocess.run(["scontrol", "requeue", jobs[0]], check=True),
        "job-preempted": preempted,
        "job-held": lambda: subprocess.run(["scontrol", "requeuehold", jobs[0]], check=True),
        "job-killed": lambda: os.kill(starts(folder)[0], signal.SIGKILL),
        "stage-killed": lambda: os.kill(attempts(folder)[0]["pid"], signal.SIGKILL),
        "time-limit": lambda: None,
        "nothing": lambda: None,
        "respike-killed": run.kill,
    }
    acts[event]()


def main(event: str, name: str, patience_s: str = "15") -> int:
    """Run, disturb, wait, tell."""
    folder, cluster = Path(name).resolve(), Cluster()
    commits = Commits(folder)
    commits.start()
    began = time.monotonic()
    run = start(folder, patience_s)
    in_flight = int(os.environ.get("EVENT_IN_FLIGHT", "2"))
    if os.environ.get("RESPIKE_TOY_WRITE_S"):
        until(lambda: len(writing(folder)) >= in_flight)
    else:
        until(lambda: len(attempts(folder)) >= in_flight)
    before = evidence(folder)
    happened = time.monotonic()
    happen(event, folder, cluster, run)
    if event == "respike-killed":
        run.wait()
        time.sleep(1)
        run = start(folder, patience_s)
    try:
        code = run.wait(LONGEST_S)
    except subprocess.TimeoutExpired:
        run.kill()
        code = None
    ended = time.monotonic()
    after = evidence(folder)
    commits.over = True
    commits.join()
    told = {
        "event": event,
        "code": code,
        "seconds": round(ended - began, 1),
        "after_s": round(ended - happened, 1),
        "said": (folder / "said.txt").read_text(),
        "stood": len(before),
        "recomputed": [path for path, made in before.items() if after.get(path) != made],
        "commits": max(len(inodes) for inodes in commits.seen.values()),
        "left": [str(path) for path in folder.glob("results/**/.*.part")],
        "submissions": len(list((folder / ".respike/exits").glob("*.job"))),
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
