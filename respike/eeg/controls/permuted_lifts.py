"""Permuted lifts: each lift's brain signal meets the movement of another lift of its block.

Lifts are exchanged within a block and at equal time since the cue, so that all a cue tells
stays and all that is special to a lift goes: the null distribution of what the brain signal
adds to a template. Source: Antelis et al. 2013 (random pairings); the pairing by cue is ours.
"""

import numpy as np

from respike.core.errors import RespikeError
from respike.eeg.recording import Cues


class PermutedLifts:
    """Makes pairings; see `build`."""

    name = "permuted-lifts"
    kind = "pairing"
    needs_cues = True

    def __init__(self, draws: int):
        self.draws = draws

    def pairs(
        self, item: np.ndarray, block: np.ndarray, cues: Cues, generator: np.random.Generator
    ) -> np.ndarray:
        """One pairing: for each moment [S], the moment whose truth it gets.

        A moment gets its partner lift's moment at the same time since the light went on, or
        off; where the partner's is shorter, the nearest it has.
        """
        found = np.empty(len(item), dtype=np.int64)
        for each in np.unique(block):
            lifts = np.unique(item[block == each])
            if len(lifts) < 2:
                raise RespikeError(
                    f"block {each} has one lift; permuting lifts needs 2 or more"
                )
            for lift, partner in zip(lifts, generator.permutation(lifts), strict=True):
                for off in (False, True):
                    mine = np.flatnonzero((item == lift) & ((cues.since_off >= 0) == off))
                    theirs = np.flatnonzero((item == partner) & ((cues.since_off >= 0) == off))
                    if not len(mine):
                        continue
                    if not len(theirs):
                        raise RespikeError(
                            f"lift {partner} of block {each} has no moment "
                            f"{'after' if off else 'before'} its light went off to pair with"
                        )
                    time = cues.since_off if off else cues.since_on
                    at = np.searchsorted(time[theirs], time[mine] - 1e-4)
                    found[mine] = theirs[np.minimum(at, len(theirs) - 1)]
        return found


def build(*, draws: int = 99) -> PermutedLifts:
    """Make the control.

    Args:
        draws: pairings; p can be as low as 1 / (draws + 1).
    """
    return PermutedLifts(draws)
