"""From claims and runs to verdicts."""

import math

import numpy as np
import pytest
from scipy.stats import t as student

from respike.claims.judge import judge, seeds_of, why_not
from respike.core.errors import RespikeError
from tests.claims.runs import SHA, Runs, better, campaign, claim, hits, metrics, predictions

WHY = "half of the expected effect"
RNG = np.random.default_rng(5)
LATENT = RNG.standard_normal((8, 200))


def outcomes(rate, seeds=8, wobble=0.3, use=0):
    """Hits of `seeds` seeds on 200 shared items at about `rate`."""
    own = np.random.default_rng(use).standard_normal((20, 200))
    score = np.tile(LATENT[:1], (20, 1)) + wobble * own
    return hits((score[:seeds] < student.ppf(rate, 1e9)).astype(int))


def arms(seeds=8, **rates):
    return predictions(
        **{v: outcomes(r, seeds, use=i) for i, (v, r) in enumerate(rates.items())}
    )


def only(given, runs, frame=None):
    (row,) = judge([given], runs, frame or campaign())
    return row


def test_a_clear_lead_holds():
    row = only(better(primary=True, margin_from=None), arms(a=0.9, b=0.7))

    assert row["verdict"] == "holds"
    assert row["level"] == "statistical"
    assert row["reason"] == "the interval lies inside"
    assert row["measured"] == pytest.approx(20, abs=4)
    assert row["interval"][0] < row["measured"] < row["interval"][1]
    assert row["seeds"] == list(range(8))
    assert row["primary"] is True
    assert (row["study"], row["claim"], row["scope"], row["budget"]) == (
        "demo",
        "c",
        "analogue",
        "desk",
    )
    assert (row["dataset"], row["data_kind"], row["unit"]) == ("digits", "real", "pp")
    assert row["detail"]["uncorrected"] == "holds"
    assert row["detail"]["p_holds"] < 0.05 < row["detail"]["p_differs"]
    assert row["detail"]["seeds_needed"] is None
    assert row["detail"]["dropped_seeds"] == []
    assert len(row["evidence"]) == 16
    assert row["evidence"][0] == {
        "path": "results/a/seed-0/last/predictions.npz",
        "sha256": SHA,
    }


def test_the_other_way_round_differs():
    row = only(better(), arms(a=0.7, b=0.9))

    assert row["verdict"] == "differs"
    assert row["reason"] == "the interval lies outside"
    assert row["detail"]["p_differs"] < 0.05 < row["detail"]["p_holds"]
    assert row["primary"] is False


def test_too_little_to_tell_says_how_many_seeds_would():
    # differences 1 -1 2 0 twice: mean 1/2, variance 10/7
    runs = metrics(a=[{"x": x} for x in (4, 2, 5, 3) * 2], b=[{"x": 3}] * 8)
    given = better(metric={"number": {"name": "x"}}, unit="ms", threshold=0.0)

    row = only(given, runs)

    def gap_in_errors(n):
        return 0.5 / math.sqrt(10 / 7 / n) - student.ppf(0.95, n - 1) - student.ppf(0.8, n - 1)

    assert row["verdict"] == "inconclusive"
    assert row["detail"]["seeds_needed"] == 37
    assert gap_in_errors(36) < 0 < gap_in_errors(37)
    assert row["reason"] == (
        "the interval reaches over the edge; "
        "about 37 seeds would decide if the truth is what was measured"
    )


def test_where_a_number_comes_from_stands_in_the_row():
    row = only(better(threshold=1.0, margin_from=WHY), arms(a=0.9, b=0.7))

    assert (row["margin"], row["margin_from"]) == (1.0, WHY)
    assert row["detail"]["region"] == [1.0, None]


