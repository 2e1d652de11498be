"""verdict.json: the family, what the correction takes away, who registered what."""

import json

import pytest

from respike.claims import family, page, table
from respike.claims.judge import judge
from respike.core import strict
from respike.core.errors import RespikeError
from tests.claims.runs import Runs, better, campaign, claim
from tests.claims.test_judge import PAPER, WHY, outcomes


def row(
    name, p_holds, p_differs=None, verdict="holds", scope="analogue", primary=True, **detail
):
    p_differs = 1 - p_holds if p_differs is None else p_differs
    return {
        "study": "s", "claim": name, "verdict": verdict, "scope": scope, "primary": primary,
        "reason": "the interval lies inside", "level": "statistical",
        "detail": {"p_holds": p_holds, "p_differs": p_differs, "uncorrected": verdict} | detail,
    }  # fmt: skip


def finish(*rows, registered=None):
    document = {"study": "s", "budget": "desk", "verdicts": list(rows)}
    return page.finish([document], registered or {})


def verdicts(document):
    return {claim["claim"]: claim["verdict"] for claim in document["claims"]}


def test_a_claim_keeps_its_verdict_where_the_family_lets_it():
    found = finish(row("a", 0.01), row("b", 0.98, verdict="differs"))

    assert verdicts(found) == {"a": "holds", "b": "differs"}
    assert [c["detail"]["p_adjusted"] for c in found["claims"]] == pytest.approx([0.04, 0.04])
    assert found["family"] == {
        "method": "Benjamini-Hochberg", "rate": 0.10, "claims": ["s/a", "s/b"],
    }  # fmt: skip


def test_what_the_family_takes_away_is_said():
    rows = [row("a", 0.04), *(row(f"n{i}", 0.5, verdict="inconclusive") for i in range(3))]

    found = finish(*rows)

    taken = found["claims"][0]
    assert taken["verdict"] == "inconclusive"
    assert taken["detail"]["uncorrected"] == "holds"
    assert taken["detail"]["p_adjusted"] == pytest.approx(0.32)
    assert taken["reason"] == (
        "the interval lies inside; holds alone, undecided among 4 primary claims "
        "(adjusted p 0.320 above 0.10)"
    )
    assert found["claims"][1]["reason"] == "the interval lies inside"


def test_a_p_on_the_rate_keeps_its_verdict():
    assert family.RATE == 0.10
    assert verdicts(finish(row("a", 0.05)))["a"] == "holds"


def test_only_primary_claims_with_a_p_count():
    others = [
        row("second", 0.04, primary=False),
        row("exact", None, primary=True, p_differs=1.0),
        row("gone", 0.5, verdict="not run"),
    ]

    found = finish(row("a", 0.04), *others)

    assert found["family"]["claims"] == ["s/a"]
    assert verdicts(found) == {
        "a": "holds",
        "second": "holds",
        "exact": "holds",
        "gone": "not run",
    }
    assert "p_adjusted" not in found["claims"][1]["detail"]


def test_a_row_without_detail_is_left_alone():
    blank = {**row("x", 0.5, verdict="not run"), "detail": {}}

    assert verdicts(finish(blank)) == {"x": "not run"}


def test_what_lost_its_headroom_is_undecided_too():
    noise = [row(f"n{i}", 0.5, verdict="inconclusive") for i in range(3)]
    equal = row("equal", 0.01, primary=False, needs={"head": "holds"})
    further = row("further", 0.01, primary=False, needs={"equal": "holds"})
    differs = row("worse", 0.9, verdict="differs", primary=False, needs={"head": "holds"})

    found = finish(further, equal, row("head", 0.04), differs, *noise)

    assert verdicts(found)["head"] == "inconclusive"
    assert verdicts(found)["equal"] == "inconclusive"
    assert verdicts(found)["further"] == "inconclusive"
    assert verdicts(found)["worse"] == "differs"
    assert found["claims"][1]["reason"] == (
        "the interval lies inside; holds alone, but head, which it needs, does not"
    )


def test_headroom_that_holds_changes_nothing():
    found = finish(row("equal", 0.01, needs={"head": "holds"}), row("head", 0.01))

    assert verdicts(found) == {"equal": "holds", "head": "holds"}


def test_published_claims_stand_first_and_are_counted():
    found = finish(
        row("a", 0.01), row("b", 0.5, verdict="not run", scope="published"),
        row("c", 0.99, verdict="differs"), row("d", 0.001, scope="published"),
    )  # fmt: skip

    assert [c["claim"] for c in found["claims"]] == ["b", "d", "a", "c"]
    assert found["counts"] == {
        "published": {"holds": 1, "differs": 0, "inconclusive": 0, "not run": 1},
        "analogue": {"holds": 1, "differs": 1, "inconclusive": 0, "not run": 0},
    }
    assert (found["schema"], found["budget"], found["studies"]) == (
        "respike-verdict/1",
        "desk",
        ["s"],
    )


def test_the_registering_commit_of_each_claim():
    found = finish(row("a", 0.01), row("b", 0.01), registered={"s": {"a": "c0ffee1"}})

    assert [c["registered"] for c in found["claims"]] == ["c0ffee1", "not committed"]


def test_what_came_in_is_not_changed():
    given = row("a", 0.2)

    finish(given, row("b", 0.5))

    assert given["verdict"] == "holds"
    assert "p_adjusted" not in given["detail"]
    assert "registered" not in given


