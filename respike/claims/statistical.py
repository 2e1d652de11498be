"""Verdict of a claim that is judged by an interval: all kinds but exact."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from respike.claims import describe, jackknife, looks, power, reading, words
from respike.claims.comparison import Comparison, compare, is_published_number
from respike.claims.estimate import Decision, decide
from respike.claims.evidence import Load, NotRun, Series, files, gather, unused_seed
from respike.core.errors import RespikeError

UNDECIDED = Decision(False, False, 1.0, 1.0)


class Judged(NamedTuple):
    """A decision, the comparisons it rests on, and the share of the level its look spent.

    `why` says what an interval cannot: empty, "unused seed", "no spread" or "fixed".
    """

    decision: Decision
    parts: list[Comparison]
    share: float = 1.0
    why: str = ""

    @property
    def word(self) -> str:
        """holds, differs or inconclusive."""
        if self.decision.holds:
            return "holds"
        return "differs" if self.decision.differs else "inconclusive"


def verdict(claim: Mapping[str, Any], load: Load, seeds: Sequence[int]) -> dict[str, Any]:
    """Fields of a verdict of level statistical, or artifact where it is about one run alone.

    Args:
        claim: resolved, of any kind but exact.
        load: see `evidence`.
        seeds: the registered ones.

    Raises:
        NotRun: a run has no result, too few seeds or blocks.
        RespikeError: evidence that cannot be used.
    """
    arms = reading.pairs(claim["test"])
    kept = _converged(claim["test"], arms, seeds, load)
    series: dict[str, Series] = {}
    for arm in (arm for pair in arms for arm in pair if arm is not None):
        if repr(arm) not in series:
            series[repr(arm)] = gather(arm, kept, load)
    pairs = [(series[repr(of)], against and series[repr(against)]) for of, against in arms]
    _enough(claim, pairs, len(kept))
    judged = _judged(claim, pairs, kept, seeds)
    place = _weakest(judged)
    shown = judged.parts[place]
    used = kept[: shown.estimate.n]
    fields = describe.fields(claim, arms, judged.parts, shown, judged.share)
    p_holds, p_differs = judged.decision.p_holds, judged.decision.p_differs
    has_p = judged.why != "fixed"
    return {
        **fields,
        "verdict": judged.word,
        "level": "artifact" if judged.why == "fixed" or len(used) == 1 else "statistical",
        "reason": _reason(judged, place, arms) + _left_out(claim, seeds, kept, used),
        "seeds": used,
        "evidence": files(p for s in series.values() for p in s.pieces[: len(used)]),
        "detail": {
            **fields["detail"],
            "p_holds": float(p_holds) if has_p else None,
            "p_differs": float(p_differs) if has_p else None,
            "uncorrected": judged.word,
            "seeds_needed": _seeds_needed(judged, shown),
            "dropped_seeds": [seed for seed in seeds if seed not in kept],
        },
    }


# ---------------------------------------------------------------- which seeds


def _converged(test, arms, seeds, load):
    """Seeds where every arm reached the registered number of its training data."""
    if "converged" not in test:
        return list(seeds)
    rule = test["converged"]
    runs = sorted({(arm.variant, arm.stage or "") for pair in arms for arm in pair if arm})
    return [
        seed
        for seed in seeds
        if all(
            _number(load(variant, stage or None, seed, "metrics.json"), rule["number"])
            >= rule["at_least"]
            for variant, stage in runs
        )
    ]


def _number(piece, name):
    found = piece.content.get(name)
    found = found[-1] if isinstance(found, list) and found else found
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise RespikeError(f"{piece.path} holds no number '{name}' to tell convergence by")
    return found


def _enough(claim, pairs, seeds):
    if seeds and pairs[0][0].shape == "blocks":
        blocks = min(len(ids) for of, _ in pairs for ids, _ in of.values)
        if blocks < jackknife.LEAST_BLOCKS:
            raise NotRun(
                f"too few blocks: {blocks}, the jackknife needs {jackknife.LEAST_BLOCKS}"
            )
        if not is_published_number(claim):
            return
    if seeds < reading.LEAST_SEEDS:
        raise NotRun(
            f"{words.seeds(seeds)} left, an interval over seeds needs {reading.LEAST_SEEDS}"
        )


# ---------------------------------------------------------------- the decision


def _judged(claim, pairs, kept, seeds):
    """One look at all seeds, or the first of two, or both."""
    if "looks" not in claim:
        return _look(claim, pairs, 1.0)
    n1, n2 = claim["looks"]
    early = sum(seed < n1 for seed in kept)
    first = [(of.first(early), against and against.first(early)) for of, against in pairs]
    one = _look(claim, first, looks.SHARES[0])
    if len(seeds) < n2 or one.word != "inconclusive":
        return one._replace(decision=looks.first(one.decision))
    two = _look(claim, pairs, looks.SHARES[1])
    return two._replace(decision=looks.both(one.decision, two.decision))


def _look(claim, pairs, share):
    parts = [compare(claim, of, against) for of, against in pairs]
    deterministic = claim["test"].get("deterministic", False)
    series = [s for pair in pairs for s in pair if s is not None]
    if not deterministic and all(unused_seed(s) for s in series):
        return Judged(UNDECIDED, parts, share, "unused seed")
    flat = [low == high for low, high in (part.estimate.bounds() for part in parts)]
    if any(flat):
        if deterministic and all(flat):
            return Judged(_fixed(parts), parts, share, "fixed")
        return Judged(UNDECIDED, parts, share, "no spread")
    found = decide([part.estimate for part in parts], [part.region for part in parts], share)
    return Judged(found, parts, share)


def _fixed(parts):
    """Nothing varies and nothing should: the number itself is inside its region or outside."""
    inside = [p.region.low < p.estimate.value < p.region.high for p in parts]
    outside = [
        p.estimate.value < p.region.low or p.estimate.value > p.region.high for p in parts
    ]
    return Decision(all(inside), any(outside), 1.0, 1.0)


def _weakest(judged):
    """Place of the comparison that is farthest from holding; the first where none is."""
    if judged.why:
        return 0
    p = [float(part.region.p_holds(part.estimate)) for part in judged.parts]
    return p.index(max(p))


def _seeds_needed(judged, shown):
    if judged.why or judged.word != "inconclusive":
        return None
    return power.seeds_needed(shown.estimate, shown.region)


# ---------------------------------------------------------------- why, in words


def _reason(judged, place, arms):
    if judged.why == "unused seed":
        return (
            "every seed gave item for item the same values, so they are one run: is the seed "
            "used at all? (a learner without randomness says deterministic: true)"
        )
    if judged.why == "no spread":
        return (
            "no seed and no item differs from another, so there is no spread to judge by "
            "(an identity is kind exact; what has no randomness says deterministic: true)"
        )
    if judged.why == "fixed":
        return "nothing random enters, so this is the number itself, for this data and code"
    many = len(judged.parts) > 1
    weakest = describe.name(*arms[place]) if many else ""
    if judged.word == "holds":
        return (
            f"each of {len(judged.parts)} intervals does"
            if many
            else "the interval lies inside"
        )
    if judged.word == "differs":
        return f"that of {weakest} lies outside" if many else "the interval lies outside"
    needed = _seeds_needed(judged, judged.parts[place])
    more = (
        f"about {needed} seeds would decide if the truth is what was measured"
        if needed
        else "more seeds alone would not decide: the test items or the paper's runs are too few"
    )
    over = f"the interval of {weakest}" if many else "the interval"
    return f"{over} reaches over the edge; {more}"


def _left_out(claim, seeds, kept, used):
    """Seeds that were not used, and why."""
    found = ""
    if len(kept) < len(seeds):
        rule = claim["test"]["converged"]
        found += (
            f"; {len(seeds) - len(kept)} of {len(seeds)} seeds dropped "
            f"({rule['number']} below {words.number(rule['at_least'])})"
        )
    if len(used) < len(kept) and "looks" not in claim:
        found += (
            f"; the last {len(kept) - len(used)} unused: more than {len(used)} resplits of one "
            "pool need fresh data"
        )
    return found
