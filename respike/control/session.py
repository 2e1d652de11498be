"""From a decoder's predictions to the robot's episodes: what a study may set, what it gets."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from respike.control import grip, phases, rollout, trials, workspace
from respike.control.disturbance import Disturbance
from respike.core.errors import RespikeError
from respike.core.parts import make, split

TASKS = ("lift", "grip")
PHASES = ("decoded", "oracle")
LANDMARK_CM = 5.0  # across the table
# Weight codes of WAY-EEG-GAL; 1, 2, 4 and 1, 2, 3 are both found, and agree where they overlap.
WEIGHT_G = {1: 165, 2: 330, 3: 660, 4: 660}

Stream = Callable[[str], np.random.Generator]


class Outcome(NamedTuple):
    """What the stage writes."""

    predictions: dict[str, np.ndarray]
    metrics: dict[str, Any]
    trajectory: dict[str, np.ndarray]


def control(
    predictions: Mapping[str, np.ndarray],
    data: Mapping[str, np.ndarray],
    stream: Stream,
    *,
    predictor: str,
    task: str = "lift",
    copilot: str | dict = "none",
    episodes: int = 12,
    weight_g: int = 0,
    friction: float = 1.0,
    rest_cm: list | None = None,
    grasp_cm: list | None = None,
    scale: float = 0.9,
    before_s: float = 0.2,
    after_s: float = 3.0,
    lag_ms: float = 80.0,
    share: float = 0.9,
    phases_from: str = "decoded",
    noise_cm: float = 0.0,
    bursts_per_s: float = 0.0,
    burst_cm: float = 12.0,
    record: int = 2,
    grip_on: float = 0.3,
    grip_off: float = 0.2,
) -> Outcome:
    """Run the episodes of one seed.

    Args:
        predictions: of decode: block, item, time_s, target, predicted.NAME.
        data: arrays of prepare.
        stream: a generator by use; "episodes" chooses trials, "decode-noise" is the declared
            disturbance, so that arms of one seed share both.
        predictor: what the robot follows: NAME of a prediction, or `target`, the true hand.
        task: lift (a hand in three dimensions) or grip (a force).
        copilot: part of kind copilot; task lift only.
        episodes: trials a seed; task grip runs every grip.
        weight_g: of the object; 0 takes each trial's own.
        friction: of the object's sides.
        rest_cm, grasp_cm: the hand's landmarks in the data; None takes those of the
            synthetic set, (0, 0, 0) and (26, 9, 7).
        scale: robot way per human way.
        before_s, after_s: from before the light goes on to after it goes off.
        lag_ms: of the arm behind its target.
        share: of the published joint limits that commands may use.
        phases_from: decoded, or oracle: task phases from the true hand, an upper bound.
        noise_cm, bursts_per_s, burst_cm: declared disturbance of what the robot follows.
        record: episodes recorded for the film.
        grip_on, grip_off: force levels that close and open the gripper, task grip.

    Raises:
        RespikeError: a setting out of range, predictions that do not fit the task, or a
            limit violation that no protective stop ended.
    """
    followed = trials.predictor(predictions, predictor)
    name, settings = split(copilot, "control.copilot")
    said = {
        "task": task, "predictor": predictor, "copilot": name, "phases_from": phases_from,
        "noise_cm": float(noise_cm), "bursts_per_s": float(bursts_per_s),
    }  # fmt: skip
    _ranges(task, phases_from, scale, lag_ms, share, friction, weight_g, grip_on, grip_off)
    wanted = 3 if task == "lift" else 1
    if followed.shape[1] != wanted:
        raise RespikeError(
            f"control.task '{task}' follows {wanted} numbers a moment; '{predictor}' has "
            f"{followed.shape[1]}"
        )
    motion = {"lag_s": lag_ms / 1000, "share": share}
    if task == "grip":
        return _grip(
            predictions, followed, weight_g or 330, friction, (grip_on, grip_off), motion, said
        )
    landmarks = rest_cm or [0.0, 0.0, 0.0], grasp_cm or [26.0, 9.0, 7.0]
    chosen = trials.choose(predictions["item"], episodes, stream("episodes"))
    cuts = [trials.cut(predictions, followed, k, data, before_s, after_s) for k in chosen]
    _check_landmarks(cuts, *landmarks)
    noise, draw = Disturbance(noise_cm, bursts_per_s, burst_cm), stream("decode-noise")
    paths = [noise.added(c.decoded, c.every * phases.TICK_S, draw) for c in cuts]
    pilot = make("copilot", {name: settings})
    said["assistance"] = float(pilot.assistance)
    to_robot = workspace.affine(*landmarks, scale)
    made = [
        rollout.Trial(
            c.item,
            to_robot(trials.on_ticks(path, c.every)),
            to_robot(trials.between(c.true, c.every)),
            _weight_g(c, weight_g) / 1000,
            friction,
        )
        for c, path in zip(cuts, paths, strict=True)
    ]
    done = rollout.run(
        made, pilot, to_robot(np.asarray(landmarks[0], float)), every=_one_step(cuts),
        oracle=phases_from == "oracle", record=record, **motion,
    )  # fmt: skip
    metrics = {**said, **_numbers(done.table), **_rejection(done.rejected)}
    metrics |= _rates(done.table, lift="lifted", hold="held", replace="replaced")
    metrics["simulated_s"] = phases.TICK_S * sum(len(t.decoded) for t in made)
    return Outcome(done.table, _require_handled(metrics), done.frames)


def sentence(metrics: Mapping[str, Any]) -> str:
    """One line for the log."""
    rates = ", ".join(
        f"{key.removesuffix('_rate')} {100 * value:.0f} %"
        for key, value in metrics.items()
        if key.endswith("_rate")
    )
    return (
        f"{metrics['task']} by {metrics['predictor']}, copilot {metrics['copilot']}, phases "
        f"{metrics['phases_from']}: {metrics['episodes']} episodes, {rates}; "
        f"{metrics['stops']} protective stops, no unhandled violation"
    )


def _grip(predictions, followed, weight_g, friction, levels, motion, said) -> Outcome:
    order = np.argsort(predictions["time_s"], kind="stable")
    time_s = np.asarray(predictions["time_s"], float)[order]
    every = trials.every_ticks(time_s, "the recording")
    true = np.asarray(predictions["target"], float).reshape(len(order), -1)[order]
    force = trials.on_ticks(followed[order], every)[:, 0]
    on, off = levels
    found = grip.grips(time_s, trials.between(true, every)[:, 0], force, on, off)
    if not found:
        raise RespikeError(
            "control.task grip: the true force never rises above grip_on; lower it"
        )
    table = grip.run(found, weight_g / 1000, friction, **motion)
    metrics = {**said, **_numbers(table)}
    metrics |= _rates(table, follow="followed", hold="held", quiet="quiet", release="released")
    return Outcome(table, _require_handled(metrics), {"item": np.zeros(0, np.int64)})


def _check_landmarks(cuts: list[trials.Cut], rest_cm: list, grasp_cm: list) -> None:
    """Refuse landmarks that the hands of the trials contradict: another set, another frame."""
    start = np.median([c.true[0] for c in cuts], axis=0)
    top = np.median([c.true[c.true[:, 2].argmax()] for c in cuts], axis=0)
    for name, given, found in (("rest_cm", rest_cm, start), ("grasp_cm", grasp_cm, top)):
        if np.abs(found[:2] - np.asarray(given, float)[:2]).max() > LANDMARK_CM:
            raise RespikeError(
                f"control.{name} is {list(given)}, but the hands of these trials are at "
                f"{found.round(1).tolist()} cm then; set rest_cm and grasp_cm for this data"
            )


def _one_step(cuts: list[trials.Cut]) -> int:
    steps = {c.every for c in cuts}
    if len(steps) > 1:
        raise RespikeError(
            f"trials are decoded every {sorted(steps)} ticks of 10 ms; control needs one step"
        )
    return steps.pop()


def _weight_g(piece: trials.Cut, weight_g: int) -> float:
    if weight_g:
        return weight_g
    if piece.condition is None or piece.condition[0] not in WEIGHT_G:
        raise RespikeError(
            f"control.weight_g is 0, but trial {piece.item} has no weight code of "
            f"{', '.join(map(str, WEIGHT_G))}; set weight_g"
        )
    return WEIGHT_G[piece.condition[0]]


def _ranges(
    task, phases_from, scale, lag_ms, share, friction, weight_g, grip_on, grip_off
) -> None:
    if task not in TASKS:
        raise RespikeError(f"control.task is '{task}'; allowed: {', '.join(TASKS)}")
    if phases_from not in PHASES:
        raise RespikeError(
            f"control.phases_from is '{phases_from}'; allowed: {', '.join(PHASES)}"
        )
    for name, value, low, high in (
        ("scale", scale, 0.1, 1.2), ("lag_ms", lag_ms, 20, 1000), ("share", share, 0.1, 0.95),
        ("friction", friction, 0.05, 3.0), ("weight_g", weight_g, 0, 2000),
    ):  # fmt: skip
        if not low <= value <= high:
            raise RespikeError(f"control.{name} is {value}; it must lie in [{low}, {high}]")
    if not 0 < grip_off <= grip_on < 1:
        raise RespikeError(
            f"control.grip_off is {grip_off} and grip_on {grip_on}; 0 < grip_off <= grip_on < 1"
        )


def _numbers(table: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Sums of hits, violations and stops; means of the rest."""
    found: dict[str, Any] = {"episodes": len(table["item"])}
    for name, values in table.items():
        if name.startswith(("hits.", "violations.")):
            found[name] = int(values.sum())
        elif values.dtype == float and name not in {"lift_s", "delay_s", "mass_kg", "friction"}:
            found[name] = float(values.mean())
    found["stops"] = int(table["stopped"].sum())
    found["unhandled_violations"] = int(table["unhandled"].sum())
    return found


def _rates(table: Mapping[str, np.ndarray], **fields: str) -> dict[str, float]:
    return {f"{name}_rate": float(table[field].mean()) for name, field in fields.items()}


def _rejection(rejected: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    """Share of ticks rejected, by task phase; phases never visited are left out."""
    return {f"rejected.{name}": no / all_ for name, (no, all_) in rejected.items() if all_}


def _require_handled(metrics: dict[str, Any]) -> dict[str, Any]:
    if metrics["unhandled_violations"]:
        kinds = [k for k, v in metrics.items() if k.startswith("violations.") and v]
        raise RespikeError(
            f"the robot broke a limit for {metrics['unhandled_violations']} control steps that "
            f"no protective stop ended ({', '.join(kinds)}); lower control.share"
        )
    return metrics
