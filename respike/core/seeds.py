"""The only place that makes random generators: one independent stream per seed and use."""

import hashlib

import numpy as np

from respike.core.errors import RespikeError


def key(seed: int, use: str) -> int:
    """A 128-bit key for one use of one seed.

    Args:
        seed: the run's seed, >= 0.
        use: what the stream is for ("weights", "order", "noise", ...); two uses of one
            seed are independent, so that a draw added to one never shifts another.

    Returns:
        The first 16 bytes of sha256 over both, as an integer, equal on every machine.

    Raises:
        RespikeError: a negative seed or an empty use.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise RespikeError(f"seed is {seed!r}; it must be a whole number >= 0")
    if not use:
        raise RespikeError("a random stream needs a use, such as 'weights' or 'order'")
    digest = hashlib.sha256(f"respike\0{seed}\0{use}".encode()).digest()
    return int.from_bytes(digest[:16], "little")


def numpy_stream(seed: int, use: str) -> np.random.Generator:
    """NumPy generator of one use of one seed (Philox: counter based, same on every CPU)."""
    return np.random.Generator(np.random.Philox(key=key(seed, use)))


def torch_stream(seed: int, use: str):
    """torch.Generator (CPU) of one use of one seed; torch is imported only here."""
    import torch

    generator = torch.Generator(device="cpu")
    generator.manual_seed(key(seed, use) % 2**63)
    return generator
