"""When Slurm is asked, what it last said, and since when it says nothing."""

import asyncio
import time
from collections.abc import Callable

from respike.cluster import squeue
from respike.cluster.verdict import Hint

DOUBT_S = 5.0  # between two questions while a job's own file leaves doubt


class Hearing:
    """Slurm's word about one run, asked for beside the watching and never waited for.

    Args:
        run: the name that the run's jobs have in Slurm.
        every_s: between two questions while nothing is in doubt [s].
        patience_s: how long it may be silent, for the sentence that says so [s].
        say: called with a sentence when it falls silent, and when it answers again.
    """

    def __init__(self, run: str, every_s: float, patience_s: float, say: Callable[[str], None]):
        self.run = run
        self.clusters = ""
        self._every_s, self._patience_s, self._say = every_s, patience_s, say
        self._answer: dict[str, Hint] | None = None
        self._asked = self._next = 0.0
        self._since: float | None = None
        self._question: asyncio.Task | None = None
        self._errands: set[asyncio.Task] = set()

    def hint(self, number: str | None, after: float) -> Hint | None:
        """What Slurm says of a job; None where it gave no answer to a question put later.

        Args:
            number: the job's; None for one whose number Slurm has given to another since.
            after: the question must have been put after this moment, by time.monotonic.
        """
        if self._answer is None or self._asked <= after:
            return None
        return self._answer.get(number or "", Hint())

    def silent_for(self) -> float:
        """How long Slurm has not answered [s]; 0 where it does."""
        return 0.0 if self._since is None else max(time.monotonic() - self._since, 1e-9)

    def fell_silent(self, said: str) -> None:
        """Note that a command of Slurm failed as if nobody were there."""
        self._answer = None
        if self._since is None:
            self._since = time.monotonic()
            self._say(
                f"Slurm does not answer ({said}); what runs goes on; waiting for it up to "
                f"{self._patience_s:.0f} s"
            )

    def listen(self, doubt: bool) -> bool:
        """Take the answer if one came and put the next question if it is due.

        Args:
            doubt: whether a job's own file leaves open what became of it.

        Returns:
            Whether an answer came just now.
        """
        moment, came = time.monotonic(), False
        if self._question is not None and self._question.done():
            question, self._question = self._question, None
            try:
                self._answer, self._asked = question.result()
                came = True
                if self._since is not None:
                    self._say(f"Slurm answers again, after {self.silent_for():.0f} s")
                    self._since = None
            except squeue.Silent as said:
                self.fell_silent(str(said))
        soon = doubt or self._since is not None
        wait_s = min(DOUBT_S, self._every_s) if soon else self._every_s
        if self._question is None and moment >= self._next + wait_s:
            self._next = moment
            self._question = asyncio.create_task(self._ask(moment))
        return came

    async def _ask(self, moment: float) -> tuple[dict[str, Hint], float]:
        return await asyncio.to_thread(squeue.hints, self.run, self.clusters), moment

    def cancel(self, number: str) -> None:
        """Cancel a job, without waiting for it."""
        errand = asyncio.create_task(asyncio.to_thread(squeue.cancel, [number], self.clusters))
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)