def test_where_more_seeds_do_not_help_it_says_so():
    # both arms fixed but for one item a seed: the noise is in the shared items
    a = np.zeros((8, 100), int)
    a[:, :50] = 1
    b = np.zeros((8, 100), int)
    b[:, 45:93] = 1
    a[np.arange(8), 99 - np.arange(8)] = 1

    row = only(better(), predictions(a=hits(a), b=hits(b)))

    assert row["verdict"] == "inconclusive"
    assert row["detail"]["seeds_needed"] is None
    assert row["reason"] == (
        "the interval reaches over the edge; more seeds alone would not decide: the test items "
        "or the paper's runs are too few"
    )


def test_order_is_judged_on_its_weakest_step():
    given = claim(metric="accuracy", of=["a", "b", "c"], kind="order", unit="pp")

    row = only(given, arms(a=0.95, b=0.8, c=0.6))
    broken = only(given, arms(a=0.95, b=0.6, c=0.8))
    unsure = only(given, arms(a=0.95, b=0.801, c=0.8))

    assert row["verdict"] == "holds"
    assert row["reason"] == "each of 2 intervals does"
    assert row["measured"] == min(p["measured"] for p in row["detail"]["parts"])
    assert [(p["of"], p["against"]) for p in row["detail"]["parts"]] == [("a", "b"), ("b", "c")]
    assert broken["verdict"] == "differs"
    assert broken["reason"] == "that of b against c lies outside"
    assert unsure["verdict"] == "inconclusive"
    assert unsure["reason"].startswith("the interval of b against c reaches over the edge; ")


def test_every_control_must_be_beaten():
    given = better(kind="every-control", against=["b", "c"])

    assert only(given, arms(a=0.9, b=0.7, c=0.6))["verdict"] == "holds"
    assert only(given, arms(a=0.8, b=0.6, c=0.9))["verdict"] == "differs"
    row = only(given, arms(a=0.8, b=0.6, c=0.8))
    assert row["verdict"] == "inconclusive"
    assert row["detail"]["controls"] == ["b", "c"]


def test_one_arm_is_read_once():
    runs = arms(a=0.9, b=0.7, c=0.6)

    only(better(kind="every-control", against=["b", "c"]), runs)

    assert len(runs.asked) == 24


def test_within_holds_only_with_headroom():
    a, b = outcomes(0.9, use=1), outcomes(0.9, use=1)
    runs = predictions(a=a, b=b, c=outcomes(0.5, use=2))
    equal = better("equal", kind="within", margin=3, margin_from=WHY, needs=["head"])
    head = better("head", against="c")

    good = judge([equal, head], runs, campaign())
    bad = judge([equal, better("head", of="c", against="a")], runs, campaign())

    assert [row["verdict"] for row in good] == ["holds", "holds"]
    assert good[0]["detail"]["needs"] == {"head": "holds"}
    assert good[0]["detail"]["p_holds"] == max(r["detail"]["p_holds"] for r in good)
    assert bad[0]["verdict"] == "inconclusive"
    assert bad[0]["detail"]["p_holds"] == bad[1]["detail"]["p_holds"]
    assert bad[0]["detail"]["uncorrected"] == "inconclusive"
    assert bad[0]["reason"] == (
        "the interval lies inside; but it may only hold where head (now differs) does: without "
        "headroom a broken experiment looks the same"
    )


def test_headroom_may_stand_on_headroom():
    runs = predictions(a=outcomes(0.9, use=1), b=outcomes(0.9, use=1), c=outcomes(0.5, use=2))
    first = better("first", kind="within", margin=3, margin_from=WHY, needs=["second"])
    second = better("second", kind="not-worse", margin=3, margin_from=WHY, needs=["third"])
    third = better("third", of="c")

    rows = judge([first, second, third], runs, campaign())

    assert [row["verdict"] for row in rows] == ["inconclusive", "inconclusive", "differs"]
    assert rows[0]["detail"]["needs"] == {"second": "inconclusive"}


def test_what_is_not_run_has_no_headroom_to_speak_of():
    given = better(budgets=["paper"], needs=["n"])

    rows = judge([given, claim("n", not_run="no such chip here")], Runs({}), campaign())

    assert rows[0]["verdict"] == "not run"
    assert rows[0]["detail"] == {}


