import numpy as np
import pytest

from respike.core import seeds
from respike.core.errors import RespikeError


def test_a_stream_is_the_same_each_time_and_another_for_each_use_and_seed():
    draws = {
        (seed, use): tuple(seeds.numpy_stream(seed, use).integers(0, 2**62, 4))
        for seed in (0, 1)
        for use in ("weights", "order")
    }

    assert len(set(draws.values())) == 4
    assert tuple(seeds.numpy_stream(1, "order").integers(0, 2**62, 4)) == draws[1, "order"]


def test_the_first_draws_are_pinned():
    assert seeds.key(0, "weights") == int.from_bytes(
        __import__("hashlib").sha256(b"respike\x000\x00weights").digest()[:16], "little"
    )
    assert seeds.numpy_stream(0, "weights").bit_generator.random_raw(2).dtype == np.uint64


def test_torch_streams_repeat_too():
    import torch

    a = torch.rand(3, generator=seeds.torch_stream(3, "noise"))

    assert torch.equal(a, torch.rand(3, generator=seeds.torch_stream(3, "noise")))
    assert not torch.equal(a, torch.rand(3, generator=seeds.torch_stream(4, "noise")))


@pytest.mark.parametrize("seed", [-1, 1.5, "0", True])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(RespikeError, match="it must be a whole number >= 0"):
        seeds.numpy_stream(seed, "weights")


def test_a_use_has_a_name():
    with pytest.raises(RespikeError, match="a random stream needs a use"):
        seeds.numpy_stream(0, "")
