"""Declared decoding errors."""

import numpy as np
import pytest

from respike.control.disturbance import Disturbance
from respike.core.errors import RespikeError


def errors(seed=0, ticks=40_000, **settings):
    path = np.zeros((ticks, 3))
    return Disturbance(**settings).added(path, 0.01, np.random.default_rng(seed))


def test_nothing_is_added_by_default():
    path = np.random.default_rng(0).normal(size=(50, 3))

    assert Disturbance().added(path, 0.01, np.random.default_rng(0)).tolist() == path.tolist()


def test_noise_has_its_size_and_its_memory():
    noise = errors(noise_cm=2.0)

    kept = [np.corrcoef(noise[:-15, axis], noise[15:, axis])[0, 1] for axis in range(3)]

    assert noise.std(axis=0) == pytest.approx([2.0] * 3, rel=0.06)
    assert kept == pytest.approx([np.exp(-1)] * 3, abs=0.06)
    assert np.abs(np.corrcoef(noise.T)[np.triu_indices(3, 1)]).max() < 0.1


def test_its_size_does_not_hang_on_the_step():
    coarse = Disturbance(noise_cm=1.0).added(
        np.zeros((20_000, 3)), 0.04, np.random.default_rng(1)
    )

    assert coarse.std() == pytest.approx(1.0, rel=0.05)


def test_bursts_are_jumps_of_one_length_at_their_rate():
    noise = errors(bursts_per_s=0.5, burst_cm=12.0)
    length = np.linalg.norm(noise, axis=1)
    starts = ((length[1:] > 0) & (length[:-1] == 0)).sum()

    assert length[length > 0] == pytest.approx(12.0)
    assert starts / 400 == pytest.approx(0.5 / (1 + 0.5 * 0.15), rel=0.15)
    assert (length > 0).mean() == pytest.approx(0.5 * 0.15 / (1 + 0.5 * 0.15), rel=0.2)


def test_one_generator_gives_one_disturbance():
    settings = {"noise_cm": 1.0, "bursts_per_s": 1.0}

    assert (
        errors(seed=4, ticks=500, **settings).tolist()
        == errors(seed=4, ticks=500, **settings).tolist()
    )


def test_a_negative_size_is_refused():
    with pytest.raises(RespikeError, match=r"noise_cm, bursts_per_s and burst_cm .* >= 0"):
        errors(noise_cm=-1.0)