def test_a_claim_that_differs_needs_no_headroom():
    runs = predictions(a=outcomes(0.6, use=1), b=outcomes(0.9, use=1), c=outcomes(0.5, use=2))
    worse = better("w", kind="not-worse", margin=3, margin_from=WHY, needs=["head"])

    rows = judge([worse, better("head", of="c")], runs, campaign())

    assert [row["verdict"] for row in rows] == ["differs", "differs"]


def test_an_identity_may_be_headroom():
    runs = Runs({
        "a": {"predictions.npz": outcomes(0.9), "metrics.json": [{"x": 0}] * 8},
        "b": {"predictions.npz": outcomes(0.6)},
    })  # fmt: skip
    exact = claim("e", metric={"count": {"name": "x"}}, of="a", kind="exact", value=0)
    failing = {**exact, "test": {**exact["test"], "value": 1}}

    good = judge([better(needs=["e"]), exact], runs, campaign())
    bad = judge([better(needs=["e"]), failing], runs, campaign())

    assert good[0]["verdict"] == "holds"
    assert good[0]["detail"]["p_holds"] < 0.05
    assert bad[0]["verdict"] == "inconclusive"
    assert bad[0]["detail"]["p_holds"] == 1.0


def test_an_identity_needs_headroom_too_where_it_says_so():
    runs = metrics(a=[{"x": 0}] * 8)
    exact = claim(
        "e", metric={"count": {"name": "x"}}, of="a", kind="exact", value=0, needs=["n"]
    )

    rows = judge([exact, claim("n", not_run="no such chip here")], runs, campaign())

    assert rows[0]["verdict"] == "inconclusive"
    assert rows[0]["detail"]["needs"] == {"n": "not run"}
    assert "p_holds" not in rows[0]["detail"]


# ------------------------------------------------------------ what is not run


def test_a_claim_may_say_why_it_is_not_run():
    row = only(claim(not_run="no such chip here.", scope="published",
                     paper={"where": "table 2", "status": "unverified"}), Runs({}))  # fmt: skip

    assert (row["verdict"], row["reason"]) == ("not run", "no such chip here")
    absent = ("value", "unit", "dataset", "n", "spread", "items", "version")
    assert row["paper"] == {
        **dict.fromkeys(absent), "where": "table 2", "status": "unverified"
    }  # fmt: skip
    assert (row["measured"], row["interval"], row["seeds"], row["detail"]) == (
        None,
        None,
        [],
        {},
    )
    assert (row["dataset"], row["data_kind"], row["primary"]) == (None, "none", False)
    assert row["level"] == "statistical"


def test_statistics_are_not_run_at_smoke():
    row = only(better(), Runs({}), campaign(ran=1, budget="smoke"))

    assert row["verdict"] == "not run"
    assert row["reason"] == "smoke checks plumbing, its numbers decide nothing"


def test_identities_are():
    given = claim(metric={"count": {"name": "x"}}, of="a", kind="exact", value=0)

    row = only(given, metrics(a=[{"x": 0}]), campaign(ran=1, budget="smoke"))

    assert row["verdict"] == "holds"


def test_a_claim_of_other_budgets_is_not_run():
    row = only(better(budgets=["paper"]), Runs({}))
    exact = claim(
        metric={"count": {"name": "x"}}, of="a", kind="exact", budgets=["desk", "paper"]
    )

    assert row["reason"] == "judged at budget paper only"
    assert why_not(exact, campaign(budget="smoke")) == "judged at budget desk and paper only"
    assert why_not(better(budgets=["paper"]), campaign(budget="smoke")).startswith(
        "smoke checks"
    )


PAPER = {"where": "abstract", "status": "verified", "dataset": "cifar10-dvs"}


