"""The README's table of results, made from a verdict.json between two marker comments.

.venv/bin/python -m respike.report.readme results/desk/verdict.json README.md
"""

import argparse
import html
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from respike.core.errors import RespikeError
from respike.report.words import between, count, quantity, visible

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
HEAD = ("verdict", "claim", "paper", "ours", "data")
ORDER = {"published": 0, "analogue": 1}


def table(document: Mapping[str, Any]) -> str:
    """Markdown of all claims of a verdict.json: the papers' own first, then ours.

    An unverified number of a paper is marked; a claim that was not run shows its reason
    and no number of ours.
    """
    rows = sorted(document["claims"], key=lambda row: ORDER[row["scope"]])
    lines = [_line(HEAD), _line(["---"] * len(HEAD))]
    lines += [_line(_cells(row)) for row in rows]
    return "\n".join(lines)


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [f"**{row['verdict']}**", row["says"], paper(row), ours(row), data(row)]


def paper(row: Mapping[str, Any]) -> str:
    """What the paper prints, and whether that was checked."""
    said = row["paper"]
    if not said or said["value"] is None:
        return "–"
    mark = "" if said["status"] == "verified" else " (unverified)"
    return quantity(said["value"], said["unit"]) + mark


def ours(row: Mapping[str, Any]) -> str:
    """What we measured, with its interval; the reason where nothing was run."""
    if row["verdict"] == "not run":
        return row["reason"]
    if row["interval"] is None:
        return quantity(row["measured"], row["unit"])
    return f"{quantity(row['measured'], row['unit'])} ({between(row['interval'])})"


def data(row: Mapping[str, Any]) -> str:
    """Data set and kind, loud where it is synthetic."""
    kind = row["data_kind"].upper() if row["data_kind"] == "synthetic" else row["data_kind"]
    known = ", ".join(filter(None, [row["dataset"], kind if kind != "none" else ""]))
    return known or "no data set"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_plain, cells))} |"


def _plain(text: str) -> str:
    """Text of a cell: no line break, no bar, no markup of a stranger's making."""
    text = html.escape(" ".join(str(visible(text)).split()), quote=False)
    return re.sub(r"([\\`|\[\]])", r"\\\1", text)


def insert(readme: str, block: str) -> str:
    """README text with what stands between the two markers replaced.

    Raises:
        RespikeError: the markers are not there, each once and in order.
    """
    if (
        readme.count(BEGIN) != 1
        or readme.count(END) != 1
        or readme.index(BEGIN) > readme.index(END)
    ):
        raise RespikeError(
            f"README needs the lines '{BEGIN}' and '{END}', each once, in this order"
        )
    head, rest = readme.split(BEGIN)
    return f"{head}{BEGIN}\n\n{block}\n\n{END}{rest.split(END)[1]}"


def section(document: Mapping[str, Any]) -> str:
    """All that stands between the markers: one sentence of origin, then the table."""
    studies = count(len(document["studies"]), "study", "studies")
    about = (
        f"Budget `{document['budget']}`, {studies}; "
        "in brackets the 90 % interval. Made from `verdict.json` by `respike.report.readme`."
    )
    return f"{about}\n\n{table(document)}"


def main(argv: Sequence[str] | None = None) -> int:
    """Write the table into a README; with --check only say whether it is in step."""
    cli = argparse.ArgumentParser(prog="python -m respike.report.readme", description=__doc__)
    cli.add_argument("verdict", type=Path)
    cli.add_argument("readme", type=Path)
    cli.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if out of step"
    )
    given = cli.parse_args(argv)
    old = given.readme.read_text(encoding="utf-8")
    try:
        new = insert(old, section(json.loads(given.verdict.read_text(encoding="utf-8"))))
    except RespikeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if given.check:
        return int(new != old)
    given.readme.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
