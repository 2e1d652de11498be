"""Episodes of grasp, lift, hold and replace, driven by a decoded hand.

An episode is one trial. The decoded hand, mapped to the robot's world, goes through the copilot
at 100 Hz; task phases are told from the copilot's estimate and from simulated contact; the arm
follows under its limits. Outcomes are judged against what the true hand did at that time:

    lifted    the object rose more than 2 cm between both fingers
    held      it was so for over 90 % of the time the true hand held it
    replaced  lifted, and at the end it stands on its plinth, upright, within 5 cm of where it
              stood, and the fingers are open

Held times of the true hand: those at which it is above 80 % of its own highest rise over the
grasp point. Lift, hold and replace are the outcomes named in the events of WAY-EEG-GAL; the
thresholds are ours.
"""

from typing import NamedTuple

import numpy as np

from respike.control import phases
from respike.control.arm import Arms
from respike.control.panda import OBJECT, OPEN_M
from respike.control.workspace import GRASP_M, HIGH_M, LOW_M
from respike.core.errors import RespikeError

LIFTED_M = 0.02
HELD_SHARE = 0.9
HELD_LEVEL = 0.8
REPLACED_M = 0.05
UPRIGHT = 0.985  # cosine of 10 degrees
RECORD_EVERY = 4  # ticks between two frames of a recorded trajectory: 40 ms


class Trial(NamedTuple):
    """One episode's input, in the robot's world, at 100 Hz.

    Attributes:
        item: the trial's number.
        decoded: [T, 3] what the arm is given [m]; a new value every `every` ticks of `run`.
        true: [T, 3] where the human's hand was [m]; judges, and drives phases only in
            oracle mode.
        mass_kg, friction: of the object.
    """

    item: int
    decoded: np.ndarray
    true: np.ndarray
    mass_kg: float
    friction: float


class Episodes(NamedTuple):
    """What came out.

    Attributes:
        table: name -> [E].
        rejected: phase name -> (ticks rejected, ticks in that phase), all episodes.
        frames: name -> [F, ...] of the recorded episodes, one after another.
    """

    table: dict[str, np.ndarray]
    rejected: dict[str, tuple[int, int]]
    frames: dict[str, np.ndarray]


class _End(NamedTuple):
    """One episode's last moment: the object's pose, its stand, the fingers, the counts."""

    pose: np.ndarray
    standing: bool
    aperture: float
    counts: dict[str, float]


class _Log:
    """Per-tick values of all episodes, [T, E, ...]."""

    def __init__(self, ticks: int, count: int):
        self.object_m = np.zeros((ticks, count, 3))
        self.pinch = np.zeros((ticks, count, 3))
        self.touch = np.zeros((ticks, count, 2))
        self.state = np.zeros((ticks, count), np.int8)
        self.accepted = np.ones((ticks, count), bool)
        self.scraping = np.zeros((ticks, count), bool)


def run(
    trials: list[Trial],
    copilot,
    rest: np.ndarray,
    *,
    lag_s: float,
    share: float,
    every: int = 1,
    oracle: bool = False,
    record: int = 0,
    feed_forward: bool = True,
) -> Episodes:
    """Run one episode a trial.

    Args:
        trials: in the order of the results; lengths may differ.
        copilot: a built part of control/copilots.
        rest: [3] where every arm starts [m].
        lag_s: of the arm's reference behind its target.
        share: of the published joint limits that commands may use.
        every: ticks between two decoded positions; the copilot is asked at these.
        oracle: phases from the true hand; an upper bound, to be labelled.
        record: number of first episodes whose robot is recorded every 40 ms.
        feed_forward: of the servo.

    Returns:
        Outcomes; violations are counted in the table, the caller decides what they mean.
    """
    if not trials:
        raise RespikeError(
            "control: no trial to run; decode gave none, or control.episodes is 0"
        )
    length = np.array([len(t.decoded) for t in trials])
    decoded, true = _padded([t.decoded for t in trials]), _padded([t.true for t in trials])
    start = np.tile(np.clip(rest, LOW_M, HIGH_M), (len(trials), 1))
    arms = Arms(
        start,
        np.array([t.mass_kg for t in trials]),
        np.array([t.friction for t in trials]),
        lag_s=lag_s, share=share, feed_forward=feed_forward,
    )  # fmt: skip
    log, frames = _Log(len(decoded), len(trials)), _Frames(record)
    machine = phases.Phases(start)
    copilot.start(start, every * phases.TICK_S)
    first = arms.qpos[:, OBJECT].copy()
    sent = start.copy()
    ends = {}
    for tick in range(len(decoded)):
        if tick % every == 0:
            answer = copilot.step(decoded[tick], machine.state)
        told = true[tick] if oracle else answer.hand
        state = machine.step(
            phases.Senses(
                told, arms.pinch, arms.speed, arms.touch, arms.standing, arms.aperture
            )
        )
        sent = np.where(machine.still[:, None], sent, answer.target)
        arms.tick(sent, np.where(machine.closed, 0.0, OPEN_M))
        log.object_m[tick], log.pinch[tick] = arms.qpos[:, OBJECT][:, :3], arms.pinch
        log.touch[tick], log.state[tick] = arms.touch, state
        log.accepted[tick], log.scraping[tick] = answer.accepted, arms.scraping
        if tick % RECORD_EVERY == 0:
            frames.take(tick, length, arms, decoded[tick], answer, true[tick], state)
        for e in np.flatnonzero(length == tick + 1):
            ends[int(e)] = _End(
                arms.qpos[e, OBJECT].copy(), bool(arms.standing[e]), float(arms.aperture[e]),
                {name: values[e] for name, values in arms.counts().items()},
            )  # fmt: skip
    table = _judge(trials, log, true, first, ends)
    return Episodes(table, _rejected(log, length), frames.arrays([t.item for t in trials]))


