"""A row of verdict.json -> what the page shows of it: a sentence, and all that is behind it."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from respike.claims import family
from respike.claims import words as claimed
from respike.core import layout
from respike.report import forest as drawn
from respike.report import svg
from respike.report.blocks import table
from respike.report.words import between, count, figure, listed, name, quantity

WORDS = ("holds", "differs", "inconclusive", "not run")
PLAIN = 0.05  # the one-sided level of a 90 % interval, which needs no remark
OF_PART = {
    "se_seed": "seeds",
    "se_item": "shared test items",
    "se_paper": "the paper's own runs",
}


def mark(verdict: str) -> str:
    """The style sheet's class of a verdict.

    Raises:
        ValueError: a word that is no verdict.
    """
    if verdict not in WORDS:
        raise ValueError(f"'{verdict}' is no verdict; allowed: {', '.join(WORDS)}")
    return verdict.replace(" ", "-")


def anchor(row: Mapping[str, Any]) -> str:
    """Fragment by which a claim is linked."""
    return f"{row['study']}--{row['claim']}"


def answer(row: Mapping[str, Any], made_on: Mapping[str, str]) -> dict[str, Any]:
    """All that the template needs of one claim.

    Args:
        row: of verdict.json. One that was not run shows its reason and no number.
        made_on: path of a run's record -> its host and job of Slurm.
    """
    run = row["verdict"] != "not run"
    shown = run and _is_drawn(row)
    return {
        "anchor": anchor(row),
        "says": row["says"][:1].upper() + row["says"][1:],
        "verdict": row["verdict"],
        "mark": mark(row["verdict"]),
        "why": why(row),
        "dataset": row["dataset"] or "needs no data",
        "data_kind": row["data_kind"],
        "budget": row["budget"],
        "measured": measured(row) if run else "",
        "between": interval(row) if shown else "",
        "forest": forest(row) if shown else "",
        "large": forest(row, large=True) if shown else "",
        "reading": _reading(row) if shown else "",
        "facts": facts(row),
        "folded": [t for t in (comparisons(row), per_seed(row), evidence(row, made_on)) if t],
    }


def why(row: Mapping[str, Any]) -> str:
    """The short line below a sentence: why not run, why not decided, or that it changed."""
    if row["verdict"] == "not run":
        return row["reason"]
    if moved(row):
        alone = row["detail"]["uncorrected"]
        return f"{alone} on its own; undecided among all claims of this page"
    return row["reason"] if row["verdict"] == "inconclusive" else ""


def moved(row: Mapping[str, Any]) -> bool:
    """Whether the correction for many claims changed the verdict."""
    detail = row["detail"]
    return (
        "p_adjusted" in detail
        and detail["p_adjusted"] > family.RATE
        and detail["uncorrected"] != row["verdict"]
    )


def measured(row: Mapping[str, Any]) -> str:
    """What we measured, with its unit."""
    if row["level"] == "identity":
        entries = row["detail"]["entries"]
        return f"{figure(row['measured'])} of {figure(entries)} entries unequal"
    return quantity(row["measured"], row["unit"])


def interval(row: Mapping[str, Any]) -> str:
    """The interval; another confidence than 90 % is said. Empty where nothing varies."""
    if not _has_interval(row):
        return ""
    level = row["detail"]["level"]
    sure = "" if math.isclose(level, PLAIN) else f"{claimed.confidence(level)}: "
    return f"({sure}{between(row['interval'])})"


def _has_interval(row):
    ends = row["interval"]
    return ends is not None and ends[0] != ends[1]


def _is_drawn(row):
    return row["interval"] is not None and row["level"] != "identity"


def _region(row) -> tuple[float, float]:
    low, high = row["detail"]["region"]
    return (-math.inf if low is None else low), (math.inf if high is None else high)


def forest(row: Mapping[str, Any], *, large: bool = False) -> Markup:
    """The interval against the region in which the claim holds."""
    says = f"Measured {measured(row)} {interval(row)}. The claim holds for {needed(row)}."
    ends, unit = tuple(row["interval"]), row["unit"] or ""
    return drawn.forest(row["measured"], ends, _region(row), says, unit=unit, large=large)


def needed(row: Mapping[str, Any]) -> str:
    """The registered region in words: `more than 0 pp`, `between −1 and 1 pp`."""
    low, high = row["detail"]["region"]
    return claimed.region(low, high, row["unit"]).replace("-", "−")


def _reading(row) -> str:
    sure = claimed.confidence(row["detail"]["level"])
    return (
        f"Dot: what was measured. Line: its {sure} interval. Shaded: where the claim "
        f"would hold, {needed(row)}. A line inside the shade holds, outside it differs, across "
        "its edge it decides nothing."
    )


# ---------------------------------------------------------------- the facts behind a claim


def facts(row: Mapping[str, Any]) -> list[tuple[str, object]]:
    """Term and text of each fact behind a claim, those that exist, in a fixed order."""
    found = [
        ("Verdict", _verdict(row)),
        ("Alone, uncorrected", _alone(row)),
        ("The paper says", paper(row)),
        ("Scope", _scope(row)),
        ("Data", _data(row)),
        *(_numbers(row) if row["verdict"] != "not run" else ()),
        ("Registered in commit", _registered(row["registered"])),
    ]
    return [(term, said) for term, said in found if said not in (None, "")]


def _verdict(row) -> str:
    text = f"{row['verdict']} ({row['level']})" if row["verdict"] != "not run" else "not run"
    return f"{text}: {row['reason']}"


def _registered(commit: str) -> Markup | str:
    """The commit, or a warning where the claim was not fixed by one."""
    if len(commit) == 40:
        return commit
    warning = f"{commit}: nothing shows that the margin was fixed before the run"
    return svg.tag("span", warning, class_="unverified")


def _alone(row) -> str:
    """The verdict before the correction for many claims, of a claim in the page's family."""
    detail = row["detail"]
    if "p_adjusted" not in detail:
        return ""
    return (
        f"{detail['uncorrected']}; corrected for all primary claims of this page: "
        f"{row['verdict']} (adjusted p {figure(detail['p_adjusted'])})"
    )


