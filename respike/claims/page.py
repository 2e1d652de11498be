"""All verdicts of a budget in one document, corrected for their number, with their commits.

The family is the primary claims that were judged by an interval, of all studies; each keeps
its verdict where its adjusted p is at most family.RATE and is inconclusive otherwise. The
verdict it would have alone stands beside it as `detail.uncorrected`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from respike.claims import family
from respike.core.errors import RespikeError

SCHEMA = "respike-verdict/1"
NOT_REGISTERED = "not committed"
WORDS = ("holds", "differs", "inconclusive", "not run")


def finish(
    documents: Sequence[Mapping[str, Any]], registered: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    """Put the verdicts of all studies together.

    Args:
        documents: each study's verdicts.json: {study, budget, verdicts}.
        registered: study -> claim -> commit that registered it.

    Returns:
        The document of workflow/schemas/verdict.schema.yaml; published scope first, then
        in the order given.

    Raises:
        RespikeError: budgets differ, or a study is there twice.
    """
    budgets = sorted({document["budget"] for document in documents})
    studies = [document["study"] for document in documents]
    if len(budgets) != 1:
        raise RespikeError(
            f"verdicts of budgets {', '.join(budgets) or 'none'}; one page is one budget"
        )
    twice = sorted({study for study in studies if studies.count(study) > 1})
    if twice:
        raise RespikeError(f"verdicts of {twice[0]} are given twice; give each study once")
    rows = [
        _registered(row, registered) for document in documents for row in document["verdicts"]
    ]
    members = [row for row in rows if in_family(row)]
    adjusted = family.adjusted(
        [row["detail"]["p_holds"] for row in members],
        [row["detail"]["p_differs"] for row in members],
    )
    for row, p in zip(members, adjusted, strict=True):
        _correct(row, float(p), len(members))
    _regate(rows)
    return {
        "schema": SCHEMA,
        "budget": budgets[0],
        "studies": studies,
        "family": {
            "method": "Benjamini-Hochberg",
            "rate": family.RATE,
            "claims": [f"{row['study']}/{row['claim']}" for row in members],
        },
        "counts": {
            scope: {
                word: sum(r["verdict"] == word for r in rows if r["scope"] == scope)
                for word in WORDS
            }
            for scope in ("published", "analogue")
        },
        "claims": sorted(rows, key=lambda row: row["scope"] != "published"),
    }


def in_family(row: Mapping[str, Any]) -> bool:
    """Whether a verdict counts among the page's many: primary, judged, with a p-value."""
    return (
        row["primary"]
        and row["verdict"] != "not run"
        and row["detail"].get("p_holds") is not None
    )


def _registered(row, registered):
    commit = registered.get(row["study"], {}).get(row["claim"], NOT_REGISTERED)
    return {**row, "registered": commit, "detail": dict(row["detail"])}


def _regate(rows):
    """What the correction left undecided is no headroom for another claim either."""
    words = {(row["study"], row["claim"]): row["verdict"] for row in rows}
    again = True
    while again:
        again = False
        for row in rows:
            needs = row["detail"].get("needs", {})
            lost = [n for n in needs if words[row["study"], n] != "holds"]
            if row["verdict"] == "holds" and lost:
                row["verdict"] = words[row["study"], row["claim"]] = "inconclusive"
                row["reason"] += (
                    f"; holds alone, but {', '.join(lost)}, which it needs, does not"
                )
                again = True


def _correct(row, p, members):
    row["detail"]["p_adjusted"] = p
    if p > family.RATE and row["verdict"] != "inconclusive":
        row["reason"] += (
            f"; {row['verdict']} alone, undecided among {members} primary claims "
            f"(adjusted p {p:.3f} above {family.RATE:.2f})"
        )
        row["verdict"] = "inconclusive"
