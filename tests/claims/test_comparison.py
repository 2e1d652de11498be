"""Which procedure a claim gets, its region, its scale."""

import math

import numpy as np
import pytest

from respike.claims import comparison, evidence, jackknife, paired, published, ratio
from respike.claims.comparison import compare
from respike.claims.estimate import Region
from respike.claims.rate import Rate, rate
from respike.claims.reading import pairs
from respike.claims.scale import linear
from respike.core.errors import RespikeError
from tests.claims.runs import better, claim, hits, metrics, predictions

INF = math.inf
A = [[1, 1, 0, 1], [1, 0, 1, 1], [1, 1, 1, 1]]
B = [[1, 0, 0, 1], [0, 0, 1, 1], [0, 1, 0, 1]]
D = np.array(A, float) - np.array(B)


def judged(given, runs, seeds=3):
    of, against = pairs(given["test"])[0]
    read = [arm and evidence.gather(arm, range(seeds), runs) for arm in (of, against)]
    return compare(given, *read)


def ab():
    return predictions(a=hits(A), b=hits(B))


def test_a_pair_of_accuracies_is_judged_on_its_items():
    found = judged(better(), ab())

    expected = paired.paired(D, step=1.0)
    assert found.estimate.value == pytest.approx(D.mean())
    assert found.estimate.se == pytest.approx(expected.se)
    assert found.estimate.floor == 0.25
    assert found.region == Region(0, INF)
    assert found.of == pytest.approx([75, 75, 100])
    assert found.against == pytest.approx([50, 50, 50])
    assert found.seeds == 3
    assert found.scale.factor == 100


def test_lower_is_better_turns_the_difference_round():
    found = judged(better(direction="lower"), ab())

    assert found.estimate.value == pytest.approx(-D.mean())


def test_higher_is_better_leaves_it():
    assert judged(better(direction="higher"), ab()).estimate.value == pytest.approx(D.mean())


def test_a_share_against_a_bound_is_wilsons():
    test = claim(metric="accuracy", of="a", kind="bound", unit="%", at_least=60)

    found = judged(test, ab())

    expected = rate(np.array(A, float))
    assert isinstance(found.estimate, Rate)
    assert found.estimate.count == pytest.approx(expected.count)
    assert found.region == Region(0.6, INF)
    assert found.against is None


def test_one_arm_within_a_target_is_no_rate():
    test = claim(metric="accuracy", of="a", kind="within", unit="%", target=80, margin=5)

    found = judged(test, ab())

    assert not isinstance(found.estimate, Rate)
    assert found.estimate.se == pytest.approx(paired.paired(np.array(A, float), step=1.0).se)
    assert found.region == pytest.approx(Region(0.75, 0.85))


def per_item(name, rows):
    return [{"item": np.arange(len(row)), name: np.array(row, float)} for row in rows]


ERRORS = {"item-mean": {"field": "error"}}


def test_other_numbers_against_a_bound_have_no_floor():
    runs = predictions(a=per_item("error", [[0.1, 0.2], [0.3, 0.2], [0.1, 0.4]]))
    test = claim(metric=ERRORS, of="a", kind="bound", unit="nats", at_most=0.5)

    found = judged(test, runs)

    assert found.estimate.floor == 0
    assert not isinstance(found.estimate, Rate)
    assert found.region == Region(-INF, 0.5)
    assert found.estimate.value == pytest.approx(1.3 / 6)


def test_a_ratio_of_items_runs_on_logarithms():
    rows, other = [[2, 6], [4, 8], [1, 1]], [[1, 3], [1, 1], [2, 3]]
    runs = predictions(a=per_item("error", rows), b=per_item("error", other))
    test = better(metric=ERRORS, kind="ratio", unit="ratio", at_most=4)

    found = judged(test, runs)

    expected = ratio.of_items(np.array(rows, float), np.array(other, float))
    assert found.estimate.value == pytest.approx(expected.value)
    assert found.estimate.se == pytest.approx(expected.se)
    assert found.region == pytest.approx(Region(-INF, math.log(4)))
    assert found.scale.name == "log"


def test_a_ratio_of_shares_has_the_floor_of_one_item():
    found = judged(better(kind="ratio", unit="ratio", at_least=1.1), ab())

    smaller = min(np.mean(A), np.mean(B))
    assert found.estimate.floor == pytest.approx(1 / 4 / smaller)


