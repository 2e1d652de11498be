"""When Slurm is asked, and what counts as an answer."""

import asyncio
import time

import pytest

from respike.cluster import hearing, squeue
from respike.cluster.verdict import Hint


@pytest.fixture
def slurm(monkeypatch):
    """Stands in for squeue: raises or gives `slurm.answer`, counts in `slurm.asked`."""

    class Slurm:
        answer, asked = {"7": Hint("RUNNING")}, 0

        def hints(self, run, clusters):
            self.asked += 1
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

    found = Slurm()
    monkeypatch.setattr(hearing.squeue, "hints", found.hints)
    return found


def listen(ear, doubt=True):
    """Ask, and wait until the question is answered."""

    async def both():
        ear._next -= 10  # the last question was long ago
        ear.listen(doubt)
        if ear._question is not None:
            await asyncio.wait([ear._question])
        return ear.listen(doubt)

    return asyncio.run(both())


def make(said, every_s=1000.0):
    return hearing.Hearing("run", every_s, 60, said.append)


def test_an_answer_counts_for_what_happened_before_the_question(slurm):
    ear, before = make([]), time.monotonic()

    listen(ear)

    assert ear.hint("7", after=before) == Hint("RUNNING")
    assert ear.hint("8", after=before) == Hint()
    assert ear.hint(None, after=before) == Hint()
    assert ear.hint("7", after=time.monotonic()) is None


def test_silence_is_said_once_takes_the_last_answer_back_and_its_end_is_said(slurm):
    said = []
    ear, before = make(said), time.monotonic()
    listen(ear)

    slurm.answer = squeue.Silent("nobody there")
    listen(ear)
    listen(ear)
    silent = ear.silent_for(), ear.hint("7", after=before)
    slurm.answer = {}
    listen(ear)

    assert silent[0] > 0
    assert silent[1] is None
    assert said[0] == (
        "Slurm does not answer (nobody there); what runs goes on; waiting for it up to 60 s"
    )
    assert said[1].startswith("Slurm answers again, after 0 s")
    assert len(said) == 2
    assert ear.silent_for() == 0


def test_slurm_is_left_in_peace_between_two_questions_unless_there_is_doubt(slurm):
    ear = make([])
    ear._next = time.monotonic()

    listen(ear, doubt=False)
    calm = slurm.asked
    listen(ear, doubt=True)

    assert (calm, slurm.asked) == (0, 1)
