"""Episodes of grip alone: a decoded grip force opens and closes the gripper.

The arm holds a scripted pose with the object between its fingers; when both fingers hold it,
the script raises it by 1 cm. An episode is one grip of the human, with a second on each side.
Force levels are set on all other times of the recording, so that no tested moment sets its own
threshold:

    held      the object was off its plinth, between both fingers, for over half of the
              human's grip
    quiet     the fingers never closed in the second before
    released  half a second after the human let go, the fingers are open and the object stands
    followed  all three: fingers that never open hold every grip and follow none
"""

from typing import NamedTuple

import numpy as np

from respike.control import phases
from respike.control.arm import Arms
from respike.control.panda import OBJECT
from respike.control.workspace import GRASP_M

AROUND_S = 1.0
RELEASE_S = 0.5
READY_M = 0.028  # fingers 5 mm from the object's sides
RAISE_M = 0.01
SETTLE_S = 0.4
UPRIGHT = 0.985  # cosine of 10 degrees
HELD_SHARE = 0.5
SHORTEST_S = 0.1  # a grip of the human lasts at least so long


class Grip(NamedTuple):
    """One grip at 100 Hz, with a second on each side.

    Attributes:
        item: number of the grip in the recording.
        decoded, true: [T] whether the decoded, the true force says close.
    """

    item: int
    decoded: np.ndarray
    true: np.ndarray


def closes(force: np.ndarray, on: float, off: float) -> np.ndarray:
    """Hysteresis: closed from the first value above `on` until one falls below `off`."""
    out, closed = np.zeros(len(force), bool), False
    for t, value in enumerate(force):
        closed = value > (off if closed else on)
        out[t] = closed
    return out


def grips(
    time_s: np.ndarray, true: np.ndarray, decoded: np.ndarray, on: float, off: float
) -> list[Grip]:
    """The human's grips in one recording.

    Args:
        time_s: [T] every 10 ms.
        true, decoded: [T] force, any unit.
        on, off: levels as shares of a force's way from rest to firm at all times but this
            grip's; the decoded force has its own, since a decoder shrinks what it is unsure of.

    Returns:
        Grips in order of time. Where two are less than two seconds apart, their windows touch
        halfway.
    """
    whole = closes(true, *levels(true, on, off))
    edges = np.flatnonzero(np.diff(np.concatenate([[0], whole.astype(int), [0]])))
    spans = [(a, b) for a, b in edges.reshape(-1, 2) if (b - a) * phases.TICK_S >= SHORTEST_S]
    around = round(AROUND_S / phases.TICK_S)
    found = []
    for k, (a, b) in enumerate(spans):
        first = max(a - around, (spans[k - 1][1] + a) // 2 if k else 0)
        last = min(b + around, (b + spans[k + 1][0]) // 2 if k + 1 < len(spans) else len(true))
        window = slice(first, last)
        both = (
            closes(force[window], *levels(np.delete(force, window), on, off))
            for force in (decoded, true)
        )
        found.append(Grip(k, *both))
    return [g for g in found if g.true.any()]


def levels(force: np.ndarray, on: float, off: float) -> tuple[float, float]:
    """Closing and opening level: shares of the way from the 5th percentile to the 99th."""
    rest, firm = np.percentile(force, [5, 99]) if len(force) else (0.0, 0.0)
    return rest + on * (firm - rest), rest + off * (firm - rest)


def run(
    found: list[Grip], mass_kg: float, friction: float, *, lag_s: float, share: float
) -> dict[str, np.ndarray]:
    """Run one episode a grip.

    Args:
        found: the grips; their lengths may differ.
        mass_kg, friction: of the object.
        lag_s, share: of `Arms`.

    Returns:
        Name -> [E]: outcomes, and the counts of `Arms.counts`.
    """
    length = [len(g.true) for g in found]
    count, most = len(found), max(length)
    closing = np.zeros((most, count), bool)
    for e, g in enumerate(found):
        closing[: length[e], e] = g.decoded
    here = np.tile(GRASP_M, (count, 1))
    arms = Arms(
        here, np.full(count, mass_kg), np.full(count, friction), lag_s=lag_s, share=share
    )
    for _ in range(round(SETTLE_S / phases.TICK_S)):
        arms.tick(here, np.full(count, READY_M))
    holding, free = np.zeros((most, count), bool), np.zeros((most, count), bool)
    counts = {}
    for tick in range(most):
        raised = _touching(arms) & closing[tick]
        arms.tick(
            here + np.where(raised, RAISE_M, 0.0)[:, None] * np.array([0.0, 0.0, 1.0]),
            np.where(closing[tick], 0.0, READY_M),
        )
        x, y = arms.qpos[:, OBJECT][:, 4:6].T
        stands = arms.standing & (1 - 2 * (x * x + y * y) > UPRIGHT)
        holding[tick] = _touching(arms) & ~arms.standing
        free[tick] = stands & (arms.aperture > READY_M - 0.002)
        counts |= {
            e: {name: values[e] for name, values in arms.counts().items()}
            for e in range(count)
            if length[e] == tick + 1
        }
    rows = [
        {**_outcome(g, holding[:n, e], free[:n, e]), **counts[e]}
        for e, (g, n) in enumerate(zip(found, length, strict=True))
    ]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _touching(arms: Arms) -> np.ndarray:
    return (arms.touch >= phases.FIRM_N).all(axis=1)


def _outcome(g: Grip, holding: np.ndarray, free: np.ndarray) -> dict[str, float | bool]:
    begin = int(g.true.argmax())
    end = len(g.true) - int(g.true[::-1].argmax())
    check = min(end + round(RELEASE_S / phases.TICK_S), len(g.true) - 1)
    share = float(holding[begin:end].mean())
    either = holding | g.true
    held, quiet = share > HELD_SHARE, bool(not g.decoded[:begin].any())
    released = bool(free[check])
    return {
        "item": g.item,
        "held": held,
        "quiet": quiet,
        "released": released,
        "followed": held and quiet and released,
        "held_share": share,
        "overlap": float((holding & g.true).sum() / either.sum()),
        "delay_s": phases.TICK_S * float(holding[begin:].argmax()) if share else -1.0,
    }