def test_a_ratio_of_numbers_is_of_totals():
    runs = metrics(a=[{"x": 2}, {"x": 4}, {"x": 9}], b=[{"x": 1}, {"x": 2}, {"x": 3}])
    test = better(metric={"number": {"name": "x"}}, kind="ratio", unit="ratio", at_least=1.5)

    found = judged(test, runs)

    assert found.estimate.value == pytest.approx(np.log([2, 2, 3]).mean())
    assert found.region == pytest.approx(Region(math.log(1.5), INF))
    assert found.of == [2, 4, 9]


def test_a_ratio_of_nothing_names_the_file():
    runs = metrics(a=[{"x": 2}, {"x": 0}], b=[{"x": 1}, {"x": 2}])
    test = better(metric={"number": {"name": "x"}}, kind="ratio", unit="ratio", at_least=1.5)

    with pytest.raises(
        RespikeError, match=r"results/a/seed-1/.*: a ratio needs numbers above 0, this is 0"
    ):
        judged(test, runs, seeds=2)
    runs = metrics(a=[{"x": 2}, {"x": 1}], b=[{"x": 1}, {"x": -2}])
    with pytest.raises(RespikeError, match=r"results/b/seed-1/.* this is -2"):
        judged(test, runs, seeds=2)


@pytest.mark.parametrize(("of", "against", "where"), [("z", "o", "a"), ("o", "z", "b")])
def test_a_ratio_of_items_that_are_all_0_names_the_file(of, against, where):
    rows = {"z": [[0, 0], [0, 0]], "o": [[1, 1], [1, 1]]}
    runs = predictions(a=per_item("error", rows[of]), b=per_item("error", rows[against]))
    test = better(metric=ERRORS, kind="ratio", unit="ratio", at_most=4)

    with pytest.raises(
        RespikeError, match=rf"results/{where}/seed-0/.*: a ratio needs numbers"
    ):
        judged(test, runs, seeds=2)


def test_numbers_of_two_arms_are_the_plain_t():
    runs = metrics(a=[{"x": 2}, {"x": 4}, {"x": 9}], b=[{"x": 1}, {"x": 2}, {"x": 3}])

    found = judged(better(metric={"number": {"name": "x"}}, unit="ms"), runs)
    lower = judged(better(metric={"number": {"name": "x"}}, unit="ms", direction="lower"), runs)

    assert found.estimate.value == pytest.approx(3)
    assert found.estimate.se == pytest.approx(np.std([1, 2, 6], ddof=1) / np.sqrt(3))
    assert lower.estimate.value == pytest.approx(-3)


def test_numbers_of_one_arm_are_the_plain_t():
    runs = metrics(a=[{"x": 2}, {"x": 4}, {"x": 9}])
    test = claim(metric={"number": {"name": "x"}}, of="a", kind="bound", unit="ms", at_most=9)

    assert judged(test, runs).estimate.value == pytest.approx(5)


def recordings(gains, blocks=6, seed=0):
    """predictions.npz of each seed: target, and predictions that err by 1 - gain."""
    rng = np.random.default_rng(seed)
    target = rng.standard_normal((blocks * 5, 1))
    noise = rng.standard_normal((blocks * 5, 1))
    block = np.repeat(np.arange(blocks), 5)
    return [
        {"block": block, "target": target, "predicted.x": gain * target + 0.3 * noise,
         "predicted.t": np.zeros_like(target)}
        for gain in gains
    ]  # fmt: skip


def test_a_pooled_number_against_a_bound_runs_on_its_link():
    runs = predictions(a=recordings([0.9]))
    test = claim(
        metric={"r2": {"predictor": "x"}}, of="a", kind="bound", unit="r2", at_least=0.5
    )

    found = judged(test, runs, seeds=1)

    series = evidence.gather(pairs(test["test"])[0][0], [0], runs)
    expected = jackknife.jackknife(
        evidence.statistics(series), evidence.combine(series, link=True)
    )
    assert found.estimate.se == pytest.approx(expected.se)
    assert found.scale.name == "log-residual"
    assert found.region == pytest.approx(Region(math.log(2), INF))
    assert found.of == pytest.approx([found.scale.leave(found.estimate.value)])
    assert found.estimate.level == 0.03


