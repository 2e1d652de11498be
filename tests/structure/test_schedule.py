"""Plans of updates: by hand, and what every schedule keeps."""

import pytest

from respike.core import parts
from respike.core.errors import RespikeError
from respike.structure.schedule import constant, cubic, one_shot
from respike.structure.update import Update


def test_the_exchanged_share_falls_like_a_cosine_to_0_where_it_stops():
    plan = constant.build(interval=25, fraction=0.4, stop=0.5)(100, 0.1, 0.1)

    assert [update.step for update in plan] == [25, 50]
    assert [update.exchange for update in plan] == pytest.approx([0.2, 0.0])
    assert {update.density for update in plan} == {0.1}


def test_the_default_leaves_the_last_quarter_of_training_to_the_weights():
    plan = constant.build()(720, 0.1, 0.1)

    assert plan[-1].step == 540
    assert len(plan) == 36
    assert plan[0].exchange < 0.3


def test_the_density_falls_along_the_cube_and_ends_exactly():
    plan = cubic.build(interval=10, stop=0.4)(100, 1.0, 0.2)

    assert [update.step for update in plan] == [10, 20, 30, 40]
    expected = [0.2 + 0.8 * x**3 for x in (0.75, 0.5, 0.25, 0.0)]
    assert [update.density for update in plan] == pytest.approx(expected)
    assert plan[-1].density == 0.2
    assert {update.exchange for update in plan} == {0.0}


def test_one_shot_comes_before_the_first_step():
    assert one_shot.build()(100, 1.0, 0.3) == [Update(0, 0.3, 0.0)]


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (
            lambda: constant.build()(100, 1.0, 0.1),
            "schedule constant keeps the density, which is 1.0 and should become 0.1; use"
            " schedule: cubic or one-shot",
        ),
        (
            lambda: cubic.build()(100, 0.1, 0.5),
            "schedule cubic lowers the density, which is 0.1 and should become 0.5; lower"
            " prune.density",
        ),
        (
            lambda: constant.build(interval=80)(100, 0.1, 0.1),
            "schedule.constant: no update in 75 steps (75% of 100) at interval 80; lower the"
            " interval or train longer",
        ),
        (
            lambda: constant.build(fraction=1.0),
            "schedule.constant.fraction is 1.0; it must lie in (0, 1)",
        ),
        (
            lambda: cubic.build(interval=0)(100, 1.0, 0.1),
            "schedule.cubic.interval is 0; it must be >= 1",
        ),
        (
            lambda: cubic.build(stop=1.5)(100, 1.0, 0.1),
            "schedule.cubic.stop is 1.5; it must lie in (0, 1]",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_refused(plan, sentence):
    with pytest.raises(RespikeError) as error:
        plan()

    assert str(error.value) == sentence


@pytest.mark.parametrize("name", parts.names("structure.schedule"))
def test_every_schedule_ends_at_the_density_asked_for_within_the_run(name):
    before = 0.2 if name == "constant" else 1.0

    plan = parts.load("structure.schedule", name)()(200, before, 0.2)

    steps = [update.step for update in plan]
    densities = [before, *(update.density for update in plan)]
    assert steps == sorted(set(steps))
    assert 0 <= steps[0] <= steps[-1] <= 200
    assert densities == sorted(densities, reverse=True)
    assert densities[-1] == 0.2
    assert all(0 <= update.exchange < 1 for update in plan)