def test_one_page_is_one_budget_and_each_study_once():
    desk = {"study": "s", "budget": "desk", "verdicts": []}

    with pytest.raises(RespikeError, match=r"verdicts of budgets desk, paper; one page is one"):
        page.finish([desk, {**desk, "study": "t", "budget": "paper"}], {})
    with pytest.raises(RespikeError, match=r"verdicts of budgets none; one page is one budget"):
        page.finish([], {})
    with pytest.raises(
        RespikeError, match=r"verdicts of s are given twice; give each study once"
    ):
        page.finish([desk, desk], {})


def test_studies_share_one_family():
    one = {"study": "s", "budget": "desk", "verdicts": [row("a", 0.04)]}
    other = {**row("a", 0.6, verdict="inconclusive"), "study": "t"}
    two = {"study": "t", "budget": "desk", "verdicts": [other]}

    found = page.finish([one, two], {})

    assert found["family"]["claims"] == ["s/a", "t/a"]
    assert verdicts(found)["a"] == "inconclusive"
    assert found["studies"] == ["s", "t"]


def whole():
    """A document of real verdicts, one of each sort."""
    claims = [
        better(primary=True),
        better("w", kind="within", margin=3, margin_from=WHY, needs=["c"]),
        claim("e", metric={"count": {"name": "x"}}, of="a", kind="exact", value=0),
        claim("n", scope="published", paper={"where": "table 2", "status": "unverified"},
              not_run="no such chip here"),
        better("p", scope="published", paper=PAPER),
        better("o", kind="every-control", against=["b", "c"], primary=True,
               power={"pilot_seeds": [1000, 1001, 1002, 1003, 1004], "sd": 1.0, "effect": 9.0}),
        claim("r", metric="accuracy", of="a", kind="bound", unit="%", at_most=5),
        better("x", kind="ratio", unit="ratio", at_least=0.5, margin_from=WHY),
    ]  # fmt: skip
    runs = Runs({
        "a": {"predictions.npz": outcomes(0.9), "metrics.json": [{"x": 0}] * 8},
        "b": {"predictions.npz": outcomes(0.7, use=1)},
        "c": {"predictions.npz": outcomes(0.6, use=2)},
    })  # fmt: skip
    document = {"study": "demo", "budget": "desk", "verdicts": judge(claims, runs, campaign())}
    return page.finish([document], {"demo": {"c": "c0ffee1"}})


def test_the_document_follows_its_schema():
    document = json.loads(json.dumps(whole(), allow_nan=False))

    assert strict.problems(document, "verdict") == []
    assert len(document["claims"]) == 8


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d["claims"][0].pop("reason"), "lacks 'reason'"),
        (lambda d: d["claims"][0].update(verdict="true"), "verdict is 'true'; allowed: holds"),
        (lambda d: d["claims"][0].update(colour="red"), "unknown key 'colour'"),
        (lambda d: d["claims"][2]["evidence"][0].update(sha256="short"), "must match"),
        (
            lambda d: d.update(schema="respike-verdict/2"),
            "schema is 'respike-verdict/2'; allowed",
        ),
        (
            lambda d: d["claims"][2]["detail"].update(p_holds=1.5),
            "p_holds is 1.5; it must be <= 1",
        ),
    ],
)
def test_the_schema_refuses_other_documents(change, sentence):
    document = json.loads(json.dumps(whole()))

    change(document)

    assert any(sentence in problem for problem in strict.problems(document, "verdict"))


def test_one_flat_row_a_claim():
    document = whole()

    rows = {row["claim"]: row for row in table.rows(document)}

    assert ",".join(rows["c"]) == (
        "study,claim,verdict,scope,level,primary,dataset,data_kind,budget,measured,low,high,unit,"
        "margin,margin_from,paper_value,paper_unit,paper_status,kind,of,against,n_seeds,n_items,"
        "se,se_seed,se_item,p_holds,p_differs,p_adjusted,uncorrected,decidable_margin,power,"
        "seeds_needed,registered,sentence"
    )
    assert [r["claim"] for r in table.rows(document)] == [
        c["claim"] for c in document["claims"]
    ]
    first = next(c for c in document["claims"] if c["claim"] == "c")
    found = rows["c"]
    assert (found["low"], found["high"]) == tuple(first["interval"])
    assert (found["margin"], found["unit"], found["dataset"]) == (0, "pp", "digits")
    assert (found["n_seeds"], found["n_items"], found["kind"]) == (8, 200, "better")
    assert (found["of"], found["against"], found["verdict"]) == ("a", "b", "holds")
    assert found["se_seed"] == first["detail"]["se_seed"]
    assert found["p_adjusted"] == first["detail"]["p_adjusted"]
    assert found["registered"] == "c0ffee1"
    assert found["sentence"].startswith("Holds: one thing is better than another. Measured")
    assert found["power"] is None
    assert (
        rows["o"]["power"]
        == next(c for c in document["claims"] if c["claim"] == "o")["power"]["power"]
    )
    assert rows["o"]["against"] == "b; c"
    assert rows["n"]["measured"] is None
    assert rows["n"]["paper_status"] == "unverified"
    assert (rows["n"]["low"], rows["n"]["high"], rows["n"]["n_seeds"]) == (None, None, 0)
    assert rows["e"]["n_items"] is None
    assert rows["e"]["paper_value"] is None
    assert rows["e"]["unit"] == "unequal entries"


def test_a_table_row_says_what_the_paper_says():
    document = whole()
    published = next(c for c in document["claims"] if c["claim"] == "p")
    published["paper"].update(value=0.28, unit="pp")

    found = next(row for row in table.rows(document) if row["claim"] == "p")

    assert (found["paper_value"], found["paper_unit"], found["paper_status"]) == (
        0.28,
        "pp",
        "verified",
    )
    assert found["sentence"].startswith("Not run: ")
