"""Why a claim has its verdict: the paper's word, what was measured, what would decide it."""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from respike.cli import common
from respike.core import layout
from respike.core.errors import MISUSED, RespikeError, did_you_mean


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("claim", help="CLAIM or STUDY/CLAIM; `respike list` names them")
    parser.add_argument("--budget", choices=layout.BUDGETS, help="default: the newest")


def newest(root: Path, budget: str | None = None) -> dict[tuple[str, str], dict[str, Any]]:
    """The newest verdict of each claim: (study, claim) -> verdict."""
    found: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}
    budgets = [budget] if budget else list(layout.BUDGETS)
    for b in budgets:
        pattern = layout.output("judge", "verdicts").format(budget=b, study="*")
        page = root / layout.output("report", "verdict").format(budget=b)
        for path in sorted([*root.glob(pattern), *([page] if page.exists() else [])]):
            try:
                document, when = json.loads(path.read_text()), path.stat().st_mtime
            except (OSError, ValueError):
                continue
            rows = document.get("verdicts", document.get("claims", []))
            for verdict in rows:
                key = (verdict["study"], verdict["claim"])
                if key not in found or when >= found[key][0]:
                    found[key] = (when, verdict)
    return {key: verdict for key, (_, verdict) in found.items()}


def execute(given: Namespace) -> int:
    found = newest(common.ROOT, given.budget)
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
    for line in lines(found[keys[0]]):
        print(line)
    return 0


def lines(v: dict[str, Any]) -> list[str]:
    """A verdict in words, one row a fact; facts that do not apply are left out."""
    from respike.claims.words import sentence

    unit = f" {v['unit']}" if v.get("unit") else ""
    rows = [
        ("verdict", sentence(v)),
        ("why", v.get("reason")),
        (
            "scope",
            f"{v['scope']}; data: {v.get('dataset')} ({v.get('data_kind')}); "
            f"budget {v['budget']}",
        ),
        ("paper", _paper(v.get("paper") or {})),
        ("measured", f"{v['measured']:.4g}{unit}" if _number(v.get("measured")) else None),
        (
            "interval",
            f"[{v['interval'][0]:.4g}, {v['interval'][1]:.4g}]{unit} (90 %)"
            if v.get("interval")
            else None,
        ),
        (
            "margin",
            f"{v['margin']}{unit}, from: {v.get('margin_from')}"
            if v.get("margin") is not None
            else None,
        ),
        ("power", _power(v.get("power"))),
        ("seeds", ", ".join(map(str, v["seeds"])) if v.get("seeds") else None),
        ("to decide", _to_decide(v)),
        ("registered", v.get("registering_commit")),
    ]
    found = [f"{name:11s}{text}" for name, text in rows if text]
    for evidence in v.get("evidence", [])[:6]:
        found.append(f"{'evidence':11s}{evidence['path']}  {evidence['sha256'][:16]}")
    more = len(v.get("evidence", [])) - 6
    return found + ([f"{'':11s}and {more} more files"] if more > 0 else [])


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _paper(paper: dict[str, Any]) -> str | None:
    if paper.get("value") is None:
        return None
    unit, where = paper.get("unit", ""), paper.get("where", "place not said")
    return f"{paper['value']} {unit} ({where}; {paper.get('status', 'status not said')})"


def _power(power: Any) -> str | None:
    if power is None:
        return None
    return f"{100 * power:.0f} %" if _number(power) else str(power)


def _to_decide(v: dict[str, Any]) -> str | None:
    needed = (v.get("detail") or {}).get("seeds_needed")
    if v["verdict"] != "inconclusive" or needed is None:
        return None
    file = f"studies/{v['study']}.yaml"
    return f"about {needed} seeds, if the effect is as measured; seeds: {needed} in {file}"