def test_a_papers_number_needs_the_papers_data():
    given = better(scope="published", paper=PAPER)

    assert only(given, Runs({}))["reason"] == (
        "the paper's number stands on cifar10-dvs, this budget runs digits"
    )
    assert only(given, Runs({}), campaign(dataset=None))["reason"] == (
        "the paper's number stands on cifar10-dvs, this budget runs without data"
    )
    assert why_not(given, campaign(dataset="cifar10-dvs")) is None
    assert why_not({**given, "general": "any data will do"}, campaign()) is None
    assert why_not({**given, "scope": "analogue"}, campaign()) is None


def test_fewer_seeds_than_registered_is_not_run():
    row = only(better(), Runs({}), campaign(ran=3, registered=8))

    assert row["reason"] == "the claim registered 8 seeds and 3 ran"
    assert why_not(better(), campaign(ran=8, registered=8)) is None
    assert why_not(better(looks=[8, 20]), campaign(ran=7, registered=20)) == (
        "the claim registered 8 seeds and 7 ran"
    )
    assert why_not(better(looks=[8, 20]), campaign(ran=8, registered=20)) is None
    assert why_not(better(seeds=9), campaign()) == "the claim registered 9 seeds and 8 ran"


def test_a_claim_uses_the_seeds_it_registered():
    assert seeds_of(better(seeds=5), campaign()) == [0, 1, 2, 3, 4]
    assert seeds_of(better(), campaign(ran=8, registered=6)) == list(range(6))
    assert seeds_of(better(looks=[4, 6]), campaign()) == list(range(6))
    assert seeds_of(better(looks=[4, 60]), campaign()) == list(range(8))
    exact = claim(metric="accuracy", of="a", kind="exact")
    assert seeds_of(exact, campaign(ran=8, registered=20)) == list(range(8))
    assert seeds_of({**exact, "seeds": 2}, campaign()) == [0, 1]


def test_a_seed_number_by_budget():
    row = only(better(seeds={"desk": 4, "paper": 30}), arms(a=0.9, b=0.7))

    assert row["seeds"] == [0, 1, 2, 3]
    assert row["detail"]["n"] == 4


def test_a_run_that_was_not_run_is_the_reason():
    row = only(better(), Runs({}, not_run="the package could not be had; pip install it."))

    assert (row["verdict"], row["reason"]) == (
        "not run", "the package could not be had; pip install it",
    )  # fmt: skip


def test_two_seeds_are_too_few():
    row = only(better(seeds=2), arms(2, a=0.9, b=0.7))

    assert row["verdict"] == "not run"
    assert row["reason"] == "2 seeds left, an interval over seeds needs 3"
    assert only(better(seeds=3), arms(3, a=0.9, b=0.7))["verdict"] != "not run"


# ------------------------------------------------------------ seeds that say nothing


def test_a_seed_that_changes_nothing_is_asked_about():
    same = hits([LATENT[0] < 0.5] * 8)
    runs = predictions(a=hits([LATENT[0] < 1.0] * 8), b=same)

    row = only(better(primary=True), runs)
    known = only(better(deterministic=True), runs)
    one_arm = only(better(), predictions(a=outcomes(0.9), b=same))

    assert row["verdict"] == "inconclusive"
    assert row["reason"].startswith("every seed gave item for item the same values")
    assert (row["detail"]["p_holds"], row["detail"]["p_differs"]) == (1.0, 1.0)
    assert row["detail"]["seeds_needed"] is None
    assert known["verdict"] == "holds"
    assert known["level"] == "statistical"
    assert one_arm["verdict"] == "holds"


def test_numbers_without_spread_decide_nothing():
    runs = metrics(a=[{"x": 3}] * 8)
    given = claim(metric={"number": {"name": "x"}}, of="a", kind="bound", unit="ms", at_most=5)

    row = only(given, runs)

    assert row["verdict"] == "inconclusive"
    assert row["reason"].startswith("no seed and no item differs from another")
    assert (row["measured"], row["interval"]) == (3, [3, 3])
    assert row["detail"]["p_holds"] == 1.0
    assert row["level"] == "statistical"


