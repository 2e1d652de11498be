"""What a submitted job is started with: it lives under a lock and leaves word of its end.

    python -I -S start.py FILE

FILE is a submission (see respike/cluster/exits.py): a fixed area in front, then one line of
JSON. This program locks FILE as long as it or its command lives, runs the command, and writes
into the area who began it and how it ended. The area was filled with blanks by the
submitter, so that it can be written on a full disk. Standard library alone: it starts in
hundredths of a second, on any node, in any environment.

A file that is gone, or of another epoch than the folder's, is a submission that was given up:
nothing is run. A second start of a submission that still lives is refused.
"""

import ctypes
import fcntl
import json
import os
import signal
import socket
import sys
import time

AREA = 1024  # bytes in front of the file that say how the last start went
SECOND_START_S = 30.0  # how long a requeued start waits for the death of the one before
STEP_S = 5.0
LATE_SIGNAL_S = 1.0
GIVEN_UP = 0  # exit codes of a start that ran nothing
STILL_LIVES = 75
CAUGHT = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU, signal.SIGUSR2}
PR_SET_PDEATHSIG = 1


def area(state: dict) -> bytes:
    """The area's bytes: JSON, blanks, a newline; always AREA long."""
    text = json.dumps(state).encode()
    if len(text) >= AREA:
        text = json.dumps({**state, "host": ""}).encode()
    return text.ljust(AREA - 1) + b"\n"


def put(fd: int, state: dict) -> None:
    """Write the area in place; a disk that refuses leaves it as it was, or torn."""
    try:
        os.pwrite(fd, area(state), 0)
        os.fsync(fd)
    except OSError as error:
        print(f"start: the end could not be written: {error}", file=sys.stderr)


def locked(path: str) -> int | None:
    """The open file under its lock; None where the submission was given up.

    Raises:
        BlockingIOError: another start of the same submission lives.
    """
    try:
        fd = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return None
    end = time.monotonic() + SECOND_START_S
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= end:
                raise
            time.sleep(0.05)
    try:
        gone = os.fstat(fd).st_nlink == 0
    except OSError:  # a network file system: stale
        gone = True
    if gone:
        os.close(fd)
        return None
    os.set_inheritable(fd, True)  # the lock is free when the last process of the job is dead
    return fd


def wanted(path: str, submission: dict) -> bool:
    """Whether the folder still belongs to the run that submitted this."""
    owner = os.path.join(os.path.dirname(os.path.dirname(path)), "owner.json")
    try:
        with open(owner) as file:
            return json.load(file).get("epoch") == submission["epoch"]
    except (OSError, ValueError, AttributeError):
        return True  # the stage's own fence decides


def launch(command: str) -> int:
    """Start the command in a shell that dies with this process; its pid."""
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.execv("/bin/sh", ["sh", "-c", command])
    return 0


def attend(pid: int, limit_s: float | None) -> dict:
    """Wait for the end of the command.

    Args:
        pid: its process.
        limit_s: after so long it is killed, so that a job that Slurm forgot ends as well [s].
            Time in which this process itself was stopped does not count.

    Returns:
        `code`, what the command ended with, or -9 for signal 9; `told`, the signal or limit
        that this process was told to end by, or None.
    """
    told, lived, last = None, 0.0, time.monotonic()
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            code = os.waitstatus_to_exitcode(status)
            if code and told is None:  # Slurm's signal may reach the command first
                got = signal.sigtimedwait(CAUGHT, LATE_SIGNAL_S)
                told = signal.Signals(got.si_signo).name if got else None
            return {"code": code, "told": told}
        got = signal.sigtimedwait({signal.SIGCHLD, *CAUGHT}, STEP_S)
        now = time.monotonic()
        lived, last = lived + min(now - last, 2 * STEP_S), now
        if got is not None and got.si_signo != signal.SIGCHLD:
            told = told or signal.Signals(got.si_signo).name
            os.kill(pid, signal.SIGKILL)  # what it started dies with it
        elif limit_s is not None and lived > limit_s and told is None:
            told = "limit"
            os.kill(pid, signal.SIGKILL)


def main(path: str) -> int:
    """Run a submission; the exit code is its command's, 128 + n after signal n."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, *CAUGHT})
    try:
        fd = locked(path)
    except BlockingIOError:
        print("start: another start of this job still lives; nothing was run", file=sys.stderr)
        return STILL_LIVES
    if fd is None:
        print("start: this submission was given up; nothing was run", file=sys.stderr)
        return GIVEN_UP
    submission = json.loads(os.pread(fd, os.fstat(fd).st_size, AREA))
    if not wanted(path, submission):
        print("start: a newer run owns this folder; nothing was run", file=sys.stderr)
        return GIVEN_UP
    state = {
        "token": submission["token"],
        "job": os.environ.get("SLURM_JOB_ID"),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "began": time.time(),
    }
    put(fd, state)
    end = attend(launch(submission["command"]), submission.get("limit_s"))
    put(fd, {**state, "ended": time.time(), **end})
    return end["code"] if end["code"] >= 0 else 128 - end["code"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
