"""Verdict of a claim of kind exact: every seed, every entry, equal or not."""

from collections.abc import Mapping, Sequence
from typing import Any

from respike.claims import describe, exact, reading, words
from respike.claims.evidence import Load, Series, files, gather
from respike.core.errors import RespikeError


def verdict(claim: Mapping[str, Any], load: Load, seeds: Sequence[int]) -> dict[str, Any]:
    """Fields of a verdict of level identity.

    Args:
        claim: resolved, of kind exact.
        load: see `evidence`.
        seeds: all that are compared.
    """
    test = claim["test"]
    ((arm, other),) = reading.pairs(test)
    of = gather(arm, seeds, load)
    against = gather(other, seeds, load) if other else None
    found = [_compared(test, of, against, i) for i in range(len(seeds))]
    entries, unequal = sum(c.entries for c in found), sum(c.unequal for c in found)
    bound = exact.violation_bound(len(seeds))
    if unequal == 0:
        reason = (
            f"all {entries} entries of {words.seeds(len(seeds))} are equal{_to(test, other)}; "
            f"that many passes bound the share of seeds that would fail at {100 * bound:.0f} %"
        )
    else:
        seed, first = next((s, c.first) for s, c in zip(seeds, found, strict=True) if c.unequal)
        reason = (
            f"{unequal} of {entries} entries are unequal{_to(test, other)}; "
            f"seed {seed}: {first}"
        )
    pieces = [*of.pieces, *(against.pieces if against else ())]
    return {
        "verdict": "differs" if unequal else "holds",
        "reason": reason,
        "measured": unequal,
        "unit": "unequal entries",
        "seeds": list(seeds),
        "evidence": files(pieces),
        "detail": {
            "kind": "exact",
            "metric": test["metric"],
            "of": describe.name(arm),
            "against": [describe.name(other)] if other else [],
            "n": len(seeds),
            "entries": entries,
            "violation_bound": bound,
            "per_seed": [_summary(value) for value in of.values],
        },
    }


def _compared(test, of: Series, against: Series | None, i: int) -> exact.Comparison:
    value = of.values[i]
    if against is not None:
        return exact.compare(value, against.values[i])
    if "value" in test:
        return exact.compare(value, test["value"])
    if not isinstance(value, list) or not value:
        raise RespikeError(
            f"{of.pieces[i].path}: kind exact without value or against needs a list whose "
            f"entries are to be equal; this is {str(value)[:40]!r}"
        )
    return exact.constant(value)


def _to(test, other):
    if other is not None:
        return f" to those of {describe.name(other)}"
    return f" to {test['value']}" if "value" in test else " to the first"


def _summary(value):
    if isinstance(value, list):
        return {"entries": len(value), "first": value[0] if value else None}
    return value