@pytest.mark.parametrize(
    ("value", "verdict"), [(3, "holds"), (7, "differs"), (5, "inconclusive")]
)
def test_what_is_not_random_is_the_number_itself(value, verdict):
    runs = metrics(a=[{"x": value}] * 8)
    given = claim(metric={"number": {"name": "x"}}, of="a", kind="bound", unit="ms", at_most=5,
                  deterministic=True)  # fmt: skip

    row = only(given, runs)

    assert row["verdict"] == verdict
    assert row["level"] == "artifact"
    assert (
        row["reason"]
        == "nothing random enters, so this is the number itself, for this data and code"
    )
    assert row["detail"]["p_holds"] is None
    assert row["detail"]["p_differs"] is None


def test_what_is_not_random_may_lie_below_a_bound():
    runs = metrics(a=[{"x": 3}] * 8)
    given = claim(metric={"number": {"name": "x"}}, of="a", kind="bound", unit="ms", at_least=5,
                  deterministic=True)  # fmt: skip

    assert only(given, runs)["verdict"] == "differs"
    assert only(given, metrics(a=[{"x": 5}] * 8))["verdict"] == "inconclusive"


def test_one_arm_without_spread_is_enough_to_stop_a_conjunction():
    runs = metrics(a=[{"x": 3}] * 8, b=[{"x": 1}] * 8, c=[{"x": i / 10} for i in range(8)])
    test = {"metric": {"number": {"name": "x"}}, "unit": "ms", "kind": "every-control"}

    row = only(better(**test, against=["b", "c"], deterministic=True), runs)

    assert row["verdict"] == "inconclusive"
    assert row["reason"].startswith("no seed and no item differs")


def test_all_perfect_is_no_unused_seed():
    given = claim(metric="accuracy", of="a", kind="bound", unit="%", at_least=90)

    row = only(given, predictions(a=hits(np.ones((8, 200), int))))

    assert row["verdict"] == "holds"
    z = student.ppf(0.95, 7) ** 2
    assert row["interval"][0] == pytest.approx(100 * (1 - z / (200 + z)))


# ------------------------------------------------------------ convergence, looks, resplits


def collapsing(*final):
    own = [{"train_accuracy": x} for x in final]
    return Runs({
        "a": {"predictions.npz": outcomes(0.9), "metrics.json": own},
        "b": {"predictions.npz": outcomes(0.7, use=3),
              "metrics.json": [{"train_accuracy": [0.1, 0.2, 0.9]}] * 8},
    })  # fmt: skip


def test_seeds_that_collapsed_are_dropped_in_both_arms():
    given = better(converged={"number": "train_accuracy", "at_least": 0.5})

    row = only(given, collapsing(0.9, 0.5, 0.1, 0.9, 0.9, 0.4, 0.9, 0.9))

    assert row["seeds"] == [0, 1, 3, 4, 6, 7]
    assert row["detail"]["dropped_seeds"] == [2, 5]
    assert row["detail"]["n"] == 6
    assert (
        row["reason"]
        == "the interval lies inside; 2 of 8 seeds dropped (train_accuracy below 0.5)"
    )


def test_none_dropped_is_not_said():
    row = only(
        better(converged={"number": "train_accuracy", "at_least": 0.5}), collapsing(*[0.9] * 8)
    )

    assert row["reason"] == "the interval lies inside"


def test_too_few_that_converged_is_not_run():
    given = better(converged={"number": "train_accuracy", "at_least": 0.5})

    row = only(given, collapsing(0.9, 0.9, *[0.1] * 6))
    none = only(given, collapsing(*[0.1] * 8))

    assert row["reason"] == "2 seeds left, an interval over seeds needs 3"
    assert none["reason"] == "0 seeds left, an interval over seeds needs 3"


@pytest.mark.parametrize("found", ["high", None, True, []])
def test_a_criterion_that_is_no_number_is_an_error(found):
    given = better(converged={"number": "train_accuracy", "at_least": 0.5})

    with pytest.raises(
        RespikeError,
        match=r"results/a/seed-0/last/metrics.json holds no number 'train_accuracy' to tell",
    ):
        only(given, collapsing(found, *[0.9] * 7))


