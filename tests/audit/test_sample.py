"""Which jobs are drawn, and the chance that this catches a forger, against simulation."""

import itertools
import math

import numpy as np
import pytest

from respike.audit import sample
from respike.core.errors import ConfigError

STAGES = {
    "train": [f"train-{i:02}" for i in range(20)],
    "judge": ["judge-0", "judge-1"],
    "decode": ["decode-0"],
}


def stage(name):
    return name.split("-")[0]


def test_every_stage_gets_a_job_before_any_gets_two():
    for seed in range(30):
        found = sample.draw(STAGES, 5, seed)

        assert sorted(map(stage, found[:3])) == ["decode", "judge", "train"]
        assert sorted(map(stage, found[3:])) == ["judge", "train"]


def test_a_stage_that_has_no_more_jobs_leaves_its_turn_to_the_others():
    found = sample.draw(STAGES, 10, 0)

    assert [sum(stage(n) == s for n in found) for s in STAGES] == [7, 2, 1]


def test_no_job_is_drawn_twice_and_more_than_there_are_draws_all():
    found = sample.draw(STAGES, 1000, 3)

    assert sorted(found) == sorted(itertools.chain(*STAGES.values()))


def test_a_seed_draws_the_same_in_whatever_order_jobs_are_given():
    turned = {name: STAGES[name][::-1] for name in reversed(STAGES)}

    assert sample.draw(STAGES, 6, 7) == sample.draw(turned, 6, 7)
    assert sample.draw(STAGES, 6, 7)[:4] == sample.draw(STAGES, 4, 7)
    assert len({tuple(sample.draw(STAGES, 4, seed)) for seed in range(40)}) > 30


def test_every_job_of_a_stage_is_drawn_equally_often():
    first = [
        next(n for n in sample.draw(STAGES, 3, s) if stage(n) == "train") for s in range(2000)
    ]

    counts = np.array([first.count(name) for name in STAGES["train"]])

    chi_squared = float(((counts - 100) ** 2 / 100).sum())
    assert chi_squared < 45  # 19 degrees of freedom: passed by chance in 99.9 % of draws


def test_with_fewer_jobs_than_stages_every_stage_is_drawn_equally_often():
    first = [stage(sample.draw(STAGES, 1, seed)[0]) for seed in range(1500)]

    assert all(430 < first.count(name) < 570 for name in STAGES)


def test_a_sample_below_one_is_refused():
    with pytest.raises(ConfigError, match=r"^--sample is 0; it must be at least 1$"):
        sample.draw(STAGES, 0, 1)


@pytest.mark.parametrize("stages", [{}, {"train": []}])
def test_where_there_is_nothing_to_draw_it_is_said(stages):
    with pytest.raises(ConfigError, match=r"^there is no job to run again$"):
        sample.draw(stages, 1, 1)


# ------------------------------------------------------------------ chances


@pytest.mark.parametrize(
    ("share", "size", "chance"),
    [(0.5, 1, 0.5), (0.5, 3, 0.875), (0.01, 0, 0.0), (0.1, 2, 0.19)],
)
def test_the_formula(share, size, chance):
    assert sample.blind(share, size) == pytest.approx(chance)


@pytest.mark.parametrize(("share", "size"), [(0.1, 5), (0.25, 3), (0.5, 4)])
def test_a_blind_forger_is_caught_as_often_as_the_formula_says(share, size):
    """Forged jobs are chosen one by one at random; the draw is the real one."""
    rng = np.random.default_rng(1)
    names = list(itertools.chain(*STAGES.values()))
    trials = 3000

    caught = 0
    for seed in range(trials):
        forged = {
            n for n, hit in zip(names, rng.random(len(names)) < share, strict=True) if hit
        }
        caught += bool(forged & set(sample.draw(STAGES, size, seed)))

    chance = sample.blind(share, size)
    error = math.sqrt(chance * (1 - chance) / trials)
    assert abs(caught / trials - chance) < 4 * error


def test_a_forger_who_knows_the_draw_is_caught_as_often_as_is_said():
    """He forges only where least is drawn: four of the twenty trainings, one of them drawn."""
    jobs = {name: len(found) for name, found in STAGES.items()}
    drawn = {"train": 1, "judge": 1, "decode": 1}
    trials = 3000

    caught = sum(
        bool(
            {"train-00", "train-05", "train-10", "train-15"} & set(sample.draw(STAGES, 3, seed))
        )
        for seed in range(trials)
    )

    said = sample.knowing(4 / 23, jobs, drawn)
    assert said == pytest.approx(4 / 20)
    assert abs(caught / trials - said) < 4 * math.sqrt(said * (1 - said) / trials)


def test_no_other_choice_is_better_for_him():
    jobs, drawn = {"a": 6, "b": 4, "c": 3}, {"a": 2, "b": 1, "c": 1}

    def miss(forged):
        pairs = [
            math.comb(n - f, k) / math.comb(n, k)
            for (n, k), f in zip(
                zip(jobs.values(), drawn.values(), strict=True), forged, strict=True
            )
        ]
        return math.prod(pairs)

    for count in range(1, 14):
        ways = itertools.product(*(range(n + 1) for n in jobs.values()))
        best = max(miss(way) for way in ways if sum(way) == count)

        assert sample.knowing(count / 13, jobs, drawn) == pytest.approx(1 - best)


def test_a_stage_of_which_nothing_is_drawn_hides_all():
    assert sample.knowing(0.5, {"a": 5, "b": 5}, {"a": 5}) == 0
    assert sample.knowing(0.6, {"a": 5, "b": 5}, {"a": 5}) == 1


def test_a_share_of_the_jobs_is_at_least_one_job():
    assert sample.knowing(0.01, {"a": 4}, {"a": 1}) == pytest.approx(0.25)
    assert sample.knowing(0.5, {"a": 4}, {"a": 1}) == pytest.approx(0.5)
