"""All that a page shows, from loaded values: verdicts, records and arrays in, one view out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from respike.core.records import made_on
from respike.report import arm, cells, chip, fields, head, origin, recordings, studies
from respike.report.answers import answer
from respike.report.blocks import block, table
from respike.report.runs import Run, grouped
from respike.report.words import count, figure, listed, name

READING = (
    ("holds", "the whole interval lies where the claim is true (shaded)"),
    (
        "differs",
        "the whole interval lies where the claim is false; this is a result, not a failure",
    ),
    ("inconclusive", "the interval crosses the edge: these seeds and items cannot tell"),
    ("not run", "the claim needs data, seeds or a machine that this budget does not have"),
    (
        "the interval",
        "is a 90 % interval (5 % on each side), not the 95 % that many readers expect; where "
        "another confidence was needed it is said",
    ),
    (
        "many claims",
        "the primary claims of this page are corrected together (Benjamini–Hochberg, 10 %); a "
        "claim that holds alone but not among them is inconclusive, and its row says so",
    ),
    (
        "scope",
        "published: the paper's own data, model and protocol. Analogue: anything else; it can "
        "neither uphold nor refute the paper's number",
    ),
    (
        "margin",
        "was fixed, with its reason, in the commit behind each claim, before the seeds ran",
    ),
)


@dataclass(frozen=True)
class Found:
    """What a page is made of, all of it loaded.

    Attributes:
        document: of verdict.json.
        about: study id -> its resolved file without claims: title, paper, variants, seeds.
        runs: of scope run, in the order in which they were asked for.
        others: records of the data and judge stages.
        calibration: rows of the table that shows how often verdicts err.
        film: what film.make returned, by study.
        commit: of the checkout that made the page.
    """

    document: Mapping[str, Any]
    about: Mapping[str, Mapping[str, Any]]
    runs: Sequence[Run]
    others: Sequence[Mapping[str, Any]]
    calibration: Sequence[Mapping[str, str]]
    film: Mapping[str, Any]
    commit: str


def view(found: Found) -> dict[str, Any]:
    """All that the template draws; see page.html.j2."""
    claims = found.document["claims"]
    budget = found.document["budget"]
    records = [*found.others, *(run.record for run in found.runs)]
    names = list(found.about)
    heading = f"{count(len(names), 'paper')} rerun: what holds, and how sure"
    return {
        "title": f"respike: {heading}",
        "heading": heading,
        "answers": [
            a for scope in ("published", "analogue") if (a := head.tally(claims, scope))
        ],
        "overview": head.overview(claims, found.about),
        "notices": head.notices(claims, budget),
        "about": head.facts(budget, found.commit, records),
        "contents": contents(found),
        "published": {
            "text": "Only these can uphold or refute a paper’s number. Open one to see "
            "what stands behind it.",
            "groups": groups(found, "published"),
        },
        "analogue": {
            "text": "Claims of ours about a direction, an order, an identity or a bound, on "
            "the data named beside them. They are no verdict on the papers’ numbers.",
            "groups": groups(found, "analogue"),
        },
        "reading": READING,
        "studies": [section(found, study) for study in names],
        "closing": closing(found, records),
        "footer": (
            "One file, no request to anywhere. The numbers are in verdict.json and results.csv "
            f"beside it; sha256sum -c results/{budget}/SHA256SUMS checks every file behind it."
        ),
    }


# ---------------------------------------------------------------- the claims


def groups(found: Found, scope: str) -> list[dict[str, Any]]:
    """The claims of one scope, study by study."""
    rows = [row for row in found.document["claims"] if row["scope"] == scope]
    where = {run.path: made_on(run.record) for run in found.runs}
    by_study: dict[str, list] = {}
    for row in rows:
        by_study.setdefault(row["study"], []).append(answer(row, where))
    return [
        {
            "title": found.about[study]["title"],
            "cite": head.cite(found.about[study]),
            "anchor": f"study-{study}",
            "claims": claims,
        }
        for study, claims in by_study.items()
    ]


def contents(found: Found) -> list[tuple[str, str]]:
    """Text and fragment of each section."""
    return [
        ("The papers’ claims", "claims"),
        ("Our claims", "analogue"),
        ("How to read", "reading"),
        *((study, f"study-{study}") for study in found.about),
        ("Calibration", "calibration"),
        ("Not run", "not-run"),
        ("Provenance", "provenance"),
    ]


# ---------------------------------------------------------------- what the runs show


def section(found: Found, study: str) -> dict[str, Any]:
    """One study: what was run, then all its runs show."""
    data = found.about[study]
    runs = [run for run in found.runs if run.study == study]
    paper = data["paper"]
    text = (
        f"{paper['title']} ({head.cite(data)}). {count(len(grouped(runs)), 'variant')}, "
        f"{count(data['seeds'], 'seed')}, {count(len(runs), 'job')}. "
        f"Settings chosen by us: {origin.chosen(data)}."
    )
    grids, single = cells.divide(data, runs)
    blocks = [
        variants(data),
        *cells.blocks(grids),
        *arm.blocks(single, found.film.get(study)),
        *recordings.blocks(single),
        *fields.blocks(single),
        *chip.blocks(single),
        *studies.blocks(single),
    ]
    return {
        "anchor": f"study-{study}",
        "title": data["title"],
        "text": text,
        "notes": data.get("notes", ()),
        "blocks": blocks,
    }


def variants(data: Mapping[str, Any]) -> dict[str, Any]:
    """What each variant is, behind a click."""
    rows = cells.rows(data, studies.ORDER)
    whole = table(
        "variants", ["variant", "what it is", "stages"], rows, text=(0, 1, 2), prose=True
    )
    title = count(len(data["variants"]), "variant")
    folded = {"title": title, "figures": (), "tables": [whole]}
    return block("What was compared", folded=folded)


def closing(found: Found, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Calibration, what was not run, and provenance."""
    missing = [b for b in (unjudged(found.document["claims"]), origin.not_run(records)) if b]
    return [
        {
            "anchor": "calibration",
            "title": "How often these verdicts err",
            "text": "The same code judged claims whose truth was known, made by simulation. On "
            "the edge of the region each error should happen in at most 5 % of cases, give or "
            "take chance.",
            "blocks": [calibration(found.calibration)],
        },
        {
            "anchor": "not-run",
            "title": "What was not run",
            "text": "" if missing else "Every claim was judged, and every job ran.",
            "blocks": missing,
        },
        {
            "anchor": "provenance",
            "title": "Where all this comes from",
            "text": "",
            "blocks": origin.blocks(records, found.about),
        },
    ]