def test_a_first_look_that_decides_ends_it():
    row = only(better(looks=[8, 20]), arms(20, a=0.95, b=0.6), campaign(ran=20))

    assert row["verdict"] == "holds"
    assert row["seeds"] == list(range(8))
    assert row["detail"]["level"] == pytest.approx(0.01)
    assert len(row["evidence"]) == 16
    assert row["detail"]["looks"] == [8, 20]
    assert "unused" not in row["reason"]


def test_an_undecided_first_look_waits_for_the_second():
    runs = arms(20, a=0.83, b=0.8)

    first = only(better(looks=[8, 20]), runs, campaign(ran=19))
    both = only(better(looks=[8, 20]), runs, campaign(ran=20))

    assert first["detail"]["n"] == 8
    assert first["detail"]["level"] == pytest.approx(0.01)
    assert both["detail"]["n"] == 20
    assert both["detail"]["level"] == pytest.approx(0.04)
    assert both["seeds"] == list(range(20))


def test_a_first_look_takes_the_first_seeds_that_converged():
    runs = collapsing(0.9, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9)
    given = better(looks=[5, 30], converged={"number": "train_accuracy", "at_least": 0.5})

    row = only(given, runs)

    assert row["seeds"] == [0, 2, 3, 4]
    assert row["detail"]["dropped_seeds"] == [1]


def test_more_than_ten_resplits_are_left_out_in_the_open():
    rng = np.random.default_rng(1)
    items = [sorted(rng.choice(300, 200, replace=False).tolist()) for _ in range(12)]
    a = hits([[1] * 170 + [0] * 30] * 12, items)
    b = hits([rng.integers(0, 2, 200).tolist() for _ in range(12)], items)

    row = only(better(), predictions(a=a, b=b), campaign(ran=12))

    assert row["seeds"] == list(range(10))
    assert row["reason"].endswith(
        "; the last 2 unused: more than 10 resplits of one pool need fresh data"
    )
    assert len(row["evidence"]) == 20


# ------------------------------------------------------------ blocks, papers, identities


def recording(blocks, seeds=1, gain=0.95):
    found = []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        target = np.random.default_rng(99).standard_normal((blocks * 20, 1))
        noise = 0.3 * rng.standard_normal((blocks * 20, 1))
        found.append({
            "block": np.repeat(np.arange(blocks), 20), "target": target,
            "predicted.x": gain * target + noise,
        })  # fmt: skip
    return predictions(a=found)


R2 = {
    "metric": {"r2": {"predictor": "x"}},
    "of": "a",
    "kind": "bound",
    "unit": "r2",
    "at_least": 0.5,
}


def test_one_trained_decoder_is_an_artifact():
    row = only(claim(**R2), recording(6), campaign(ran=1))

    assert row["verdict"] == "holds"
    assert row["level"] == "artifact"
    assert row["detail"]["m"] == 6
    assert row["detail"]["level"] == 0.03
    assert row["detail"]["p_holds"] < 0.05
    assert row["interval"][1] < 1


def test_several_are_a_method():
    row = only(claim(**R2), recording(6, 8))

    assert row["level"] == "statistical"
    assert row["detail"]["n"] == 8


def test_five_blocks_are_too_few():
    row = only(claim(**R2), recording(5), campaign(ran=1))

    assert (row["verdict"], row["reason"]) == (
        "not run",
        "too few blocks: 5, the jackknife needs 6",
    )


def test_a_papers_number_needs_seeds_even_of_blocks():
    given = claim(
        scope="published", paper={**PAPER, "dataset": "digits", "value": 0.9, "unit": "r2"},
        **{**R2, "kind": "within", "target": 0.9, "margin": 0.05},
    )  # fmt: skip
    del given["test"]["at_least"]

    assert only(given, recording(6), campaign(ran=1))["reason"] == (
        "1 seed left, an interval over seeds needs 3"
    )
    assert only(given, recording(6, 3), campaign(ran=3))["verdict"] != "not run"