def test_two_pooled_numbers_run_on_their_difference():
    runs = predictions(a=recordings([0.9, 0.8]), b=recordings([0.5, 0.6]))
    test = better(metric={"r2": {"predictor": "x"}}, unit="r2")

    found = judged(test, runs, seeds=2)

    assert found.scale.name == "linear"
    gap = np.mean(found.of) - np.mean(found.against)
    assert found.estimate.value == pytest.approx(gap)
    turned = judged(
        better(metric={"r2": {"predictor": "x"}}, unit="r2", direction="lower"), runs, 2
    )
    assert turned.estimate.value == pytest.approx(-gap)
    assert turned.estimate.se == pytest.approx(found.estimate.se)


def test_the_gain_is_the_difference_of_two_r2():
    runs = predictions(a=recordings([0.9]))
    gain = claim(
        metric={"r2-gain": {"predictor": "x", "template": "t"}},
        of="a",
        kind="bound",
        unit="r2",
        at_least=0.1,
    )
    pair = better(
        metric={"r2": {"predictor": "x"}},
        against={"metric": {"r2": {"predictor": "t"}}},
        unit="r2",
    )

    one, two = judged(gain, runs, 1), judged(pair, runs, 1)

    assert one.estimate.value == pytest.approx(two.estimate.value)
    assert one.estimate.se == pytest.approx(two.estimate.se)


def test_arms_on_other_items_are_refused():
    runs = predictions(a=hits(A), b=hits([[1, 0, 0]] * 3))

    with pytest.raises(RespikeError, match=r"lacks item 3"):
        judged(better(), runs)


def test_numbers_are_not_compared_by_item():
    runs = metrics(a=[{"x": 2}, {"x": 3}], b=[{"x": 1}, {"x": 1}])

    assert judged(better(metric={"number": {"name": "x"}}, unit="ms"), runs, 2).seeds == 2


def resplits(n, pool=6):
    rng = np.random.default_rng(0)
    items = [sorted(rng.choice(pool, 4, replace=False).tolist()) for _ in range(n)]
    rows = [rng.integers(0, 2, 4).tolist() for _ in range(n)]
    return hits(rows, items)


def test_more_than_ten_resplits_are_not_used():
    runs = predictions(a=resplits(12), b=resplits(12))

    found = judged(better(), runs, seeds=12)

    assert comparison.MOST_RESPLITS == 10
    assert found.seeds == found.estimate.n == 10
    assert len(found.of) == len(found.against) == 10
    assert judged(better(), runs, seeds=10).seeds == 10


def test_one_arm_of_many_resplits_is_cut_too():
    runs = predictions(a=resplits(12))
    test = claim(metric="accuracy", of="a", kind="bound", unit="%", at_least=60)

    assert judged(test, runs, seeds=12).seeds == 10


def test_one_test_set_is_used_by_all_seeds():
    runs = predictions(a=hits([[1, 0, 1, 1]] * 12), b=hits([[1, 0, 0, 1]] * 12))

    assert judged(better(), runs, seeds=12).seeds == 12


def test_a_deterministic_learner_on_resplits_pays_for_its_training_data():
    runs = predictions(a=resplits(4, pool=8), b=hits([[1, 0, 1, 1]] * 4, [
        s["item"].tolist() for s in resplits(4, pool=8)]))  # fmt: skip

    found = judged(better(deterministic=True, pool=20), runs, seeds=4)

    s2 = float(found.estimate.seed_variance)
    assert found.estimate.se**2 == pytest.approx(max(s2 * (1 / 4 + 4 / 16), 1 / 16))
    assert found.estimate.item_variance == pytest.approx(s2 * 4 / 16)


def test_without_a_pool_the_items_seen_are_it():
    runs = predictions(a=resplits(4, pool=8))
    items = len(set().union(*(s["item"].tolist() for s in resplits(4, pool=8))))
    test = claim(
        metric="accuracy",
        of="a",
        kind="within",
        unit="%",
        target=50,
        margin=9,
        deterministic=True,
    )

    found = judged(test, runs, seeds=4)

    s2 = float(found.estimate.seed_variance)
    assert found.estimate.item_variance == pytest.approx(s2 * 4 / (items - 4))


def test_a_pool_smaller_than_the_items_seen_is_refused():
    runs = predictions(a=resplits(4), b=resplits(4))

    with pytest.raises(
        RespikeError, match=r"test 6 items; the claim's pool is 5, which is fewer"
    ):
        judged(better(deterministic=True, pool=5), runs, seeds=4)


