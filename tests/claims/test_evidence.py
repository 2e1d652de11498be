"""From files to arrays; what is missing or not finite is an error that names the file."""

import numpy as np
import pytest

from respike.claims import evidence
from respike.claims.evidence import NotRun, Piece, Series
from respike.claims.reading import Arm, constants
from respike.core.errors import RespikeError
from tests.claims.runs import SHA, Runs, hits, metrics, predictions


def series(runs, variant="a", metric="accuracy", seeds=None, stage=None):
    arm = Arm(variant, stage, metric)
    file = constants(metric if isinstance(metric, str) else next(iter(metric)))["EVIDENCE"]
    count = len(runs.contents[variant][file]) if seeds is None else seeds
    return evidence.gather(arm, range(count), runs)


def pooled(*blocks):
    """predictions.npz of one seed from rows (block, target, predicted)."""
    block, target, found = np.array(blocks, dtype=float).T
    return {
        "block": block.astype(int), "target": target[:, None], "predicted.x": found[:, None],
    }  # fmt: skip


def test_items_come_sorted_by_their_ids():
    found = series(predictions(a=hits([[1, 0, 0]], [[7, 3, 5]])))

    ids, values = found.values[0]
    assert ids.tolist() == [3, 5, 7]
    assert values.tolist() == [0, 0, 1]
    assert found.shape == "items"


def test_the_file_of_the_metric_is_asked_for():
    runs = predictions(a=hits([[1, 0], [0, 1]]))

    found = series(runs, stage="prune")

    assert runs.asked == [
        ("a", "prune", 0, "predictions.npz"),
        ("a", "prune", 1, "predictions.npz"),
    ]
    assert [p.path for p in found.pieces] == [
        "results/a/seed-0/prune/predictions.npz",
        "results/a/seed-1/prune/predictions.npz",
    ]


def test_the_first_seeds_alone():
    found = series(predictions(a=hits([[1, 0], [0, 1], [1, 1]]))).first(2)

    assert len(found.values) == len(found.pieces) == 2
    assert found.values[1][1].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (hits([[1, 0, 0]], [[1, 2, 2]])[0], "item 2 is there twice; ids are unique"),
        ({"item": np.zeros(2, int), "label": np.zeros(1), "predicted": np.zeros(1)},
         r"\(2,\) item ids and \(1,\) values; one value an item"),
        ({"item": np.zeros(0, int), "label": np.zeros(0), "predicted": np.zeros(0)},
         r"\(0,\) item ids and \(0,\) values"),
        (dict.fromkeys(("item", "label", "predicted"), np.zeros((2, 1), int)),
         r"\(2, 1\) item ids"),
        ({"item": np.zeros(2)}, "holds no array 'predicted'"),
    ],
)  # fmt: skip
def test_bad_items_name_the_file(content, sentence):
    with pytest.raises(
        RespikeError, match=rf"seed-0/last/predictions.npz: metric accuracy: .*{sentence}"
    ):
        series(predictions(a=[content]))


def test_a_value_that_is_not_finite_names_its_item():
    runs = predictions(a=[{"item": np.array([4, 9]), "error": np.array([0.5, np.nan])}])

    with pytest.raises(RespikeError, match=r"item 9 has the value nan, which is not finite"):
        series(runs, metric={"item-mean": {"field": "error"}})


def test_a_share_lies_between_0_and_1(monkeypatch):
    runs = predictions(a=[{"item": np.array([4, 9]), "error": np.array([0.5, 1.5000001])}])
    facts = {**constants("item-mean"), "UNIT": "share"}
    monkeypatch.setattr(evidence.reading, "constants", lambda name: facts)

    with pytest.raises(RespikeError, match=r"item 9 has 1.5; a share lies in \[0, 1\]"):
        evidence.gather(Arm("a", None, {"item-mean": {"field": "error"}}), [0], runs)
    runs.contents["a"]["predictions.npz"][0]["error"] = np.array([-0.1, 1.0])
    with pytest.raises(RespikeError, match=r"item 4 has -0.1; a share"):
        evidence.gather(Arm("a", None, {"item-mean": {"field": "error"}}), [0], runs)


def test_a_block_that_is_not_finite_is_named():
    runs = predictions(a=[pooled((1, 0, 0), (2, np.inf, 1))])

    with pytest.raises(RespikeError, match=r"metric r2: block 2 has a sum that is not finite"):
        series(runs, metric={"r2": {"predictor": "x"}})


@pytest.mark.parametrize("bad", [float("nan"), [1.0, float("inf")]])
def test_a_number_that_is_not_finite_is_refused(bad):
    with pytest.raises(
        RespikeError, match=r"seed-0/last/metrics.json.*the number (nan|inf) is not"
    ):
        series(metrics(a=[{"x": bad}]), metric={"number": {"name": "x"}})


def test_a_run_that_was_not_run_says_why():
    with pytest.raises(NotRun, match=r"the package could not be had"):
        evidence.gather(
            Arm("a", None, "accuracy"), [0], Runs({}, "the package could not be had")
        )


def test_numbers_of_the_seeds():
    found = series(metrics(a=[{"x": 1}, {"x": 2.5}]), metric={"number": {"name": "x"}})

    assert evidence.number(found).tolist() == [1.0, 2.5]


@pytest.mark.parametrize("bad", ["fast", [1, 2], True, None])
def test_an_interval_takes_one_number_a_seed(bad):
    found = series(metrics(a=[{"x": 1}, {"x": bad}]), metric={"number": {"name": "x"}})

    sentence = (
        r"seed-1/last/metrics.json: metric number gives .*; "
        r"an interval needs one number a seed, lists and texts are for kind exact"
    )
    with pytest.raises(RespikeError, match=sentence):
        evidence.number(found)


