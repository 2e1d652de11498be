"""What Slurm says of a run's jobs: a hint. Each call ends, answered or not."""

import subprocess

from respike.cluster.verdict import Hint

ANSWER_S = 60.0  # Slurm's own commands give up after MessageTimeout, 10 s by default
DOWN = ("down", "drain", "fail", "maint", "power", "inval", "unk", "block")


class Silent(Exception):
    """Slurm did not answer; the message is what its command said."""


def hints(run: str, clusters: str = "") -> dict[str, Hint]:
    """State of every job that Slurm knows by a run's name, the ended ones included.

    Args:
        run: the name that all jobs of the run were given.
        clusters: names of clusters, comma-separated, where jobs went to others.

    Raises:
        Silent: no answer.
    """
    where = ["--clusters", clusters] if clusters else []
    said = _ask("squeue", "-h", "-t", "all", "-n", run, "-o", "%i|%T|%P|%r", *where)
    rows = [line.split("|", 3) for line in said.splitlines() if line.count("|") >= 3]
    waiting = {row[2] for row in rows if row[1] == "PENDING"}
    up = {partition: nodes_up(partition, where) for partition in waiting}
    return {
        number: Hint(state, reason, up.get(partition, True))
        for number, state, partition, reason in rows
    }


def nodes_up(partition: str, where: list[str]) -> bool:
    """Whether a partition has a node that takes jobs; where Slurm names none, yes.

    Raises:
        Silent: no answer.
    """
    states = _ask("sinfo", "-h", "-p", partition, "-o", "%T", *where).lower().split()
    return not states or any(not state.startswith(DOWN) for state in states)


def cancel(numbers: list[str], clusters: str = "") -> str:
    """Cancel jobs by their numbers; what Slurm said against it, or an empty text."""
    where = ["--clusters", clusters] if clusters else []
    return _cancel([*where, *numbers]) if numbers else ""


def cancel_waiting(run: str) -> str:
    """Cancel those jobs of a run that have not started; what Slurm said against it."""
    return _cancel(["--name", run, "--state", "PENDING"])


def _cancel(words: list[str]) -> str:
    try:
        _ask("scancel", "--quiet", *words)
    except Silent as said:
        return str(said)
    return ""


def _ask(*words: str) -> str:
    try:
        done = subprocess.run(
            words, capture_output=True, text=True, timeout=ANSWER_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise Silent(f"{words[0]} gave no answer in {ANSWER_S:.0f} s") from None
    except OSError as error:
        raise Silent(f"{words[0]} cannot be run: {error.strerror}") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"{words[0]} ended with {done.returncode}"]
        raise Silent(lines[-1])
    return done.stdout
