"""The head of the page: what holds in ten seconds, and what a reader must not miss."""

from collections.abc import Mapping, Sequence
from typing import Any

from respike.report import forest, svg
from respike.report.answers import WORDS, mark
from respike.report.words import listed

SAID = {
    "holds": ("holds", "hold"),
    "differs": ("differs", "differ"),
    "inconclusive": ("is inconclusive", "are inconclusive"),
    "not run": ("was not run", "were not run"),
}


def counted_words(verdicts: Sequence[str]) -> list[dict[str, str]]:
    """Counts by verdict: `2 hold`, `1 differs`, each with its style and what stands before."""
    counts = [(word, verdicts.count(word)) for word in WORDS if word in verdicts]
    parts = []
    for place, (word, number) in enumerate(counts):
        one, many = SAID[word]
        before = "" if place == 0 else (" and " if place == len(counts) - 1 else ", ")
        said = f"{number} {one if number == 1 else many}"
        parts.append({"before": before, "mark": mark(word), "words": said})
    return parts


def tally(claims: Sequence[Mapping[str, Any]], scope: str) -> dict[str, Any] | None:
    """Counts by verdict of one scope, in words and as one bar; None without claims."""
    there = [row["verdict"] for row in claims if row["scope"] == scope]
    if not there:
        return None
    parts = counted_words(there)
    whose = "the papers’ own claims" if scope == "published" else "our claims on other data"
    lead = f"Of {whose} ({len(there)}),"
    says = f"{lead} {listed([part['words'] for part in parts])}"
    counts = [(mark(word), there.count(word)) for word in WORDS]
    return {"lead": lead, "parts": parts, "bar": forest.shares(counts, says)}


def overview(
    claims: Sequence[Mapping[str, Any]], studies: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """One row a study: its title, and the counts of both scopes."""
    rows = []
    for study, data in studies.items():
        verdicts = {
            scope: [
                row["verdict"]
                for row in claims
                if (row["study"], row["scope"]) == (study, scope)
            ]
            for scope in ("published", "analogue")
        }
        counts = {scope: counted_words(there) for scope, there in verdicts.items()}
        titled = {"anchor": f"study-{study}", "title": data["title"], "cite": cite(data)}
        rows.append({**titled, **counts})
    return rows


def notices(claims: Sequence[Mapping[str, Any]], budget: str) -> list[str]:
    """What a reader must not miss before the first claim."""
    found = []
    if budget == "smoke":
        found.append(
            "This is the smoke budget: it checks that every step works. Its numbers decide "
            "nothing; only identities are judged."
        )
    synthetic = sorted({row["study"] for row in claims if row["data_kind"] == "synthetic"})
    if synthetic:
        found.append(
            f"SYNTHETIC data, made by a generator and not recorded, stands behind claims of "
            f"{listed(synthetic)}; each such claim is marked."
        )
    return found


def facts(
    budget: str, commit: str, records: Sequence[Mapping[str, Any]]
) -> list[tuple[str, object]]:
    """Budget, when its jobs started, by which commit, how many jobs."""
    started = sorted(record["evidence"]["started"] for record in records)
    when = f"{_moment(started[0])} to {_moment(started[-1])[-5:]} UTC" if started else "never"
    if started and started[0][:10] != started[-1][:10]:
        when = f"{_moment(started[0])} to {_moment(started[-1])} UTC"
    return [
        ("Budget", budget),
        ("Jobs started", when),
        ("Commit", svg.tag("span", commit[:12], class_="hash")),
        ("Jobs", f"{len(records):,}"),
    ]


def _moment(text: str) -> str:
    return text[:16].replace("T", " ")


def cite(study: Mapping[str, Any]) -> str:
    """A paper in short: `arXiv:2306.03693v1, AAAI 2023`."""
    paper = study["paper"]
    return ", ".join(
        filter(None, [f"arXiv:{paper['arxiv']}v{paper['version']}", paper.get("venue")])
    )