def test_one_test_set_needs_no_mask():
    found = evidence.table(series(predictions(a=hits([[1, 0], [0, 1]]))))

    assert found.values.tolist() == [[1, 0], [0, 1]]
    assert found.present is None
    assert found.resplit is False
    assert found.items.tolist() == [0, 1]


def test_resplits_stand_side_by_side():
    found = evidence.table(series(predictions(a=hits([[1, 0], [1, 1]], [[5, 7], [9, 5]]))))

    assert found.items.tolist() == [5, 7, 9]
    assert found.values.tolist() == [[1, 0, 0], [1, 0, 1]]
    assert found.present.tolist() == [[True, True, False], [True, False, True]]
    assert found.resplit is True


def test_disjoint_items_are_no_resplit():
    found = evidence.table(series(predictions(a=hits([[1, 0], [1, 1]], [[1, 2], [3, 4]]))))

    assert found.resplit is False
    assert found.present.sum() == 4


def test_sums_of_blocks_stand_side_by_side():
    runs = predictions(
        a=[pooled((1, 1, 1), (2, 2, 1), (2, 4, 4)), pooled((2, 3, 3), (4, 1, 0))]
    )

    found = evidence.statistics(series(runs, metric={"r2": {"predictor": "x"}}))

    assert found.shape == (2, 3, 4)
    assert found[0].tolist() == [[1, 1, 1, 0], [2, 6, 20, 1], [0, 0, 0, 0]]
    assert found[1].tolist() == [[0, 0, 0, 0], [1, 3, 9, 0], [1, 1, 1, 1]]


def test_pooled_numbers_on_their_scale_where_asked():
    runs = predictions(a=[pooled((1, 0, 0), (1, 2, 1), (2, 4, 4))])
    found = series(runs, metric={"r2": {"predictor": "x"}})
    sums = evidence.statistics(found)

    # targets 0 2 4: SST = 8, SSE = 1
    assert evidence.combine(found)(sums) == pytest.approx([1 - 1 / 8])
    assert evidence.combine(found, link=True)(sums) == pytest.approx([np.log(8)])


def test_a_metric_without_a_link_stays_as_it_is():
    content = pooled((1, 0, 0), (1, 2, 1), (2, 4, 4))
    content["predicted.t"] = np.array([[2.0], [2], [2]])
    found = series(
        predictions(a=[content]), metric={"r2-gain": {"predictor": "x", "template": "t"}}
    )
    sums = evidence.statistics(found)

    assert evidence.combine(found, link=True)(sums) == pytest.approx([(8 - 1) / 8])


def test_a_constant_target_is_an_error():
    found = series(
        predictions(a=[pooled((1, 2, 0), (2, 2, 1))]), metric={"r2": {"predictor": "x"}}
    )

    with pytest.raises(
        RespikeError, match=r"metric r2 is not finite .* does the target vary\?"
    ):
        evidence.combine(found)(evidence.statistics(found))


def test_both_arms_are_tested_on_the_same_items():
    runs = predictions(
        a=hits([[1, 0, 1], [1, 1, 1]], [[1, 2, 3], [1, 2, 3]]),
        b=hits([[1, 0, 1], [1, 1]], [[1, 2, 3], [1, 3]]),
    )

    sentence = (
        r"results/b/seed-1/last/predictions.npz lacks item 2 that "
        r"results/a/seed-1/last/predictions.npz holds \(1 in all\); "
        r"both arms of a pair are tested on the same items"
    )
    with pytest.raises(RespikeError, match=sentence):
        evidence.same_tests(series(runs, "a"), series(runs, "b"))
    with pytest.raises(RespikeError, match=r"results/b/seed-1/.* lacks item 2 that results/a"):
        evidence.same_tests(series(runs, "b"), series(runs, "a"))


def test_equal_items_pass():
    runs = predictions(a=hits([[1, 0]]), b=hits([[0, 0]]))

    assert evidence.same_tests(series(runs, "a"), series(runs, "b")) is None


@pytest.mark.parametrize(
    ("rows", "unused"),
    [
        ([[1, 0, 1]] * 3, True),
        ([[1, 0, 1]] * 2, False),
        ([[1, 0, 1], [1, 0, 1], [1, 1, 1]], False),
        ([[1, 1, 1]] * 3, False),
    ],
)
def test_equal_outcomes_of_three_seeds_look_like_an_unused_seed(rows, unused):
    assert evidence.unused_seed(series(predictions(a=hits(rows)))) is unused


def test_other_items_are_no_unused_seed():
    runs = predictions(a=hits([[1, 0]] * 3, [[1, 2], [1, 2], [2, 3]]))

    assert evidence.unused_seed(series(runs)) is False


def test_single_numbers_are_never_an_unused_seed():
    found = series(metrics(a=[{"x": 1}] * 3), metric={"number": {"name": "x"}})

    assert evidence.unused_seed(found) is False


def test_each_file_is_named_once():
    pieces = [Piece({}, "b", SHA), Piece({}, "a", SHA), Piece({}, "b", SHA)]

    assert evidence.files(pieces) == [
        {"path": "a", "sha256": SHA},
        {"path": "b", "sha256": SHA},
    ]


def test_a_series_knows_its_shape():
    assert Series(Arm("a", None, "x"), {"SHAPE": "value"}, [], []).shape == "value"
