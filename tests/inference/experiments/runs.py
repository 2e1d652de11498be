"""Small runs of both experiments, and the pictures one of them needs."""

from functools import partial

import numpy as np

from respike.core.parts import make
from respike.core.seeds import numpy_stream

GRAPHS = {"random-graphs": {"coupling": 0.3, "graphs": 6, "steps": 300, "sweeps": 50}}
PICTURES = {"denoising": {"flip": 0.1, "images": 3, "steps": 60, "burn_in": 40, "sweeps": 20}}


def data():
    """Twenty pictures of a filled square in a corner or in the middle."""
    image = np.zeros((20, 8, 8), dtype=np.uint8)
    image[:10, 1:6, 1:6] = 16
    image[10:, 3:8, 3:8] = 16
    return {"image": image, "item": 500 + np.arange(20)}


def run(experiment, seed=1000):
    """Outcome of an experiment on these pictures."""
    return make("experiment", experiment)(partial(numpy_stream, seed), seed, data())
