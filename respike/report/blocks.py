"""What the template draws: tables, figures and blocks of them, as plain dicts."""

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from respike.report import svg


def table(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    note: str = "",
    text: Sequence[int] = (0,),
    prose: bool = False,
) -> dict[str, Any]:
    """A table; the first column names the row, `text` says which columns hold no numbers.

    `prose` is for sentences: lines are broken where else a table would grow sidewards.
    """
    numeric = [n for n in range(len(head)) if n not in text]
    kind = "prose" if prose else ""
    found = {"title": title, "head": head, "rows": rows, "note": note}
    return {**found, "numeric": numeric, "kind": kind}


def figure(
    title: str, drawing: Markup, *, caption: str = "", lines: Sequence[svg.Series] = ()
) -> dict[str, Any]:
    """A drawing with its caption, and a legend where it has more than one line."""
    legend = svg.legend(lines) if len(lines) > 1 else ""
    return {"title": title, "drawing": drawing, "caption": caption, "legend": legend}


def block(
    title: str,
    *,
    text: str = "",
    tone: str = "soft small",
    figures: Sequence[dict] = (),
    tables: Sequence[dict] = (),
    pictures: Sequence[dict] = (),
    film: dict | None = None,
    folded: dict | None = None,
) -> dict[str, Any]:
    """One headed part of a section; `folded` opens on a click, `pictures` are small."""
    return {
        "title": title,
        "text": text,
        "tone": tone,
        "figures": figures,
        "tables": tables,
        "pictures": pictures,
        "film": film,
        "folded": folded,
    }