def test_an_identity_of_all_seeds():
    given = claim(metric="live-connections", of="a/prune", kind="exact")
    runs = metrics(a=[{"live_connections": [7, 7, 7]}] * 8)

    row = only(given, runs)

    assert (row["verdict"], row["level"], row["measured"]) == ("holds", "identity", 0)
    assert row["unit"] == "unequal entries"
    assert row["reason"] == (
        "all 24 entries of 8 seeds are equal to the first; that many passes bound the share of "
        "seeds that would fail at 31 %"
    )
    assert row["detail"]["violation_bound"] == pytest.approx(0.3123, abs=1e-4)
    assert row["detail"]["per_seed"][0] == {"entries": 3, "first": 7}
    assert row["detail"]["of"] == "a/prune"
    assert row["detail"]["against"] == []
    assert (row["detail"]["entries"], row["detail"]["n"], row["detail"]["kind"]) == (
        24,
        8,
        "exact",
    )
    assert row["seeds"] == list(range(8))
    assert len(row["evidence"]) == 8
    assert row["interval"] is None


def test_an_identity_that_fails_names_the_seed_and_the_entry():
    given = claim(metric="live-connections", of="a", kind="exact")
    found = [{"live_connections": [7, 7, 7]} for _ in range(8)]
    found[3] = {"live_connections": [7, 9, 9]}
    found[5] = {"live_connections": [7, 7, 8]}

    row = only(given, metrics(a=found))

    assert (row["verdict"], row["measured"]) == ("differs", 3)
    assert row["reason"] == (
        "3 of 24 entries are unequal to the first; seed 3: entry 1 is 9, not 7"
    )
    assert row["detail"]["per_seed"][3] == {"entries": 3, "first": 7}


def test_an_identity_with_a_value():
    given = claim(metric={"count": {"name": "overflow"}}, of="a", kind="exact", value=0)

    good = only(given, metrics(a=[{"overflow": 0}] * 8))
    bad = only(given, metrics(a=[{"overflow": 0}] * 7 + [{"overflow": 2}]))

    assert good["reason"].startswith("all 8 entries of 8 seeds are equal to 0; ")
    assert good["detail"]["per_seed"] == [0] * 8
    assert bad["reason"] == "1 of 8 entries are unequal to 0; seed 7: is 2, not 0"


def test_an_identity_of_two_runs():
    metric = {"array": {"field": "predicted"}}
    given = claim(metric=metric, of="a", against="b", kind="exact")

    row = only(given, predictions(a=hits([[1, 0]]), b=hits([[1, 1]])), campaign(ran=1))

    assert row["reason"] == (
        "1 of 2 entries are unequal to those of b (field predicted); "
        "seed 0: entry 1 is 0, not 1"
    )
    assert row["detail"]["against"] == ["b (field predicted)"]
    assert len(row["evidence"]) == 2


@pytest.mark.parametrize("value", [7, []])
def test_an_identity_of_nothing_is_an_error(value):
    given = claim(metric="live-connections", of="a", kind="exact")

    sentence = r"a/seed-0/last/metrics.json: kind exact without value or against needs a list"
    with pytest.raises(RespikeError, match=sentence):
        only(given, metrics(a=[{"live_connections": value}] * 8))


def test_claims_keep_their_order_and_their_words():
    given = better(scope="published", general="any data will do", stands_for="all digits",
                   paper={**PAPER, "value": 1.0, "unit": "pp"})  # fmt: skip

    rows = judge(
        [claim("z", not_run="no such chip here"), given], arms(a=0.9, b=0.7), campaign()
    )

    assert [row["claim"] for row in rows] == ["z", "c"]
    assert rows[1]["general"] == "any data will do"
    assert rows[1]["stands_for"] == "all digits"
    assert rows[1]["paper"]["value"] == 1.0
    assert rows[1]["verdict"] == "holds"
    assert rows[1]["says"] == given["says"]
    assert math.isfinite(rows[1]["measured"])
