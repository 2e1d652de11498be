"""How often the procedures err: a fresh simulation here, and the committed table."""

import dataclasses

import numpy as np
import pytest

from respike.claims import calibration
from respike.claims.calibration import DESIGNS, RATES, Items
from respike.claims.paired import paired

ERRORS = ("false_holds", "false_differs")
DECISIONS = ("holds_inside", "differs_outside")


def deviation(share, claims):
    """Standard error of a share in percent."""
    return 100 * np.sqrt(max(share / 100 * (1 - share / 100), 0.002) / claims)


@pytest.fixture(scope="module")
def fresh():
    return calibration.table(seed=7, size=0.1)


@pytest.fixture(scope="module")
def committed():
    return calibration.committed()


def test_ten_thousand_claims_err_in_five_of_a_hundred_at_most(fresh):
    wrong = [row for row in fresh for key in ERRORS if row[key] > row["limit"]]

    assert sum(row["claims"] for row in fresh) >= 10_000
    assert wrong == []


def test_the_limit_is_five_percent_and_three_standard_errors(fresh):
    for row in fresh:
        assert row["limit"] == pytest.approx(
            5 + 300 * np.sqrt(0.0475 / row["claims"]), abs=0.051
        )


def test_they_decide_where_power_is_registered(fresh):
    weak = [
        row for row in fresh for key in DECISIONS
        if row[key] + 3 * deviation(row[key], row["claims"]) < 75
    ]  # fmt: skip

    assert weak == []


def test_the_committed_table_errs_and_decides_as_promised(committed):
    assert len(committed) == 53
    for row in committed:
        assert max(float(row[key]) for key in ERRORS) <= float(row["limit"]), row
        assert min(float(row[key]) for key in DECISIONS) >= 75, row
    assert sum(int(row["claims"]) for row in committed) >= 150_000


def test_a_fresh_run_agrees_with_the_committed_table(fresh, committed):
    names = ("procedure", "design", "kind", "seeds", "items")
    assert [tuple(str(r[n]) for n in names) for r in fresh] == [
        tuple(r[n] for n in names) for r in committed
    ]
    for one, two in zip(fresh, committed, strict=True):
        assert one["margin"] == pytest.approx(float(two["margin"]), rel=0.35), one
        for key in (*ERRORS, *DECISIONS):
            share = float(two[key])
            error = np.hypot(
                deviation(share, one["claims"]), deviation(share, int(two["claims"]))
            )
            assert abs(one[key] - share) < 5 * error + 1.5, (one, key)


def test_the_committed_table_is_what_the_command_writes(committed):
    draws = {name: calibration._draws(2026, name) for name in ("ratio", "conjunction", "page")}
    rows = [
        calibration._ratio_row(draws["ratio"], 1.0),
        calibration._conjunction_row(draws["conjunction"], 1.0),
        calibration._page_row(draws["page"], 1.0),
        *(calibration._rate_row(d, calibration._draws(2026, d.name), 1.0) for d in RATES[:1]),
        *calibration._published_rows(calibration._draws(2026, "published"), 1.0),
    ]
    known = {(row["procedure"], row["design"]): row for row in committed}

    for row in rows:
        stored = known[row["procedure"], row["design"]]
        assert row["claims"] == int(stored["claims"])
        assert row["margin"] == pytest.approx(float(stored["margin"]), abs=2e-4)
        for key in (*ERRORS, *DECISIONS, "limit"):
            assert row[key] == pytest.approx(float(stored[key]), abs=0.21), (row, key)


def test_the_numbers_drawn_bound_the_claims_of_a_row(fresh):
    claims = {(row["design"], row["kind"]): row["claims"] for row in fresh}

    assert claims["3 seeds", "better"] == 400
    assert claims["20 seeds", "within"] == 277
    assert claims["large test set", "better"] == 250
    assert claims["resplits of a pool", "better"] == 400
    assert calibration._count(1.0, 8 * 600) == 4000
    assert calibration._count(0.5, 20_000) == 500
    assert calibration._count(0.001, 10) == 40


def test_every_trait_that_breaks_a_naive_test_is_there():
    names = {design.name for design in (*DESIGNS, *RATES)}

    assert {"item noise", "ties", "ceiling", "heavy tails", "resplits of a pool"} <= names
    assert {"rate, item noise", "rate, few failures"} <= names


