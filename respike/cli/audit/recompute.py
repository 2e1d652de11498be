"""Judge the claims of a finished run or bundle again, from what is stored, and compare."""

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from respike.cli import common
from respike.cli.audit import verify
from respike.core.errors import DONE, TAMPERED, DamagedFile
from respike.core.layout import BUDGETS

SCHEMA = "respike-recompute/1"
MOST_CLAIMS, MOST_FIELDS, LONGEST = 12, 4, 100


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", type=Path, default=common.ROOT, help="a run or a bundle"
    )
    parser.add_argument("--budget", choices=BUDGETS, help="default: the newest or the bundle's")
    parser.add_argument("--json", action="store_true", help="every field that differs")


def execute(given: Namespace) -> int:
    from respike.audit import recompute

    began = time.monotonic()
    report = verify.trusted(given, "recompute", "nothing was judged again")
    if report is None:
        return TAMPERED
    absent = sum(f.kind == "missing" for f in report.findings)
    try:
        result = recompute.recompute(given.folder, report.budget)
    except DamagedFile as error:
        print(f"respike audit recompute: {error}", file=sys.stderr)
        return TAMPERED
    if given.json:
        print(json.dumps(document(result, absent), indent=1))
    else:
        for line in lines(result, absent, time.monotonic() - began):
            print(line)
    return DONE if result.passed else TAMPERED


def lines(result: Any, absent: int, seconds: float) -> list[str]:
    """The result for people: what differs, why it may, and a count at the end."""
    from respike.audit import recompute

    bad = [claim for claim in result.claims if claim.level == recompute.DIFFERS]
    close = [claim for claim in result.claims if claim.level == recompute.CLOSE]
    found = [line for claim in bad[:MOST_CLAIMS] for line in _claim(claim)]
    if len(bad) > MOST_CLAIMS:
        found.append(f"and {len(bad) - MOST_CLAIMS} more; --json names all")
    if bad or close:
        found += _why(result)
    if absent:
        found.append(f"{absent} files are missing that judging does not need")
    count = len(result.claims)
    said = f"{count - len(bad) - len(close)} equal"
    said += f", {len(close)} equal but for rounding" if close else ""
    said += f", {len(bad)} NOT what the stored files give" if bad else ""
    found.append(
        f"budget {result.budget}: {count} claims judged again from {result.files} stored files "
        f"in {seconds:.1f} s: {said}"
    )
    return found


def _claim(claim: Any) -> list[str]:
    from respike.audit.jobs import plain

    found = [plain(claim.name)]
    for d in claim.differences[:MOST_FIELDS]:
        if d.again is None and isinstance(d.stored, dict):
            found.append("    stands on the page, and no study gives it")
        elif d.stored is None and isinstance(d.again, dict):
            found.append("    is given by the study and does not stand on the page")
        else:
            text = f"    {d.field}: stored {_short(d.stored)}, from the files {_short(d.again)}"
            found.append(plain(text))
    more = len(claim.differences) - MOST_FIELDS
    return found + ([f"    and {more} more fields"] if more > 0 else [])


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def _why(result: Any) -> list[str]:
    found = []
    for name, modules in result.code.items():
        which = ", ".join(modules) or "which modules is not known, code.json does not say"
        found.append(f"why: {name} ran with other code than is here: {which}")
    for package, (before, here) in result.libraries.items():
        found.append(f"why: {package} was {before} and is {here} here")
    return found or [
        "why: not the code, numpy or scipy, which are what they were; the stored verdict is "
        "not what the stored files give"
    ]


def document(result: Any, absent: int) -> dict[str, Any]:
    """The result for programs."""
    return {
        "schema": SCHEMA,
        "budget": result.budget,
        "passed": result.passed,
        "files": result.files,
        "missing": absent,
        "claims": [
            {
                "claim": claim.name,
                "level": claim.level,
                "differences": [
                    {"field": d.field, "stored": d.stored, "again": d.again}
                    for d in claim.differences
                ],
            }
            for claim in result.claims
        ],
        "code": result.code,
        "libraries": result.libraries,
    }
