"""Run a random sample of a finished run's jobs again, in a scratch folder, and compare."""

import secrets
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from respike.cli import common
from respike.cli.audit import verify
from respike.core.errors import DONE, TAMPERED
from respike.core.layout import BUDGETS

MOST_FIELDS = 6  # of the numerics class that are named


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", type=Path, default=common.ROOT, help="a run or a bundle"
    )
    parser.add_argument("--budget", choices=BUDGETS, help="default: the newest or the bundle's")
    parser.add_argument(
        "--sample", type=int, metavar="K", help="so many jobs; default: one of every stage"
    )
    parser.add_argument(
        "--seed", type=int, help="of the draw; default: a new one, which is printed"
    )
    parser.add_argument(
        "--stage", dest="stages", action="append", default=[], metavar="S", help="only its jobs"
    )


def execute(given: Namespace) -> int:
    from respike.audit import rerun, sample

    report = verify.trusted(given, "rerun", "nothing was run again")
    if report is None:
        return TAMPERED
    stages, empty = rerun.population(given.folder, report.budget, given.stages)
    seed = secrets.randbelow(10**9) if given.seed is None else given.seed
    size = len(stages) if given.sample is None else given.sample
    if empty:
        print(f"{len(empty)} jobs are `not run` and hold nothing to compare")
    if not stages:
        print("there is no job to run again")
        return DONE
    drawn = sample.draw(stages, size, seed)
    total = sum(map(len, stages.values()))
    print(
        f"budget {report.budget}: {len(drawn)} of {total} jobs, --seed {seed} draws the same",
        flush=True,
    )
    found = rerun.rerun(
        given.folder,
        drawn,
        lambda number, one: print(f"[{number}/{len(drawn)}] {line(one)}", flush=True),
    )
    for text in closing(found, stages):
        print(text)
    return DONE if all(one.declared for one in found) else TAMPERED


def line(one: Any) -> str:
    """One job and its level; the first output that is not at its own level, and why."""
    from respike.audit import jobs, levels

    name = jobs.called(one.record)
    if not one.held:
        return f"{name}: {one.level}: {jobs.plain(one.says)}"
    least = [h for h in one.held if h.level == one.level]
    bad = next((h for h in one.held if not h.declared), None)
    said = f"{name}: {one.level} ({len(one.held)} files, {one.seconds:.1f} s)"
    if bad:
        said = f"{name}: NOT as declared: {bad.file} {bad.level}: {bad.says}"
    elif one.level in (levels.TOLERATED, levels.UNCLAIMED):
        said += f": {', '.join(h.file for h in least)}: {least[0].says}"
    return jobs.plain(said)


def closing(found: list[Any], stages: dict[str, list[Any]]) -> list[str]:
    """What held, in which fields the classes differ, whether two codes ran, and the chances."""
    from respike.audit import rerun

    counts = Counter(one.level for one in found)
    lines = [", ".join(f"{n} {level}" for level, n in counts.items())]
    bad = sum(not one.declared for one in found)
    if bad:
        lines.append(f"{bad} jobs did NOT come out at the level declared for them")
    fields = list(dict.fromkeys(field for one in found for field in one.classes))
    if fields:
        more = len(fields) - MOST_FIELDS
        text = "; ".join(fields[:MOST_FIELDS]) + (f"; and {more} more" if more > 0 else "")
        lines.append(f"the numerics class is another one than recorded: {text}")
    for differ, what in (
        (sum(not one.code for one in found), "code"),
        (sum(not one.env for one in found), "environment lock"),
    ):
        if differ:
            lines.append(
                f"{differ} jobs ran with another {what} than is here: two were compared; "
                "`respike audit explain` names what changed"
            )
    compared = [one for one in found if one.level != rerun.NOT_COMPARED]
    return [*lines, *_chances(compared, stages)]


def _chances(compared: list[Any], stages: dict[str, list[Any]]) -> list[str]:
    from respike.audit import jobs, sample

    total = {stage: len(names) for stage, names in stages.items()}
    drawn = Counter(jobs.place(one.record).stage for one in compared)
    rows = [
        f"  {share:4.0%} of {sum(total.values())} jobs forged: "
        f"{sample.blind(share, len(compared)):6.1%} if chosen blindly, "
        f"{sample.knowing(share, total, drawn):6.1%} at worst"
        for share in sample.SHARES
    ]
    return [
        f"chance that {len(compared)} jobs catch a forger who does not know the seed, "
        "1 - (1 - f)^k, and where he forges what is drawn least:",
        *rows,
    ]