def without_items(values, present=None, *, step=0.0):
    """The paired t over seeds: the same estimate without the item part."""
    found = paired(values, present, step=step)
    seeds = found.seed_variance / found.n
    return dataclasses.replace(found, se=np.sqrt(np.maximum(seeds, (step / found.m) ** 2)))


def test_a_mutant_without_the_item_part_fails():
    rows = []
    for name in ("8 seeds", "item noise", "20 seeds"):
        design = next(d for d in DESIGNS if d.name == name)
        draws = calibration._draws(7, name)
        rows += calibration._paired_rows(design, draws, 0.1, without_items)

    assert all(max(row[key] for key in ERRORS) > row["limit"] for row in rows)
    assert max(row["false_holds"] for row in rows) > 15


def test_tables_are_reproducible():
    design = Items("x", 3, 20)

    one, two = (
        list(calibration._paired_rows(design, calibration._draws(3, "x"), 0.02, paired))
        for _ in range(2)
    )
    other = list(calibration._paired_rows(design, calibration._draws(4, "x"), 0.02, paired))

    assert one == two
    assert one != other


@pytest.mark.parametrize("design", [DESIGNS[0], DESIGNS[10], RATES[2]], ids=lambda d: d.name)
def test_synthetic_accuracies_are_what_they_say(design):
    rng = calibration._draws(1, "accuracy")

    values, _ = calibration._single(rng, design._replace(m=400), 200)
    gaps, _ = calibration._pair(rng, design._replace(m=400), 200, 0.05)

    assert values.mean() == pytest.approx(design.accuracy, abs=0.012)
    assert gaps.mean() == pytest.approx(0.05, abs=0.01)


def test_heavy_tails_keep_their_accuracy_and_their_pairing():
    design = Items("x", 3, 200, accuracy=0.9, seed=0.5, item=0.3, heavy=True)

    values, _ = calibration._single(calibration._draws(1, "x"), design, 4000)
    assert values.mean() == pytest.approx(0.9, abs=0.01)


# beyond 3: a normal .0027; one t with 3 degrees of freedom .0138, a sum of two a little less
@pytest.mark.parametrize(
    ("heavy", "least", "most"), [(False, 0.0024, 0.003), (True, 0.008, 0.0138)]
)
def test_seed_effects_agree_between_arms_and_have_their_tails(heavy, least, most):
    design = Items("x", 3, 200, alike=0.8, heavy=heavy)

    one, two = calibration._effects(calibration._draws(1, "x"), design, 100_000)

    assert one.shape == (100_000, 3, 1)
    assert one.std() == pytest.approx(1, abs=0.04)
    assert least < (np.abs(one) > 3).mean() < most
    if not heavy:
        same = 1 - np.arccos(0.8) / np.pi
        assert (np.sign(one) == np.sign(two)).mean() == pytest.approx(same, abs=0.003)


def test_the_arms_are_alike_in_items_seeds_and_rest():
    design = Items("x", 2, 300, accuracy=0.5, alike=0.95, item=0.4, seed=0.3)

    gaps, _ = calibration._pair(calibration._draws(1, "x"), design, 300, 0.0)

    # latents that correlate .95 disagree in arccos(.95)/pi of the items
    assert np.abs(gaps).mean() == pytest.approx(np.arccos(0.95) / np.pi, abs=0.006)


def test_a_gap_below_zero_lowers_the_first_arm():
    gaps, _ = calibration._pair(calibration._draws(1, "x"), Items("x", 3, 400), 200, -0.05)

    assert gaps.mean() == pytest.approx(-0.05, abs=0.01)


def test_a_pool_gives_each_seed_its_own_test_set():
    _, tested = calibration._pair(calibration._draws(1, "x"), DESIGNS[11], 5, 0.0)

    assert tested.shape == (5, 8, 600)
    assert DESIGNS[11].name == "resplits of a pool"
    assert (tested.sum(axis=-1) == 120).all()
    assert (tested.sum(axis=1) > 1).any()


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("R2", calibration.r2),
        ("gain in R2", calibration.r2_gain),
        ("correlation", calibration.pcc),
    ],
)
def test_the_truth_of_synthetic_recordings_is_their_limit(name, metric):
    rng = calibration._draws(1, "truth")

    sums, truth = calibration._recordings(rng, name, 600, 1, 60)

    assert metric.combine(sums).mean() == pytest.approx(truth, abs=0.006)
