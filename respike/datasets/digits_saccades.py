"""The handwritten digits as event streams: the same 1,797 images, looked at in three saccades.

Real-derived: the images are real, the camera is `respike.encoders.saccades`, whose geometry,
event count and three bursts are those of N-MNIST (arXiv:1507.07629).
"""

import numpy as np

from respike.core.seeds import numpy_stream
from respike.datasets import digits
from respike.encoders import saccades


def build(
    files: dict[str, bytes],
    *,
    size: int = 20,
    per_saccade: int = 3,
    pool: int = 3,
    threshold_percent: int = 38,
    scatter_percent: int = 3,
    noise_mhz: int = 100,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Simulate the events of all digits and count them in frames.

    Args:
        files: as of the data set digits.
        size: pixels a side to which the digits are enlarged; MNIST's are 20.
        per_saccade: frames a saccade; T is three times as many.
        pool: pixels a side of the field that one count covers; H = W = 34 / pool, rounded up.
        threshold_percent: mean threshold of a pixel, in percent of log intensity; 38 gives
            N-MNIST's number of events.
        scatter_percent: standard deviation of the thresholds, in percent of their mean.
        noise_mhz: background events per pixel [1/1000 Hz].
        seed: of the pixels' thresholds and the background events.

    Returns:
        frames uint8 [N, T, 2, H, W] (channel 0 ON, 1 OFF), label int64 [N], item int64 [N].

    Raises:
        RespikeError: a damaged file, or a setting out of range.
    """
    still = digits.build(files)
    camera = saccades.sensor(
        numpy_stream(seed, "digits-saccades/camera"),
        threshold_percent=threshold_percent,
        scatter_percent=scatter_percent,
        noise_mhz=noise_mhz,
    )
    images = saccades.enlarge(still["image"], size, white=digits.WHITE)
    frames = saccades.frames(
        images,
        camera,
        numpy_stream(seed, "digits-saccades/background"),
        per_saccade=per_saccade,
        pool=pool,
    )
    return {"frames": frames, "label": still["label"], "item": still["item"]}
