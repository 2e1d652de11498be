"""What a claim may say beyond its schema: known runs, one threshold, disjoint seeds.

The words of a claim are explained in docs/claims.md. Light, as `reading` is.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from respike.claims.reading import (
    BY_BUDGET,
    budgets,
    constants,
    is_statistical,
    pairs,
    resolve,
    scale,
)
from respike.core import layout, parts
from respike.core.errors import ConfigError, did_you_mean, some

FIRST_PILOT = 1000  # seeds 0..n-1 confirm; pilot and tuning seeds start here
EVERYWHERE = {"metric", "of", "kind", "converged"}
STATISTICAL = EVERYWHERE | {"unit", "margin_from", "primary", "power", "deterministic", "pool"}


class Kind(NamedTuple):
    """What a kind of claim takes beside the words every test has."""

    must: tuple[str, ...]
    may: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()


KINDS = {
    "better": Kind(("against", "unit"), ("threshold", "direction")),
    "not-worse": Kind(("against", "unit", "margin"), ("direction",)),
    "within": Kind(("unit", "margin"), ("against", "target")),
    "ratio": Kind(("against", "unit"), ("target",), ("at_least", "at_most", "factor")),
    "bound": Kind(("unit",), (), ("at_least", "at_most")),
    "order": Kind(("unit",), ("threshold", "direction")),
    "every-control": Kind(("against", "unit"), ("threshold", "direction")),
    "exact": Kind((), ("against", "value")),
}
NEUTRAL = {"threshold": 0}  # a pure direction needs no margin_from


def check(study: Mapping[str, Any]) -> None:
    """Refuse a study whose claims cannot be judged as written; nothing has run yet.

    Args:
        study: a study that its schema allows, `claims` as written.

    Raises:
        ConfigError: at most five sentences, one a line, then how many more there are.
    """
    found = problems(study)
    if found:
        more = f"\nand {len(found) - 5} more" if len(found) > 5 else ""
        raise ConfigError("\n".join(found[:5]) + more)


def problems(study: Mapping[str, Any]) -> list[str]:
    """What is wrong with the claims of a study: sentences that begin with claims.ID."""
    claims = study["claims"]
    known = [claim["id"] for claim in claims]
    found = []
    for place, claim in enumerate(claims):
        if claim["id"] in known[:place]:
            found.append(f"claims.{claim['id']} is there twice; give each claim its own id")
        for sentence in dict.fromkeys(_of_claim(claim, study, known)):
            found.append(f"claims.{claim['id']}{sentence}")
    return found or _circles(claims)


def _of_claim(claim, study, known):
    if ("test" in claim) == ("not_run" in claim):
        yield " needs either a test or not_run: REASON, and not both"
        return
    yield from _scope(claim)
    for need in claim.get("needs", []):
        if need not in known:
            hint = did_you_mean(need, known)
            yield f".needs: no claim '{need}'.{hint} Known: {', '.join(known)}"
        elif need == claim["id"]:
            yield ".needs names the claim itself"
    if "test" in claim:
        broken = False
        for sentence in (*_words(claim), *_arms(claim["test"], study)):
            broken = True
            yield sentence
        if not broken:
            yield from _numbers(claim)
            yield from _seeds(claim, study)


def _scope(claim):
    paper = claim.get("paper", {})
    if claim["scope"] == "published" and not paper:
        yield " has scope published; add paper: {where: ..., status: ...}"
    if "value" in paper and "unit" not in paper:
        yield ".paper has a value without a unit; add unit: ..."
    if "spread" in paper and "n" not in paper:
        yield ".paper has a spread without the number of runs; add n: ..."
    if claim["scope"] == "analogue" and "general" in claim:
        yield ".general is for scope published: it says why any data will do"
    judged = claim["scope"] == "published" and "test" in claim and "general" not in claim
    if judged and paper and "dataset" not in paper:
        yield (
            " has scope published and a test; say on which data set the paper's number stands "
            "(paper: {dataset: ...}), or why any will do (general: REASON)"
        )


def _words(claim) -> Iterator[str]:
    """Keys that a kind takes, must have, or has one of; budgets; headroom."""
    test = claim["test"]
    kind = KINDS[test["kind"]]
    allowed = {*kind.must, *kind.may, *kind.one_of}
    allowed |= STATISTICAL if is_statistical(claim) else EVERYWHERE
    for key in test:
        if key not in allowed:
            takes = ", ".join((*kind.must, *kind.one_of, *kind.may))
            yield (
                f".test: kind {test['kind']} takes no '{key}' (it takes {takes}); "
                "one threshold serves both verdicts"
                if key in (*BY_BUDGET, "value")
                else f".test: kind {test['kind']} takes no '{key}'"
            )
    for key in kind.must:
        if key not in test:
            yield f".test: kind {test['kind']} needs '{key}'"
    given = [key for key in kind.one_of if key in test]
    if kind.one_of and len(given) != 1:
        yield (
            f".test: kind {test['kind']} takes exactly one of {', '.join(kind.one_of)}; "
            f"given: {', '.join(given) or 'none'}; one threshold serves both verdicts"
        )
    if test["kind"] == "ratio" and "target" in test and "factor" not in test:
        yield ".test.target goes with factor; at_least and at_most need none"
    if is_statistical(claim) and "smoke" in claim.get("budgets", []):
        yield ".budgets: smoke checks plumbing; only kind exact is judged there"
    tied = test["kind"] == "not-worse" or (test["kind"] == "within" and "against" in test)
    if tied and "needs" not in claim:
        yield (
            f" is of kind {test['kind']}: a broken experiment shows no difference either; "
            "add needs: [CLAIM], a claim that shows headroom"
        )
    number = test.get("converged", {}).get("number", "train")
    if not number.startswith("train"):
        yield (
            f".test.converged.number is '{number}'; seeds are dropped by a number of the "
            "training data alone (train_accuracy, ...)"
        )
    if "pool" in test and not test.get("deterministic"):
        yield ".test.pool is for learners without randomness; add deterministic: true"


def _arms(test, study) -> Iterator[str]:
    if (test["kind"] == "order") != isinstance(test["of"], list):
        yield ".test.of: kind order takes a list, best first; every other kind takes one run"
        return
    if isinstance(test.get("against"), list) != (test["kind"] == "every-control"):
        if "against" in test:
            yield ".test.against: kind every-control takes a list; every other kind one run"
        return
    seen = []
    for of, against in pairs(test):
        for arm in (of, against):
            if arm is not None and arm not in seen:
                seen.append(arm)
                yield from _arm_problems(arm, test, study["variants"])
        if against is not None and of == against:
            yield f".test: {of.variant} is compared with itself"
    shapes = {
        constants(parts.split(a.metric)[0]).get("SHAPE") for a in seen if _known(a.metric)
    }
    if len(shapes) > 1:
        yield f".test: metrics of {' and '.join(sorted(shapes))} cannot be compared"


def _known(metric):
    return parts.split(metric)[0] in parts.names("metric")


def _arm_problems(arm, test, variants):
    if arm.variant not in variants:
        hint = did_you_mean(arm.variant, variants)
        yield f".test: no variant '{arm.variant}'.{hint} Known: {some(variants)}"
        return
    stages = [s for s in layout.CHAIN if s in variants[arm.variant]]
    if arm.stage is not None and arm.stage not in stages:
        yield f".test: {arm.variant} has no stage '{arm.stage}'; it has {', '.join(stages)}"
    try:
        parts.check("metric", arm.metric, "test.metric")
    except ConfigError as error:
        yield f".test: {error}"
        return
    name = parts.split(arm.metric)[0]
    facts = constants(name)
    lacking = [k for k in ("LABEL", "UNIT", "EVIDENCE", "SHAPE") if k not in facts]
    if lacking:
        yield f".test: metric {name} says no {lacking[0]}; add it to respike/metrics"
        return
    if "unit" in test and test["kind"] != "ratio" and scale(name, test["unit"]) is None:
        allowed = "share, pp, %" if facts["UNIT"] == "share" else facts["UNIT"]
        yield f".test.unit is '{test['unit']}'; metric {name} has {allowed}"
    if test["kind"] == "ratio" and test.get("unit", "ratio") != "ratio":
        yield f".test.unit is '{test['unit']}'; kind ratio has the unit ratio"
    if test["kind"] == "exact" and facts["SHAPE"] != "value":
        yield f".test: kind exact takes numbers and lists; {name} is per {facts['SHAPE'][:-1]}"
    if test["kind"] == "ratio" and facts["SHAPE"] == "blocks":
        yield f".test: kind ratio takes no pooled metric such as {name}; use better or within"


def _numbers(claim) -> Iterator[str]:
    test = claim["test"]
    for budget in budgets(claim):
        resolved = resolve(claim, budget)["test"]
        for key in BY_BUDGET:
            if key in resolved and resolved[key] is None:
                yield f".test.{key} has no value for budget {budget}; add {budget}: ..."
                return
    given = {
        (key, value)
        for budget in budgets(claim)
        for key, value in resolve(claim, budget)["test"].items()
        if key in BY_BUDGET
    }
    sourced = sorted({key for key, value in given if NEUTRAL.get(key) != value})
    if sourced and "margin_from" not in test:
        yield f".test.{sourced[0]} is given without margin_from; say where it comes from"
    unit = test.get("unit")
    name = parts.split(test["metric"])[0]
    if test["kind"] == "bound" and constants(name)["UNIT"] == "share":
        whole = scale(name, unit)
        for key, value in sorted(given):
            if not 0 < value < whole:
                yield f".test.{key} is {value:g} {unit}; a rate's bound lies in (0, {whole:g})"
    if test["kind"] == "ratio":
        for key, value in sorted(given):
            if value <= 0:
                yield f".test.{key} is {value:g}; a ratio is above 0"
    for value in sorted({value for key, value in given if key == "target"}):
        yield from _target(claim, value)


def _target(claim, target):
    """A target may be the paper's number only where the claim is about the paper."""
    paper, test = claim.get("paper", {}), claim["test"]
    same = "value" in paper and math.isclose(abs(target), abs(paper["value"]))
    same = same and paper.get("unit") == test["unit"]
    if target == 0:
        return
    if claim["scope"] == "analogue":
        if same:
            yield (
                f".test.target is the paper's {paper['value']:g}; only scope published tests "
                "that. An analogue claim is about a direction, an order, an identity or a bound"
            )
        return
    if not same:
        said = f"{paper['value']:g} {paper.get('unit')}" if "value" in paper else "nothing"
        yield (
            f".test.target is {target:g} {test['unit']} and the paper's value is {said}; "
            "with scope published they are the same number up to its sign"
        )
    elif paper["status"] != "verified":
        yield ".paper is unverified; an unverified number is no target: use not_run"