def unjudged(claims: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Claims that were not run, grouped by their reason."""
    reasons: dict[str, list[str]] = {}
    for row in claims:
        if row["verdict"] == "not run":
            reasons.setdefault(row["reason"], []).append(f"{row['study']}/{row['claim']}")
    if not reasons:
        return None
    rows = [[why, listed(names)] for why, names in reasons.items()]
    titles = ["reason", "claims"]
    whole = table("claims not run", titles, rows, text=(0, 1), prose=True)
    return block("Claims, by reason", tables=[whole])


def calibration(rows: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """The worst of each procedure, and the whole table behind a click."""
    worst = []
    for procedure, group in _by_procedure(rows).items():
        high = [max(float(r[key]) for r in group) for key in ("false_holds", "false_differs")]
        least = min(float(r[key]) for r in group for key in ("holds_inside", "differs_outside"))
        claims = sum(int(r["claims"]) for r in group)
        worst.append([procedure, len(group), f"{claims:,}", *map(figure, (*high, least))])
    columns = [
        "procedure",
        "designs",
        "claims",
        "false holds, %",
        "false differs, %",
        "least power, %",
    ]
    note = "The worst of all designs of a procedure; least power where 80 % is registered."
    whole = table(
        "all designs",
        [name(h) for h in rows[0]],
        [list(r.values()) for r in rows],
        text=(0, 1, 2),
    )
    folded = {"title": f"Every design ({len(rows)})", "figures": (), "tables": [whole]}
    return block(
        "Errors and power",
        tables=[table("calibration", columns, worst, note=note)],
        folded=folded,
    )


def _by_procedure(rows):
    found: dict[str, list] = {}
    for row in rows:
        found.setdefault(row["procedure"], []).append(row)
    return found


def counted(counts: Mapping[str, Mapping[str, int]]) -> str:
    """All verdicts in words, for the log: `published: 1 holds; analogue: 2 not run`."""
    said = []
    for scope, words in counts.items():
        some = ", ".join(f"{n} {word}" for word, n in words.items() if n)
        said.append(f"{scope}: {some or 'no claim'}")
    return "; ".join(said)


def film_files(films: Mapping[str, Any]) -> dict[str, bytes]:
    """File name beside the page -> bytes, of the films that could be made."""
    return {
        f"film/{study}.{suffix}": getattr(film, part)
        for study, film in films.items()
        for suffix, part in (("mp4", "mp4"), ("jpg", "poster"), ("webp", "webp"))
        if getattr(film, part, None)
    }