def paper(row: Mapping[str, Any]) -> Markup | str:
    """The paper's number, where it stands, over how many runs, and whether it was checked."""
    said = row["paper"]
    if not said:
        return "nothing that can be tested here" if row["scope"] == "analogue" else ""
    parts = [
        quantity(said["value"], said["unit"]) if said["value"] is not None else "a statement"
    ]
    parts += [said["where"]] if said["where"] else []
    parts += [count(said["n"], "run")] if said["n"] else []
    if said["spread"]:
        parts.append(f"{said['spread']['is']} {figure(said['spread']['value'])}")
    parts += [f"on {said['dataset']}"] if said.get("dataset") else []
    text = "; ".join(parts)
    if said["status"] == "verified":
        return f"{text} (verified: checked against the paper's text)"
    warning = "unverified: nobody checked it against the paper, so it decides nothing here"
    return svg.join(
        [svg.tag("span", f"{text} – "), svg.tag("span", warning, class_="unverified")]
    )


def _scope(row) -> str:
    if row["scope"] == "published":
        return f"published, on any data: {row['general']}" if row["general"] else "published"
    stands = f"; stands for {row['stands_for']}" if row["stands_for"] else ""
    ours = "analogue: a claim of ours about other data; it cannot uphold or refute the paper"
    return ours + stands


def _data(row) -> str:
    kind = row["data_kind"]
    if row["dataset"] is None:
        return f"needs no data, budget {row['budget']}"
    kind = f"{kind.upper()}, made by a generator" if kind == "synthetic" else kind
    return f"{row['dataset']} ({kind}), budget {row['budget']}"


def _numbers(row) -> list[tuple[str, object]]:
    """Facts of a claim that was judged."""
    detail, unit = row["detail"], row["unit"]
    found: list[tuple[str, object]] = [("We measured", _compared(row))]
    if row["level"] == "identity":
        return [*found, ("Seeds", seeds(row)), ("Could still fail", _bound(detail))]
    sure = claimed.confidence(detail["level"])
    each = f"{figure(100 * detail['level'])} % on each side"
    interval = f"{between(row['interval'], unit)}: a {sure} interval, {each}"
    return [
        *found,
        ("Interval", interval if _has_interval(row) else "none: nothing varies"),
        ("It holds for", needed(row)),
        ("Margin", _margin(row)),
        ("Standard error", _error(row)),
        ("Smallest decidable margin", _decidable(row)),
        ("Registered power", power(row)),
        ("Seeds", seeds(row)),
        ("Seeds that would decide", _needed(detail)),
        ("Controls", listed(detail["controls"])),
        ("Needs", _needs(detail)),
    ]


def _compared(row) -> str:
    detail = row["detail"]
    against = detail["against"]
    metric = detail["metric"]
    metric = next(iter(metric)) if isinstance(metric, dict) else metric
    versus = f" against {listed(against)}" if against else ""
    return f"{measured(row)}: {name(metric.replace('-', ' '))} of {detail['of']}{versus}"


