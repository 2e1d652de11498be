"""Small data that a network learns in a second: two classes, bright above or bright below."""

import logging

import numpy as np

LOG = logging.getLogger("respike.test")
SPLIT = {"train": 64, "validation": 20, "test": 36}
SETTINGS = {
    "network": {"mlp": {"hidden": 20, "time_steps": 3}},
    "neuron": "lif",
    "loss": "tet",
    "epochs": 6,
    "batch": 16,
    "learning_rate": 0.02,
    "split": SPLIT,
    "input_levels": 8,
}
EVOLVING = {
    "init": "er",
    "drop": "magnitude",
    "grow": "random",
    "schedule": {"constant": {"interval": 3, "fraction": 0.4}},
    "density": 0.3,
}
TEACHER = {
    **{k: v for k, v in SETTINGS.items() if k != "neuron"},
    "network": {"ann-mlp": {"hidden": 12}},
    "loss": "rate-cross-entropy",
}


def arrays(kind="image", steps=4):
    """120 items, `image` [N, 4, 4] or `frames` [N, T, 2, 2, 2], ids from 500."""
    rng = np.random.Generator(np.random.Philox(key=9))
    label = np.arange(120) % 2
    above = rng.integers(3, 9, size=(120, 8)) * label[:, None]
    below = rng.integers(3, 9, size=(120, 8)) * (1 - label[:, None])
    flat = np.concatenate([above, below], axis=1) + rng.integers(0, 2, size=(120, 16))
    flat = np.minimum(flat, 8).astype(np.uint8)
    found = {"label": label.astype(np.int64), "item": np.arange(500, 620)}
    if kind == "image":
        return {"image": flat.reshape(120, 4, 4), **found}
    frames = np.stack([np.roll(flat[:, ::2], t, axis=1) for t in range(steps)], axis=1)
    return {"frames": frames.reshape(120, steps, 2, 2, 2), **found}
