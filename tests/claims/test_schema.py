"""The schema of the claims list: what it refuses before grammar is asked."""

import pytest

from respike.core import strict
from tests.claims.runs import better, claim

POWER = {"pilot_seeds": [1000, 1001, 1002, 1003, 1004], "sd": 1.0, "effect": 2.0}


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"id": "c", "scope": "analogue"}, "c lacks 'says'; add says: ..."),
        (better() | {"primry": True}, "unknown key 'primry' in c. Allowed: budgets"),
        (better(threshhold=1), "unknown key 'threshhold' in c.test. Did you mean 'threshold'?"),
        (better(kind="beter"), "c.test.kind is 'beter'; allowed: better"),
        (
            better(scope="analog"),
            "c.scope is 'analog'; allowed: published, analogue. Did you mean",
        ),
        (better(kind="within", margin=0), "c.test.margin is 0; it must be > 0"),
        (better(kind="ratio", factor=1), "c.test.factor is 1; it must be > 1"),
        (better(threshold="1"), "c.test.threshold must be number or object, is text '1'"),
        (
            better(threshold={"desk": 1, "laptop": 2}),
            "unknown key 'laptop' in c.test.threshold. Allowed: desk, paper, smoke",
        ),
        (better(seeds=0), "c.seeds is 0; it must be >= 1"),
        (better(looks=[8]), "c.looks: [8] is too short"),
        (better(looks=[2, 8]), "c.looks.0 is 2; it must be >= 3"),
        (
            better(power={**POWER, "pilot_seeds": [1000]}),
            "c.test.power.pilot_seeds: [1000] is too",
        ),
        (better(power={"sd": 1, "effect": 1}), "c.test.power lacks 'pilot_seeds'"),
        (
            better(against={"variant": "b", "stage": "x"}),
            "unknown key 'stage' in c.test.against",
        ),
        (better(paper={"where": "abstract"}), "c.paper lacks 'status'"),
        (
            better(paper={"where": "table 1", "status": "read"}),
            "c.paper.status is 'read'; allowed",
        ),
        (better("Bad id"), "Bad id.id is 'Bad id'; it must match"),
        (claim(not_run="no"), "c.not_run: 'no' is too short"),
        (better(converged={"number": "train_accuracy"}), "c.test.converged lacks 'at_least'"),
    ],
)
def test_what_the_schema_refuses(bad, sentence):
    found = strict.problems([bad], "claims")

    assert any(sentence.lower() in s.lower() for s in found), found


def test_a_study_needs_a_claim():
    assert strict.problems([], "claims") == ["the file: [] should be non-empty"]