def test_a_deterministic_learner_on_one_test_set_is_judged_on_items():
    found = judged(better(deterministic=True), ab())

    assert found.estimate.se == pytest.approx(paired.paired(D, step=1.0).se)


@pytest.mark.parametrize(
    ("test", "low", "high"),
    [
        ({"kind": "better"}, 0, INF),
        ({"kind": "better", "threshold": 2}, 0.02, INF),
        ({"kind": "order", "threshold": 1}, 0.01, INF),
        ({"kind": "every-control"}, 0, INF),
        ({"kind": "not-worse", "margin": 2}, -0.02, INF),
        ({"kind": "within", "margin": 2}, -0.02, 0.02),
        ({"kind": "within", "margin": 2, "target": -1}, -0.03, 0.01),
        ({"kind": "bound", "at_least": 90}, 0.9, INF),
        ({"kind": "bound", "at_most": 90}, -INF, 0.9),
    ],
)
def test_regions(test, low, high):
    assert comparison.region_of(test, linear(100.0)) == pytest.approx(Region(low, high))


def test_a_region_of_a_factor_is_symmetric_on_the_logarithm():
    test = {"kind": "ratio", "factor": 2, "target": 8}

    assert comparison.region_of(test, comparison.LOG) == pytest.approx(
        Region(math.log(4), math.log(16))
    )
    assert comparison.region_of(
        {"kind": "ratio", "factor": 2}, comparison.LOG
    ) == pytest.approx(Region(-math.log(2), math.log(2)))


def wide():
    """The two arms on 40 items, half of them alike in all seeds: a seed and an item part."""
    alike = np.tile([[1, 0, 1, 1], [1, 0, 1, 1], [1, 0, 1, 1]], 5)
    a = np.hstack([np.tile(A, 5), alike])
    return predictions(a=hits(a), b=hits(np.hstack([np.tile(B, 5), 0 * alike])))


def against_paper(**paper):
    base = {
        "where": "abstract",
        "status": "verified",
        "value": 20.0,
        "unit": "pp",
        "dataset": "x",
    }
    return better(
        scope="published", kind="within", target=20.0, margin=5, paper={**base, **paper}
    )


def test_a_papers_single_run_widens_the_interval():
    ours = judged(better(), wide()).estimate

    found = judged(against_paper(items="same"), wide()).estimate

    assert found.se == pytest.approx(published.one_run(ours, same_items=True).se)
    assert judged(against_paper(), wide()).estimate.se == pytest.approx(
        published.one_run(ours, same_items=False).se
    )
    assert found.se > ours.se
    assert judged(against_paper(), wide()).estimate.se > found.se


@pytest.mark.parametrize(
    "paper",
    [{"n": 5}, {"n": 5, "spread": {"value": 3, "is": "unknown"}},
     {"n": 1, "spread": {"value": 3, "is": "sd"}}],
)  # fmt: skip
def test_what_the_paper_does_not_say_is_one_run(paper):
    found = judged(against_paper(items="same", **paper), wide()).estimate

    assert found.paper_variance == pytest.approx(2.25 * float(found.seed_variance))


def test_a_papers_standard_deviation():
    ours = judged(better(), wide()).estimate
    given = against_paper(n=5, items="same", spread={"value": 3.0, "is": "sd", "ddof": 1})

    found = judged(given, wide()).estimate

    expected = published.mean_of_runs(ours, sd=0.03, runs=5, same_items=True, ddof=1)
    assert found.paper_variance == pytest.approx(0.0009 / 5)
    assert found.se == pytest.approx(expected.se)
    assert found.df == pytest.approx(expected.df)


def test_an_unstated_divisor_is_the_worse_one():
    given = against_paper(n=2, items="same", spread={"value": 3.0, "is": "sd"})

    assert judged(given, wide()).estimate.paper_variance == pytest.approx(0.0009)


def test_a_papers_standard_error():
    given = against_paper(n=5, spread={"value": 3.0, "is": "se"})

    assert judged(given, wide()).estimate.paper_variance == pytest.approx(0.0009)


def test_a_target_of_ours_is_exact():
    ours = judged(better(kind="within", target=20.0, margin=5), wide()).estimate

    assert ours.paper_variance == 0
    assert not comparison.is_published_number(better(kind="within", target=20.0, margin=5))
    assert comparison.is_published_number(against_paper())
    general = better(scope="published", kind="within", margin=5)
    assert not comparison.is_published_number(general)