def _seeds(claim, study) -> Iterator[str]:
    """Seeds 0..n-1 confirm, pilot and tuning seeds are others, and looks grow."""
    looks = claim.get("looks")
    if looks and looks[0] >= looks[1]:
        yield f".looks is {looks}; the second look takes more seeds than the first"
    if looks and "seeds" in claim:
        yield " has seeds and looks; looks says both numbers"
    power = claim["test"].get("power")
    if power is None:
        return
    if power["sd"] == 0 and not power.get("item"):
        yield ".test.power has neither a spread over seeds (sd) nor one of items (item)"
    if power.get("n", 2) < 2 and "blocks" not in power:
        yield ".test.power.n is 1; an interval over seeds needs 2, one over blocks says blocks"
    pilots, tuning = power["pilot_seeds"], power.get("tuning_seeds", [])
    for name, seeds in (("pilot_seeds", pilots), ("tuning_seeds", tuning)):
        early = [seed for seed in seeds if seed < FIRST_PILOT]
        if early:
            yield (
                f".test.power.{name} holds {early[0]}; seeds below {FIRST_PILOT} confirm, "
                f"take {FIRST_PILOT} and up"
            )
    shared = sorted(set(pilots) & set(tuning))
    if shared:
        yield f".test.power: seed {shared[0]} is a pilot and a tuning seed; keep them apart"


def _circles(claims):
    needs = {claim["id"]: claim.get("needs", []) for claim in claims}
    for start in needs:
        seen, todo = set(), list(needs[start])
        while todo:
            need = todo.pop()
            if need == start:
                return [f"claims.{start}.needs leads back to {start}; headroom goes one way"]
            if need not in seen:
                seen.add(need)
                todo += needs[need]
    return []