def _padded(paths: list[np.ndarray]) -> np.ndarray:
    """[T, E, 3]: shorter paths stay where they end."""
    most = max(len(p) for p in paths)
    full = [np.concatenate([p, np.repeat(p[-1:], most - len(p), axis=0)]) for p in paths]
    return np.stack(full, axis=1).astype(float)


def holding(true: np.ndarray) -> np.ndarray:
    """Times [T] at which a true hand [T, 3] holds the object up: above 80 % of its rise.

    None where it never rises more than 2 cm over the grasp point.
    """
    rise = true[:, 2] - GRASP_M[2]
    most = rise.max()
    return (rise > HELD_LEVEL * most) & (most > LIFTED_M)


def _judge(trials, log, true, first, ends) -> dict[str, np.ndarray]:
    rows = []
    for e, trial in enumerate(trials):
        n = len(trial.decoded)
        rise = log.object_m[:n, e, 2] - first[e, 2]
        gripped = (log.touch[:n, e] >= phases.FIRM_N).all(axis=1)
        up, hold = (rise > LIFTED_M) & gripped, holding(true[:n, e])
        end = ends[e]
        away = end.pose[:2] - first[e, :2]
        x, y = end.pose[4:6]
        flat = 1 - 2 * (x * x + y * y) > UPRIGHT
        lifted = bool(up.any())
        near = away @ away < REPLACED_M * REPLACED_M
        gap = log.pinch[:n, e] - true[:n, e]
        slip = log.object_m[:n, e] - log.pinch[:n, e]
        carried = slip[hold & up] if (hold & up).any() else np.zeros((1, 3))
        visited = log.state[:n, e]
        rows.append({
            "item": trial.item,
            "lifted": lifted,
            "held": bool(hold.any() and up[hold].mean() > HELD_SHARE),
            "replaced": bool(
                lifted and end.standing and flat and near and end.aperture > phases.OPEN_M
            ),
            "held_share": float(up[hold].mean()) if hold.any() else 0.0,
            "hand_error_mm": 1000 * float(np.sqrt((gap * gap).sum(axis=1).mean())),
            "rejected": 1 - float(log.accepted[:n, e].mean()),
            "peak_grip_n": float(log.touch[:n, e].max()),
            "slip_mm": 1000 * float(np.sqrt(((carried - carried[0]) ** 2).sum(axis=1).max())),
            "lift_s": phases.TICK_S * float(up.argmax()) if lifted else -1.0,
            "scraping_s": phases.TICK_S * float(log.scraping[:n, e].sum()),
            "safe_hold": bool((visited == phases.SAFE_HOLD).any()),
            "mass_kg": trial.mass_kg,
            "friction": trial.friction,
            **end.counts,
        })  # fmt: skip
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _rejected(log, length) -> dict[str, tuple[int, int]]:
    inside = np.arange(len(log.state))[:, None] < length
    found = {}
    for k, name in enumerate(phases.NAMES):
        here = (log.state == k) & inside
        found[name] = (int((here & ~log.accepted).sum()), int(here.sum()))
    return found


class _Frames:
    """The robot, the object and the three hands of the first episodes, every 40 ms."""

    def __init__(self, count: int):
        self._count = count
        self._rows: list[list[tuple]] = [[] for _ in range(count)]

    def take(self, tick, length, arms, decoded, answer, true, state) -> None:
        for e in range(min(self._count, len(length))):
            if tick < length[e]:
                self._rows[e].append((
                    e, tick * phases.TICK_S, arms.qpos[e].copy(), decoded[e].copy(),
                    answer.target[e].copy(), true[e].copy(), answer.accepted[e], state[e],
                ))  # fmt: skip

    def arrays(self, items: list[int]) -> dict[str, np.ndarray]:
        rows = [row for episode in self._rows for row in episode]
        episode, time_s, qpos, decoded, used, true, accepted, state = (
            zip(*rows, strict=True) if rows else ((),) * 8
        )
        return {
            "item": np.array([items[e] for e in episode], np.int64),
            "time_s": np.array(time_s, float),
            "qpos": np.array(qpos, float).reshape(len(rows), OBJECT.stop),
            "decoded_m": np.array(decoded, float).reshape(-1, 3),
            "used_m": np.array(used, float).reshape(-1, 3),
            "true_m": np.array(true, float).reshape(-1, 3),
            "accepted": np.array(accepted, bool),
            "state": np.array(state, np.int8),
        }
