"""Why a claim has its verdict: the paper's word, what was measured, what would decide it."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from respike.cli import common, progress
from respike.core import layout, records
from respike.core.errors import MISUSED, DamagedFile, RespikeError, did_you_mean
from respike.core.log import line

MOST_FILES = 6


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("claim", help="CLAIM or STUDY/CLAIM; `respike list` names them")
    parser.add_argument("--budget", choices=layout.BUDGETS, help="default: the newest")
    common.results(parser)


def newest(root: Path, budget: str | None = None) -> dict[tuple[str, str], dict[str, Any]]:
    """The newest verdict of each claim: (study, claim) -> verdict.

    Args:
        root: folder that holds results/.
        budget: of this budget only; None takes all.
    """
    found: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}
    budgets = [budget] if budget else list(layout.BUDGETS)
    for b in budgets:
        pattern = layout.output("judge", "verdicts").format(budget=b, study="*")
        page = root / layout.output("report", "verdict").format(budget=b)
        for path in sorted([*root.glob(pattern), *([page] if page.exists() else [])]):
            when = path.stat().st_mtime
            for verdict in progress.verdicts(path):
                key = (verdict["study"], verdict["claim"])
                if key not in found or when >= found[key][0]:
                    found[key] = (when, verdict)
    return {key: verdict for key, (_, verdict) in found.items()}


def execute(given: Namespace) -> int:
    found = newest(given.directory, given.budget)
    if not found:
        raise RespikeError("no verdicts yet; make some with `respike run`")
    study, _, claim = given.claim.rpartition("/")
    keys = [k for k in found if k[1] == claim and study in {"", k[0]}]
    if not keys:
        names = {*(c for _, c in found), *(f"{s}/{c}" for s, c in found)}
        hint = did_you_mean(given.claim, sorted(names))
        print(
            f"respike show: no claim '{given.claim}'.{hint} `respike list` names all",
            file=sys.stderr,
        )
        return MISUSED
    if len(keys) > 1:
        both = " and ".join(f"{s}/{c}" for s, c in keys)
        print(f"respike show: '{claim}' stands in two studies; say {both}", file=sys.stderr)
        return MISUSED
    for row in lines(found[keys[0]], given.directory):
        print(row)
    return 0


def made_on(root: Path, path: str) -> str:
    """Host and job of Slurm that made a file; nothing where its record cannot be read."""
    try:
        record = records.load(root / layout.record_of(path))
    except DamagedFile:
        return ""
    return f"  {line(records.made_on(record))}"


def lines(v: dict[str, Any], root: Path) -> list[str]:
    """A verdict in words, one row a fact; facts that do not apply are left out.

    Args:
        v: a row of verdicts.json, or of verdict.json, which knows the commit as well.
        root: folder that holds results/.
    """
    from respike.claims import words

    unit = v["unit"]
    rows = [
        ("verdict", words.sentence(v)),
        ("why", v["reason"]),
        ("scope", f"{v['scope']}; data: {_data(v)}; budget {v['budget']}"),
        ("paper", _paper(v["paper"])),
        ("measured", None if v["measured"] is None else words.number(v["measured"], unit)),
        ("interval", _interval(v)),
        ("margin", _margin(v)),
        ("power", _power(v["power"])),
        ("seeds", ", ".join(map(str, v["seeds"]))),
        ("to decide", _to_decide(v)),
        ("registered", v.get("registered")),
    ]
    found = [f"{name:11s}{line(text)}" for name, text in rows if text]
    for evidence in v["evidence"][:MOST_FILES]:
        file = f"{line(evidence['path'])}  {evidence['sha256'][:16]}"
        found.append(f"{'evidence':11s}{file}{made_on(root, evidence['path'])}")
    more = len(v["evidence"]) - MOST_FILES
    return found + ([f"{'':11s}and {more} more files"] if more > 0 else [])


def _data(v: dict[str, Any]) -> str:
    return f"{v['dataset']} ({v['data_kind']})" if v["dataset"] else "none"


def _paper(paper: dict[str, Any] | None) -> str | None:
    from respike.claims import words

    if paper is None:
        return None
    said = "" if paper["value"] is None else f"{words.number(paper['value'], paper['unit'])} "
    return f"{said}({paper['where']}; {paper['status']})"


def _interval(v: dict[str, Any]) -> str | None:
    from respike.claims import words

    if v["interval"] is None:
        return None
    sure = words.confidence(v["detail"]["level"])
    return f"{words.span(*v['interval'], v['unit'])} ({sure})"


def _margin(v: dict[str, Any]) -> str | None:
    from respike.claims import words

    if v["margin"] is None:
        return None
    source = f", from: {v['margin_from']}" if v["margin_from"] else ""
    return words.number(v["margin"], v["unit"]) + source


def _power(power: dict[str, Any] | None) -> str | None:
    if power is None:
        return None
    said = f"{100 * power['power']:.0f} % at an effect of {power['effect']:g}, n {power['n']}"
    if not power["agrees"]:
        said += f"; {100 * power['registered']:.0f} % was registered"
    return said


def _to_decide(v: dict[str, Any]) -> str | None:
    needed = v["detail"].get("seeds_needed")
    if v["verdict"] != "inconclusive" or needed is None:
        return None
    file = f"studies/{v['study']}.yaml"
    return f"about {needed} seeds, if the effect is as measured; seeds: {needed} in {file}"
