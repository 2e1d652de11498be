"""CIFAR-10 and CIFAR-100 in their binary form: labels and three planes of 32 x 32 an image.

Source: Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images; layout from the
publisher's page. The pickled form is not read.
"""

import numpy as np

from respike.core.errors import RespikeError
from respike.datasets import archives

PIXELS = 3 * 32 * 32
# archive: training files, test file, labels before each image; the last label is the class
LAYOUTS = {
    "cifar-10-binary.tar.gz": (
        [f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)],
        "cifar-10-batches-bin/test_batch.bin",
        1,
    ),
    "cifar-100-binary.tar.gz": (
        ["cifar-100-binary/train.bin"],
        "cifar-100-binary/test.bin",
        2,
    ),
}


def build(files: dict[str, bytes]) -> dict[str, np.ndarray]:
    """Join training and test part, training first.

    Args:
        files: one archive of LAYOUTS.

    Returns:
        image uint8 [N, 3, 32, 32] (red, green, blue), label int64 [N] (of CIFAR-100 the fine
        one), item int64 [N] (place in the joined list), test bool [N].

    Raises:
        RespikeError: no such archive, a member missing, or no whole number of images.
    """
    names = [name for name in LAYOUTS if name in files]
    if len(names) != 1:
        raise RespikeError(f"cifar: need one of {', '.join(LAYOUTS)}; there are {len(names)}")
    train, test, labels = LAYOUTS[names[0]]
    members = archives.extract(files[names[0]], names[0], only=[*train, test])
    tables = [_table(members[name], name, labels) for name in (*train, test)]
    whole = np.concatenate(tables)
    return {
        "image": whole[:, labels:].reshape(-1, 3, 32, 32),
        "label": whole[:, labels - 1].astype(np.int64),
        "item": np.arange(len(whole), dtype=np.int64),
        "test": np.arange(len(whole)) >= len(whole) - len(tables[-1]),
    }


def _table(data: bytes, name: str, labels: int) -> np.ndarray:
    width = labels + PIXELS
    if not data or len(data) % width:
        raise RespikeError(f"{name}: {len(data):,} bytes are no whole number of images")
    return np.frombuffer(data, np.uint8).reshape(-1, width)
