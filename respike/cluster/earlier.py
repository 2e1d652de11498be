"""Jobs of an earlier run whose controller died: those that live are waited for.

They write into the same folder under the earlier run's epoch, which this run must not change
before they are over: then nothing that was computed is computed again, and no job has two
writers. Those that have not started are given up and submitted anew.
"""

import time
from collections.abc import Callable
from pathlib import Path

from respike.cluster import exits, squeue

LOOK_S = 1.0
SAY_S = 60.0


def settle(root: Path, say: Callable[[str], None]) -> int:
    """Wait until no job of an earlier run lives. The run lock must be held.

    Args:
        root: folder whose results are written.
        say: called with a sentence about what is waited for.

    Returns:
        How many jobs were waited for.
    """
    left = list(exits.submissions(root))
    if not left:
        return 0
    for run in {exits.told(path).get("run", "") for path in left} - {""}:
        squeue.cancel_waiting(run)  # what Slurm is not told, the start program finds closed
    left = [path for path in left if not _over(path)]
    waited, said = len(left), 0.0
    while left:
        if time.monotonic() - said > SAY_S:
            said = time.monotonic()
            names = ", ".join(exits.told(path).get("label", "a job") for path in left[:3])
            more = ", ..." if len(left) > 3 else ""
            number = f"{len(left)} jobs" if len(left) > 1 else "1 job"
            say(f"{number} of an earlier run still run, waiting for them: {names}{more}")
        time.sleep(LOOK_S)
        left = [path for path in left if not _over(path)]
    return waited


def _over(path: Path) -> bool:
    """Give a submission up unless it lives; one that ended or never began is forgotten."""
    return exits.close(path)
