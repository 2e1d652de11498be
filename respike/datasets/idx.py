"""MNIST and Fashion-MNIST: images and labels in IDX files.

Source: LeCun, Cortes and Burges, The MNIST database, file format section; Xiao et al. 2017,
arXiv:1708.07747. All numbers are big-endian; type 8 is unsigned bytes.
"""

import math
import struct

import numpy as np

from respike.core.errors import RespikeError

PARTS = ("train", "t10k")


def build(files: dict[str, bytes]) -> dict[str, np.ndarray]:
    """Join training and test part, training first.

    Args:
        files: {train,t10k}-images-idx3-ubyte and {train,t10k}-labels-idx1-ubyte.

    Returns:
        image uint8 [N, H, W] in 0..255, label int64 [N], item int64 [N] (place in the joined
        list), test bool [N] (of the published test part).

    Raises:
        RespikeError: a file is missing or damaged, or images and labels differ in number.
    """
    images, labels, test = [], [], []
    for part in PARTS:
        image = read(files, f"{part}-images-idx3-ubyte", 3)
        label = read(files, f"{part}-labels-idx1-ubyte", 1)
        if len(image) != len(label):
            raise RespikeError(f"{part}: {len(image):,} images, but {len(label):,} labels")
        images.append(image)
        labels.append(label)
        test.append(np.full(len(label), part == "t10k"))
    label = np.concatenate(labels).astype(np.int64)
    return {
        "image": np.concatenate(images),
        "label": label,
        "item": np.arange(len(label), dtype=np.int64),
        "test": np.concatenate(test),
    }


def read(files: dict[str, bytes], name: str, dimensions: int) -> np.ndarray:
    """Parse one IDX file of unsigned bytes.

    Raises:
        RespikeError: missing, of another type or number of dimensions, or of another length
            than its head says.
    """
    if name not in files:
        raise RespikeError(
            f"{name} is missing; there is: {', '.join(sorted(files)) or 'nothing'}"
        )
    data, start = files[name], 4 + 4 * dimensions
    if len(data) < start or data[:4] != bytes([0, 0, 8, dimensions]):
        raise RespikeError(f"{name} is no IDX file of bytes in {dimensions} dimensions")
    shape = struct.unpack(f">{dimensions}I", data[4:start])
    if len(data) - start != math.prod(shape):
        raise RespikeError(
            f"{name} says {' x '.join(map(str, shape))}, but holds {len(data) - start:,} bytes"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
