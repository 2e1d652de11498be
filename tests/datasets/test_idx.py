"""IDX files of two small parts, by hand."""

import struct

import numpy as np
import pytest

from respike.core.errors import RespikeError
from respike.datasets import idx


def image_file(*shape):
    count = int(np.prod(shape))
    return struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + bytes(range(count))


def files():
    return {
        "train-images-idx3-ubyte": image_file(2, 2, 3),
        "train-labels-idx1-ubyte": image_file(2),
        "t10k-images-idx3-ubyte": image_file(1, 2, 3),
        "t10k-labels-idx1-ubyte": image_file(1),
    }


def test_both_parts_are_joined_training_first():
    found = idx.build(files())

    assert found["image"].tolist()[0] == [[0, 1, 2], [3, 4, 5]]
    assert found["image"].shape == (3, 2, 3)
    assert found["label"].tolist() == [0, 1, 0]
    assert found["test"].tolist() == [False, False, True]
    assert found["item"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("t10k-labels-idx1-ubyte", image_file(2), "t10k: 1 images, but 2 labels"),
        ("t10k-labels-idx1-ubyte", image_file(1, 1, 1), "no IDX file of bytes in 1 dimensions"),
        ("train-labels-idx1-ubyte", image_file(2)[:-1], r"says 2, but holds 1 bytes"),
        ("train-images-idx3-ubyte", image_file(2, 2, 3) + b"x", "says 2 x 2 x 3, but holds 13"),
        ("train-images-idx3-ubyte", b"\0\0\x08", "no IDX file of bytes in 3 dimensions"),
    ],
)
def test_a_damaged_file_is_named(name, data, sentence):
    with pytest.raises(RespikeError, match=sentence):
        idx.build({**files(), name: data})


def test_a_missing_file_is_named():
    with pytest.raises(RespikeError, match="t10k-images-idx3-ubyte is missing; there is:"):
        idx.build({k: v for k, v in files().items() if not k.startswith("t10k")})
