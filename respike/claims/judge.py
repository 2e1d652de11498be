"""Claims and evidence -> verdicts. Pure: the evidence comes from a loader.

Order of the questions: may this claim be judged here; are its runs there; what does its
procedure say; does its headroom hold.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from respike.claims import identity, reading, statistical
from respike.claims.evidence import Load, NotRun


class Campaign(NamedTuple):
    """What was run: the frame in which a study's claims are judged.

    Attributes:
        study: its id.
        budget: smoke, desk or paper.
        ran: seeds 0 .. ran - 1 were run.
        registered: how many seeds the study asks for at this budget.
        datasets: variant -> data set it ran on, None for none.
        kinds: variant -> real, real-derived, synthetic or none.
    """

    study: str
    budget: str
    ran: int
    registered: int
    datasets: Mapping[str, str | None]
    kinds: Mapping[str, str]


def judge(
    claims: Sequence[Mapping[str, Any]], load: Load, campaign: Campaign
) -> list[dict[str, Any]]:
    """Judge the claims of one study.

    Args:
        claims: as the study writes them, checked by `grammar`.
        load: gives a verified file of a run, or raises NotRun.
        campaign: what was run.

    Returns:
        One verdict a claim, in their order; docs/claims.md lists the fields.

    Raises:
        RespikeError: evidence that is missing, not finite, or not comparable.
    """
    rows = {}
    for claim in claims:
        resolved = reading.resolve(claim, campaign.budget)
        rows[claim["id"]] = _judged(resolved, load, campaign)
    needs = {claim["id"]: claim.get("needs", []) for claim in claims}
    done: set[str] = set()
    for name in rows:
        _gate(name, rows, needs, done)
    return list(rows.values())


def _judged(claim, load, campaign):
    row = _blank(claim, campaign)
    reason = why_not(claim, campaign)
    if reason is None:
        procedure = statistical if reading.is_statistical(claim) else identity
        try:
            return {**row, **procedure.verdict(claim, load, seeds_of(claim, campaign))}
        except NotRun as end:
            reason = str(end)
    return {**row, "verdict": "not run", "reason": reason.rstrip(". ")}


def seeds_of(claim: Mapping[str, Any], campaign: Campaign) -> list[int]:
    """Seeds that a claim is judged on: as many as it registered, however many more ran."""
    if "looks" in claim:
        return list(range(min(campaign.ran, claim["looks"][1])))
    if claim.get("seeds"):
        return list(range(claim["seeds"]))
    if not reading.is_statistical(claim):
        return list(range(campaign.ran))
    return list(range(campaign.registered))


def why_not(claim: Mapping[str, Any], campaign: Campaign) -> str | None:
    """Why a claim cannot be judged here, before any file is read; None if it can."""
    if "not_run" in claim:
        return claim["not_run"]
    if campaign.budget not in reading.budgets(claim):
        if campaign.budget == "smoke" and reading.is_statistical(claim):
            return "smoke checks plumbing, its numbers decide nothing"
        return f"judged at budget {' and '.join(reading.budgets(claim))} only"
    here = campaign.datasets[reading.pairs(claim["test"])[0][0].variant]
    wanted = claim.get("paper", {}).get("dataset")
    if claim["scope"] == "published" and "general" not in claim and here != wanted:
        return (
            f"the paper's number stands on {wanted}, this budget runs {here or 'without data'}"
        )
    needed = claim["looks"][0] if "looks" in claim else len(seeds_of(claim, campaign))
    if campaign.ran < needed:
        return f"the claim registered {needed} seeds and {campaign.ran} ran"
    return None


def _blank(claim, campaign):
    test = claim.get("test")
    variant = reading.pairs(test)[0][0].variant if test else None
    paper = claim.get("paper")
    return {
        "study": campaign.study,
        "claim": claim["id"],
        "says": claim["says"],
        "scope": claim["scope"],
        "general": claim.get("general"),
        "stands_for": claim.get("stands_for"),
        "dataset": campaign.datasets.get(variant),
        "data_kind": campaign.kinds.get(variant, "none"),
        "budget": campaign.budget,
        "primary": bool(test and test.get("primary", False)),
        "verdict": None,
        "level": "statistical" if reading.is_statistical(claim) else "identity",
        "reason": None,
        "paper": {**dict.fromkeys(PAPER), **paper} if paper else None,
        "measured": None,
        "interval": None,
        "margin": None,
        "margin_from": test.get("margin_from") if test else None,
        "unit": test.get("unit") if test else None,
        "power": None,
        "seeds": [],
        "evidence": [],
        "detail": {},
    }


PAPER = ("value", "unit", "where", "dataset", "n", "spread", "items", "status", "version")


def _gate(name, rows, needs, done):
    """A claim holds only if the claims it needs hold; p_holds is the largest of them all."""
    if name in done:
        return
    done.add(name)
    row = rows[name]
    for need in needs[name]:
        _gate(need, rows, needs, done)
    if row["verdict"] == "not run" or not needs[name]:
        return
    found = {need: rows[need]["verdict"] for need in needs[name]}
    row["detail"]["needs"] = found
    if row["detail"].get("p_holds") is not None:
        row["detail"]["p_holds"] = max(
            row["detail"]["p_holds"], *(_p_holds(rows[need]) for need in found)
        )
    failed = [f"{need} (now {word})" for need, word in found.items() if word != "holds"]
    if failed and row["verdict"] == "holds":
        row["verdict"] = "inconclusive"
        row["reason"] += (
            f"; but it may only hold where {', '.join(failed)} does: without headroom a broken "
            "experiment looks the same"
        )
        row["detail"]["uncorrected"] = "inconclusive"


def _p_holds(row):
    found = row["detail"].get("p_holds")
    if found is None:
        return 0.0 if row["verdict"] == "holds" else 1.0
    return found
