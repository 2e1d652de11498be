"""Each control by hand, and what all of them owe."""

import numpy as np
import pytest

from respike.core import parts
from respike.core.errors import RespikeError
from respike.core.seeds import numpy_stream
from respike.eeg.comparison import KINDS
from respike.eeg.recording import Cues


def cues(on, off=None, condition=None):
    on = np.asarray(on, float)
    off = on - 100 if off is None else np.asarray(off, float)
    codes = np.zeros((len(on), 2), int) if condition is None else np.asarray(condition)
    return Cues(on, off, codes)


def build(name, **settings):
    return parts.make("control", {name: settings})


def test_every_control_says_its_name_kind_and_whether_it_needs_cues():
    for name in parts.names("control"):
        control = build(name)
        assert control.name == name
        assert control.kind in KINDS
        assert isinstance(control.needs_cues, bool)


# --------------------------------------------------------------- mean and template


def test_the_mean_is_the_training_mean_everywhere():
    fitted = build("mean").fit(None, np.array([[1.0, 10], [3, 30]]))

    assert fitted.predict(None, 3).tolist() == [[2, 20]] * 3


def test_the_template_is_the_mean_at_equal_time_since_the_light():
    seen = cues([0.0, 0.04, 0.0, 0.04])
    fitted = build("template", shrink=1e-9).fit(seen, np.array([[1.0], [5], [3], [7]]))

    assert np.allclose(fitted.predict(cues([0.01, 0.05]), 2)[:, 0], [2, 6])


def test_after_the_light_went_off_time_counts_from_there():
    seen = cues([5.0, 6.0], off=[0.0, 0.0])
    fitted = build("template", shrink=1e-9).fit(seen, np.array([[1.0], [3.0]]))

    assert np.allclose(fitted.predict(cues([9.0], off=[0.01]), 1), 2.0)


def test_a_condition_is_drawn_towards_the_mean_of_all_by_the_lifts_that_shrink_counts():
    seen = cues([0.0, 0.0, 0.0], condition=[[1, 1], [1, 1], [2, 1]])
    target = np.array([[0.0], [0.0], [9.0]])  # mean of all: 3
    fitted = build("template", shrink=2.0).fit(seen, target)

    asked = cues([0.0] * 3, condition=[[1, 1], [2, 1], [4, 3]])
    assert np.allclose(fitted.predict(asked, 3)[:, 0], [(0 + 2 * 3) / 4, (9 + 2 * 3) / 3, 3])


def test_a_time_that_no_lift_reached_takes_the_nearest():
    fitted = build("template", shrink=1e-9).fit(cues([0.0, 1.0]), np.array([[1.0], [5.0]]))

    found = fitted.predict(cues([-3.0, 0.4, 0.6, 7.0]), 4)[:, 0]

    assert np.allclose(found, [1, 1, 5, 5])


@pytest.mark.parametrize("settings", [{"bin_ms": 0}, {"shrink": 0.0}])
def test_a_template_without_bins_or_shrinkage_is_refused(settings):
    with pytest.raises(RespikeError, match=r"template.bin_ms is .* both must be > 0"):
        build("template", **settings)


# --------------------------------------------------------------- surrogates


@pytest.mark.parametrize("length", [500, 501])
def test_random_phases_keep_power_mean_and_what_channels_share(length):
    draw = numpy_stream(0, "x")
    signal = draw.standard_normal((length, 3)).cumsum(axis=0) + np.array([5, 0, -2])
    signal[:, 2] = 0.5 * signal[:, 0] + 1

    fake = build("phase-randomised").signal(signal, numpy_stream(0, "y"))

    power = np.abs(np.fft.rfft(signal, axis=0))
    assert np.allclose(np.abs(np.fft.rfft(fake, axis=0)), power, atol=1e-6 * power.max())
    assert np.allclose(fake.mean(axis=0), signal.mean(axis=0))
    assert np.allclose(fake[:, 2], 0.5 * fake[:, 0] + 1)
    assert abs(np.corrcoef(fake[:, 0], signal[:, 0])[0, 1]) < 0.9
    assert (build("phase-randomised").signal(signal, numpy_stream(1, "y")) != fake).any()


def test_permuted_lifts_meet_at_equal_time_since_the_cue_inside_their_block():
    n = 6  # moments of a lift: three before the light goes off, three after
    on = np.tile(np.arange(n) * 0.04, 6)
    off = np.tile((np.arange(n) - 3) * 0.04, 6)
    item, block = np.repeat(np.arange(6), n), np.repeat([0, 1], 3 * n)
    seen = cues(on, off)

    pairs = build("permuted-lifts").pairs(item, block, seen, numpy_stream(0, "p"))

    assert (on[pairs] == on).all()
    assert (block[pairs] == block).all()
    partners = item[pairs].reshape(6, n)
    assert (partners == partners[:, :1]).all()
    assert sorted(partners[:, 0].tolist()) == list(range(6))
    assert (item[pairs] != item).any()


def test_a_shorter_partner_gives_its_last_moment():
    on = np.array([0.0, 0.04, 0.08, 0.0, 0.04])
    item, block = np.array([0, 0, 0, 1, 1]), np.zeros(5, int)

    for seed in range(20):
        pairs = build("permuted-lifts").pairs(item, block, cues(on), numpy_stream(seed, "p"))
        if item[pairs[0]] == 1:
            assert pairs.tolist() == [3, 4, 4, 0, 1]
            return
    raise AssertionError("no draw exchanged the two lifts")


def test_a_block_of_one_lift_has_nothing_to_exchange():
    with pytest.raises(RespikeError, match="block 4 has one lift; permuting lifts needs 2"):
        build("permuted-lifts").pairs(
            np.zeros(2, int), np.full(2, 4), cues([0.0, 0.04]), numpy_stream(0, "p")
        )


def test_a_partner_that_lacks_a_phase_is_an_error_not_a_guess():
    item, block = np.array([0, 0, 1]), np.zeros(3, int)
    seen = cues([0.0, 5.0, 0.0], off=[-5.0, 0.0, -5.0])

    def exchange():
        for seed in range(20):
            build("permuted-lifts").pairs(item, block, seen, numpy_stream(seed, "p"))

    with pytest.raises(RespikeError, match="lift 1 of block 0 has no moment after its light"):
        exchange()