def _bound(detail) -> str:
    return f"up to {figure(100 * detail['violation_bound'])} % of seeds, with 95 % confidence"


def _margin(row) -> str:
    text = quantity(row["margin"], row["unit"])
    return f"{text}, from: {row['margin_from']}" if row["margin_from"] else text


def _error(row) -> str:
    detail = row["detail"]
    unit = row["unit"] if detail["scale"] == "linear" else f"on the {detail['scale']} scale"
    from_where = [
        f"{figure(detail[key])} from {what}" for key, what in OF_PART.items() if detail.get(key)
    ]
    return f"{quantity(detail['se'], unit)}" + (
        f": {', '.join(from_where)}" if from_where else ""
    )


def _decidable(row) -> str:
    found = row["detail"]["decidable_margin"]
    if found is None:
        return ""
    kind = "a factor of " if row["detail"]["scale"] == "log" else ""
    unit = None if kind else row["unit"]
    return f"{kind}{quantity(found, unit)} (decided with 80 % power by this standard error)"


def power(row: Mapping[str, Any]) -> str:
    """The chance of the right verdict that pilot seeds promised before the run."""
    block = row["power"]
    if not block:
        return "none registered"
    text = (
        f"{figure(100 * block['power'])} % for a true {quantity(block['effect'], row['unit'])}"
        f", from {count(len(block['pilot_seeds']), 'pilot seed')}"
    )
    if not block.get("agrees", True):
        said = figure(100 * block["registered"])
        text += f"; the study says {said} %, which its pilot does not give"
    return text


def seeds(row: Mapping[str, Any]) -> str:
    """How many seeds and items stand behind a number, and which seeds were left out."""
    detail, used = row["detail"], row["seeds"]
    text = (
        f"{len(used)} ({used[0]} to {used[-1]})" if len(used) > 1 else ", ".join(map(str, used))
    )
    if detail.get("m"):
        text += f", {detail['m']:,} test items or blocks each"
    if detail.get("df"):
        text += f", {figure(detail['df'])} degrees of freedom"
    dropped = detail.get("dropped_seeds")
    return f"{text}; dropped: {listed([str(s) for s in dropped])}" if dropped else text


def _needed(detail) -> str:
    """An estimate: seeds that would decide if the truth is what was measured."""
    found = detail.get("seeds_needed")
    return f"about {found:,}, if the truth is what was measured" if found else ""


def _needs(detail) -> str:
    return listed([f"{claim} ({word})" for claim, word in detail.get("needs", {}).items()])


# ---------------------------------------------------------------- tables behind a claim


def comparisons(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The comparisons of a claim that has several; each must hold."""
    parts = row["detail"].get("parts", [])
    if row["verdict"] == "not run" or len(parts) < 2:
        return None
    rows = [
        [
            f"{p['of']} against {p['against']}" if p["against"] else p["of"],
            quantity(p["measured"], row["unit"]),
            between(p["interval"]),
            figure(p["se"]),
        ]
        for p in parts
    ]
    head = ["comparison", "measured", "interval", "standard error"]
    return table(f"{len(parts)} comparisons; the claim needs each of them", head, rows)


def per_seed(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """Each seed's own numbers of both sides."""
    parts = row["detail"].get("parts", [])
    if row["verdict"] == "not run" or not parts:
        return None
    head, columns = ["seed"], []
    for part in parts:
        for side in ("of", "against"):
            values = part["per_seed"][side]
            if values is not None and part[side] not in head:
                head.append(part[side])
                columns.append(values)
    rows = [
        [str(seed), *(figure(c[i], 4) if i < len(c) else "–" for c in columns)]
        for i, seed in enumerate(row["seeds"])
    ]
    return table(f"Seed by seed ({len(rows)})", head, rows)


def evidence(row: Mapping[str, Any], made_on: Mapping[str, str]) -> dict[str, Any] | None:
    """The files that the verdict stands on, each with its hash and who made it.

    Args:
        row: of verdict.json.
        made_on: path of a run's record -> its host and job of Slurm.
    """
    files: Sequence[Mapping[str, str]] = row["evidence"]
    if not files:
        return None
    rows = [
        [
            file["path"],
            svg.tag("span", file["sha256"], class_="hash"),
            made_on.get(str(layout.record_of(file["path"])), "not said"),
        ]
        for file in files
    ]
    title = f"Evidence: {count(len(files), 'file')} with sha256"
    return table(title, ["file", "sha256", "made on"], rows, text=(0, 1, 2))
